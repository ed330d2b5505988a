// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_GATE_CANARY_H_
#define PULLSEAL_GATE_GATE_CANARY_H_

#include <functional>
#include <string_view>

#include "core/base/clock.h"
#include "gate/gate/decision.h"
#include "image/oci/reference.h"

namespace pullseal::gate {

// The host of images that cannot exist (RFC 2606 section 2: ".invalid" is nobody's). A pull of one is answered by the
// judge with built-in evidence, under every policy, so that anyone can see that what passes this way is judged.
inline constexpr std::string_view kCanaryHost = "canary.pullseal.invalid";
// What decides about a canary, in place of a rule of the policy.
inline constexpr std::string_view kCanaryRule = "pullseal-canary";

bool IsCanary(const oci::Reference& name);

// Which canary: one whose signature is good, or the same signature under a payload that was changed.
enum class Canary { kGood, kForged };

// JudgeCanary asks the judge about built-in evidence. A judge that works says kSigned to kGood and kSignatureInvalid to
// kForged. Pure; thread-safe.
Decision JudgeCanary(Canary canary, WallTime now);

// CanariesHold asks `judge` about both and says what is wrong with the answers; empty if nothing is.
std::string_view CanariesHold(WallTime now,
                              const std::function<Decision(Canary canary, WallTime now)>& judge = JudgeCanary);

}  // namespace pullseal::gate

#endif  // PULLSEAL_GATE_GATE_CANARY_H_
