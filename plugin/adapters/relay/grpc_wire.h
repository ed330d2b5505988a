// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_RELAY_GRPC_WIRE_H_
#define PULLSEAL_ADAPTERS_RELAY_GRPC_WIRE_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

// The parts of gRPC over HTTP/2 that a relay touches (gRPC, "PROTOCOL-HTTP2").
namespace pullseal::relay {

enum class GrpcCode {
  kOk = 0,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kResourceExhausted = 8,
  kUnimplemented = 12,
  kUnavailable = 14,
};

struct GrpcStatus {
  GrpcCode code = GrpcCode::kUnknown;
  std::string message;
};

// UnframeOne returns the one message of a unary request or response. kInvalid unless `body` is exactly one uncompressed
// length-prefixed message.
Result<std::string> UnframeOne(std::string_view body);

// Frame puts the length prefix in front of a message.
std::string Frame(std::string_view message);

// EncodeMessage percent-encodes a status message: bytes outside 0x20..0x7E and '%'.
std::string EncodeMessage(std::string_view text);

// ParseTimeout reads a grpc-timeout header (at most 8 digits and a unit H M S m u n). Absent if malformed.
std::optional<std::chrono::nanoseconds> ParseTimeout(std::string_view text);
// FormatTimeout writes one, rounded down, never below "1n".
std::string FormatTimeout(std::chrono::nanoseconds timeout);

}  // namespace pullseal::relay

#endif  // PULLSEAL_ADAPTERS_RELAY_GRPC_WIRE_H_
