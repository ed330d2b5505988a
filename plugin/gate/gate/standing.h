// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_GATE_STANDING_H_
#define PULLSEAL_GATE_GATE_STANDING_H_

#include <string_view>

#include "gate/gate/decision.h"

// What a decision comes to. Nobody else asks for the policy's mode, a rule's mode or break-glass. Pure; thread-safe.
namespace pullseal::gate {

enum class Standing {
  kGoesOn,        // the decision allows
  kOnlyRecorded,  // it does not, and the call goes on all the same
  kRefused,
};

// StandingOf says what `decision` comes to under `snapshot`, by which it was made (null: there was no policy). What is
// no allow goes on only where the rules that decided are in mode audit, the policy is, or break-glass is open.
Standing StandingOf(const Decision& decision, const Snapshot* snapshot);

// OnlyRecords says whether `snapshot` refuses nothing, whatever is decided. Without a policy everything is refused.
bool OnlyRecords(const Snapshot* snapshot);

// OutcomeText is the word of records and answers: allow, would-deny, deny or unavailable.
std::string_view OutcomeText(const Decision& decision, const Snapshot* snapshot);
// ModeText is how it was decided: enforce, audit or break-glass.
std::string_view ModeText(const Decision& decision, const Snapshot* snapshot);

}  // namespace pullseal::gate

#endif  // PULLSEAL_GATE_GATE_STANDING_H_
