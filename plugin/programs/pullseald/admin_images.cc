// SPDX-License-Identifier: Apache-2.0
// The admin commands about images: what is known of them, and judging them ahead.
#include <algorithm>
#include <utility>

#include "core/base/limits.h"
#include "core/json/value.h"
#include "gate/admission/container_judge.h"
#include "gate/admission/pull.h"
#include "gate/gate/gate.h"
#include "image/oci/limits.h"
#include "image/runtime/limits.h"
#include "programs/pullseald/admin_commands.h"
#include "programs/pullseald/limits.h"

namespace pullseal::daemon {
namespace {

// containerd pulls the pause image by itself, so what it asks about that one is about sandboxes.
policy::Action ActionFor(const admission::Services& services, const std::string& image) {
  const auto asked = oci::Reference::Parse(image);
  const auto pause = admission::NamePauseImage(services, std::chrono::steady_clock::now() + limits::kRuntimeCallTime);
  const auto configured = pause ? oci::Reference::Parse(*pause) : Result<oci::Reference>(pause.error());
  const bool same = asked && configured && asked->Text() == configured->Text();
  return same ? policy::Action::kSandbox : policy::Action::kContainer;
}

}  // namespace

void AdminCommands::CacheList(const admin::Server::Send& send) {
  std::int64_t count = 0;
  const auto known = parts_.gate.KnownImages(limits::kAdminList);
  if (!known) return SendFailure(send, "the evidence store does not say what it knows: " + known.error().message);
  for (const store::EvidenceStore::Subject& one : *known) {
    json::Writer line;
    line.Text("digest", one.digest).Text("repository", one.repository);
    line.Number("signatures", static_cast<std::int64_t>(one.signatures)).Text("fetched", FormatTime(one.fetched));
    if (!send(line)) return;
    ++count;
  }
  json::Writer end;
  end.Number("images", count).Boolean("done", true);
  (void)send(end);
}

void AdminCommands::CacheFlush(const admin::Server::Send& send) {
  const Status whole = parts_.gate.Flush();
  if (!whole) {
    SendFailure(send, "what is in memory was forgotten, but the evidence store on disk could not be emptied: " +
                          whole.error().message);
    return;
  }
  json::Writer end;
  end.Boolean("done", true);
  (void)send(end);
}

json::Writer AdminCommands::WarmOne(admission::Inquiry inquiry, const std::string& image,
                                    const std::optional<std::string>& pod_namespace) {
  inquiry.event().image = image;
  inquiry.event().pod_namespace = pod_namespace.value_or("");
  admission::Settled settled;
  if (auto ended = inquiry.Begin({})) {
    settled = std::move(*ended);
  } else {
    settled =
        admission::AskPull(inquiry, admission::PullQuestion{.image = image,
                                                            .resolved = {},
                                                            .pod_namespace = pod_namespace,
                                                            .credentials = {},
                                                            .deadline = parts_.clock.Steady() + limits::kWarmTime})
            .settled;
  }
  const gate::Decision& decision = settled.decision;
  json::Writer line;
  line.Text("image", Printable(image, limits::kReferenceBytes));
  line.Text("outcome", gate::OutcomeText(decision, inquiry.snapshot().get()));
  line.Text("reason", judge::Slug(decision.reason)).Text("rule", decision.rule);
  line.Text("message", gate::AdviceOf(decision)).Text("cache", gate::Text(decision.cache));
  if (decision.digest) line.Text("digest", decision.digest->text());
  return line;
}

void AdminCommands::Warm(const json::Value& request, const admin::Server::Send& send,
                         const std::atomic<bool>& stopping) {
  const json::Value* images = request.Find("images");
  if (images == nullptr || images->array() == nullptr || images->array()->empty()) {
    SendFailure(send, "warm needs a list \"images\"");
    return;
  }
  if (images->array()->size() > limits::kWarmImages) {
    SendFailure(send, "warm takes at most " + std::to_string(limits::kWarmImages) + " images at a time");
    return;
  }
  std::optional<std::string> pod_namespace;
  if (const std::string* text = request.FindString("namespace"); text != nullptr) pod_namespace = *text;
  // By a policy that is not in force nothing is decided, so nothing is recorded.
  const bool candidate = request.FindString("policy") != nullptr;
  std::string why_not;
  const gate::SnapshotPtr snapshot = candidate ? SnapshotFor(request, why_not) : nullptr;
  if (candidate && snapshot == nullptr) return SendFailure(send, why_not);
  std::int64_t number = 0;
  for (const json::Value& image : *images->array()) {
    if (stopping) break;
    admission::Inquiry inquiry = candidate ? admission::Inquiry(parts_.services, "verify", snapshot)
                                           : admission::Inquiry(parts_.services, "verify");
    json::Writer line = WarmOne(std::move(inquiry), image.string() != nullptr ? *image.string() : "", pod_namespace);
    line.Number("number", ++number).Number("of", static_cast<std::int64_t>(images->array()->size()));
    if (!send(line)) return;
  }
  json::Writer end;
  end.Number("images", number).Boolean("done", true);
  (void)send(end);
}

void AdminCommands::VerifyForPull(const json::Value& request, const admin::Server::Send& send) {
  const std::string* name_text = request.FindString("name");
  const std::string* digest_text = request.FindString("digest");
  if (name_text == nullptr || digest_text == nullptr) return SendFailure(send, "image-verifier needs name and digest");
  admission::Inquiry inquiry(parts_.services, "plugin");
  inquiry.event().image = Printable(*name_text, limits::kReferenceBytes);
  auto digest = oci::Digest::Parse(*digest_text);
  admission::Settled settled;
  if (auto ended = inquiry.Begin({})) {
    settled = std::move(*ended);
  } else if (!digest) {
    settled = inquiry.Settle(gate::Reason::kReferenceInvalid, digest.error().message);
  } else {
    // The digest is the one that containerd resolved and will fetch; it is not resolved again.
    const auto time = std::min<std::chrono::milliseconds>(parts_.config.decision_timeout, limits::kPluginDecisionTime);
    settled = admission::AskPull(inquiry, admission::PullQuestion{.image = *name_text,
                                                                  .resolved = std::move(*digest),
                                                                  .pod_namespace = {},
                                                                  .credentials = {},
                                                                  .deadline = parts_.clock.Steady() + time,
                                                                  .action = ActionFor(*parts_.services, *name_text)})
                  .settled;
  }
  const gate::Decision& decision = settled.decision;
  json::Writer line;
  line.Boolean("allow", !settled.refused());
  line.Text("outcome", gate::OutcomeText(decision, inquiry.snapshot().get()));
  line.Text("reason", judge::Slug(decision.reason)).Text("rule", decision.rule);
  line.Text("message", gate::AdviceOf(decision)).Boolean("done", true);
  (void)send(line);
}

}  // namespace pullseal::daemon
