// SPDX-License-Identifier: Apache-2.0
#include "policy/file/parse.h"

#include <set>
#include <utility>

#include "core/crypto/sha256.h"
#include "core/yaml/yaml.h"
#include "policy/file/limits.h"
#include "policy/file/parse_match.h"
#include "policy/file/parse_requirement.h"
#include "policy/file/parse_trust_store.h"
#include "verify/sigstore/trusted_material.h"

namespace pullseal::policy {
namespace {

using Trusted = sigstore::TrustedMaterial;

// Reads one policy document. Stops at the first error, which yaml::Reader keeps.
class PolicyParser {
 public:
  PolicyParser(const FileReader& read_file, const ListReader& read_lists)
      : read_file_(read_file), lists_{.read = read_lists, .digests = roots_text_, .known = {}} {}

  Result<Policy> Parse(const yaml::Node& root) {
    if (in_.Map(
            root, "the policy",
            {"apiVersion", "kind", "metadata", "mode", "keys", "trustRoots", "trustStores", "rules", "exceptions"})) {
      Header(root);
      TrustRoots(root);
      TrustStores(root);
      Keys(root);
      Rules(root);
      Exceptions(root);
    }
    if (in_.failed()) return in_.error();
    policy_.fingerprint = roots_text_;
    return std::move(policy_);
  }

 private:
  void Header(const yaml::Node& root) {
    const yaml::Node& version = in_.Require(root, "apiVersion", "the policy");
    if (in_.Text(version, "apiVersion") != "pullseal.dev/v1") in_.Fail(version, "apiVersion must be pullseal.dev/v1");
    const yaml::Node& kind = in_.Require(root, "kind", "the policy");
    if (in_.Text(kind, "kind") != "NodePolicy") in_.Fail(kind, "kind must be NodePolicy");
    const yaml::Node& metadata = in_.Require(root, "metadata", "the policy");
    if (in_.Map(metadata, "metadata", {"name", "version"})) {
      policy_.name = Name(in_.Require(metadata, "name", "metadata"), "metadata.name");
      if (const yaml::Node* number = metadata.Find("version")) policy_.version = in_.Text(*number, "metadata.version");
    }
    if (const yaml::Node* mode = root.Find("mode")) {
      const std::string text = in_.Text(*mode, "mode");
      if (text == "audit") {
        policy_.mode = Mode::kAudit;
      } else if (text != "enforce") {
        in_.Fail(*mode, "mode must be enforce or audit");
      }
    }
  }

  // Names stand in metrics, logs and refusals: short, printable, no quotes.
  std::string Name(const yaml::Node& node, std::string_view what) {
    std::string name = in_.Text(node, what);
    const bool good = name.size() <= 100 &&
                      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
                          std::string::npos;
    if (!good) in_.Fail(node, std::string(what) + " must be at most 100 letters, digits, '.', '_' or '-'");
    return name;
  }

  void UniqueName(const yaml::Node& node, std::set<std::string>& seen, const std::string& name, const char* what) {
    if (!in_.failed() && !seen.insert(name).second)
      in_.Fail(node, std::string(what) + " \"" + name + "\" is there twice");
  }

  std::optional<WallTime> Time(const yaml::Node& node, std::string_view what) {
    const auto time = ParseTime(in_.Text(node, what));
    if (!time)
      in_.Fail(node, std::string(what) + " must be a time such as 2026-12-31T00:00:00Z, in the years 1970 to 2261");
    return time;
  }

  void TrustRoots(const yaml::Node& root) {
    const yaml::Node* list = root.Find("trustRoots");
    if (list == nullptr) return;
    std::set<std::string> names;
    for (const yaml::Node& node : in_.List(*list, "trustRoots")) {
      if (!in_.Map(node, "a trust root", {"name", "file"})) return;
      std::string name = Name(in_.Require(node, "name", "a trust root"), "trustRoots.name");
      UniqueName(node, names, name, "trust root");
      const yaml::Node& file = in_.Require(node, "file", "a trust root");
      const std::string path = in_.Text(file, "file");
      if (in_.failed()) return;
      const auto text = read_file_(path);
      const auto parsed = text ? sigstore::TrustedRoot::Parse(*text) : Result<sigstore::TrustedRoot>(text.error());
      auto trusted = parsed ? sigstore::TrustedMaterial::Make(*parsed) : Result<Trusted>(parsed.error());
      if (!trusted) {
        in_.Fail(file, "trust root \"" + name + "\": " + trusted.error().message);
        return;
      }
      roots_text_ += " " + crypto::Sha256Hex(AsBytes(*text));
      policy_.trust_roots.push_back(
          requirement::TrustRoot{std::move(name), std::make_shared<const Trusted>(std::move(*trusted))});
    }
  }

