// SPDX-License-Identifier: Apache-2.0
// The part of Call that hands a held call to a worker and takes its ruling.
#include <algorithm>

#include "adapters/relay/call.h"
#include "adapters/relay/connection.h"
#include "adapters/relay/limits.h"
#include "adapters/relay/relay.h"
#include "core/base/log.h"
#include "core/base/secret.h"

namespace pullseal::relay {
namespace {

// Where even the answer that is recorded cannot be made: no memory, most likely.
GrpcStatus Unrecorded() {
  return GrpcStatus{GrpcCode::kUnknown,
                    "RegistryUnavailable: the decision on this call failed inside pullseal; it is tried again."};
}

GrpcStatus AnswerFor(JudgedCall& judged, const std::string& why) {
  try {
    return judged.Failed(why);
  } catch (const std::exception&) {
    log::Failure("a decision that failed could not be recorded");
    return Unrecorded();
  }
}

// Runs one step of a judgement; where a library throws, the answer is a refusal that is recorded.
template <typename Step>
auto Guard(JudgedCall& judged, Step step) -> decltype(step()) {
  try {
    return step();
  } catch (const std::exception&) {
    log::Failure("a decision ended with an exception");
    return AnswerFor(judged, "a decision ended with an exception");
  }
}

}  // namespace

std::string_view Call::HeldMessage() const {
  const std::string_view held(held_request_);
  return held.substr(std::min(held.size(), limits::kRequestFrameOverhead));
}

GrpcStatus Call::TooLarge() {
  GrpcStatus answer = relay_.calls().Malformed(*method_, "the request is larger than 16 MiB", HeldMessage());
  answer.code = GrpcCode::kResourceExhausted;
  return answer;
}

SteadyTime Call::Deadline() const {
  const SteadyTime now = std::chrono::steady_clock::now();
  const SteadyTime most = now + relay_.options().decision_timeout;
  return timeout_ ? std::min(most, received_ + std::chrono::duration_cast<SteadyTime::duration>(*timeout_)) : most;
}

// Runs `step` on a worker. It gets what it needs by value and posts its result back by name, so that a call that is
// gone by then is simply not found.
template <typename Step>
void Call::RunOnWorker(Step step, Turn turn) {
  if (!relay_.workers().Submit(std::move(step), turn)) Answer(relay_.calls().Overloaded(*method_, HeldMessage()));
}

void Call::Decide() {
  phase_ = Phase::kDeciding;
  auto message = UnframeOne(held_request_);
  if (!message) return Answer(relay_.calls().Malformed(*method_, message.error().message, HeldMessage()));
  judged_ = relay_.calls().New(*method_);
  RunOnWorker(
      [&relay = relay_, connection = connection_.id(), stream = stream_, generation = generation_, judged = judged_,
       request = std::move(*message), deadline = Deadline()]() mutable {
        Ruling ruling = Guard(*judged, [&] { return judged->Before(request, deadline); });
        Wipe(request);
        relay.Post([&relay, connection, stream, generation, ruling = std::move(ruling)]() mutable {
          Connection* client = relay.FindConnection(connection);
          Call* call = client != nullptr ? client->FindCall(stream) : nullptr;
          if (call != nullptr && call->generation() == generation) call->OnRuling(std::move(ruling));
        });
      },
      method_->turn);
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

void Call::DecideOnResponse() {
  phase_ = Phase::kDecidingOnResponse;
  auto message = UnframeOne(held_response_);
  if (StatusCode() != "0") return SubmitResponse();
  if (!message) return Answer(AnswerFor(*judged_, "the runtime's answer cannot be read"));
  RunOnWorker(
      [&relay = relay_, connection = connection_.id(), stream = stream_, generation = generation_, judged = judged_,
       response = std::move(*message), deadline = Deadline()] {
        std::optional<GrpcStatus> answer = Guard(*judged, [&] { return judged->After(response, deadline); });
        relay.Post([&relay, connection, stream, generation, answer = std::move(answer)]() mutable {
          Connection* client = relay.FindConnection(connection);
          Call* call = client != nullptr ? client->FindCall(stream) : nullptr;
          if (call != nullptr && call->generation() == generation) call->OnResponseRuling(std::move(answer));
        });
      },
      Turn::kFirst);
}

void Call::OnResponseRuling(std::optional<GrpcStatus> answer) {
  if (phase_ != Phase::kDecidingOnResponse) return;
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
    (void)relay_.calls().Malformed(*method_, request.error().message, HeldMessage());
    return;
  }
  const bool queued = relay_.workers().Submit(
      [judged = relay_.calls().New(*method_), request = std::move(*request), answer = std::move(answer),
       deadline = std::chrono::steady_clock::now() + relay_.options().decision_timeout] {
        try {
          judged->Observe(request, answer, deadline);
        } catch (const std::exception&) {
          (void)AnswerFor(*judged, "the judgement of a call that went on ended with an exception");
        }
      },
      method_->turn);
  if (!queued) (void)relay_.calls().Overloaded(*method_, HeldMessage());
}

}  // namespace pullseal::relay
