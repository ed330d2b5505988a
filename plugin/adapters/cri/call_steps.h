// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_CRI_CALL_STEPS_H_
#define PULLSEAL_ADAPTERS_CRI_CALL_STEPS_H_

#include <memory>
#include <optional>
#include <string>

#include "adapters/cri/calls.h"
#include "adapters/cri/image_judge.h"
#include "adapters/cri/refusal.h"
#include "adapters/relay/judged_call.h"
#include "cri.pb.h"

// What the judged calls share. Internal to cri/.
namespace pullseal::cri {

// CallSteps is the base of one judged call: the services, the time it began, and how decisions are concluded.
class CallSteps : public JudgedCall {
 public:
  explicit CallSteps(std::shared_ptr<const Services> services)
      : services_(std::move(services)),
        images_(services_->gate, services_->runtime, services_->linker),
        began_(std::chrono::steady_clock::now()) {}

 protected:
  const Services& services() const { return *services_; }
  ImageJudge& images() { return images_; }

  // Reports the decision; absent if the call may go on, else its refusal.
  std::optional<GrpcStatus> Conclude(gate::Event event, const gate::Snapshot* snapshot, gate::Decision decision);
  // Refuses without a rule.
  std::optional<GrpcStatus> Conclude(gate::Event event, const gate::Snapshot* snapshot, gate::Reason reason,
                                     std::string detail);
  // Whether the request has fields we do not know and is to be refused for that; counts it.
  bool RefusesUnknown(MethodKind kind, const std::string& request);

 private:
  std::shared_ptr<const Services> services_;
  ImageJudge images_;
  const SteadyTime began_;
};

std::shared_ptr<JudgedCall> NewPullCall(std::shared_ptr<const Services> services);
std::shared_ptr<JudgedCall> NewCreateCall(std::shared_ptr<const Services> services);
std::shared_ptr<JudgedCall> NewStartCall(std::shared_ptr<const Services> services);
std::shared_ptr<JudgedCall> NewSandboxCall(std::shared_ptr<const Services> services);
// RestorePod, and the checkpoint calls where the config denies them.
std::shared_ptr<JudgedCall> NewRefusedCall(std::shared_ptr<const Services> services);

// The credentials of a request as containerd reads them (username and password, else identity token, else the joined
// form), if they are meant for `name`'s host. registry_token is not used, as containerd does not.
credentials::Credentials CredentialsFor(const ::runtime::v1::AuthConfig& auth);

GrpcStatus MalformedMessage();

}  // namespace pullseal::cri

#endif  // PULLSEAL_ADAPTERS_CRI_CALL_STEPS_H_
