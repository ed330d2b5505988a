// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <utility>

#include "core/crypto/sha256.h"
#include "core/yaml/yaml.h"
#include "policy/file/limits.h"
#include "policy/file/parse_requirement.h"
#include "policy/model/model.h"

namespace pullseal::policy {
namespace {

using Trusted = sigstore::TrustedMaterial;

// Reads one policy document. Stops at the first error, which yaml::Reader keeps.
class PolicyParser {
 public:
  explicit PolicyParser(const FileReader& read_file) : read_file_(read_file) {}

  Result<Policy> Parse(const yaml::Node& root) {
    if (in_.Map(root, "the policy",
                {"apiVersion", "kind", "metadata", "mode", "keys", "trustRoots", "rules", "exceptions"})) {
      Header(root);
      TrustRoots(root);
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
      policy_.trust_roots.push_back(TrustRoot{std::move(name), std::make_shared<const Trusted>(std::move(*trusted))});
    }
  }

  void Keys(const yaml::Node& root) {
    const yaml::Node* list = root.Find("keys");
    if (list == nullptr) return;
    std::set<std::string> names;
    std::set<std::string> fingerprints;
    for (const yaml::Node& node : in_.List(*list, "keys")) {
      if (!in_.Map(node, "a key", {"name", "file", "pem", "notBefore", "notAfter", "trustRoot", "revoked"})) return;
      std::string name = Name(in_.Require(node, "name", "a key"), "keys.name");
      UniqueName(node, names, name, "key");
      auto key = KeyMaterial(node, name);
      if (in_.failed() || !key) return;
      if (!fingerprints.insert(key->Fingerprint()).second) {
        in_.Fail(node, "key \"" + name + "\" is the same key as another one");
      }
      Key out{std::move(name), std::move(*key), {}, {}, {}, {}};
      Window(node, out);
      policy_.keys.push_back(std::move(out));
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
    return std::move(*key);
  }

  void Window(const yaml::Node& node, Key& out) {
    if (const yaml::Node* n = node.Find("notBefore")) out.not_before = Time(*n, "notBefore");
    if (const yaml::Node* n = node.Find("notAfter")) out.not_after = Time(*n, "notAfter");
    if (out.not_before && out.not_after && *out.not_before >= *out.not_after) {
      in_.Fail(node, "key \"" + out.name + "\": notBefore must be earlier than notAfter");
    }
    if (const yaml::Node* n = node.Find("trustRoot")) {
      const std::string name = in_.Text(*n, "trustRoot");
      const TrustRoot* root = FindTrustRoot(policy_, name);
      if (root == nullptr) {
        in_.Fail(*n, "trust root \"" + Printable(name, 100) + "\" is not among the policy's trustRoots");
      } else {
        out.trusted = root->trusted;
      }
    }
    const yaml::Node* revoked = node.Find("revoked");
    if (revoked == nullptr || !in_.Map(*revoked, "revoked", {"at", "reason"})) return;
    const auto at = Time(in_.Require(*revoked, "at", "revoked"), "revoked.at");
    std::string reason = in_.Text(in_.Require(*revoked, "reason", "revoked"), "revoked.reason");
    if (at) out.revoked = Revocation{*at, std::move(reason)};
  }

  void Rules(const yaml::Node& root) {
    const yaml::Node& list = in_.Require(root, "rules", "the policy");
    std::set<std::string> names;
    for (const yaml::Node& node : in_.List(list, "rules")) {
      if (!in_.Map(node, "a rule", {"name", "labels", "match", "mode", "onUnavailable", "require"})) return;
      Rule rule;
      rule.name = Name(in_.Require(node, "name", "a rule"), "rules.name");
      UniqueName(node, names, rule.name, "rule");
      if (const yaml::Node* labels = node.Find("labels")) {
        for (auto& [key, value] : in_.TextMap(*labels, "labels")) rule.labels.emplace(key, value);
      }
      RuleModes(node, rule);
      rule.match = ParseMatch(in_.Require(node, "match", "rule \"" + rule.name + "\""), rule.mode == RuleMode::kDeny);
      RequirementParser(in_, policy_).Parse(node, rule);
      policy_.rules.push_back(std::move(rule));
      if (policy_.rules.size() > limits::kPolicyRules) in_.Fail(node, "too many rules");
      if (in_.failed()) return;
    }
    if (!in_.failed() && policy_.rules.empty()) {
      in_.Fail(list,
               "rules must not be empty: nothing would be allowed to run; write a rule of mode deny if that is meant");
    }
  }

  void RuleModes(const yaml::Node& node, Rule& rule) {
    if (const yaml::Node* mode = node.Find("mode")) {
      const std::string text = in_.Text(*mode, "mode");
      if (text == "audit") {
        rule.mode = RuleMode::kAudit;
      } else if (text == "allow") {
        rule.mode = RuleMode::kAllow;
      } else if (text == "deny") {
        rule.mode = RuleMode::kDeny;
      } else if (text != "enforce") {
        in_.Fail(*mode, "mode must be enforce, audit, allow or deny");
      }
    }
    if (const yaml::Node* what = node.Find("onUnavailable")) {
      const std::string text = in_.Text(*what, "onUnavailable");
      if (text == "allow-known") {
        rule.on_unavailable = OnUnavailable::kAllowKnown;
      } else if (text != "deny") {
        in_.Fail(*what, "onUnavailable must be deny or allow-known");
      }
    }
  }

  Match ParseMatch(const yaml::Node& node, bool may_match_all) {
    Match out;
    if (!in_.Map(node, "match", {"namespaces", "images", "nodeLabels", "digests", "unsafe"})) return out;
    const yaml::Node* unsafe_node = node.Find("unsafe");
    const bool unsafe = unsafe_node != nullptr && in_.Boolean(*unsafe_node, "unsafe");
    if (const yaml::Node* n = node.Find("namespaces")) out.namespaces = in_.Texts(*n, "namespaces");
    if (const yaml::Node* n = node.Find("images")) {
      for (const std::string& pattern : in_.Texts(*n, "images")) {
        auto glob = ImageGlob::Parse(pattern, unsafe || may_match_all);
        if (!glob) {
          in_.Fail(*n, glob.error().message);
          return out;
        }
        out.images.push_back(std::move(*glob));
      }
    }
    if (const yaml::Node* n = node.Find("nodeLabels")) {
      for (auto& [key, value] : in_.TextMap(*n, "nodeLabels")) out.node_labels.emplace(key, value);
    }
    if (const yaml::Node* n = node.Find("digests")) {
      for (const std::string& text : in_.Texts(*n, "digests")) {
        auto digest = oci::Digest::Parse(text);
        if (!digest) {
          in_.Fail(*n, digest.error().message);
          return out;
        }
        out.digests.push_back(std::move(*digest));
      }
    }
    if (out.images.empty() && out.digests.empty() && !unsafe && !may_match_all) {
      in_.Fail(node,
               "match names no images and no digests, so it matches every image; say so with `unsafe: true` in it");
    }
    return out;
  }

  void Exceptions(const yaml::Node& root) {
    const yaml::Node* list = root.Find("exceptions");
    if (list == nullptr) return;
    std::set<std::string> names;
    for (const yaml::Node& node : in_.List(*list, "exceptions")) {
      if (!in_.Map(node, "an exception", {"name", "match", "until", "owner", "reason"})) return;
      Exception out;
      out.name = Name(in_.Require(node, "name", "an exception"), "exceptions.name");
      UniqueName(node, names, out.name, "exception");
      out.match = ParseMatch(in_.Require(node, "match", "exception \"" + out.name + "\""), false);
      out.until = Time(in_.Require(node, "until", "exception \"" + out.name + "\""), "until").value_or(WallTime{});
      out.owner = in_.Text(in_.Require(node, "owner", "exception \"" + out.name + "\""), "owner");
      out.reason = in_.Text(in_.Require(node, "reason", "exception \"" + out.name + "\""), "reason");
      policy_.exceptions.push_back(std::move(out));
      if (in_.failed()) return;
    }
  }

  const FileReader& read_file_;
  yaml::Reader in_;
  Policy policy_;
  std::string roots_text_;  // digests of the trusted roots' files
};

}  // namespace

Result<Policy> ParsePolicy(std::string_view text, const FileReader& read_file) {
  auto root = yaml::Parse(text, limits::kPolicyBytes);
  if (!root) return root.error();
  auto policy = PolicyParser(read_file).Parse(*root);
  if (!policy) return policy;
  policy->sha256 = crypto::Sha256Hex(AsBytes(text));
  std::string all = policy->sha256 + policy->fingerprint;
  for (const Key& key : policy->keys) all += " " + key.key.Fingerprint();
  policy->fingerprint = crypto::Sha256Hex(AsBytes(all));
  return policy;
}

namespace {

// What a keyless authority demands although its trust root cannot give it.
void WarnOfDemands(const Rule& rule, const Keyless& keyless, std::vector<std::string>& out) {
  const Trusted& trusted = *keyless.trust_root.trusted;
  const auto lacks = [&](std::size_t has, std::size_t demanded, const char* what) {
    if (has >= demanded) return;
    out.push_back("rule \"" + rule.name + "\": trust root \"" + keyless.trust_root.name + "\" has too few " + what +
                  " for what a keyless authority demands; nobody can satisfy it");
  };
  lacks(trusted.certificate_authorities().size(), 1, "certificate authorities");
  lacks(trusted.logs().size(), keyless.demands.logs, "transparency logs (requireLog)");
  lacks(trusted.timestamp_authorities().size(), keyless.demands.timestamps, "timestamp authorities (requireTimestamp)");
  lacks(trusted.certificate_logs().size(), keyless.demands.certificate_logs, "certificate logs (requireSct)");
}

}  // namespace

std::vector<std::string> Warnings(const Policy& policy, WallTime now) {
  std::vector<std::string> out;
  for (const TrustRoot& root : policy.trust_roots) {
    for (const std::string& problem : root.trusted->problems()) {
      out.push_back("trust root \"" + root.name + "\": not used: " + problem);
    }
  }
  for (const Rule& rule : policy.rules) {
    if (!rule.signatures) continue;
    for (const Keyless& keyless : rule.signatures->keyless) WarnOfDemands(rule, keyless, out);
  }
  for (const Key& key : policy.keys) {
    if (key.revoked) continue;
    if (key.not_after && *key.not_after < now) out.push_back("key \"" + key.name + "\" has expired");
  }
  for (const Exception& one : policy.exceptions) {
    if (one.until <= now) out.push_back("exception \"" + one.name + "\" has expired");
  }
  return out;
}

std::string_view Text(Mode mode) { return mode == Mode::kAudit ? "audit" : "enforce"; }

std::string_view Text(RuleMode mode) {
  switch (mode) {
    case RuleMode::kEnforce:
      return "enforce";
    case RuleMode::kAudit:
      return "audit";
    case RuleMode::kAllow:
      return "allow";
    case RuleMode::kDeny:
      return "deny";
  }
  return "enforce";
}

}  // namespace pullseal::policy
