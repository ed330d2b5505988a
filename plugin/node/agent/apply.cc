// SPDX-License-Identifier: Apache-2.0
#include "node/agent/apply.h"

#include <filesystem>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/crypto/hash.h"
#include "core/json/value.h"
#include "node/agent/limits.h"
#include "node/agent/systemd.h"
#include "node/install/install.h"
#include "node/install/limits.h"
#include "node/install/version.h"

namespace pullseal::agent {
namespace {

namespace fs = std::filesystem;

// What passes between this pod and the node's installer.
constexpr std::string_view kFolder = "/opt/pullseal/agent";

std::string In(std::string_view name) { return std::string(kFolder) + "/" + std::string(name); }

std::string HashOf(const install::SettingsFiles& files) {
  std::string all;
  for (const auto& [name, text] : files) all += name + "\n" + std::to_string(text.size()) + "\n" + text;
  return HexEncode(crypto::Digest(crypto::Hash::kSha256, AsBytes(all)));
}

// The installer's own word, or that there is none yet.
std::optional<Applied> ReadOutcome(const install::Host& host) {
  const auto text = ReadFile(host.Path(In("outcome.json")), limits::kReportBytes);
  const auto parsed = text ? json::Parse(*text) : Result<json::Value>(text.error());
  if (!parsed) return std::nullopt;
  const auto is = [&](std::string_view name) {
    const json::Value* found = parsed->Find(name);
    return found != nullptr && found->boolean() != nullptr && *found->boolean();
  };
  const std::string* error = parsed->FindString("error");
  const std::string* version = parsed->FindString("version");
  Applied out{is("done"), is("changed"), error != nullptr ? *error : ""};
  if (out.done) out.message = "version " + (version != nullptr ? *version : std::string()) + " is in use";
  const json::Value* denials = parsed->Find("denials");
  if (denials == nullptr || denials->array() == nullptr) return out;
  for (const json::Value& one : *denials->array()) {
    const std::string* what = one.FindString("what");
    const std::string* reason = one.FindString("reason");
    if (what != nullptr && reason != nullptr) out.message += "; would not run again: " + *what + " (" + *reason + ")";
  }
  return out;
}

}  // namespace

Applier::Applier(const install::Host& host, ApplyOptions options, const Clock& clock)
    : host_(host), options_(std::move(options)), clock_(clock) {}

Applied Applier::Apply() {
  std::string wanted = "uninstall";
  if (!options_.uninstall) {
    const auto version = install::VersionOf(options_.image_root);
    const auto settings = install::ReadSettings(options_.settings);
    if (!version || !settings)
      return last_ = Applied{false, false, (version ? settings.error() : version.error()).message};
    wanted = *version + " " + HashOf(*settings) + (options_.plugin ? " plugin" : "");
  }
  const auto applied = ReadFile(host_.Path(In("applied")), limits::kSettingsFileBytes);
  const auto installed = install::FindInstalled(host_);
  const bool there = installed && installed->has_value();
  if (there != options_.uninstall && applied && *applied == wanted + "\n") {
    return last_ = Applied{true, false, last_.done ? last_.message : "the node is as wanted"};
  }
  if (options_.uninstall && !there) return last_ = Applied{true, false, "pullseal is not on this node"};
  if (failed_ == wanted && clock_.Steady() < try_again_) return last_;
  last_ = Run(wanted);
  failed_ = last_.done ? std::string() : wanted;
  // Somebody else's change is soon over.
  try_again_ = clock_.Steady() + (busy_ ? limits::kAgentRound : limits::kApplyRetry);
  return last_;
}

// Copies what this pod brings to where the node finds it.
Status Applier::Prepare(std::string& version) {
  auto lock = install::Lock::Take(host_, false);
  busy_ = !lock;
  if (!lock) return lock.error();
  auto settings = install::ReadSettings(options_.settings);
  if (!settings) return settings.error();
  if (const Status laid = install::WriteFiles(*settings, host_.Path(In("settings"))); !laid) return laid;
  auto staged = install::Stage(host_, options_.image_root);
  if (!staged) return staged.error();
  version = *staged;
  return {};
}

Applied Applier::Run(const std::string& wanted) {
  std::error_code ignored;
  fs::create_directories(host_.Path(kFolder), ignored);
  std::string version = install::LinkedVersion(host_, install::kCurrent);
  if (!options_.uninstall) {
    if (const Status ready = Prepare(version); !ready) return Applied{false, false, ready.error().message};
  }
  (void)host_.Put(In("outcome.json"), install::FileState());
  // By the node's systemd, in the node's namespaces. The unit's name sees to it that only one runs.
  std::vector<std::string> command = {install::VersionFolder(version) + "/usr/lib/pullseal/run", "node"};
  if (options_.uninstall) {
    command.insert(command.end(), {"uninstall", "--report", In("outcome.json")});
  } else {
    command.insert(command.end(), {"install", "--settings", In("settings"), "--report", In("outcome.json")});
    if (!options_.image.empty()) {
      command.insert(command.end(), {"--agent-image", options_.image, "--agent-namespace", options_.image_namespace});
    }
    if (options_.plugin) command.emplace_back("--plugin");
    if (options_.accept_denials) command.emplace_back("--accept-denials");
  }
  const Status asked = StartOnNode(host_.Path("/run/systemd/private"), "pullseal-apply.service", command);
  // Most of all because an installer that an earlier pod began still runs.
  busy_ = !asked;
  if (!asked) return Applied{false, false, asked.error().message};
  const SteadyTime end = clock_.Steady() + limits::kApplyTime;
  while (clock_.Steady() < end) {
    clock_.SleepFor(std::chrono::milliseconds(500));
    if (options_.uninstall && !host_.Exists(install::kState))
      return Applied{true, true, "pullseal is gone from this node"};
    auto outcome = ReadOutcome(host_);
    if (!outcome) continue;
    if (options_.uninstall) return *outcome;
    if (outcome->done) (void)WriteFile(host_.Path(In("applied")), wanted + "\n", 0600);
    return *outcome;
  }
  return Applied{false, false,
                 "the installer did not come to an end; `journalctl -u pullseal-apply` on the node says more"};
}

}  // namespace pullseal::agent
