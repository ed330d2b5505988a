// SPDX-License-Identifier: Apache-2.0
#include "policy/file/parse_attestation.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/base/bytes.h"
#include "image/oci/reference.h"
#include "verify/predicate/timestamp.h"

namespace pullseal::policy {
namespace {

using requirement::AttestationRequirement;
using requirement::PredicateRule;
using requirement::SubjectKind;
using requirement::Which;

constexpr const char* kNotYet = "vulnerabilities, vex and sbom are not offered yet; write provenance, vsa or custom";

}  // namespace

requirement::AttestationLists AttestationParser::Parse(const yaml::Node& node) {
  requirement::AttestationLists out;
  if (node.kind == yaml::Node::Kind::kMap) {
    if (!in_.Map(node, "attestations", {"anyOf"})) return {};
    for (const yaml::Node& list : in_.List(in_.Require(node, "anyOf", "attestations"), "anyOf")) {
      out.push_back(Entries(list));
      if (in_.failed()) return {};
    }
    if (!in_.failed() && out.empty()) in_.Fail(node, "anyOf of attestations must have at least one list");
  } else {
    out.push_back(Entries(node));
  }
  if (in_.failed()) return {};
  if (auto checked = requirement::CheckLists(out); !checked) {
    in_.Fail(node, checked.error().message);
    return {};
  }
  return out;
}

std::vector<AttestationRequirement> AttestationParser::Entries(const yaml::Node& node) {
  std::vector<AttestationRequirement> out;
  for (const yaml::Node& one : in_.List(node, "attestations")) {
    auto entry = Entry(one);
    if (in_.failed() || !entry) return {};
    out.push_back(std::move(*entry));
  }
  return out;
}

std::optional<AttestationRequirement> AttestationParser::Entry(const yaml::Node& node) {
  if (!in_.Map(node, "an attestation",
               {"name", "type", "by", "subject", "maxAge", "maxAgeKnown", "which", "aliases", "predicateType", "time",
                "where", "provenance", "vsa"})) {
    return std::nullopt;
  }
  std::string name = in_.Text(in_.Require(node, "name", "an attestation"), "attestations.name");
  const bool plain =
      name.size() <= 100 &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == std::string::npos;
  if (!plain) in_.Fail(node, "attestations.name must be at most 100 letters, digits, '.', '_' or '-'");
  const std::string type = in_.Text(in_.Require(node, "type", "an attestation"), "type");
  std::vector<requirement::Attester> by;
  for (const yaml::Node& one : in_.List(in_.Require(node, "by", "an attestation"), "by")) {
    auto attester = Attester(one);
    if (in_.failed() || !attester) return std::nullopt;
    by.push_back(std::move(*attester));
  }
  auto rule = Rule(node, type);
  requirement::Freshness ages{
      .alarm_age = {}, .max_age = Age(node, "maxAge"), .max_age_known = Age(node, "maxAgeKnown")};
  const auto which = WhichOf(node);
  const SubjectKind subject = SubjectOf(node);
  std::vector<std::string> aliases;
  if (const yaml::Node* n = node.Find("aliases")) {
    for (const std::string& alias : in_.Texts(*n, "aliases")) {
      auto reference = oci::Reference::Parse(alias);
      if (!reference || alias.find('@') != std::string::npos || reference->Text() == alias) {
        in_.Fail(*n, "alias \"" + Printable(alias, 120) + "\" must be a repository without tag or digest");
        return std::nullopt;
      }
      aliases.push_back(reference->MatchName());
    }
  }
  if (in_.failed() || !rule) return std::nullopt;
  auto out = AttestationRequirement::Make({.name = name,
                                           .by = std::move(by),
                                           .subject = subject,
                                           .freshness = ages,
                                           .rule = std::move(*rule),
                                           .which = which,
                                           .aliases = std::move(aliases)});
  if (out) return std::move(*out);
  in_.Fail(node, "attestation \"" + name + "\": " + out.error().message);
  return std::nullopt;
}

std::optional<requirement::Attester> AttestationParser::Attester(const yaml::Node& node) {
  if (!in_.Map(node, "an authority of `by`", {"key", "keyless", "builders", "verifier"})) return std::nullopt;
  if ((node.Find("key") == nullptr) == (node.Find("keyless") == nullptr)) {
    in_.Fail(node, "an authority of `by` is either a key or keyless");
    return std::nullopt;
  }
  auto authority = read_authority_(node);
  std::vector<std::string> builders;
  std::vector<std::string> verifiers;
  if (const yaml::Node* n = node.Find("builders")) builders = in_.Texts(*n, "builders");
  if (const yaml::Node* n = node.Find("verifier")) verifiers.push_back(in_.Text(*n, "verifier"));
  if (in_.failed() || !authority) return std::nullopt;
  return requirement::Attester{std::move(*authority), std::move(builders), std::move(verifiers)};
}

// The part that only one type has stands with no other.
std::optional<PredicateRule> AttestationParser::Rule(const yaml::Node& node, const std::string& type) {
  if (in_.failed()) return std::nullopt;
  if (type == "vulnerabilities" || type == "vex" || type == "sbom") {
    in_.Fail(in_.Require(node, "type", "an attestation"), kNotYet);
    return std::nullopt;
  }
  for (const auto& [member, owner] : {std::pair{"provenance", "provenance"},
                                      {"vsa", "vsa"},
                                      {"where", "custom"},
                                      {"predicateType", "custom"},
                                      {"time", "custom"}}) {
    const yaml::Node* n = node.Find(member);
    if (n != nullptr && type != owner) in_.Fail(*n, std::string(member) + " stands only with type " + owner);
  }
  if (in_.failed()) return std::nullopt;
  if (type == "provenance") return Provenance(node);
  if (type == "vsa") return Vsa(node);
  if (type == "custom") return Custom(node);
  in_.Fail(in_.Require(node, "type", "an attestation"), "type must be provenance, vsa or custom");
  return std::nullopt;
}

std::optional<PredicateRule> AttestationParser::Provenance(const yaml::Node& node) {
  predicate::ProvenanceTerms terms;
  const yaml::Node* part = node.Find("provenance");
  if (part != nullptr) {
    if (!in_.Map(*part, "provenance",
                 {"builderRef", "buildTypes", "sources", "refs", "parameters", "otherParameters"})) {
      return std::nullopt;
    }
    if (const yaml::Node* n = part->Find("builderRef")) {
      const std::string text = in_.Text(*n, "builderRef");
      if (text == "tag") terms.builder_ref = predicate::BuilderRef::kTag;
      if (text == "tag-semver") terms.builder_ref = predicate::BuilderRef::kTagSemver;
      if (text != "any" && text != "tag" && text != "tag-semver")
        in_.Fail(*n, "builderRef must be any, tag or tag-semver");
    }
    if (const yaml::Node* n = part->Find("buildTypes")) terms.build_types = in_.Texts(*n, "buildTypes");
    if (const yaml::Node* n = part->Find("sources")) {
      for (const std::string& text : in_.Texts(*n, "sources")) {
        auto glob = predicate::SourceGlob::Parse(text);
        if (!glob) in_.Fail(*n, glob.error().message);
        if (glob) terms.sources.push_back(std::move(*glob));
      }
    }
    if (const yaml::Node* n = part->Find("refs")) {
      for (const std::string& text : in_.Texts(*n, "refs")) {
        auto glob = predicate::RefGlob::Parse(text);
        if (!glob) in_.Fail(*n, glob.error().message);
        if (glob) terms.refs.push_back(std::move(*glob));
      }
    }
    if (const yaml::Node* n = part->Find("parameters"); n != nullptr && n->kind == yaml::Node::Kind::kMap) {
      for (const yaml::Member& one : n->map) {
        auto at = predicate::Pointer::Parse(one.key);
        if (!at) in_.Fail(one.value, "parameter \"" + Printable(one.key, 100) + "\": " + at.error().message);
        if (at) terms.parameters.emplace_back(std::move(*at), Scalar(one.value, "a parameter"));
      }
    } else if (n != nullptr) {
      in_.Fail(*n, "parameters must be a map of pointers to values");
    }
    if (const yaml::Node* n = part->Find("otherParameters")) {
      const std::string text = in_.Text(*n, "otherParameters");
      if (text != "allow" && text != "deny") in_.Fail(*n, "otherParameters must be allow or deny");
      terms.other_parameters = text == "allow";
    }
  }
  if (in_.failed()) return std::nullopt;
  auto rule = predicate::ProvenanceRule::Make(std::move(terms));
  if (rule) return PredicateRule(std::move(*rule));
  in_.Fail(part != nullptr ? *part : node, rule.error().message);
  return std::nullopt;
}

std::optional<PredicateRule> AttestationParser::Vsa(const yaml::Node& node) {
  const yaml::Node& part = in_.Require(node, "vsa", "an attestation of type vsa");
  if (in_.failed() || !in_.Map(part, "vsa", {"levels", "policy", "resource"})) return std::nullopt;
  predicate::VsaTerms terms;
  terms.levels = in_.Texts(in_.Require(part, "levels", "vsa"), "levels");
  if (const yaml::Node* n = part.Find("policy")) terms.policy = in_.Text(*n, "policy");
  if (const yaml::Node* n = part.Find("resource")) {
    const std::string text = in_.Text(*n, "resource");
    if (text != "bound" && text != "any") in_.Fail(*n, "resource must be bound or any");
    terms.resource_bound = text != "any";
  }
  if (in_.failed()) return std::nullopt;
  auto rule = predicate::VsaRule::Make(std::move(terms));
  if (rule) return PredicateRule(std::move(*rule));
  in_.Fail(part, rule.error().message);
  return std::nullopt;
}

std::optional<PredicateRule> AttestationParser::Custom(const yaml::Node& node) {
  std::string type = in_.Text(in_.Require(node, "predicateType", "an attestation of type custom"), "predicateType");
  std::vector<predicate::Matcher> where;
  const yaml::Node& list = in_.Require(node, "where", "an attestation of type custom");
  for (const yaml::Node& one : in_.List(list, "where")) {
    auto matcher = Matcher(one);
    if (in_.failed() || !matcher) return std::nullopt;
    where.push_back(std::move(*matcher));
  }
  std::optional<predicate::Pointer> time;
  if (const yaml::Node* n = node.Find("time")) time = Pointer(*n, "time");
  if (in_.failed()) return std::nullopt;
  auto rule = predicate::CustomRule::Make(std::move(type), std::move(where), std::move(time));
  if (rule) return PredicateRule(std::move(*rule));
  in_.Fail(node, rule.error().message);
  return std::nullopt;
}

std::optional<predicate::Matcher> AttestationParser::Matcher(const yaml::Node& node) {
  using predicate::Quantifier;
  if (!in_.Map(node, "a condition",
               {"at", "is", "in", "matches", "prefix", "atLeast", "atMost", "newerThan", "olderThan", "absent", "count",
                "any", "all", "none"})) {
    return std::nullopt;
  }
  auto at = Pointer(in_.Require(node, "at", "a condition"), "at");
  if (!in_.failed() && node.map.size() != 2) in_.Fail(node, "a condition has `at` and one test");
  if (in_.failed() || !at) return std::nullopt;
  const yaml::Member& test = node.map[0].key == "at" ? node.map[1] : node.map[0];
  std::optional<predicate::Condition> condition;
  if (test.key == "absent") {
    if (!in_.Boolean(test.value, "absent")) in_.Fail(test.value, "absent can only be true");
    condition = predicate::Absent{};
  } else if (test.key == "count") {
    predicate::Count count;
    if (!in_.Map(test.value, "count", {"atLeast", "atMost"})) return std::nullopt;
    if (const yaml::Node* n = test.value.Find("atLeast")) count.at_least = in_.Number(*n, "atLeast", 0, 1'000'000);
    if (const yaml::Node* n = test.value.Find("atMost")) count.at_most = in_.Number(*n, "atMost", 0, 1'000'000);
    condition = count;
  } else if (test.key == "any" || test.key == "all" || test.key == "none") {
    if (!in_.Map(test.value, test.key,
                 {"is", "in", "matches", "prefix", "atLeast", "atMost", "newerThan", "olderThan", "orEmpty"})) {
      return std::nullopt;
    }
    bool or_empty = false;
    std::optional<predicate::ValueTest> inner;
    for (const yaml::Member& one : test.value.map) {
      if (one.key == "orEmpty") {
        or_empty = in_.Boolean(one.value, "orEmpty");
      } else {
        if (inner) in_.Fail(one.value, test.key + " has one test");
        inner = Test(one.value, one.key);
      }
    }
    if (!in_.failed() && !inner) in_.Fail(test.value, test.key + " has one test");
    const Quantifier quantifier = test.key == "any"   ? Quantifier::kAny
                                  : test.key == "all" ? Quantifier::kAll
                                                      : Quantifier::kNone;
    if (inner) condition = predicate::Quantified{quantifier, std::move(*inner), or_empty};
  } else if (auto value = Test(test.value, test.key)) {
    condition = std::move(*value);
  }
  if (in_.failed() || !condition) return std::nullopt;
  auto made = predicate::Matcher::Make(std::move(*at), std::move(*condition));
  if (made) return std::move(*made);
  in_.Fail(node, made.error().message);
  return std::nullopt;
}

std::optional<predicate::ValueTest> AttestationParser::Test(const yaml::Node& node, const std::string& name) {
  constexpr long kMost = 9'007'199'254'740'992;  // beyond 2^53 tools that sign round
  if (name == "is") return predicate::Is{Scalar(node, "is")};
  if (name == "atLeast") return predicate::AtLeast{in_.Number(node, "atLeast", -kMost, kMost)};
  if (name == "atMost") return predicate::AtMost{in_.Number(node, "atMost", -kMost, kMost)};
  if (name == "prefix") return predicate::Prefix{in_.Text(node, "prefix")};
  if (name == "in") {
    predicate::In out;
    for (const yaml::Node& one : in_.List(node, "in")) out.values.push_back(Scalar(one, "a value of in"));
    return out;
  }
  if (name == "matches") {
    auto pattern = predicate::TextPattern::Parse(in_.Text(node, "matches"));
    if (pattern) return predicate::Matches{std::move(*pattern)};
    in_.Fail(node, "matches " + pattern.error().message);
    return std::nullopt;
  }
  const auto time = predicate::ReadTimestamp(in_.Text(node, name));
  if (!time || !*time) {
    in_.Fail(node, name + " must be a time such as 2026-12-31T00:00:00Z");
    return std::nullopt;
  }
  if (name == "newerThan") return predicate::NewerThan{**time};
  return predicate::OlderThan{**time};
}

// As YAML reads it: true, 3, and everything in quotation marks is text.
predicate::Scalar AttestationParser::Scalar(const yaml::Node& node, const std::string& what) {
  std::string text = in_.Text(node, what);
  if (node.quoted) return text;
  if (text == "true" || text == "false") return text == "true";
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (!text.empty() && read.ec == std::errc() && read.ptr == end) return number;
  return text;
}

std::optional<predicate::Pointer> AttestationParser::Pointer(const yaml::Node& node, const std::string& what) {
  const std::string text = in_.Text(node, what);
  if (in_.failed()) return std::nullopt;
  auto out = predicate::Pointer::Parse(text);
  if (out) return std::move(*out);
  in_.Fail(node, what + ": " + out.error().message);
  return std::nullopt;
}

// 90d, 24h, 30m.
std::optional<std::chrono::seconds> AttestationParser::Age(const yaml::Node& node, const char* name) {
  const yaml::Node* n = node.Find(name);
  if (n == nullptr) return std::nullopt;
  const std::string text = in_.Text(*n, name);
  long number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(read.ptr, text.data() + text.size());
  const long seconds = unit == "d" ? 86'400 : unit == "h" ? 3'600 : unit == "m" ? 60 : 0;
  if (read.ec != std::errc() || number < 1 || number > 100'000 || seconds == 0) {
    in_.Fail(*n, std::string(name) + " must be an age such as 14d, 24h or 30m");
    return std::nullopt;
  }
  return std::chrono::seconds(number * seconds);
}

std::optional<Which> AttestationParser::WhichOf(const yaml::Node& node) {
  const yaml::Node* n = node.Find("which");
  if (n == nullptr) return std::nullopt;
  const std::string text = in_.Text(*n, "which");
  if (text == "any") return Which::kAny;
  if (text == "all") return Which::kAll;
  if (text != "newest") in_.Fail(*n, "which must be any, all or newest");
  return Which::kNewest;
}

SubjectKind AttestationParser::SubjectOf(const yaml::Node& node) {
  const yaml::Node* n = node.Find("subject");
  if (n == nullptr) return SubjectKind::kEither;
  const std::string text = in_.Text(*n, "subject");
  if (text == "index") return SubjectKind::kIndex;
  if (text == "manifest") return SubjectKind::kManifest;
  if (text != "either") in_.Fail(*n, "subject must be index, manifest or either");
  return SubjectKind::kEither;
}

}  // namespace pullseal::policy
