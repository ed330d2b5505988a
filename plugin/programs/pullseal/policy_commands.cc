// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseal/policy_commands.h"

#include <chrono>
#include <cstdio>

#include "core/json/value.h"
#include "gate/gate/report.h"
#include "image/oci/reference.h"
#include "policy/file/load.h"
#include "policy/model/match.h"

namespace pullseal::cli {
namespace {

constexpr int kGood = 0;
constexpr int kBad = 1;
constexpr int kUndecided = 2;

void Print(const std::string& line) { std::printf("%s\n", line.c_str()); }

int Complain(const std::string& message, int code) {
  std::fprintf(stderr, "pullseal: %s\n", message.c_str());
  return code;
}

}  // namespace

std::optional<std::map<std::string, std::string>> ToLabels(const std::vector<std::string>& pairs) {
  if (pairs.empty()) return std::nullopt;
  std::map<std::string, std::string> out;
  for (const std::string& pair : pairs) {
    const std::size_t equals = pair.find('=');
    out[pair.substr(0, equals)] = equals == std::string::npos ? "" : pair.substr(equals + 1);
  }
  return out;
}

int PolicyCheck(const std::string& file, bool json) {
  const auto policy = policy::LoadPolicy(file);
  if (json) {
    json::Writer out;
    out.Text("file", file).Boolean("good", policy.ok());
    if (!policy) {
      out.Text("error", policy.error().message);
    } else {
      std::string warnings;
      for (const std::string& one : policy::Warnings(*policy, std::chrono::system_clock::now())) {
        warnings += (warnings.empty() ? "" : ",") + json::Quote(one);
      }
      out.Text("name", policy->name).Text("version", policy->version).Text("sha256", policy->sha256);
      out.Text("mode", policy::Text(policy->mode)).Raw("warnings", "[" + warnings + "]");
    }
    Print(out.Finish());
    return policy ? kGood : kBad;
  }
  if (!policy) {
    Print(policy.error().message);
    return kBad;
  }
  for (const std::string& warning : policy::Warnings(*policy, std::chrono::system_clock::now())) {
    Print(file + ": warning: " + warning);
  }
  Print(file + ": good: " + std::to_string(policy->rules.size()) + " rules, " + std::to_string(policy->keys.size()) +
        " keys, " + std::to_string(policy->exceptions.size()) + " exceptions, mode " +
        std::string(policy::Text(policy->mode)));
  return kGood;
}

int PolicyTest(const std::string& file, const std::string& image, const std::optional<std::string>& pod_namespace,
               const std::vector<std::string>& node_labels, bool sandbox, bool json) {
  const auto policy = policy::LoadPolicy(file);
  if (!policy) return Complain(policy.error().message, kUndecided);
  const auto name = oci::Reference::Parse(image);
  if (!name) return Complain("reference-invalid: " + name.error().message, kBad);
  policy::Subject subject{*name, pod_namespace, std::nullopt, ToLabels(node_labels)};
  if (sandbox) subject.action = policy::Action::kSandbox;
  if (name->digest()) subject.digests = {*name->digest()};
  const policy::Selection selection = policy::Select(*policy, subject, std::chrono::system_clock::now());
  if (json) {
    std::string rules;
    for (const policy::Applicable& one : selection.all) {
      json::Writer rule;
      if (one.rule != nullptr) {
        rule.Text("rule", one.rule->name).Text("mode", policy::Text(one.rule->mode));
      } else {
        rule.Text("exception", one.exception->name);
      }
      rules += (rules.empty() ? "" : ",") + rule.Finish();
    }
    json::Writer out;
    out.Text("image", name->Text()).Text("matched_as", name->MatchName()).Raw("decided_by", "[" + rules + "]");
    out.Boolean("covered", selection.complete);
    Print(out.Finish());
    return selection.complete ? kGood : kBad;
  }
  Print("image: " + name->Text() + " (matched as " + name->MatchName() + ")");
  for (const policy::Applicable& one : selection.all) {
    Print(one.rule != nullptr ? "rule: " + one.rule->name + ", mode " + std::string(policy::Text(one.rule->mode))
                              : "exception: " + one.exception->name);
  }
  if (!selection.complete) Print("no-rule: " + std::string(judge::Sentence(gate::Reason::kNoRule)));
  return selection.complete ? kGood : kBad;
}

}  // namespace pullseal::cli
