// SPDX-License-Identifier: Apache-2.0
#include "adapters/cri/calls.h"

#include <utility>

#include "adapters/cri/call_steps.h"
#include "adapters/cri/unknown_fields.h"

namespace pullseal::cri {
namespace {

using gate::Reason;
namespace v1 = ::runtime::v1;

const char* ActionOf(MethodKind kind) {
  switch (kind) {
    case MethodKind::kPull:
      return "pull";
    case MethodKind::kStart:
      return "start";
    case MethodKind::kSandbox:
      return "sandbox";
    case MethodKind::kCreate:
    case MethodKind::kRestore:
    case MethodKind::kCheckpoint:
    case MethodKind::kPass:
      return "create";
  }
  return "create";
}

class RefusedCall final : public CallSteps {
 public:
  using CallSteps::CallSteps;
  Ruling Before(const std::string& request, SteadyTime) override {
    const auto snapshot = services().snapshot();
    if (auto refusal = Refuse(snapshot)) return *refusal;
    return Forward{request};
  }
  std::optional<GrpcStatus> After(const std::string&, SteadyTime) override { return std::nullopt; }
  void Observe(const std::string&, const std::optional<std::string>&, SteadyTime) override {
    (void)Refuse(services().snapshot());
  }

 private:
  std::optional<GrpcStatus> Refuse(const gate::SnapshotPtr& snapshot) {
    gate::Event event;
    event.action = "create";
    return Conclude(event, snapshot.get(), Reason::kCheckpointRefused, "checkpoint call");
  }
};

class Calls final : public JudgedCalls {
 public:
  explicit Calls(Services services) : services_(std::make_shared<const Services>(std::move(services))) {}

  Handling HandlingOf(const Method& method) const override {
    if (method.kind == MethodKind::kCheckpoint && !services_->settings.deny_checkpoint) return Handling::kPass;
    const auto snapshot = services_->snapshot();
    const bool audit = snapshot != nullptr && snapshot->policy.mode == policy::Mode::kAudit;
    return audit ? Handling::kObserve : Handling::kHold;
  }

  std::shared_ptr<JudgedCall> New(const Method& method) override {
    switch (method.kind) {
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
    return NewRefusedCall(services_);
  }

  GrpcStatus Overloaded(const Method& method) override {
    return Record(method, gate::Refuse(Reason::kOverloaded, "the queue or the memory for held calls is full"));
  }

  GrpcStatus Malformed(const Method& method, const std::string& why) override {
    Record(method, gate::Refuse(Reason::kRequestMalformed, why));
    return GrpcStatus{GrpcCode::kInvalidArgument, "request-malformed: " + why};
  }

 private:
  GrpcStatus Record(const Method& method, gate::Decision decision) {
    const auto snapshot = services_->snapshot();
    gate::Event event;
    event.action = ActionOf(method.kind);
    gate::Conclude(services_->reporter, event, snapshot.get(), decision);
    return RefusalFor("", decision);
  }

  const std::shared_ptr<const Services> services_;
};

}  // namespace

std::unique_ptr<JudgedCalls> MakeJudgedCalls(Services services) { return std::make_unique<Calls>(std::move(services)); }

std::shared_ptr<JudgedCall> NewRefusedCall(std::shared_ptr<const Services> services) {
  return std::make_shared<RefusedCall>(std::move(services));
}

std::optional<GrpcStatus> CallSteps::Conclude(gate::Event event, const gate::Snapshot* snapshot,
                                              gate::Decision decision) {
  event.duration = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began_);
  if (gate::Conclude(services_->reporter, event, snapshot, decision)) return std::nullopt;
  return RefusalFor(event.image, decision);
}

std::optional<GrpcStatus> CallSteps::Conclude(gate::Event event, const gate::Snapshot* snapshot, Reason reason,
                                              std::string detail) {
  return Conclude(std::move(event), snapshot, gate::Refuse(reason, std::move(detail)));
}

bool CallSteps::RefusesUnknown(MethodKind kind, const std::string& request) {
  const bool has_unknown = HasUnknownFields(kind, request);
  if (has_unknown) services_->reporter.UnknownFields();
  return has_unknown && services_->settings.deny_unknown_fields;
}

GrpcStatus MalformedMessage() {
  return GrpcStatus{GrpcCode::kInvalidArgument, "request-malformed: the request is not a valid CRI message"};
}

credentials::Credentials CredentialsFor(const v1::AuthConfig& auth) {
  credentials::Credentials out;
  std::string_view server = auth.server_address();
  if (const auto scheme = server.find("://"); scheme != std::string_view::npos) server.remove_prefix(scheme + 3);
  if (!auth.username().empty()) {
    out.username = auth.username();
    out.password = auth.password();
  } else if (!auth.identity_token().empty()) {
    out.identity_token = auth.identity_token();
  } else if (!auth.auth().empty()) {
    out = credentials::JoinedCredentials(auth.auth());
  }
  out.server = server.substr(0, server.find('/'));
  return out;
}

}  // namespace pullseal::cri
