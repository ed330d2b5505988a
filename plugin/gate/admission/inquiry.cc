// SPDX-License-Identifier: Apache-2.0
#include "gate/admission/inquiry.h"

#include <chrono>
#include <utility>

namespace pullseal::admission {

using gate::Reason;

gate::Decision RefuseFor(const Error& error) { return gate::Refuse(gate::ReasonForRuntime(error), error.message); }

Inquiry::Inquiry(std::shared_ptr<const Services> services, std::string action, SteadyTime began)
    : services_(std::move(services)), snapshot_(services_->snapshot()), recorded_(true), began_(began) {
  event_.action = std::move(action);
}

Inquiry::Inquiry(std::shared_ptr<const Services> services, std::string action, gate::SnapshotPtr candidate)
    : services_(std::move(services)),
      snapshot_(std::move(candidate)),
      recorded_(false),
      began_(std::chrono::steady_clock::now()) {
  event_.action = std::move(action);
}

std::optional<Settled> Inquiry::Begin(const Form& form) {
  if (!form.readable) return Settle(Reason::kRequestMalformed, "the request is not a valid message");
  if (form.unknown_fields) services_->reporter.UnknownFields();
  if (snapshot_ == nullptr) return Settle(Reason::kPolicyUnavailable, "no policy is loaded");
  if (form.unknown_fields && services_->settings.deny_unknown_fields) {
    return Settle(Reason::kRequestMalformed, "unknown fields");
  }
  return std::nullopt;
}

Settled Inquiry::Settle(gate::Decision decision) {
  event_.duration = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began_);
  if (!recorded_) return Settled{gate::StandingOf(decision, snapshot_.get()), std::move(decision)};
  const gate::Standing standing = gate::Settle(services_->reporter, event_, snapshot_.get(), decision);
  return Settled{standing, std::move(decision)};
}

Settled Inquiry::Settle(Reason reason, std::string detail) { return Settle(gate::Refuse(reason, std::move(detail))); }

Settled Inquiry::Settle(const Error& runtime_error) { return Settle(RefuseFor(runtime_error)); }

}  // namespace pullseal::admission
