// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_RELAY_JUDGED_CALL_H_
#define PULLSEAL_ADAPTERS_RELAY_JUDGED_CALL_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "adapters/relay/grpc_wire.h"
#include "adapters/relay/method.h"
#include "core/base/clock.h"

namespace pullseal::relay {

// The message to send to the runtime in place of the one that came.
struct Forward {
  std::string message;
};
using Ruling = std::variant<Forward, GrpcStatus>;

// JudgedCall is one call that is judged. The relay runs its steps on worker threads, one after another, never two at
// once: Before and then, if the runtime answered OK, After; or Observe alone.
class JudgedCall {
 public:
  virtual ~JudgedCall() = default;
  // Decides on the request: what to forward, or the answer that refuses it.
  virtual Ruling Before(const std::string& request, SteadyTime deadline) = 0;
  // Decides on the runtime's successful response: absent to release it, or the answer to give instead.
  virtual std::optional<GrpcStatus> After(const std::string& response, SteadyTime deadline) = 0;
  // Judges a call that went on as it came, for the record only. `response` is absent if the runtime did not answer OK.
  virtual void Observe(const std::string& request, const std::optional<std::string>& response, SteadyTime deadline) = 0;
  // The answer where a step could not be carried through, recorded as such: it ended by an exception, or the response
  // it was to decide on cannot be read. `why` is for the record.
  virtual GrpcStatus Failed(const std::string& why) = 0;
};

// How a judged method is handled at this moment.
enum class Handling {
  kHold,     // decide before forwarding
  kObserve,  // the whole policy is in audit mode: forward as it comes, judge beside it
  kPass,     // not judged
};

// JudgedCalls knows the methods and makes the judgement of each call. Called on the relay's thread: must not block.
// `request` is as much of the call's message as has come, for the record.
class JudgedCalls {
 public:
  virtual ~JudgedCalls() = default;
  // The method of exactly this path, or null: everything else is not ours to forward. What it points at outlives the
  // relay.
  virtual const Method* Find(std::string_view path) const = 0;
  virtual Handling HandlingOf(const Method& method) const = 0;
  virtual std::shared_ptr<JudgedCall> New(const Method& method) = 0;
  // The answer for a call that cannot be decided because the proxy itself has no room, recorded as such.
  virtual GrpcStatus Overloaded(const Method& method, std::string_view request) = 0;
  // The answer for a call whose body is not one message of a size that is taken, recorded as such.
  virtual GrpcStatus Malformed(const Method& method, const std::string& why, std::string_view request) = 0;
};

}  // namespace pullseal::relay

#endif  // PULLSEAL_ADAPTERS_RELAY_JUDGED_CALL_H_
