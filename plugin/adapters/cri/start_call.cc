// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "adapters/cri/call_steps.h"
#include "cri.pb.h"
#include "gate/admission/container_judge.h"

namespace pullseal::cri {
namespace {

namespace v1 = ::runtime::v1;

bool IsFullId(std::string_view id) {
  return id.size() == 64 && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// StartContainer: every container is compared, also one that was created before us or around us. Nothing is remembered
// from its creation: all is asked of the runtime again.
class StartCall final : public CallSteps {
 public:
  explicit StartCall(std::shared_ptr<const Services> services) : CallSteps(std::move(services), MethodKind::kStart) {}

  Ruling Before(const std::string& bytes, SteadyTime deadline) override {
    v1::StartContainerRequest request;
    if (auto end = Begin(bytes, request)) return *end;
    if (!IsFullId(request.container_id())) {
      auto full = services().runtime.ResolveContainer(request.container_id(), deadline);
      if (!full) return End(NotThere(full.error()), bytes);
      request.set_container_id(*full);
    }
    auto container = services().runtime.FindContainer(request.container_id(), deadline);
    if (!container) return End(NotThere(container.error()), bytes);
    const Settled settled = inquiry().Settle(admission::JudgeContainer(inquiry(), *container, deadline));
    if (auto refusal = Refusal(settled)) return *refusal;
    return Forward{request.SerializeAsString()};
  }

  std::optional<GrpcStatus> After(const std::string&, SteadyTime) override { return std::nullopt; }

  void Observe(const std::string& bytes, const std::optional<std::string>&, SteadyTime deadline) override {
    v1::StartContainerRequest request;
    if (!BeginObserved(bytes, request)) return;
    auto container = services().runtime.FindContainer(request.container_id(), deadline);
    if (!container) return (void)NotThere(container.error());
    (void)inquiry().Settle(admission::JudgeContainer(inquiry(), *container, deadline));
  }

 private:
  Settled NotThere(const Error& error) {
    if (error.code != ErrorCode::kNotFound) return inquiry().Settle(error);
    return inquiry().Settle(gate::Reason::kNotOnNode, "the container does not exist");
  }
};

}  // namespace

std::shared_ptr<JudgedCall> NewStartCall(std::shared_ptr<const Services> services) {
  return std::make_shared<StartCall>(std::move(services));
}

}  // namespace pullseal::cri
