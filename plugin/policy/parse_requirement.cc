#include "policy/parse_requirement.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/limits.h"
#include "oci/reference.h"

namespace pullseal::policy {
namespace {

// Names of a Fulcio certificate's extensions (1.3.6.1.4.1.57264.1.8 to .22, Fulcio's "oid-info") that a policy may ask
// for.
constexpr std::array<std::string_view, 15> kExtensions = {"buildSignerUri",
                                                          "buildSignerDigest",
                                                          "runnerEnvironment",
                                                          "sourceRepositoryUri",
                                                          "sourceRepositoryDigest",
                                                          "sourceRepositoryRef",
                                                          "sourceRepositoryIdentifier",
                                                          "sourceRepositoryOwnerUri",
                                                          "sourceRepositoryOwnerIdentifier",
                                                          "buildConfigUri",
                                                          "buildConfigDigest",
                                                          "buildTrigger",
                                                          "runInvocationUri",
                                                          "sourceRepositoryVisibilityAtSigning",
                                                          "deploymentEnvironment"};

}  // namespace

bool HasTrustRoot(const Policy& policy, std::string_view name) {
  return std::any_of(policy.trust_roots.begin(), policy.trust_roots.end(),
                     [&](const TrustRoot& one) { return one.name == name; });
}

void RequirementParser::Parse(const YamlNode& node, Rule& rule) {
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
  const YamlNode& signatures = in_.Require(*require, "signatures", "require");
  if (!in_.Map(signatures, "signatures", {"threshold", "repository", "aliases", "annotations", "anyOf"})) return;
  SignatureRequirement out;
  Authorities(in_.Require(signatures, "anyOf", "signatures"), out);
  if (in_.failed()) return;
  if (const YamlNode* n = signatures.Find("threshold")) {
    const std::size_t most = out.any_of.size() + out.keyless.size();
    out.threshold = static_cast<int>(in_.Number(*n, "threshold", 1, static_cast<long>(most)));
  }
  Binding(signatures, out);
  if (const YamlNode* n = signatures.Find("annotations")) {
    for (auto& [key, value] : in_.TextMap(*n, "annotations")) out.annotations.emplace(key, value);
  }
  rule.signatures = std::move(out);
}

void RequirementParser::Authorities(const YamlNode& node, SignatureRequirement& out) {
  std::set<std::string> used;
  for (const YamlNode& entry : in_.List(node, "anyOf")) {
    if (!in_.Map(entry, "an authority", {"key", "keyless"})) return;
    const YamlNode* keyless = entry.Find("keyless");
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

void RequirementParser::KeyAuthority(const YamlNode& entry, std::set<std::string>& used, SignatureRequirement& out) {
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

void RequirementParser::KeylessAuthority(const YamlNode& node, SignatureRequirement& out) {
  if (!in_.Map(node, "keyless",
               {"trustRoot", "issuer", "subject", "subjectPattern", "extensions", "requireLog", "requireTimestamp",
                "unsafe"})) {
    return;
  }
  Keyless keyless;
  keyless.trust_root = in_.Text(in_.Require(node, "trustRoot", "keyless"), "trustRoot");
  if (!in_.failed() && !HasTrustRoot(policy_, keyless.trust_root)) {
    in_.Fail(node, "trust root \"" + Printable(keyless.trust_root, 100) + "\" is not among the policy's trustRoots");
  }
  for (const char* flag : {"requireLog", "requireTimestamp"}) {
    if (const YamlNode* n = node.Find(flag)) (void)in_.Boolean(*n, flag);
  }
  Identity(node, keyless);
  if (!in_.failed()) out.keyless.push_back(std::move(keyless));
}

void RequirementParser::Identity(const YamlNode& node, Keyless& out) {
  if (const YamlNode* n = node.Find("issuer")) out.issuer = in_.Text(*n, "issuer");
  if (const YamlNode* n = node.Find("subject")) out.subject = in_.Text(*n, "subject");
  if (const YamlNode* n = node.Find("subjectPattern")) {
    out.subject_pattern = in_.Text(*n, "subjectPattern");
    RE2::Options options(RE2::Quiet);
    options.set_max_mem(limits::kPatternMemory);
    const bool small = out.subject_pattern.size() <= limits::kPatternBytes;
    if (!in_.failed() && (!small || !RE2(out.subject_pattern, options).ok())) {
      in_.Fail(*n, "subjectPattern is no regular expression that RE2 takes");
    }
  }
  if (!out.subject.empty() && !out.subject_pattern.empty()) {
    in_.Fail(node, "keyless has either subject or subjectPattern");
  }
  const YamlNode* unsafe = node.Find("unsafe");
  const bool dares = unsafe != nullptr && in_.Boolean(*unsafe, "unsafe");
  if (!dares && (out.issuer.empty() || (out.subject.empty() && out.subject_pattern.empty()))) {
    in_.Fail(node,
             "keyless without issuer or without subject lets anybody with an account sign; name both, or say "
             "unsafe: true");
  }
  const YamlNode* extensions = node.Find("extensions");
  if (extensions == nullptr) return;
  for (auto& [key, value] : in_.TextMap(*extensions, "extensions")) {
    if (std::find(kExtensions.begin(), kExtensions.end(), key) == kExtensions.end()) {
      in_.Fail(*extensions, "extension \"" + Printable(key, 64) + "\" is not known");
    }
    out.extensions.emplace(key, value);
  }
}

void RequirementParser::Binding(const YamlNode& node, SignatureRequirement& out) {
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

}  // namespace pullseal::policy
