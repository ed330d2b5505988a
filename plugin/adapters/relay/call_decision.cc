// SPDX-License-Identifier: Apache-2.0
// The part of Call that hands a held call to a worker and takes its ruling.
#include <algorithm>

#include "adapters/relay/call.h"
#include "adapters/relay/connection.h"
#include "adapters/relay/relay.h"
#include "core/base/log.h"
#include "core/base/secret.h"

namespace pullseal::cri {
namespace {

GrpcStatus DecisionFailed() {
  return GrpcStatus{GrpcCode::kUnknown,
                    "RegistryUnavailable: the decision on this call failed inside pullseal; it is tried again."};
}

Turn TurnOf(const Method& method) { return method.kind == MethodKind::kPull ? Turn::kPull : Turn::kUsual; }

}  // namespace

SteadyTime Call::Deadline() const {
  const SteadyTime now = std::chrono::steady_clock::now();
  const SteadyTime most = now + relay_.options().decision_timeout;
  return timeout_ ? std::min(most, received_ + std::chrono::duration_cast<SteadyTime::duration>(*timeout_)) : most;
}

// Runs `step` on a worker. It gets what it needs by value and posts its result back by name, so that a call that is
// gone by then is simply not found.
template <typename Step>
void Call::RunOnWorker(Step step, Turn turn) {
  if (!relay_.workers().Submit(std::move(step), turn)) Answer(relay_.calls().Overloaded(*method_));
}

void Call::Decide() {
  phase_ = Phase::kDeciding;
  auto message = UnframeOne(held_request_);
  if (!message) return Answer(relay_.calls().Malformed(*method_, message.error().message));
  judged_ = relay_.calls().New(*method_);
  RunOnWorker(
      [&relay = relay_, connection = connection_.id(), stream = stream_, generation = generation_, judged = judged_,
       request = std::move(*message), deadline = Deadline()]() mutable {
        Ruling ruling = DecisionFailed();
        try {
          ruling = judged->Before(request, deadline);
        } catch (const std::exception&) {
          log::Failure("a decision ended with an exception");
        }
        Wipe(request);
        relay.Post([&relay, connection, stream, generation, ruling = std::move(ruling)]() mutable {
          Connection* client = relay.FindConnection(connection);
          Call* call = client != nullptr ? client->FindCall(stream) : nullptr;
          if (call != nullptr && call->generation() == generation) call->OnRuling(std::move(ruling));
        });
      },
      TurnOf(*method_));
}

void Call::OnRuling(Ruling ruling) {
  if (phase_ != Phase::kDeciding) return;
  if (const auto* refusal = std::get_if<GrpcStatus>(&ruling)) return Answer(*refusal);
  const std::string framed = Frame(std::get<Forward>(ruling).message);
  Wipe(held_request_);
  ReleaseHeld();
  to_runtime_.Append(framed.data(), framed.size());
  to_runtime_.ended = true;
  StartForwarding();
}

void Call::Conclude() {
  phase_ = Phase::kConcluding;
  auto message = UnframeOne(held_response_);
  if (StatusCode() != "0") return SubmitResponse();
  if (!message) return Answer(DecisionFailed());  // an OK that cannot be checked is not passed on
  RunOnWorker(
      [&relay = relay_, connection = connection_.id(), stream = stream_, generation = generation_, judged = judged_,
       response = std::move(*message), deadline = Deadline()] {
        std::optional<GrpcStatus> answer = DecisionFailed();
        try {
          answer = judged->After(response, deadline);
        } catch (const std::exception&) {
          log::Failure("a decision ended with an exception");
        }
        relay.Post([&relay, connection, stream, generation, answer = std::move(answer)]() mutable {
          Connection* client = relay.FindConnection(connection);
          Call* call = client != nullptr ? client->FindCall(stream) : nullptr;
          if (call != nullptr && call->generation() == generation) call->OnConclusion(std::move(answer));
        });
      },
      Turn::kFirst);
}

void Call::OnConclusion(std::optional<GrpcStatus> answer) {
  if (phase_ != Phase::kConcluding) return;
  if (answer) return Answer(*answer);
  SubmitResponse();
}

// The whole policy is in audit mode: the call is over, and is judged for the record.
void Call::StartObserving() {
  if (handling_ != Handling::kObserve) return;
  handling_ = Handling::kPass;
  // Nothing ran if the runtime could not be reached or the client went before its request was complete.
  if (!to_runtime_.ended || !local_code_.empty()) return;
  auto request = UnframeOne(held_request_);
  auto response = UnframeOne(held_response_);
  std::optional<std::string> answer;
  if (response && StatusCode() == "0") answer = std::move(*response);
  if (!request) {
    (void)relay_.calls().Malformed(*method_, request.error().message);
    return;
  }
  const bool queued = relay_.workers().Submit(
      [judged = relay_.calls().New(*method_), request = std::move(*request), answer = std::move(answer),
       deadline = std::chrono::steady_clock::now() + relay_.options().decision_timeout] {
        judged->Observe(request, answer, deadline);
      },
      TurnOf(*method_));
  if (!queued) (void)relay_.calls().Overloaded(*method_);
}

}  // namespace pullseal::cri
