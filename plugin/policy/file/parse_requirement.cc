// SPDX-License-Identifier: Apache-2.0
#include "policy/file/parse_requirement.h"

#include <algorithm>
#include <utility>

#include "image/oci/reference.h"

namespace pullseal::policy {
const TrustRoot* FindTrustRoot(const Policy& policy, std::string_view name) {
  const auto found = std::find_if(policy.trust_roots.begin(), policy.trust_roots.end(),
                                  [&](const TrustRoot& one) { return one.name == name; });
  return found != policy.trust_roots.end() ? &*found : nullptr;
}

void RequirementParser::Parse(const yaml::Node& node, Rule& rule) {
  const bool judged = rule.mode == RuleMode::kEnforce || rule.mode == RuleMode::kAudit;
  const yaml::Node* require = node.Find("require");
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
  const yaml::Node& signatures = in_.Require(*require, "signatures", "require");
  if (!in_.Map(signatures, "signatures", {"threshold", "repository", "aliases", "annotations", "anyOf"})) return;
  SignatureRequirement out;
  Authorities(in_.Require(signatures, "anyOf", "signatures"), out);
  if (in_.failed()) return;
  if (const yaml::Node* n = signatures.Find("threshold")) {
    const std::size_t most = out.any_of.size() + out.keyless.size();
    out.threshold = static_cast<int>(in_.Number(*n, "threshold", 1, static_cast<long>(most)));
  }
  Binding(signatures, out);
  if (const yaml::Node* n = signatures.Find("annotations")) {
    for (auto& [key, value] : in_.TextMap(*n, "annotations")) out.annotations.emplace(key, value);
  }
  rule.signatures = std::move(out);
}

void RequirementParser::Authorities(const yaml::Node& node, SignatureRequirement& out) {
  std::set<std::string> used;
  for (const yaml::Node& entry : in_.List(node, "anyOf")) {
    if (!in_.Map(entry, "an authority", {"key", "keyless"})) return;
    const yaml::Node* keyless = entry.Find("keyless");
    if (keyless != nullptr && entry.Find("key") != nullptr) {
      in_.Fail(entry, "an authority is either a key or keyless");
    } else if (keyless != nullptr) {
      KeylessAuthority(*keyless, out);
    } else {
      KeyAuthority(entry, used, out);
    }
    if (in_.failed()) return;
  }
  if (!in_.failed() && out.any_of.empty() && out.keyless.empty()) {
    in_.Fail(node, "anyOf must name at least one authority");
  }
}

void RequirementParser::KeyAuthority(const yaml::Node& entry, std::set<std::string>& used, SignatureRequirement& out) {
  const std::string name = in_.Text(in_.Require(entry, "key", "an authority"), "key");
  if (in_.failed()) return;
  if (!used.insert(name).second) {
    in_.Fail(entry, "authority \"" + name + "\" is there twice");
    return;
  }
  const auto found =
      std::find_if(policy_.keys.begin(), policy_.keys.end(), [&](const Key& k) { return k.name == name; });
  if (found == policy_.keys.end()) {
    in_.Fail(entry, "key \"" + name + "\" is not among the policy's keys");
    return;
  }
  out.any_of.push_back(*found);
}

void RequirementParser::KeylessAuthority(const yaml::Node& node, SignatureRequirement& out) {
  if (!in_.Map(node, "keyless",
               {"trustRoot", "issuer", "subject", "subjectPattern", "extensions", "requireLog", "requireTimestamp",
                "requireSct", "unsafe"})) {
    return;
  }
  Keyless keyless;
  const std::string name = in_.Text(in_.Require(node, "trustRoot", "keyless"), "trustRoot");
  const TrustRoot* root = FindTrustRoot(policy_, name);
  if (root != nullptr) {
    keyless.trust_root = *root;
  } else if (!in_.failed()) {
    in_.Fail(node, "trust root \"" + Printable(name, 100) + "\" is not among the policy's trustRoots");
  }
  Demand(node, "requireLog", keyless.demands.logs);
  Demand(node, "requireTimestamp", keyless.demands.timestamps);
  Demand(node, "requireSct", keyless.demands.certificate_logs);
  Identity(node, keyless);
  if (!in_.failed()) out.keyless.push_back(std::move(keyless));
}

// true, false, or how many distinct ones.
void RequirementParser::Demand(const yaml::Node& node, const char* name, std::size_t& out) {
  const yaml::Node* n = node.Find(name);
  if (n == nullptr) return;
  const std::string text = in_.Text(*n, name);
  if (text == "true" || text == "false") {
    out = text == "true" ? 1 : 0;
  } else if (text.size() == 1 && text[0] >= '1' && text[0] <= '8') {
    out = static_cast<std::size_t>(text[0] - '0');
  } else {
    in_.Fail(*n, std::string(name) + " must be true, false, or a number from 1 to 8");
  }
}

void RequirementParser::Identity(const yaml::Node& node, Keyless& out) {
  if (const yaml::Node* n = node.Find("issuer")) out.issuer = in_.Text(*n, "issuer");
  if (const yaml::Node* n = node.Find("subject")) out.subject = in_.Text(*n, "subject");
  if (const yaml::Node* n = node.Find("subjectPattern")) {
    const std::string text = in_.Text(*n, "subjectPattern");
    auto pattern = SubjectPattern::Parse(text);
    if (pattern) {
      out.subject_pattern = std::move(*pattern);
    } else if (!in_.failed()) {
      in_.Fail(*n, "subjectPattern " + pattern.error().message);
    }
  }
  if (!out.subject.empty() && out.subject_pattern) in_.Fail(node, "keyless has either subject or subjectPattern");
  const yaml::Node* unsafe = node.Find("unsafe");
  const bool dares = unsafe != nullptr && in_.Boolean(*unsafe, "unsafe");
  if (!dares && (out.issuer.empty() || (out.subject.empty() && !out.subject_pattern))) {
    in_.Fail(node,
             "keyless without issuer or without subject lets anybody with an account sign; name both, or say "
             "unsafe: true");
  }
  const yaml::Node* extensions = node.Find("extensions");
  if (extensions == nullptr) return;
  for (auto& [key, value] : in_.TextMap(*extensions, "extensions")) {
    if (!sigstore::CertificateIdentity::IsExtensionName(key)) {
      in_.Fail(*extensions, "extension \"" + Printable(key, 64) + "\" is not known");
    }
    out.extensions.emplace(key, value);
  }
}

void RequirementParser::Binding(const yaml::Node& node, SignatureRequirement& out) {
  if (const yaml::Node* n = node.Find("repository")) {
    const std::string text = in_.Text(*n, "repository");
    if (text == "required") {
      out.repository = RepositoryBinding::kRequired;
    } else if (text == "any") {
      out.repository = RepositoryBinding::kAny;
    } else if (text != "bound") {
      in_.Fail(*n, "repository must be bound, required or any");
    }
  }
  const yaml::Node* aliases = node.Find("aliases");
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

}  // namespace pullseal::policy
