// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_CRI_CALL_STEPS_H_
#define PULLSEAL_ADAPTERS_CRI_CALL_STEPS_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "adapters/cri/methods.h"
#include "adapters/cri/refusal.h"
#include "adapters/cri/unknown_fields.h"
#include "adapters/relay/judged_call.h"
#include "gate/admission/inquiry.h"

// What the judged calls share. Internal to cri/.
namespace pullseal::cri {

using admission::Inquiry;
using admission::Services;
using admission::Settled;
using relay::Forward;
using relay::GrpcCode;
using relay::GrpcStatus;
using relay::JudgedCall;
using relay::Ruling;

// CallSteps is the base of one judged call: its question, and what an answer means in the CRI.
class CallSteps : public JudgedCall {
 public:
  CallSteps(std::shared_ptr<const Services> services, MethodKind kind)
      : services_(std::move(services)), kind_(kind), began_(std::chrono::steady_clock::now()) {}
  GrpcStatus Failed(const std::string& why) override;

 protected:
  const Services& services() const { return *services_; }
  // The call's question. Made by Begin, by the policy in force then.
  Inquiry& inquiry() { return *inquiry_; }

  // Begins the question without a look at its form.
  void Open(const std::string& bytes);
  // Reads `bytes` into `request` and begins the question about it. Present if that already ends it: the request is not
  // one, or nothing can be asked.
  template <typename Request>
  std::optional<Ruling> Begin(const std::string& bytes, Request& request) {
    Open(bytes);
    const bool readable = request.ParseFromString(bytes);
    return BeginAs(bytes, admission::Form{readable, readable && HasUnknownFields(kind_, bytes)});
  }
  // The same for a call that went on as it came: false if there is nothing to be judged any more.
  template <typename Request>
  bool BeginObserved(const std::string& bytes, Request& request) {
    Open(bytes);
    const bool readable = request.ParseFromString(bytes);
    return !inquiry_->Begin(admission::Form{readable, readable && HasUnknownFields(kind_, bytes)});
  }

  // The answer by which `settled` refuses; absent if the call goes on.
  std::optional<GrpcStatus> Refusal(const Settled& settled) { return Refusal(*inquiry_, settled); }
  static std::optional<GrpcStatus> Refusal(Inquiry& inquiry, const Settled& settled);
  // What ends a call that cannot be asked about further: its refusal, else it goes on as it came.
  Ruling End(const Settled& settled, const std::string& bytes);

  // The decision on a container that the runtime made and does not show: that it does not have it is no answer.
  static gate::Decision NotShown(const Error& error);

 private:
  std::optional<Ruling> BeginAs(const std::string& bytes, const admission::Form& form);

  const std::shared_ptr<const Services> services_;
  const MethodKind kind_;
  const SteadyTime began_;
  std::optional<Inquiry> inquiry_;
};

std::shared_ptr<JudgedCall> NewPullCall(std::shared_ptr<const Services> services);
std::shared_ptr<JudgedCall> NewCreateCall(std::shared_ptr<const Services> services);
std::shared_ptr<JudgedCall> NewStartCall(std::shared_ptr<const Services> services);
std::shared_ptr<JudgedCall> NewSandboxCall(std::shared_ptr<const Services> services);

}  // namespace pullseal::cri

#endif  // PULLSEAL_ADAPTERS_CRI_CALL_STEPS_H_
