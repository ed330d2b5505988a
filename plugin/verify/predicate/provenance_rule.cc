// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/base/bytes.h"
#include "verify/predicate/limits.h"
#include "verify/predicate/provenance.h"

// The steps, each alone a refusal:
//   1. the builder is one of those that its signer may speak for, at a ref that the rule allows
//   2. where the certificate is one of a GitHub workflow, the builder is that workflow, and source and ref are those
//      that the certificate says
//   3. the build type is one of the rule's
//   4. source and ref match
//   5. each parameter that is asked for is there and equal
//   6. no other parameter is there
namespace pullseal::predicate {
namespace {

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

Verdict Mismatch(const std::string& field, std::string_view said) {
  return Verdict::Not(Answer::kProvenanceMismatch,
                      field + (said.empty() ? " is not there" : " is \"" + Printable(said, 200) + "\""));
}

// 1.
bool FitsBuilder(const std::string& builder, const std::string& asked, BuilderRef ref) {
  if (builder == asked) {
    const std::size_t exact = asked.rfind('@');
    return ref == BuilderRef::kAny || exact != std::string::npos;
  }
  if (asked.find('@') != std::string::npos) return false;
  const std::size_t at = builder.rfind('@');
  return at != std::string::npos && builder.substr(0, at) == asked && FitsBuilderRef(builder.substr(at + 1), ref);
}

bool IsGitHubWorkflow(std::string_view id) {
  return id.starts_with("https://github.com/") && id.find("/.github/workflows/") != std::string_view::npos;
}

// What the certificate says, with `before` in front; empty if it says nothing.
std::string Said(const Speaker& speaker, const std::string& name, const std::string& before) {
  const auto found = speaker.extensions.find(name);
  return found != speaker.extensions.end() && !found->second.empty() ? before + found->second : std::string();
}

// 2.
Verdict CheckCertificate(const Provenance& provenance, const Speaker& speaker) {
  if (IsGitHubWorkflow(speaker.subject) && provenance.builder != speaker.subject) {
    return Mismatch("builder.id, which is not the workflow of the certificate,", provenance.builder);
  }
  // As certificates say it today, and as they did until 2023.
  const std::string said = Said(speaker, "sourceRepositoryUri", "");
  const std::string said_before = Said(speaker, "githubWorkflowRepository", "https://github.com/");
  for (const std::string& source : {said, said_before}) {
    if (source.empty() || provenance.source.empty()) continue;
    if (NormalSource(source) != NormalSource(provenance.source)) {
      return Mismatch("the source, which is not the one of the certificate,", provenance.source);
    }
  }
  for (const char* name : {"sourceRepositoryRef", "githubWorkflowRef"}) {
    const std::string ref = Said(speaker, name, "");
    if (!ref.empty() && !provenance.ref.empty() && ref != provenance.ref) {
      return Mismatch("the ref, which is not the one of the certificate,", provenance.ref);
    }
  }
  return Verdict::Pass();
}

// The first member that says something and is none of `known`, as a pointer; empty if there is none. Nesting is bounded
// by limits::kJsonDepth.
std::string FindOther(const json::Value& value, const std::string& at, const std::vector<const json::Value*>& known) {
  if (std::find(known.begin(), known.end(), &value) != known.end() || value.is_null()) return {};
  if (const json::Members* members = value.object()) {
    for (const auto& [name, one] : *members) {
      if (std::string other = FindOther(one, at + "/" + name, known); !other.empty()) return other;
    }
    return {};
  }
  if (const json::Array* list = value.array()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (std::string other = FindOther((*list)[i], at + "/" + std::to_string(i), known); !other.empty()) return other;
    }
    return {};
  }
  return value.string() != nullptr && value.string()->empty() ? std::string() : at;
}

}  // namespace

Status CheckBuilder(std::string_view text) {
  const bool plain = Printable(text, text.size()) == text && text.find(' ') == std::string_view::npos;
  if (text.empty() || text.size() > limits::kIdentifierBytes || !plain || text.find(':') == std::string_view::npos ||
      text.find('*') != std::string_view::npos) {
    return Invalid("a builder is written as its identifier (a URI), with @REF for one ref alone; no *");
  }
  return {};
}

Result<ProvenanceRule> ProvenanceRule::Make(ProvenanceTerms terms) {
  for (const std::size_t size :
       {terms.build_types.size(), terms.sources.size(), terms.refs.size(), terms.parameters.size()}) {
    if (size > limits::kRuleItems) return Invalid("provenance asks for too much in one list");
  }
  for (const std::string& type : terms.build_types) {
    if (type.find(':') == std::string::npos) return Invalid("a build type is a URI");
  }
  for (const auto& [at, value] : terms.parameters) {
    if (at.has_star()) return Invalid("a parameter is named by a pointer without *");
  }
  if (!terms.refs.empty() && terms.sources.empty()) {
    return Invalid("refs without sources let any repository's ref count; name the sources");
  }
  return ProvenanceRule(std::move(terms));
}

Verdict ProvenanceRule::CheckSource(const Provenance& provenance) const {
  const auto source = NormalSource(provenance.source);
  const auto matches = [&](const SourceGlob& one) { return source && one.Matches(*source); };
  if (!terms_.sources.empty() && std::none_of(terms_.sources.begin(), terms_.sources.end(), matches)) {
    return Mismatch("the source", provenance.source);
  }
  const auto fits = [&](const RefGlob& one) { return one.Matches(provenance.ref); };
  if (!terms_.refs.empty() && std::none_of(terms_.refs.begin(), terms_.refs.end(), fits)) {
    return Mismatch("the ref", provenance.ref);
  }
  return Verdict::Pass();
}

Verdict ProvenanceRule::CheckParameters(const Provenance& provenance) const {
  std::vector<const json::Value*> known;
  for (const auto& [at, value] : terms_.parameters) {
    const auto reached = at.In(provenance.parameters);
    if (reached.values.size() != 1 || !Equals(*reached.values.front(), value)) {
      return Mismatch("parameter " + at.text(), reached.values.empty() ? "" : "(another value)");
    }
    known.push_back(reached.values.front());
  }
  if (terms_.other_parameters.value_or(terms_.parameters.empty())) return Verdict::Pass();
  const std::string other = FindOther(provenance.parameters, "", known);
  return other.empty() ? Verdict::Pass() : Mismatch("a parameter that the rule does not name", other);
}

Verdict ProvenanceRule::Check(const Provenance& provenance, const Speaker& speaker,
                              const std::vector<std::string>& builders) const {
  const auto fits = [&](const std::string& one) { return FitsBuilder(provenance.builder, one, terms_.builder_ref); };
  if (std::none_of(builders.begin(), builders.end(), fits)) return Mismatch("builder.id", provenance.builder);
  if (Verdict agreed = CheckCertificate(provenance, speaker); !agreed.passes()) return agreed;
  const auto& types = terms_.build_types;
  if (!types.empty() && std::find(types.begin(), types.end(), provenance.build_type) == types.end()) {
    return Mismatch("buildType", provenance.build_type);
  }
  if (Verdict source = CheckSource(provenance); !source.passes()) return source;
  return CheckParameters(provenance);
}

}  // namespace pullseal::predicate
