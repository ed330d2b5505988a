// SPDX-License-Identifier: Apache-2.0
#include "adapters/cri/calls.h"

#include <utility>

#include "adapters/cri/call_steps.h"
#include "adapters/cri/describe.h"

namespace pullseal::cri {
namespace {

using gate::Reason;
using relay::Handling;
using relay::Method;

class RefusedCall final : public CallSteps {
 public:
  RefusedCall(std::shared_ptr<const Services> services, MethodKind kind) : CallSteps(std::move(services), kind) {}
  Ruling Before(const std::string& request, SteadyTime) override { return End(Refuse(request), request); }
  std::optional<GrpcStatus> After(const std::string&, SteadyTime) override { return std::nullopt; }
  void Observe(const std::string& request, const std::optional<std::string>&, SteadyTime) override {
    (void)Refuse(request);
  }

 private:
  Settled Refuse(const std::string& request) {
    Open(request);
    return inquiry().Settle(Reason::kCheckpointRefused, "checkpoint call");
  }
};

class Calls final : public relay::JudgedCalls {
 public:
  explicit Calls(std::shared_ptr<const Services> services) : services_(std::move(services)) {}

  const Method* Find(std::string_view path) const override { return FindMethod(path); }

  Handling HandlingOf(const Method& method) const override {
    if (KindOf(method) == MethodKind::kCheckpoint && !services_->settings.deny_checkpoint) return Handling::kPass;
    return gate::OnlyRecords(services_->snapshot().get()) ? Handling::kObserve : Handling::kHold;
  }

  std::shared_ptr<JudgedCall> New(const Method& method) override {
    switch (KindOf(method)) {
      case MethodKind::kPull:
        return NewPullCall(services_);
      case MethodKind::kCreate:
        return NewCreateCall(services_);
      case MethodKind::kStart:
        return NewStartCall(services_);
      case MethodKind::kSandbox:
        return NewSandboxCall(services_);
      case MethodKind::kRestore:
      case MethodKind::kCheckpoint:
      case MethodKind::kPass:
        break;
    }
    return std::make_shared<RefusedCall>(services_, KindOf(method));
  }

  GrpcStatus Overloaded(const Method& method, std::string_view request) override {
    return Record(method, request, gate::Refuse(Reason::kOverloaded, "the queue or the memory for held calls is full"));
  }

  GrpcStatus Malformed(const Method& method, const std::string& why, std::string_view request) override {
    (void)Record(method, request, gate::Refuse(Reason::kRequestMalformed, why));
    return GrpcStatus{GrpcCode::kInvalidArgument, "request-malformed: " + why};
  }

 private:
  GrpcStatus Record(const Method& method, std::string_view request, gate::Decision decision) {
    Inquiry inquiry(services_, std::string(ActionOf(KindOf(method))));
    DescribeRequest(KindOf(method), request, inquiry.event());
    GrpcStatus answer = RefusalFor(inquiry.event().image, decision);
    (void)inquiry.Settle(std::move(decision));
    return answer;
  }

  const std::shared_ptr<const Services> services_;
};

}  // namespace

std::unique_ptr<relay::JudgedCalls> MakeJudgedCalls(std::shared_ptr<const Services> services) {
  return std::make_unique<Calls>(std::move(services));
}

}  // namespace pullseal::cri