  void TrustStores(const yaml::Node& root) {
    const yaml::Node* list = root.Find("trustStores");
    if (list == nullptr) return;
    std::set<std::string> names;
    for (const yaml::Node& node : in_.List(*list, "trustStores")) {
      if (!in_.Map(node, "a trust store", {"name", "kind", "files", "revoked"})) return;
      const std::string name = Name(in_.Require(node, "name", "a trust store"), "trustStores.name");
      UniqueName(node, names, name, "trust store");
      if (in_.failed()) return;
      ParseTrustStore(in_, node, name, read_file_, policy_, roots_text_);
      if (in_.failed()) return;
    }
  }

  void Keys(const yaml::Node& root) {
    const yaml::Node* list = root.Find("keys");
    if (list == nullptr) return;
    std::set<std::string> names;
    std::set<std::string> fingerprints;
    for (const yaml::Node& node : in_.List(*list, "keys")) {
      if (!in_.Map(node, "a key",
                   {"name", "file", "pem", "hash", "notBefore", "notAfter", "trustRoot", "requireLog",
                    "requireTimestamp", "revoked"})) {
        return;
      }
      std::string name = Name(in_.Require(node, "name", "a key"), "keys.name");
      UniqueName(node, names, name, "key");
      auto key = KeyMaterial(node, name);
      if (in_.failed() || !key) return;
      if (!fingerprints.insert(key->Fingerprint()).second) {
        in_.Fail(node, "key \"" + name + "\" is the same key as another one");
      }
      auto out = requirement::Key::Make(name, std::move(*key), Use(node));
      if (in_.failed()) return;
      if (!out) return in_.Fail(node, out.error().message);
      policy_.keys.push_back(std::move(*out));
    }
  }

  std::optional<crypto::PublicKey> KeyMaterial(const yaml::Node& node, const std::string& name) {
    const yaml::Node* file = node.Find("file");
    const yaml::Node* pem = node.Find("pem");
    if ((file == nullptr) == (pem == nullptr)) {
      in_.Fail(node, "key \"" + name + "\" must have either file or pem");
      return std::nullopt;
    }
    const yaml::Node& where = file != nullptr ? *file : *pem;
    std::string text = in_.Text(where, file != nullptr ? "file" : "pem");
    if (in_.failed()) return std::nullopt;
    if (file != nullptr) {
      auto read = read_file_(text);
      if (!read) {
        in_.Fail(where, "key \"" + name + "\": " + read.error().message);
        return std::nullopt;
      }
      text = std::move(*read);
    }
    auto key = crypto::PublicKey::ParsePem(text);
    if (!key) {
      in_.Fail(where, "key \"" + name + "\" " + key.error().message);
      return std::nullopt;
    }
    const yaml::Node* pinned = node.Find("hash");
    if (pinned == nullptr) return std::move(*key);
    const auto hash = crypto::HashNamed(in_.Text(*pinned, "hash"));
    if (!hash) {
      in_.Fail(*pinned, "hash must be sha256, sha384 or sha512");
      return std::nullopt;
    }
    return key->Only(*hash);
  }

  requirement::KeyUse Use(const yaml::Node& node) {
    requirement::KeyUse out;
    if (const yaml::Node* n = node.Find("notBefore")) out.not_before = Time(*n, "notBefore");
    if (const yaml::Node* n = node.Find("notAfter")) out.not_after = Time(*n, "notAfter");
    if (const yaml::Node* n = node.Find("trustRoot")) {
      const std::string name = in_.Text(*n, "trustRoot");
      const requirement::TrustRoot* root = FindTrustRoot(policy_, name);
      if (root == nullptr) {
        in_.Fail(*n, "trust root \"" + Printable(name, 100) + "\" is not among the policy's trustRoots");
      } else {
        out.trusted = root->trusted;
      }
    }
    if (const yaml::Node* n = node.Find("requireLog")) out.needs_log = in_.Boolean(*n, "requireLog");
    if (const yaml::Node* n = node.Find("requireTimestamp")) {
      out.needs_timestamp = in_.Boolean(*n, "requireTimestamp");
    }
    const yaml::Node* revoked = node.Find("revoked");
    if (revoked == nullptr || !in_.Map(*revoked, "revoked", {"at", "reason"})) return out;
    const auto at = Time(in_.Require(*revoked, "at", "revoked"), "revoked.at");
    std::string reason = in_.Text(in_.Require(*revoked, "reason", "revoked"), "revoked.reason");
    if (at) out.revoked = requirement::Revocation{*at, std::move(reason)};
    return out;
  }

  void Rules(const yaml::Node& root) {
    const yaml::Node& list = in_.Require(root, "rules", "the policy");
    std::set<std::string> names;
    for (const yaml::Node& node : in_.List(list, "rules")) {
      if (!in_.Map(node, "a rule", {"name", "labels", "match", "mode", "onUnavailable", "require"})) return;
      ParseRule(node, names);
      if (policy_.rules.size() > limits::kPolicyRules) in_.Fail(node, "too many rules");
      if (in_.failed()) return;
    }
    if (!in_.failed() && policy_.rules.empty()) {
      in_.Fail(list,
               "rules must not be empty: nothing would be allowed to run; write a rule of mode deny if that is meant");
    }
  }

