// SPDX-License-Identifier: Apache-2.0
#include "verify/requirement/attestation.h"

#include <algorithm>
#include <set>

namespace pullseal::requirement {
namespace {

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

predicate::Type TypeOf(const PredicateRule& rule) {
  if (std::holds_alternative<predicate::ProvenanceRule>(rule)) return predicate::Type::kProvenance;
  if (std::holds_alternative<predicate::VsaRule>(rule)) return predicate::Type::kVsa;
  return predicate::Type::kCustom;
}

Status CheckAttester(const Attester& one, predicate::Type type) {
  if (std::holds_alternative<Notary>(one.authority)) {
    return Invalid("a notary authority signs no attestations; name a key or keyless");
  }
  if ((type == predicate::Type::kProvenance) == one.builders.empty()) {
    return Invalid(one.builders.empty() ? "each authority of a provenance needs builders: those it may speak for"
                                        : "builders stand only with authorities of a provenance");
  }
  if ((type == predicate::Type::kVsa) == one.verifiers.empty()) {
    return Invalid(one.verifiers.empty() ? "each authority of a vsa needs verifier: the one it may speak for"
                                         : "verifier stands only with authorities of a vsa");
  }
  for (const std::string& builder : one.builders) {
    if (auto checked = predicate::CheckBuilder(builder); !checked) return checked.error();
  }
  return {};
}

Status CheckFreshness(const AttestationRequirement::Parts& parts) {
  const Freshness& ages = parts.freshness;
  if (ages.max_age && ages.max_age_known && *ages.max_age_known < *ages.max_age) {
    return Invalid("maxAgeKnown is for what runs already and cannot be shorter than maxAge");
  }
  const auto* custom = std::get_if<predicate::CustomRule>(&parts.rule);
  const bool by_key = std::any_of(parts.by.begin(), parts.by.end(),
                                  [](const Attester& one) { return std::holds_alternative<Key>(one.authority); });
  if (custom == nullptr || custom->has_time() || !by_key) return {};
  if (ages.max_age || ages.max_age_known) {
    return Invalid("a custom attestation by a key tells its age only by `time`: a pointer to it is needed");
  }
  return {};
}

}  // namespace

AttestationRequirement::AttestationRequirement(Parts parts, Which which) : parts_(std::move(parts)), which_(which) {
  for (const Attester& one : parts_.by) authorities_.push_back(one.authority);
}

Result<AttestationRequirement> AttestationRequirement::Make(Parts parts) {
  const predicate::Type type = TypeOf(parts.rule);
  if (parts.name.empty()) return Invalid("an attestation needs a name");
  if (parts.by.empty()) return Invalid("an attestation without `by` would be anybody's");
  std::set<std::string_view> ids;
  for (const Attester& one : parts.by) {
    if (auto checked = CheckAttester(one, type); !checked) return checked.error();
    if (!ids.insert(IdOf(one.authority)).second) return Invalid("an authority is there twice in `by`");
  }
  if (type == predicate::Type::kCustom && !parts.which) {
    return Invalid("custom needs `which`: any, all or newest, of several that are there");
  }
  if (type != predicate::Type::kCustom && parts.which) return Invalid("`which` is for custom alone");
  if (auto checked = CheckFreshness(parts); !checked) return checked.error();
  const Which usual = type == predicate::Type::kProvenance ? Which::kAny : Which::kNewest;
  const Which which = parts.which.value_or(usual);
  return AttestationRequirement(std::move(parts), which);
}

const Attester* AttestationRequirement::AttesterOf(std::string_view id) const {
  for (const Attester& one : parts_.by) {
    if (IdOf(one.authority) == id) return &one;
  }
  return nullptr;
}

predicate::Type AttestationRequirement::type() const { return TypeOf(parts_.rule); }

bool AttestationRequirement::IsOfType(std::string_view predicate_type) const {
  if (const auto* custom = std::get_if<predicate::CustomRule>(&parts_.rule)) {
    return predicate_type == custom->predicate_type();
  }
  return predicate::TypeOfUri(predicate_type) == type();
}

}  // namespace pullseal::requirement
