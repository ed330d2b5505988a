// SPDX-License-Identifier: Apache-2.0
#include "policy/file/parse_requirement.h"

#include <algorithm>
#include <utility>

#include "image/oci/reference.h"
#include "policy/file/parse_attestation.h"
#include "policy/file/parse_trust_store.h"

namespace pullseal::policy {

using requirement::Authority;
using requirement::Identity;
using requirement::Requirement;
using requirement::SignatureRequirement;
using requirement::Terms;
using requirement::TrustRoot;

const TrustRoot* FindTrustRoot(const Policy& policy, std::string_view name) {
  const auto found = std::find_if(policy.trust_roots.begin(), policy.trust_roots.end(),
                                  [&](const TrustRoot& one) { return one.name == name; });
  return found != policy.trust_roots.end() ? &*found : nullptr;
}

Requirement RequirementParser::Parse(const yaml::Node& node, const std::string& name, RuleMode mode) {
  const bool judged = mode == RuleMode::kEnforce || mode == RuleMode::kAudit;
  const yaml::Node* require = node.Find("require");
  if (!judged) {
    if (require != nullptr) {
      in_.Fail(*require, "rule \"" + name + "\" is of mode " + std::string(Text(mode)) +
                             " and looks at no signatures; remove require or change the mode");
    }
    return {};
  }
  if (require == nullptr) {
    in_.Fail(node, "rule \"" + name +
                       "\" requires nothing; add require.signatures or require.attestations, or mode allow to exempt");
    return {};
  }
  if (!in_.Map(*require, "require", {"signatures", "attestations"})) return {};
  Requirement out;
  const yaml::Node* signatures = require->Find("signatures");
  const yaml::Node* attestations = require->Find("attestations");
  if (signatures == nullptr && attestations == nullptr) {
    (void)in_.Require(*require, "signatures", "require");
    return {};
  }
  if (signatures != nullptr) out.signatures = Signatures(*signatures);
  if (attestations != nullptr) {
    AttestationParser parser(in_, [this](const yaml::Node& entry) { return OneAuthority(entry); });
    out.attestations = parser.Parse(*attestations);
  }
  return in_.failed() ? Requirement() : std::move(out);
}

SignatureRequirement RequirementParser::Signatures(const yaml::Node& node) {
  if (!in_.Map(node, "signatures", {"threshold", "repository", "aliases", "annotations", "anyOf"})) return {};
  auto any_of = Authorities(in_.Require(node, "anyOf", "signatures"));
  if (in_.failed()) return {};
  Terms terms;
  if (const yaml::Node* n = node.Find("threshold")) {
    const auto most = static_cast<long>(requirement::CountDistinct(any_of));
    terms.threshold = static_cast<std::size_t>(in_.Number(*n, "threshold", 1, most));
  }
  Binding(node, terms);
  if (const yaml::Node* n = node.Find("annotations")) {
    for (auto& [key, value] : in_.TextMap(*n, "annotations")) terms.annotations.emplace(key, value);
  }
  if (in_.failed()) return {};
  auto out = SignatureRequirement::Make(std::move(any_of), std::move(terms));
  if (out) return std::move(*out);
  in_.Fail(in_.Require(node, "anyOf", "signatures"), out.error().message);
  return {};
}

std::vector<Authority> RequirementParser::Authorities(const yaml::Node& node) {
  std::vector<Authority> out;
  for (const yaml::Node& entry : in_.List(node, "anyOf")) {
    if (!in_.Map(entry, "an authority", {"key", "keyless", "notary", "certificate"})) return out;
    if (entry.map.size() > 1) in_.Fail(entry, "an authority is of one kind: key, keyless, notary or certificate");
    if (in_.failed()) return out;
    auto one = OneAuthority(entry);
    if (in_.failed() || !one) return out;
    out.push_back(std::move(*one));
  }
  if (!in_.failed() && out.empty()) in_.Fail(node, "anyOf must name at least one authority");
  return out;
}

std::optional<Authority> RequirementParser::OneAuthority(const yaml::Node& entry) {
  if (const yaml::Node* keyless = entry.Find("keyless")) return KeylessAuthority(*keyless);
  if (const yaml::Node* notary = entry.Find("notary")) return ParseNotary(in_, *notary, policy_, files_);
  if (const yaml::Node* holders = entry.Find("certificate")) return ParseHolders(in_, *holders, policy_);
  return KeyAuthority(entry);
}

std::optional<Authority> RequirementParser::KeyAuthority(const yaml::Node& entry) {
  const std::string name = in_.Text(in_.Require(entry, "key", "an authority"), "key");
  if (in_.failed()) return std::nullopt;
  const auto found = std::find_if(policy_.keys.begin(), policy_.keys.end(),
                                  [&](const requirement::Key& k) { return k.name() == name; });
  if (found == policy_.keys.end()) {
    in_.Fail(entry, "key \"" + name + "\" is not among the policy's keys");
    return std::nullopt;
  }
  return *found;
}

std::optional<Authority> RequirementParser::KeylessAuthority(const yaml::Node& node) {
  if (!in_.Map(node, "keyless",
               {"trustRoot", "issuer", "subject", "subjectPattern", "extensions", "requireLog", "requireTimestamp",
                "requireSct", "unsafe"})) {
    return std::nullopt;
  }
  const std::string name = in_.Text(in_.Require(node, "trustRoot", "keyless"), "trustRoot");
  if (in_.failed()) return std::nullopt;
  const TrustRoot* root = FindTrustRoot(policy_, name);
  if (root == nullptr) {
    in_.Fail(node, "trust root \"" + Printable(name, 100) + "\" is not among the policy's trustRoots");
    return std::nullopt;
  }
  sigstore::Demands demands;
  Demand(node, "requireLog", demands.logs);
  Demand(node, "requireTimestamp", demands.timestamps);
  Demand(node, "requireSct", demands.certificate_logs);
  Identity identity = ParseIdentity(node);
  const yaml::Node* unsafe = node.Find("unsafe");
  const bool dares = unsafe != nullptr && in_.Boolean(*unsafe, "unsafe");
  if (in_.failed()) return std::nullopt;
  auto made = dares ? requirement::Keyless::MakeUnsafe(*root, std::move(identity), demands)
                    : requirement::Keyless::Make(*root, std::move(identity), demands);
  if (made) return std::move(*made);
  in_.Fail(node, made.error().message);
  return std::nullopt;
}

Identity RequirementParser::ParseIdentity(const yaml::Node& node) {
  Identity out;
  if (const yaml::Node* n = node.Find("issuer")) out.issuer = in_.Text(*n, "issuer");
  if (const yaml::Node* n = node.Find("subject")) out.subject = in_.Text(*n, "subject");
  if (const yaml::Node* n = node.Find("subjectPattern")) {
    const std::string text = in_.Text(*n, "subjectPattern");
    auto pattern = requirement::SubjectPattern::Parse(text);
    if (pattern) {
      out.subject_pattern = std::move(*pattern);
    } else if (!in_.failed()) {
      in_.Fail(*n, "subjectPattern " + pattern.error().message);
    }
  }
  if (const yaml::Node* n = node.Find("extensions")) {
    for (auto& [key, value] : in_.TextMap(*n, "extensions")) out.extensions.emplace(key, value);
  }
  return out;
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

void RequirementParser::Binding(const yaml::Node& node, Terms& out) {
  if (const yaml::Node* n = node.Find("repository")) {
    const std::string text = in_.Text(*n, "repository");
    if (text == "required") {
      out.repository = requirement::RepositoryBinding::kRequired;
    } else if (text == "any") {
      out.repository = requirement::RepositoryBinding::kUnsafeAny;
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
