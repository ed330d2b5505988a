// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseal/verify.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/crypto/limits.h"
#include "core/json/value.h"
#include "gate/gate/gate.h"
#include "gate/gate/snapshot.h"
#include "gate/gate/standing.h"
#include "image/oci/platform.h"
#include "image/registry/access.h"
#include "node/config/config.h"
#include "policy/file/load.h"
#include "policy/model/match.h"
#include "programs/pullseal/policy_commands.h"

namespace pullseal::cli {
namespace {

constexpr int kAllow = 0;
constexpr int kDeny = 1;
constexpr int kUndecided = 2;

void Print(const std::string& line) { std::printf("%s\n", line.c_str()); }

int Complain(const std::string& message, int code) {
  std::fprintf(stderr, "pullseal: %s\n", message.c_str());
  return code;
}

const char* OutcomeText(gate::Outcome outcome) {
  switch (outcome) {
    case gate::Outcome::kAllow:
      return "allow";
    case gate::Outcome::kDeny:
      return "deny";
    case gate::Outcome::kUnavailable:
      return "could not decide";
  }
  return "could not decide";
}

int ExitFor(gate::Outcome outcome) {
  switch (outcome) {
    case gate::Outcome::kAllow:
      return kAllow;
    case gate::Outcome::kDeny:
      return kDeny;
    case gate::Outcome::kUnavailable:
      return kUndecided;
  }
  return kUndecided;
}

Result<credentials::Credentials> ReadCredentials(const VerifyOptions& options) {
  credentials::Credentials out;
  out.username = options.username;
  if (options.password_file.empty()) return out;
  auto text = ReadFile(options.password_file, limits::kKeyBytes);
  if (!text) return text.error().In("password file");
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  out.password = std::move(*text);
  return out;
}

// How this node reaches registries, by its configuration and what was asked for beside it.
Result<config::Config> ReadConfig(const VerifyOptions& options) {
  constexpr const char* kUsual = "/etc/pullseal/config.yaml";
  config::Config out;
  const bool there = ::access(kUsual, R_OK) == 0;
  if (!options.config.empty() || there) {
    auto loaded = config::Load(options.config.empty() ? kUsual : options.config);
    if (!loaded) return loaded;
    out = std::move(*loaded);
  }
  auto& plain = out.registries.plain_http;
  plain.insert(plain.end(), options.plain_http.begin(), options.plain_http.end());
  if (!options.ca_file.empty()) out.registries.ca_file = options.ca_file;
  return out;
}

// One request in a line: what was asked of whom, with whose credentials, why, and what came of it. Queries are left
// out: storage services have secrets there.
std::string Told(const http::HttpRequest& request, long status, std::chrono::milliseconds time) {
  const std::string& path = request.url.path_and_query;
  const std::string ns = path.find("ns=") == std::string::npos ? "" : " (as a mirror)";
  return request.method + " " + request.url.scheme + "://" + request.url.host + ":" + request.url.port +
         Printable(path.substr(0, path.find('?')), 300) + ns + ": " +
         (status == 0 ? "no answer" : "status " + std::to_string(status)) + " after " + std::to_string(time.count()) +
         " ms; credentials: " + request.credentials + "; for: " + Printable(request.purpose, 200);
}

void PrintJson(const oci::Reference& name, const gate::Snapshot& snapshot, const gate::Pull& pull,
               const std::vector<std::string>& requests) {
  const gate::Decision& decision = pull.decision;
  json::Writer out;
  out.Text("outcome", OutcomeText(decision.outcome())).Text("reason", judge::Slug(decision.reason));
  out.Text("image", name.Text()).Text("rule", decision.rule).Text("message", gate::AdviceOf(decision));
  out.Boolean("audit_only", gate::ModeText(decision, &snapshot) != "enforce");
  if (decision.digest) out.Text("digest", decision.digest->text());
  const auto list = [](const std::vector<std::string>& texts) {
    std::string joined;
    for (const std::string& one : texts) joined += (joined.empty() ? "" : ",") + json::Quote(one);
    return "[" + joined + "]";
  };
  out.Raw("signers", list(decision.signers)).Raw("steps", list(decision.steps));
  if (!requests.empty()) out.Raw("requests", list(requests));
  Print(out.Finish());
}

void PrintText(const oci::Reference& name, const gate::Snapshot& snapshot, const gate::Pull& pull,
               const std::vector<std::string>& requests) {
  const gate::Decision& decision = pull.decision;
  const policy::Policy& policy = snapshot.policy;
  const bool audit = gate::ModeText(decision, &snapshot) != "enforce";
  int number = 0;
  const auto step = [&number](const std::string& text) { Print(std::to_string(++number) + ". " + text); };
  step("image: " + name.Text() + " (matched as " + name.MatchName() + ")");
  step("policy: " + policy.name + (policy.version.empty() ? "" : " version " + policy.version) + ", mode " +
       std::string(policy::Text(policy.mode)));
  step(decision.rule.empty() ? "rule: none"
                             : "rule: " + decision.rule + (audit ? " (audit: recorded, not enforced)" : ""));
  for (const std::string& text : decision.steps) step(Printable(text, 500));
  if (decision.steps.empty() && !decision.detail.empty()) step(Printable(decision.detail, 500));
  std::string signers;
  for (const std::string& signer : decision.signers) signers += (signers.empty() ? "" : ", ") + Printable(signer, 300);
  if (!signers.empty()) step("signed by: " + signers);
  if (!requests.empty()) Print("requests, in the order they were answered:");
  for (const std::string& text : requests) Print("  " + text);
  Print(std::string(OutcomeText(decision.outcome())) + ": " + std::string(judge::Slug(decision.reason)) + ": " +
        std::string(gate::AdviceOf(decision)));
}

}  // namespace

int Verify(const VerifyOptions& options) {
  auto policy = policy::LoadPolicy(options.policy);
  if (!policy) return Complain(policy.error().message, kUndecided);
  auto name = oci::Reference::Parse(options.image);
  if (!name) return Complain("reference-invalid: " + name.error().message, kDeny);
  auto credentials = ReadCredentials(options);
  if (!credentials) return Complain(credentials.error().message, kUndecided);
  auto config = ReadConfig(options);
  if (!config) return Complain(config.error().message, kUndecided);
  const SystemClock clock;
  std::vector<std::string> requests;
  registry::Access access(
      config->registries, clock,
      [&requests](const http::HttpRequest& request, long status, std::chrono::milliseconds time) {
        requests.push_back(Told(request, status, time));
      },
      [](const std::string& text) { (void)Complain("warning: " + text, 0); });
  gate::Gate gate(access.client(), clock, oci::NodePlatform(), gate::Options{});
  const gate::Snapshot snapshot{*policy, ToLabels(options.node_labels)};
  const gate::Pull pull = gate.DecidePull(
      snapshot,
      gate::Question{*name, options.pod_namespace, {}, *credentials, clock.Steady() + config->decision_timeout});
  if (!options.verbose) requests.clear();
  if (options.json) {
    PrintJson(*name, snapshot, pull, requests);
  } else {
    PrintText(*name, snapshot, pull, requests);
  }
  return ExitFor(pull.decision.outcome());
}

}  // namespace pullseal::cli
