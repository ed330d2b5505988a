// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_RELAY_LIMITS_H_
#define PULLSEAL_ADAPTERS_RELAY_LIMITS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "core/base/units.h"

// What adapters/relay reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

inline constexpr std::size_t kConnections = 128;             // kubelet opens two; crictl and probes a few more
inline constexpr std::size_t kStreamsPerConnection = 1000;   // grpc-go queues what is over it
inline constexpr std::size_t kHeaderListBytes = 256 * kKiB;  // request or response headers of one call
inline constexpr std::int32_t kStreamWindow = 256 * 1024;    // bytes one side may be ahead of the other, per stream
// Request and response bytes of all held calls together. A create as kubelet sends it has some 20 to 60 KiB, and
// kubelet makes one call at a time for a pod: those of the 110 pods of a node, all at the usual size, have room, so
// that nobody's calls fill it for others. Larger ones share another bound: a hundred of 170 KiB, or one as large as
// gRPC lets a message be.
inline constexpr std::size_t kUsualCallBytes = 128 * kKiB;
inline constexpr std::size_t kHeldBytes = 16 * kMiB;
inline constexpr std::size_t kHeldLargeBytes = 17 * kMiB;
inline constexpr std::size_t kOutputBytes = 1 * kMiB;  // unsent frames of one connection before we stop reading
// Between the two GOAWAY frames of a graceful end: long against a round trip on this machine, short against a restart.
inline constexpr std::chrono::milliseconds kGoAwayNotice{200};
inline constexpr seconds kGoAwayLinger{1};  // for clients to close a connection on which nothing is under way
inline constexpr seconds kDrainTime{20};    // waiting for unary calls when asked to stop
inline constexpr std::size_t kRequestFrameOverhead = 5;  // gRPC length prefix
// A cancel storm is legal from root's own kubelet; the default budget would answer it with GOAWAY.
inline constexpr std::uint64_t kResetBurst = 1'000'000;
inline constexpr std::uint64_t kResetRate = 100'000;
inline constexpr std::size_t kContinuations = 64;  // 16 KiB each, together kHeaderListBytes and reserve

}  // namespace pullseal::limits

#endif  // PULLSEAL_ADAPTERS_RELAY_LIMITS_H_
