// SPDX-License-Identifier: Apache-2.0
#include "verify/tuf/target_search.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/base/bytes.h"
#include "verify/tuf/delegations.h"
#include "verify/tuf/limits.h"

namespace pullseal::tuf {

TargetSearch::TargetSearch(std::string target) : target_(std::move(target)), open_{Step{"targets", ""}} {}

std::optional<TargetSearch::Step> TargetSearch::Next() {
  while (!open_.empty() && seen_.size() < static_cast<std::size_t>(limits::kTrustRoles)) {
    current_ = std::move(open_.back());
    open_.pop_back();
    if (seen_.insert(current_.role).second) return current_;
  }
  return std::nullopt;
}

const TargetInfo* TargetSearch::Look(const TrustedSet& set) {
  const Targets* role = set.targets(current_.role);
  if (role == nullptr) return nullptr;
  if (const auto found = role->targets.find(target_); found != role->targets.end()) return &found->second;
  if (!role->delegations) return nullptr;
  const std::vector<Candidate> next = RolesFor(*role->delegations, target_);
  // A terminating delegation is the last of its list, and ends all that was still to be asked.
  if (!next.empty() && next.back().terminating) open_.clear();
  for (auto one = next.rbegin(); one != next.rend(); ++one) open_.push_back(Step{one->name, current_.role});
  return nullptr;
}

Refusal TargetSearch::NotFound() const {
  const std::string name = "target " + Printable(target_, limits::kTrustNameBytes);
  if (!open_.empty()) {
    return Refusal{Reason::kLimit, "targets", 0,
                   name + " is not found in " + std::to_string(limits::kTrustRoles) + " roles"};
  }
  return Refusal{Reason::kNotFound, "targets", 0, name + " is listed by no role that may list it"};
}

Verdict CheckTargetName(const std::string& name) {
  const auto refuse = [&](const char* why) {
    return Refusal{Reason::kMalformed, "targets", 0, "target \"" + Printable(name, 128) + "\" " + why};
  };
  if (name.empty() || name.size() > limits::kTrustNameBytes) return refuse("has a name that is empty or too long");
  const bool strange = std::any_of(
      name.begin(), name.end(), [](char c) { return static_cast<std::uint8_t>(c) < 0x20 || c == 0x7f || c == '\\'; });
  if (strange) return refuse("has a name with control characters or a backslash");
  std::string_view rest = name;
  while (true) {
    const std::size_t end = rest.find('/');
    const std::string_view segment = rest.substr(0, end);
    if (segment.empty() || segment == "." || segment == "..")
      return refuse("has a name that is no plain relative path");
    if (end == std::string_view::npos) return {};
    rest.remove_prefix(end + 1);
  }
}

}  // namespace pullseal::tuf