  void ParseRule(const yaml::Node& node, std::set<std::string>& names) {
    const std::string name = Name(in_.Require(node, "name", "a rule"), "rules.name");
    UniqueName(node, names, name, "rule");
    std::map<std::string, std::string> labels;
    if (const yaml::Node* n = node.Find("labels")) {
      for (auto& [key, value] : in_.TextMap(*n, "labels")) labels.emplace(key, value);
    }
    const RuleMode mode = ParseMode(node);
    const OnUnavailable on_unavailable = ParseOnUnavailable(node);
    auto match = ParseMatch(in_, in_.Require(node, "match", "rule \"" + name + "\""), mode == RuleMode::kDeny);
    auto require = RequirementParser(in_, policy_, lists_).Parse(node, name, mode);
    if (in_.failed() || !match) return;
    Rule::Head head{
        .name = name, .labels = std::move(labels), .match = std::move(*match), .on_unavailable = on_unavailable};
    auto rule = MakeRule(std::move(head), mode, std::move(require));
    if (!rule) return in_.Fail(node, rule.error().message);
    policy_.rules.push_back(std::move(*rule));
  }

  static Result<Rule> MakeRule(Rule::Head head, RuleMode mode, requirement::Requirement require) {
    switch (mode) {
      case RuleMode::kEnforce:
        return Rule::Enforce(std::move(head), std::move(require));
      case RuleMode::kAudit:
        return Rule::UnsafeAudit(std::move(head), std::move(require));
      case RuleMode::kAllow:
        return Rule::UnsafeAllow(std::move(head));
      case RuleMode::kDeny:
        break;
    }
    return Rule::Deny(std::move(head));
  }

  RuleMode ParseMode(const yaml::Node& node) {
    const yaml::Node* mode = node.Find("mode");
    if (mode == nullptr) return RuleMode::kEnforce;
    const std::string text = in_.Text(*mode, "mode");
    if (text == "audit") return RuleMode::kAudit;
    if (text == "allow") return RuleMode::kAllow;
    if (text == "deny") return RuleMode::kDeny;
    if (text != "enforce") in_.Fail(*mode, "mode must be enforce, audit, allow or deny");
    return RuleMode::kEnforce;
  }

  OnUnavailable ParseOnUnavailable(const yaml::Node& node) {
    const yaml::Node* what = node.Find("onUnavailable");
    if (what == nullptr) return OnUnavailable::kDeny;
    const std::string text = in_.Text(*what, "onUnavailable");
    if (text == "allow-known") return OnUnavailable::kAllowKnown;
    if (text != "deny") in_.Fail(*what, "onUnavailable must be deny or allow-known");
    return OnUnavailable::kDeny;
  }

  void Exceptions(const yaml::Node& root) {
    const yaml::Node* list = root.Find("exceptions");
    if (list == nullptr) return;
    std::set<std::string> names;
    for (const yaml::Node& node : in_.List(*list, "exceptions")) {
      if (!in_.Map(node, "an exception", {"name", "match", "until", "owner", "reason"})) return;
      const std::string name = Name(in_.Require(node, "name", "an exception"), "exceptions.name");
      UniqueName(node, names, name, "exception");
      const std::string what = "exception \"" + name + "\"";
      auto match = ParseMatch(in_, in_.Require(node, "match", what), false);
      const auto until = Time(in_.Require(node, "until", what), "until");
      const std::string owner = in_.Text(in_.Require(node, "owner", what), "owner");
      const std::string reason = in_.Text(in_.Require(node, "reason", what), "reason");
      if (in_.failed() || !match || !until) return;
      auto out = Exception::Make(name, std::move(*match), *until, owner, reason);
      if (!out) return in_.Fail(node, out.error().message);
      policy_.exceptions.push_back(std::move(*out));
    }
  }

  const FileReader& read_file_;
  yaml::Reader in_;
  Policy policy_;
  std::string roots_text_;  // digests of the files of trust roots and stores, and of revocation lists
  RevocationFiles lists_;
};

}  // namespace

Result<Policy> ParsePolicy(std::string_view text, const FileReader& read_file, const ListReader& read_lists) {
  auto root = yaml::Parse(text, limits::kPolicyBytes);
  if (!root) return root.error();
  auto policy = PolicyParser(read_file, read_lists).Parse(*root);
  if (!policy) return policy;
  policy->sha256 = crypto::Sha256Hex(AsBytes(text));
  std::string all = policy->sha256 + policy->fingerprint;
  for (const requirement::Key& key : policy->keys) all += " " + key.key().Fingerprint();
  policy->fingerprint = crypto::Sha256Hex(AsBytes(all));
  return policy;
}

}  // namespace pullseal::policy
