// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <thread>
#include <utility>

#include "adapters/cri/call_steps.h"
#include "adapters/cri/limits.h"
#include "core/base/secret.h"
#include "gate/gate/canary.h"

namespace pullseal::cri {
namespace {

using gate::Reason;
namespace v1 = ::runtime::v1;

gate::Event EventFor(const v1::PullImageRequest& request) {
  gate::Event event;
  event.action = "pull";
  event.image = request.image().image();
  event.pod_namespace = request.sandbox_config().metadata().namespace_();
  event.pod = request.sandbox_config().metadata().name();
  event.pod_uid = request.sandbox_config().metadata().uid();
  return event;
}

std::optional<std::string> NamespaceOf(const v1::PullImageRequest& request) {
  if (!request.has_sandbox_config() || request.sandbox_config().metadata().namespace_().empty()) return std::nullopt;
  return request.sandbox_config().metadata().namespace_();
}

// Wipes the credentials of a request when it goes.
class WipedRequest {
 public:
  v1::PullImageRequest message;
  ~WipedRequest() {
    v1::AuthConfig& auth = *message.mutable_auth();
    for (std::string* secret :
         {auth.mutable_password(), auth.mutable_auth(), auth.mutable_identity_token(), auth.mutable_registry_token()}) {
      Wipe(*secret);
    }
  }
};

// PullImage: the tag is resolved once, that digest is judged, and the pull goes on by that digest; afterwards the tag's
// record is made from it. So no byte that was not judged is unpacked, and there is no second resolution to race.
class PullCall final : public CallSteps {
 public:
  using CallSteps::CallSteps;

  Ruling Before(const std::string& bytes, SteadyTime deadline) override {
    WipedRequest wiped;
    v1::PullImageRequest& request = wiped.message;
    if (!request.ParseFromString(bytes)) return MalformedMessage();
    const auto snapshot = services().snapshot();
    event_ = EventFor(request);
    const auto refuse = [&](Reason reason, std::string detail) -> Ruling {
      if (auto refusal = Conclude(event_, snapshot.get(), reason, std::move(detail))) return *refusal;
      return Forward{bytes};
    };
    if (snapshot == nullptr) return refuse(Reason::kPolicyUnavailable, "no policy is loaded");
    if (RefusesUnknown(MethodKind::kPull, bytes)) return refuse(Reason::kRequestMalformed, "unknown fields");
    auto name = oci::Reference::Parse(request.image().image());
    if (!name) return refuse(Reason::kReferenceInvalid, name.error().message);
    if (gate::IsCanary(*name)) return JudgeCanary(snapshot.get(), bytes);

    gate::Pull pull = services().gate.DecidePull(
        *snapshot, gate::Question{*name, NamespaceOf(request), {}, CredentialsFor(request.auth()), deadline});
    const bool allowed = pull.decision.outcome() == gate::Outcome::kAllow;
    if (auto refusal = Conclude(event_, snapshot.get(), std::move(pull.decision))) return *refusal;
    // Recorded only (a rule in audit mode), or exempt: the call goes on as it came.
    if (!allowed || !pull.digest) return Forward{bytes};
    const oci::Reference pinned = name->At(*pull.digest);
    if (!name->digest()) {
      tag_ = name->Text();
      pinned_ = pinned.Text();
    }
    request.mutable_image()->set_image(pinned.Text());
    return Forward{request.SerializeAsString()};
  }

  std::optional<GrpcStatus> After(const std::string& bytes, SteadyTime deadline) override {
    if (tag_.empty()) return std::nullopt;
    v1::PullImageResponse response;
    Status done =
        response.ParseFromString(bytes) ? Status() : Status(Error{ErrorCode::kRemote, "PullImage: malformed answer"});
    if (done) done = services().runtime.TagAs(tag_, pinned_, deadline);
    if (done) done = WaitForTag(response.image_ref(), deadline);
    if (done) return std::nullopt;
    const auto snapshot = services().snapshot();
    return Conclude(event_, snapshot.get(), Reason::kRuntimeUnreachable, done.error().message);
  }

  // The digest is taken from the store, where the pull has put it.
  void Observe(const std::string& bytes, const std::optional<std::string>& answer, SteadyTime deadline) override {
    WipedRequest wiped;
    v1::PullImageRequest& request = wiped.message;
    const auto snapshot = services().snapshot();
    if (snapshot == nullptr || !request.ParseFromString(bytes)) return;
    event_ = EventFor(request);
    auto name = oci::Reference::Parse(request.image().image());
    if (name && gate::IsCanary(*name)) return (void)JudgeCanary(snapshot.get(), bytes);
    if (!answer) return;
    if (!name) return (void)Conclude(event_, snapshot.get(), Reason::kReferenceInvalid, name.error().message);
    auto image = services().runtime.ResolveImage(name->Text(), deadline);
    if (!image) {
      return (void)Conclude(event_, snapshot.get(), gate::ReasonForRuntime(image.error()), image.error().message);
    }
    event_.image_id = image->id;
    const ImageQuestion question{
        image->id, ImageJudge::StoreNames(*image), name->Text(), NamespaceOf(request), CredentialsFor(request.auth()),
        deadline};
    (void)Conclude(event_, snapshot.get(), images().Judge(*snapshot, question).decision);
  }

 private:
  // No such image exists: whoever asks wants to see the refusal.
  Ruling JudgeCanary(const gate::Snapshot* snapshot, const std::string& bytes) {
    event_.action = "canary";
    const WallTime now = std::chrono::system_clock::now();
    if (auto refusal = Conclude(event_, snapshot, gate::JudgeCanary(gate::Canary::kForged, now))) return *refusal;
    return Forward{bytes};
  }

  // Until the runtime shows the tag, the kubelet's next look-up would not find what it pulled.
  Status WaitForTag(const std::string& id, SteadyTime deadline) {
    const SteadyTime end = std::min(deadline, std::chrono::steady_clock::now() + limits::kTagVisibleTime);
    auto pause = std::chrono::milliseconds(1);
    while (true) {
      auto image = services().runtime.ResolveImage(tag_, deadline);
      if (image && image->id == id) return {};
      if (!image && image.error().code != ErrorCode::kNotFound) return image.error();
      if (std::chrono::steady_clock::now() + pause >= end) {
        return Error{ErrorCode::kTimeout, "the runtime does not show " + tag_ + " as the image that was pulled"};
      }
      std::this_thread::sleep_for(pause);
      pause = std::min(pause * 2, std::chrono::milliseconds(100));
    }
  }

  gate::Event event_;
  std::string tag_;     // the record to make; empty if none
  std::string pinned_;  // the record the pull makes
};

}  // namespace

std::shared_ptr<JudgedCall> NewPullCall(std::shared_ptr<const Services> services) {
  return std::make_shared<PullCall>(std::move(services));
}

}  // namespace pullseal::cri
