// SPDX-License-Identifier: Apache-2.0
#include "node/install/watch.h"

#include <unistd.h>

#include <algorithm>
#include <random>
#include <thread>

#include "adapters/probe/probe.h"
#include "core/base/bytes.h"
#include "core/json/value.h"
#include "node/install/kubelet.h"
#include "node/install/limits.h"
#include "reports/admin/client.h"

namespace pullseal::install {
namespace {

using std::chrono::steady_clock;

SteadyTime In(std::chrono::milliseconds time) { return steady_clock::now() + time; }

std::string Member(const json::Value& value, std::string_view name) {
  const std::string* found = value.FindString(name);
  return found != nullptr ? *found : std::string();
}

bool Refused(const json::Value& line) {
  const std::string outcome = Member(line, "outcome");
  return !outcome.empty() && outcome != "allow" && outcome != "would-deny";
}

std::string Nonce() {
  std::random_device random;
  return std::to_string(random()) + "x" + std::to_string(random());
}

json::Writer CommandFor(const char* name, const std::string& policy) {
  json::Writer out;
  out.Text("command", name);
  if (!policy.empty()) out.Text("policy", policy);
  return out;
}

std::string Property(const Host& host, const char* name) {
  auto text = host.Command({"systemctl", "show", "kubelet.service", "-p", name, "--value"});
  if (!text) return {};
  while (!text->empty() && text->back() == '\n') text->pop_back();
  return *text;
}

// What is wrong with kubelet now; empty if nothing. `seen` is the process it was about.
std::string KubeletTrouble(const Host& host, const std::string& socket, int& seen) {
  if (const std::string state = Property(host, "ActiveState"); state != "active") {
    return "kubelet.service is " + (state.empty() ? std::string("not there") : state);
  }
  const std::string main_pid = Property(host, "MainPID");
  for (const KubeletProcess& one : FindKubelets(host)) {
    if (std::to_string(one.pid) != main_pid) continue;
    seen = one.pid;
    if (!MeansSocket(one.runtime_endpoint, socket)) return "kubelet uses " + Printable(one.runtime_endpoint, 200);
    if (!one.image_endpoint.empty() && !MeansSocket(one.image_endpoint, socket)) {
      return "kubelet uses " + Printable(one.image_endpoint, 200) + " for images";
    }
    return KubeletSickness(one.healthz_port).value_or("");
  }
  return "kubelet.service runs no process called kubelet";
}

}  // namespace

Result<CanaryAnswer> SendCanary(const Host& host) {
  const std::string image = "canary.pullseal.invalid/canary-" + Nonce() + ":1";
  const auto answer = probe::PullImage(host.Path(kCriSocket), image, In(limits::kDoctorCall));
  CanaryAnswer out;
  json::Writer request;
  request.Text("command", "canary").Text("image", image);
  // Under a policy in audit mode it is judged beside the call, which may have ended before.
  const SteadyTime end = In(limits::kHealthTime);
  while (out.outcome.empty() && steady_clock::now() < end) {
    const Status asked = admin::Ask(host.Path(kAdminSocket), request, [&](const json::Value& line, const std::string&) {
      out.outcome = Member(line, "outcome");
    });
    if (!asked) return asked.error();
    if (out.outcome.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  out.judged = !out.outcome.empty();
  if (!answer && !out.judged) return answer.error();
  out.refused = answer && answer->message.starts_with("SignatureValidationFailed: canary.pullseal.invalid/");
  return out;
}

Status CheckGate(const Host& host) {
  auto version = probe::AskVersion(host.Path(kCriSocket), In(limits::kDoctorCall));
  if (!version) return version.error();
  std::string trouble;
  bool audit = false;
  json::Writer request;
  request.Text("command", "status");
  const Status asked = admin::Ask(host.Path(kAdminSocket), request, [&](const json::Value& line, const std::string&) {
    const json::Value* policy = line.Find("policy");
    const json::Value* in_force = policy != nullptr ? policy->Find("in_force") : nullptr;
    const bool has = in_force != nullptr && in_force->boolean() != nullptr && *in_force->boolean();
    if (!has) trouble = "the daemon has no policy in force: " + (policy != nullptr ? Member(*policy, "refused") : "");
    audit = (policy != nullptr && Member(*policy, "mode") == "audit") || line.Find("break_glass") != nullptr;
  });
  if (!asked) return asked.error();
  if (!trouble.empty()) return Error{ErrorCode::kUnavailable, trouble};
  auto canary = SendCanary(host);
  if (!canary) return canary.error();
  const std::string_view wanted = audit ? "would-deny signature-invalid" : "deny signature-invalid";
  if (canary->outcome != wanted || (!audit && !canary->refused)) {
    return Error{ErrorCode::kUnavailable,
                 "the canary was not refused (" + (canary->judged ? canary->outcome : std::string("not seen")) + ")"};
  }
  return {};
}

Status WaitForPolicy(const Host& host, const std::string& sha256) {
  const SteadyTime end = In(limits::kDoctorCall);
  std::string why = "the daemon does not answer";
  while (steady_clock::now() < end) {
    bool there = false;
    json::Writer request;
    request.Text("command", "status");
    const Status asked = admin::Ask(host.Path(kAdminSocket), request, [&](const json::Value& line, const std::string&) {
      const json::Value* policy = line.Find("policy");
      if (policy == nullptr) return;
      there = Member(*policy, "sha256") == sha256;
      const std::string refused = Member(*policy, "refused");
      why = refused.empty() ? "another policy is in force" : refused;
    });
    if (there) return {};
    if (!asked) why = asked.error().message;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  return Error{ErrorCode::kUnavailable, "the policy is not in force: " + why};
}

Result<std::vector<Denial>> JudgeRunning(const Host& host, const std::string& policy) {
  std::vector<Denial> out;
  const Status asked = admin::Ask(
      host.Path(kAdminSocket), CommandFor("running", policy), [&](const json::Value& line, const std::string&) {
        if (!Refused(line)) return;
        const bool pause = Member(line, "kind") == "pause";
        out.push_back(Denial{pause ? "the pause image of every pod"
                                   : "container " + Member(line, "container") + " of pod " + Member(line, "namespace") +
                                         "/" + Member(line, "pod"),
                             Member(line, "image"), Member(line, "rule"), Member(line, "reason"),
                             Member(line, "message")});
      });
  if (!asked) return asked.error();
  return out;
}

Result<std::vector<Denial>> JudgeImage(const Host& host, const std::string& image, const std::string& pod_namespace,
                                       const std::string& policy) {
  std::vector<Denial> out;
  json::Writer request = CommandFor("warm", policy);
  request.Raw("images", "[" + json::Quote(image) + "]").Text("namespace", pod_namespace);
  const Status asked = admin::Ask(host.Path(kAdminSocket), request, [&](const json::Value& line, const std::string&) {
    if (!Refused(line)) return;
    out.push_back(Denial{"the image of pullseal's own pod", Member(line, "image"), Member(line, "rule"),
                         Member(line, "reason"), Member(line, "message")});
  });
  if (!asked) return asked.error();
  return out;
}

Status WatchKubelet(const Host& host, const std::string& socket, std::chrono::seconds most) {
  const SteadyTime end = In(most);
  int watched = 0;
  std::string trouble = "it was not looked at";
  SteadyTime good_since = steady_clock::now();
  while (steady_clock::now() < end) {
    int pid = 0;
    trouble = KubeletTrouble(host, socket, pid);
    if (trouble.empty() && pid != watched && watched != 0) trouble = "kubelet was restarted";
    if (pid != watched || !trouble.empty()) good_since = steady_clock::now();
    watched = pid;
    if (trouble.empty() && steady_clock::now() - good_since >= limits::kKubeletSteady) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
  }
  return Error{ErrorCode::kTimeout, "kubelet is not well after " + std::to_string(most.count()) +
                                        " s: " + (trouble.empty() ? "it was restarted again and again" : trouble)};
}

}  // namespace pullseal::install
