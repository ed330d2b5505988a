#include "daemon/admin_commands.h"

#include <utility>

#include "base/limits.h"
#include "json/value.h"

namespace pullseal::daemon {
namespace {

void SendFailure(const admin::Server::Send& send, const std::string& message) {
  json::Writer line;
  line.Text("error", message).Boolean("done", true);
  (void)send(line);
}

}  // namespace

void AdminCommands::Answer(const json::Value& request, const admin::Server::Send& send,
                           const std::atomic<bool>& stopping) {
  const std::string* command = request.FindString("command");
  if (command == nullptr) {
    SendFailure(send, "the request has no member \"command\"");
  } else if (*command == "status") {
    TellStatus(send);
  } else if (*command == "cache-list") {
    CacheList(send);
  } else if (*command == "cache-flush") {
    CacheFlush(send);
  } else if (*command == "warm") {
    Warm(request, send, stopping);
  } else {
    SendFailure(send, "unknown command \"" + Printable(*command, 64) + "\"");
  }
}

void AdminCommands::TellStatus(const admin::Server::Send& send) {
  json::Writer line;
  line.Text("version", PULLSEAL_VERSION).Text("started", FormatTime(started_));
  const gate::SnapshotPtr snapshot = policy_.Get();
  json::Writer policy;
  policy.Text("file", config_.policy).Boolean("in_force", snapshot != nullptr);
  if (snapshot != nullptr) {
    policy.Text("name", snapshot->policy.name).Text("version", snapshot->policy.version);
    policy.Text("sha256", snapshot->policy.sha256).Text("mode", policy::Text(snapshot->policy.mode));
    policy.Number("rules", static_cast<std::int64_t>(snapshot->policy.rules.size()));
  }
  if (const std::string refused = policy_.Refused(); !refused.empty()) policy.Text("refused", refused);
  line.Raw("policy", policy.Finish());
  line.Text("cri_socket", config_.listen_cri).Text("runtime_socket", config_.runtime_socket);
  const gate::CacheSizes sizes = gate_.Sizes();
  json::Writer cache;
  cache.Number("verdicts", static_cast<std::int64_t>(sizes.verdicts));
  cache.Number("images", static_cast<std::int64_t>(sizes.images));
  cache.Text("store", config_.state.empty() ? "" : config_.state + "/evidence.db");
  line.Raw("cache", cache.Finish());
  json::Writer audit;
  audit.Text("file", config_.audit_file).Text("head", audit_.Head()).Boolean("disk_full", audit_.OnReserve());
  line.Raw("audit", audit.Finish());
  json::Writer decisions;
  for (const auto& [outcome, count] : reports_.Counts()) decisions.Number(outcome, count);
  line.Raw("decisions", decisions.Finish()).Boolean("done", true);
  (void)send(line);
}

void AdminCommands::CacheList(const admin::Server::Send& send) {
  std::int64_t count = 0;
  for (const store::EvidenceStore::Subject& one : gate_.KnownImages(limits::kAdminList)) {
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
  const bool whole = gate_.Flush();
  if (!whole) {
    SendFailure(send, "what is in memory was forgotten, but the evidence store on disk could not be emptied");
    return;
  }
  json::Writer end;
  end.Boolean("done", true);
  (void)send(end);
}

json::Writer AdminCommands::WarmOne(const std::string& image, const std::optional<std::string>& pod_namespace) {
  const SteadyTime began = clock_.Steady();
  const gate::SnapshotPtr snapshot = policy_.Get();
  gate::Event event;
  event.action = "verify";
  event.image = image;
  event.pod_namespace = pod_namespace.value_or("");
  gate::Decision decision;
  const auto name = oci::Reference::Parse(image);
  if (snapshot == nullptr) {
    decision = gate::Refuse(gate::Reason::kPolicyUnavailable, "no policy is loaded");
  } else if (!name) {
    decision = gate::Refuse(gate::Reason::kReferenceInvalid, name.error().message);
  } else {
    decision =
        gate_.DecidePull(*snapshot, gate::Question{*name, pod_namespace, {}, {}, began + limits::kWarmTime}).decision;
  }
  event.duration = std::chrono::duration_cast<std::chrono::microseconds>(clock_.Steady() - began);
  (void)gate::Conclude(reports_, event, snapshot.get(), decision);
  json::Writer line;
  line.Text("image", Printable(image, limits::kReferenceBytes)).Text("outcome", OutcomeText(decision));
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
  std::int64_t number = 0;
  for (const json::Value& image : *images->array()) {
    if (stopping) break;
    json::Writer line = WarmOne(image.string() != nullptr ? *image.string() : "", pod_namespace);
    line.Number("number", ++number).Number("of", static_cast<std::int64_t>(images->array()->size()));
    if (!send(line)) return;
  }
  json::Writer end;
  end.Number("images", number).Boolean("done", true);
  (void)send(end);
}

}  // namespace pullseal::daemon
