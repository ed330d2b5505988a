#include <set>
#include <utility>

#include "base/limits.h"
#include "crypto/sha256.h"
#include "oci/reference.h"
#include "policy/model.h"
#include "policy/yaml.h"

namespace pullseal::policy {
namespace {

// Reads one policy document. Stops at the first error, which YamlReader keeps.
class PolicyParser {
 public:
  explicit PolicyParser(const FileReader& read_file) : read_file_(read_file) {}

  Result<Policy> Parse(const YamlNode& root) {
    if (in_.Map(root, "the policy",
                {"apiVersion", "kind", "metadata", "mode", "keys", "trustRoots", "rules", "exceptions"})) {
      Header(root);
      Keys(root);
      if (const YamlNode* roots = root.Find("trustRoots")) {
        in_.Fail(*roots, "trustRoots are not supported by this version; use keys without a trust root");
      }
      Rules(root);
      Exceptions(root);
    }
    if (in_.failed()) return in_.error();
    return std::move(policy_);
  }

 private:
  const YamlNode& Require(const YamlNode& node, std::string_view name, std::string_view what) {
    static const YamlNode kNone;
    if (const YamlNode* found = node.Find(name)) return *found;
    in_.Fail(node, std::string(what) + " has no field \"" + std::string(name) + "\"");
    return kNone;
  }

  void Header(const YamlNode& root) {
    const YamlNode& version = Require(root, "apiVersion", "the policy");
    if (in_.Text(version, "apiVersion") != "pullseal.dev/v1") in_.Fail(version, "apiVersion must be pullseal.dev/v1");
    const YamlNode& kind = Require(root, "kind", "the policy");
    if (in_.Text(kind, "kind") != "NodePolicy") in_.Fail(kind, "kind must be NodePolicy");
    const YamlNode& metadata = Require(root, "metadata", "the policy");
    if (in_.Map(metadata, "metadata", {"name", "version"})) {
      policy_.name = Name(Require(metadata, "name", "metadata"), "metadata.name");
      if (const YamlNode* number = metadata.Find("version")) policy_.version = in_.Text(*number, "metadata.version");
    }
    if (const YamlNode* mode = root.Find("mode")) {
      const std::string text = in_.Text(*mode, "mode");
      if (text == "audit") {
        policy_.mode = Mode::kAudit;
      } else if (text != "enforce") {
        in_.Fail(*mode, "mode must be enforce or audit");
      }
    }
  }

  // Names stand in metrics, logs and refusals: short, printable, no quotes.
  std::string Name(const YamlNode& node, std::string_view what) {
    std::string name = in_.Text(node, what);
    const bool good = name.size() <= 100 &&
                      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
                          std::string::npos;
    if (!good) in_.Fail(node, std::string(what) + " must be at most 100 letters, digits, '.', '_' or '-'");
    return name;
  }

  void UniqueName(const YamlNode& node, std::set<std::string>& seen, const std::string& name, const char* what) {
    if (!in_.failed() && !seen.insert(name).second)
      in_.Fail(node, std::string(what) + " \"" + name + "\" is there twice");
  }

  std::optional<WallTime> Time(const YamlNode& node, std::string_view what) {
    const auto time = ParseTime(in_.Text(node, what));
    if (!time)
      in_.Fail(node, std::string(what) + " must be a time such as 2026-12-31T00:00:00Z, in the years 1970 to 2261");
    return time;
  }

  void Keys(const YamlNode& root) {
    const YamlNode* list = root.Find("keys");
    if (list == nullptr) return;
    std::set<std::string> names;
    std::set<std::string> fingerprints;
    for (const YamlNode& node : in_.List(*list, "keys")) {
      if (!in_.Map(node, "a key", {"name", "file", "pem", "notBefore", "notAfter", "trustRoot", "revoked"})) return;
      std::string name = Name(Require(node, "name", "a key"), "keys.name");
      UniqueName(node, names, name, "key");
      auto key = KeyMaterial(node, name);
      if (in_.failed() || !key) return;
      if (!fingerprints.insert(key->Fingerprint()).second) {
        in_.Fail(node, "key \"" + name + "\" is the same key as another one");
      }
      Key out{std::move(name), std::move(*key), {}, {}, {}};
      Window(node, out);
      policy_.keys.push_back(std::move(out));
    }
  }

