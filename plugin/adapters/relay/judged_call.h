// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_RELAY_JUDGED_CALL_H_
#define PULLSEAL_ADAPTERS_RELAY_JUDGED_CALL_H_

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "core/base/clock.h"
#include "adapters/relay/grpc_wire.h"
#include "adapters/relay/methods.h"

namespace pullseal::cri {

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
};

// How a judged method is handled at this moment.
enum class Handling {
  kHold,     // decide before forwarding
  kObserve,  // the whole policy is in audit mode: forward as it comes, judge beside it
  kPass,     // not judged
};

// JudgedCalls makes the judgement of each call. Called on the relay's thread: must not block.
class JudgedCalls {
 public:
  virtual ~JudgedCalls() = default;
  virtual Handling HandlingOf(const Method& method) const = 0;
  virtual std::shared_ptr<JudgedCall> New(const Method& method) = 0;
  // The answer for a call that cannot be decided because the proxy itself has no room, recorded as such.
  virtual GrpcStatus Overloaded(const Method& method) = 0;
  // The answer for a call whose body is not one message, recorded as such.
  virtual GrpcStatus Malformed(const Method& method, const std::string& why) = 0;
};

}  // namespace pullseal::cri

#endif  // PULLSEAL_ADAPTERS_RELAY_JUDGED_CALL_H_
