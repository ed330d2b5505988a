// SPDX-License-Identifier: Apache-2.0
#include "verify/requirement/requirement.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "verify/requirement/limits.h"

namespace pullseal::requirement {
namespace {

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

Status CheckKeys(const std::vector<Authority>& list) {
  std::set<std::string_view> names;
  std::set<std::string_view> ids;
  for (const Authority& one : list) {
    const auto* key = std::get_if<Key>(&one);
    if (key == nullptr) continue;
    if (!names.insert(key->name()).second || !ids.insert(key->id()).second) {
      return Invalid("authority \"" + key->name() + "\" is there twice");
    }
  }
  return {};
}

// Nothing in a Notary Project signature names a repository.
Status CheckBinding(const std::vector<Authority>& list, RepositoryBinding repository) {
  const bool any =
      std::any_of(list.begin(), list.end(), [](const Authority& one) { return std::holds_alternative<Notary>(one); });
  if (!any || repository != RepositoryBinding::kRequired) return {};
  return Invalid("repository: required can never hold for a notary authority: its signatures name no repository");
}

}  // namespace

std::size_t CountDistinct(const std::vector<Authority>& list) {
  std::set<std::string_view> ids;
  for (const Authority& one : list) ids.insert(IdOf(one));
  return ids.size();
}

Status CheckLists(const AttestationLists& lists) {
  std::set<std::string_view> names;
  for (const auto& list : lists) {
    if (list.empty()) return Invalid("a list of attestations is empty: every image would satisfy it");
    for (const AttestationRequirement& one : list) {
      if (!names.insert(one.name()).second) return Invalid("attestation \"" + one.name() + "\" is there twice");
    }
  }
  if (names.size() <= limits::kAttestations) return {};
  return Error{ErrorCode::kLimit,
               "a rule asks for more than " + std::to_string(limits::kAttestations) + " attestations"};
}

SignatureRequirement::SignatureRequirement(std::vector<Authority> any_of, Terms terms)
    : any_of_(std::move(any_of)), terms_(std::move(terms)) {}

Result<SignatureRequirement> SignatureRequirement::Make(std::vector<Authority> any_of, Terms terms) {
  if (any_of.empty()) return Invalid("anyOf must name at least one authority");
  if (auto checked = CheckKeys(any_of); !checked) return checked.error();
  if (auto checked = CheckBinding(any_of, terms.repository); !checked) return checked.error();
  const std::size_t most = CountDistinct(any_of);
  if (terms.threshold < 1 || terms.threshold > most) {
    return Invalid("threshold must be a number from 1 to " + std::to_string(most) + ", the number of authorities");
  }
  return SignatureRequirement(std::move(any_of), std::move(terms));
}

}  // namespace pullseal::requirement