  std::optional<crypto::PublicKey> KeyMaterial(const YamlNode& node, const std::string& name) {
    const YamlNode* file = node.Find("file");
    const YamlNode* pem = node.Find("pem");
    if ((file == nullptr) == (pem == nullptr)) {
      in_.Fail(node, "key \"" + name + "\" must have either file or pem");
      return std::nullopt;
    }
    const YamlNode& where = file != nullptr ? *file : *pem;
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

  void Window(const YamlNode& node, Key& out) {
    if (const YamlNode* n = node.Find("notBefore")) out.not_before = Time(*n, "notBefore");
    if (const YamlNode* n = node.Find("notAfter")) out.not_after = Time(*n, "notAfter");
    if (out.not_before && out.not_after && *out.not_before >= *out.not_after) {
      in_.Fail(node, "key \"" + out.name + "\": notBefore must be earlier than notAfter");
    }
    if (const YamlNode* n = node.Find("trustRoot")) in_.Fail(*n, "trustRoot is not supported by this version");
    const YamlNode* revoked = node.Find("revoked");
    if (revoked == nullptr || !in_.Map(*revoked, "revoked", {"at", "reason"})) return;
    const auto at = Time(Require(*revoked, "at", "revoked"), "revoked.at");
    std::string reason = in_.Text(Require(*revoked, "reason", "revoked"), "revoked.reason");
    if (at) out.revoked = Revocation{*at, std::move(reason)};
  }

  void Rules(const YamlNode& root) {
    const YamlNode& list = Require(root, "rules", "the policy");
    std::set<std::string> names;
    for (const YamlNode& node : in_.List(list, "rules")) {
      if (!in_.Map(node, "a rule", {"name", "labels", "match", "mode", "onUnavailable", "require"})) return;
      Rule rule;
      rule.name = Name(Require(node, "name", "a rule"), "rules.name");
      UniqueName(node, names, rule.name, "rule");
      if (const YamlNode* labels = node.Find("labels")) {
        for (auto& [key, value] : in_.TextMap(*labels, "labels")) rule.labels.emplace(key, value);
      }
      RuleModes(node, rule);
      rule.match = ParseMatch(Require(node, "match", "rule \"" + rule.name + "\""), rule.mode == RuleMode::kDeny);
      Requirement(node, rule);
      policy_.rules.push_back(std::move(rule));
      if (policy_.rules.size() > limits::kPolicyRules) in_.Fail(node, "too many rules");
      if (in_.failed()) return;
    }
    if (!in_.failed() && policy_.rules.empty()) {
      in_.Fail(list,
               "rules must not be empty: nothing would be allowed to run; write a rule of mode deny if that is meant");
    }
  }

  void RuleModes(const YamlNode& node, Rule& rule) {
    if (const YamlNode* mode = node.Find("mode")) {
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
    if (const YamlNode* what = node.Find("onUnavailable")) {
      const std::string text = in_.Text(*what, "onUnavailable");
      if (text == "allow-known") {
        in_.Fail(*what, "onUnavailable: allow-known is not supported by this version; use deny");
      } else if (text != "deny") {
        in_.Fail(*what, "onUnavailable must be deny or allow-known");
      }
    }
  }

  Match ParseMatch(const YamlNode& node, bool may_match_all) {
    Match out;
    if (!in_.Map(node, "match", {"namespaces", "images", "nodeLabels", "digests", "unsafe"})) return out;
    const YamlNode* unsafe_node = node.Find("unsafe");
    const bool unsafe = unsafe_node != nullptr && in_.Boolean(*unsafe_node, "unsafe");
    if (const YamlNode* n = node.Find("namespaces")) out.namespaces = in_.Texts(*n, "namespaces");
    if (const YamlNode* n = node.Find("images")) {
      for (const std::string& pattern : in_.Texts(*n, "images")) {
        auto glob = ImageGlob::Parse(pattern, unsafe || may_match_all);
        if (!glob) {
          in_.Fail(*n, glob.error().message);
          return out;
        }
        out.images.push_back(std::move(*glob));
      }
    }
    if (const YamlNode* n = node.Find("nodeLabels")) {
      for (auto& [key, value] : in_.TextMap(*n, "nodeLabels")) out.node_labels.emplace(key, value);
    }
    if (const YamlNode* n = node.Find("digests")) {
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

  void Requirement(const YamlNode& node, Rule& rule) {
    const bool judged = rule.mode == RuleMode::kEnforce || rule.mode == RuleMode::kAudit;
    const YamlNode* require = node.Find("require");
    if (!judged) {
      if (require != nullptr) {
        in_.Fail(*require, "rule \"" + rule.name + "\" is of mode " + std::string(Text(rule.mode)) +
                               " and looks at no signatures; remove require or change the mode");
      }
      return;
    }
    if (require == nullptr) {
      in_.Fail(node, "rule \"" + rule.name + "\" requires nothing; add require.signatures, or mode allow to exempt");
      return;
    }
    if (!in_.Map(*require, "require", {"signatures"})) return;
    const YamlNode& signatures = Require(*require, "signatures", "require");
    if (!in_.Map(signatures, "signatures", {"threshold", "repository", "aliases", "annotations", "anyOf"})) return;
    SignatureRequirement out;
    Authorities(Require(signatures, "anyOf", "signatures"), out);
    if (in_.failed()) return;
    if (const YamlNode* n = signatures.Find("threshold")) {
      out.threshold = static_cast<int>(in_.Number(*n, "threshold", 1, static_cast<long>(out.any_of.size())));
    }
    Binding(signatures, out);
    if (const YamlNode* n = signatures.Find("annotations")) {
      for (auto& [key, value] : in_.TextMap(*n, "annotations")) out.annotations.emplace(key, value);
    }
    rule.signatures = std::move(out);
  }

  void Authorities(const YamlNode& node, SignatureRequirement& out) {
    std::set<std::string> used;
    for (const YamlNode& entry : in_.List(node, "anyOf")) {
      if (!in_.Map(entry, "an authority", {"key", "keyless"})) return;
      if (const YamlNode* keyless = entry.Find("keyless")) {
        in_.Fail(*keyless, "keyless authorities are not supported by this version; use a key");
        return;
      }
      const std::string name = in_.Text(Require(entry, "key", "an authority"), "key");
      UniqueName(entry, used, name, "authority");
      const Key* found = nullptr;
      for (const Key& key : policy_.keys) {
        if (key.name == name) found = &key;
      }
      if (found == nullptr) {
        in_.Fail(entry, "key \"" + name + "\" is not among the policy's keys");
        return;
      }
      out.any_of.push_back(*found);
    }
    if (!in_.failed() && out.any_of.empty()) in_.Fail(node, "anyOf must name at least one authority");
  }

  void Binding(const YamlNode& node, SignatureRequirement& out) {
    if (const YamlNode* n = node.Find("repository")) {
      const std::string text = in_.Text(*n, "repository");
      if (text == "required") {
        out.repository = RepositoryBinding::kRequired;
      } else if (text == "any") {
        out.repository = RepositoryBinding::kAny;
      } else if (text != "bound") {
        in_.Fail(*n, "repository must be bound, required or any");
      }
    }
    const YamlNode* aliases = node.Find("aliases");
    if (aliases == nullptr) return;
    for (const std::string& alias : in_.Texts(*aliases, "aliases")) {
      auto reference = oci::Reference::Parse(alias);
      if (!reference || alias.find('@') != std::string::npos || reference->Text() == alias) {
        in_.Fail(*aliases, "alias \"" + Printable(alias, 120) + "\" must be a repository without tag or digest");
        return;
      }
      out.aliases.push_back(reference->MatchName());
    }
  }

  void Exceptions(const YamlNode& root) {
    const YamlNode* list = root.Find("exceptions");
    if (list == nullptr) return;
    std::set<std::string> names;
    for (const YamlNode& node : in_.List(*list, "exceptions")) {
      if (!in_.Map(node, "an exception", {"name", "match", "until", "owner", "reason"})) return;
      Exception out;
      out.name = Name(Require(node, "name", "an exception"), "exceptions.name");
      UniqueName(node, names, out.name, "exception");
      out.match = ParseMatch(Require(node, "match", "exception \"" + out.name + "\""), false);
      out.until = Time(Require(node, "until", "exception \"" + out.name + "\""), "until").value_or(WallTime{});
      out.owner = in_.Text(Require(node, "owner", "exception \"" + out.name + "\""), "owner");
      out.reason = in_.Text(Require(node, "reason", "exception \"" + out.name + "\""), "reason");
      policy_.exceptions.push_back(std::move(out));
      if (in_.failed()) return;
    }
  }

  const FileReader& read_file_;
  YamlReader in_;
  Policy policy_;
};

}  // namespace

Result<Policy> ParsePolicy(std::string_view text, const FileReader& read_file) {
  auto root = ParseYaml(text, limits::kPolicyBytes);
  if (!root) return root.error();
  auto policy = PolicyParser(read_file).Parse(*root);
  if (!policy) return policy;
  policy->sha256 = crypto::Sha256Hex(AsBytes(text));
  std::string all = policy->sha256;
  for (const Key& key : policy->keys) all += " " + key.key.Fingerprint();
  policy->fingerprint = crypto::Sha256Hex(AsBytes(all));
  return policy;
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
