// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <thread>
#include <utility>

#include "adapters/cri/call_steps.h"
#include "adapters/cri/credentials.h"
#include "adapters/cri/limits.h"
#include "core/base/secret.h"
#include "cri.pb.h"
#include "gate/admission/image_judge.h"
#include "gate/admission/pull.h"
#include "gate/admission/pull_origin.h"
#include "gate/admission/pulled.h"
#include "gate/gate/canary.h"

namespace pullseal::cri {
namespace {

using gate::Reason;
namespace v1 = ::runtime::v1;

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

// PullImage: the tag is resolved once, that digest is judged, and the pull goes on by that digest; afterwards the
// record of the name that the pod gives is made from it: a tag, or an index's digest where the platform's manifest was
// pulled. So no byte that was not judged is unpacked, and there is no second resolution to race.
class PullCall final : public CallSteps {
 public:
  explicit PullCall(std::shared_ptr<const Services> services)
      : CallSteps(std::move(services), MethodKind::kPull), pulled_(this->services()), origin_(this->services()) {}

  Ruling Before(const std::string& bytes, SteadyTime deadline) override {
    WipedRequest wiped;
    v1::PullImageRequest& request = wiped.message;
    if (auto end = Begin(bytes, request)) return *end;
    const admission::PullAnswer answer = Ask(request, deadline);
    if (!answer.name || answer.settled.refused()) return End(answer.settled, bytes);
    if (const Status noted = pulled_.Note(answer.pinned.value_or(*answer.name), deadline); !noted) {
      return End(inquiry().Settle(noted.error()), bytes);
    }
    const auto digest = answer.pinned ? answer.pinned->digest() : answer.settled.decision.digest;
    origin_.Begin(*answer.name, digest, deadline);
    stored_ = answer.pinned.value_or(*answer.name);
    if (!answer.pinned) return Forward{bytes};
    pinned_ = answer.pinned->Text();
    if (answer.name->Text() != pinned_) named_ = answer.name;
    request.mutable_image()->set_image(pinned_);
    return Forward{request.SerializeAsString()};
  }

  std::optional<GrpcStatus> After(const std::string& bytes, SteadyTime deadline) override {
    v1::PullImageResponse response;
    if (!response.ParseFromString(bytes)) {
      return Refusal(inquiry().Settle(Error{ErrorCode::kRemote, "PullImage: malformed answer"}));
    }
    const bool takes_back = !gate::OnlyRecords(services().snapshot().get());
    if (auto refused = pulled_.Look(response.image_ref(), takes_back, deadline)) {
      if (auto refusal = Refusal(inquiry().Settle(std::move(*refused)))) return refusal;
    }
    if (stored_) origin_.End(*stored_, deadline);
    if (!named_) return std::nullopt;
    Status done = MakeRecord(deadline);
    if (done) done = WaitForRecord(response.image_ref(), deadline);
    if (done) return std::nullopt;
    return Refusal(inquiry().Settle(Reason::kRuntimeUnreachable, done.error().message));
  }

  // The digest is taken from the store, where the pull has put it.
  void Observe(const std::string& bytes, const std::optional<std::string>& answer, SteadyTime deadline) override {
    WipedRequest wiped;
    v1::PullImageRequest& request = wiped.message;
    if (!BeginObserved(bytes, request)) return;
    auto name = oci::Reference::Parse(request.image().image());
    if (!name || gate::IsCanary(*name)) return (void)Ask(request, deadline);
    if (!answer) return;
    admission::ImageJudge images(services());
    auto stored = images.Resolve(name->Text(), deadline);
    if (!stored) return (void)inquiry().Settle(stored.error());
    inquiry().event().image_id = stored->image_id;
    const admission::ImageQuestion question{.image_id = stored->image_id,
                                            .claimed = std::move(*name),
                                            .pod_namespace = NamespaceOf(request),
                                            .credentials = CredentialsFor(request.auth()),
                                            .deadline = deadline};
    admission::ImageAnswer judged = images.Judge(*inquiry().snapshot(), question);
    if (judged.link) {
      admission::PullOrigin::EndObserved(services(), *question.claimed, *judged.link, question.credentials, deadline);
    }
    (void)inquiry().Settle(std::move(judged.decision));
  }

 private:
  admission::PullAnswer Ask(const v1::PullImageRequest& request, SteadyTime deadline) {
    return admission::AskPull(inquiry(), admission::PullQuestion{.image = request.image().image(),
                                                                 .resolved = {},
                                                                 .pod_namespace = NamespaceOf(request),
                                                                 .credentials = CredentialsFor(request.auth()),
                                                                 .deadline = deadline});
  }

  // The record of the name that the pod gives. One that leads to the very digest it is named by is right as it is.
  Status MakeRecord(SteadyTime deadline) {
    if (named_->digest()) {
      const auto there = services().runtime.FindRecords({named_->Text()}, deadline);
      if (!there) return there.error();
      if (!there->empty() && there->front().target == named_->digest()) return {};
    }
    return services().runtime.TagAs(named_->Text(), pinned_, deadline);
  }

  // Until the runtime shows the name, the kubelet's next look-up would not find what it pulled. Where it cannot tell
  // because the image has too many names, the record that was made stands for itself.
  Status WaitForRecord(const std::string& id, SteadyTime deadline) {
    const SteadyTime end = std::min(deadline, std::chrono::steady_clock::now() + limits::kTagVisibleTime);
    auto pause = std::chrono::milliseconds(1);
    while (true) {
      auto image = services().runtime.ResolveImage(named_->Text(), deadline);
      if (image && image->id == id) return {};
      if (!image && image.error().code == ErrorCode::kLimit) return {};
      if (!image && image.error().code != ErrorCode::kNotFound) return image.error();
      if (std::chrono::steady_clock::now() + pause >= end) {
        return Error{ErrorCode::kTimeout,
                     "the runtime does not show " + named_->Text() + " as the image that was pulled"};
      }
      std::this_thread::sleep_for(pause);
      pause = std::min(pause * 2, std::chrono::milliseconds(100));
    }
  }

  admission::Pulled pulled_;
  admission::PullOrigin origin_;
  std::optional<oci::Reference> stored_;  // what the pull goes on as
  std::optional<oci::Reference> named_;   // whose record is to be made; absent if the pull itself makes it
  std::string pinned_;                    // the record the pull makes
};

}  // namespace

std::shared_ptr<JudgedCall> NewPullCall(std::shared_ptr<const Services> services) {
  return std::make_shared<PullCall>(std::move(services));
}

}  // namespace pullseal::cri
