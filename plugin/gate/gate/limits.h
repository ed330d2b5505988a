// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_GATE_LIMITS_H_
#define PULLSEAL_GATE_GATE_LIMITS_H_

#include <chrono>
#include <cstddef>

#include "core/base/units.h"

// What gate/gate reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

inline constexpr std::size_t kVerdicts = 10'000;  // cached verdicts; a node has at most a few hundred images
// Images whose attestations were searched for to the end, 4 KiB each at most; a node has a few hundred.
inline constexpr std::size_t kSearchMarks = 2'000;
inline constexpr std::size_t kEvidenceBytes = 8 * kMiB;         // evidence kept in memory
inline constexpr std::size_t kSpareSignatureBytes = 32 * kKiB;  // the largest that is kept though no rule asks for it
// Images to be looked at again in the background: a large node's roll-out, a namespace's share of it.
inline constexpr std::size_t kErrands = 1024;
inline constexpr std::size_t kErrandsOfOne = 128;
inline constexpr std::size_t kErrandsRemembered = 8192;
inline constexpr seconds kErrandTime{30};
// Judgements by other rules for what one question found; a key's costs 60 us, a chain of certificates some eight times
// that.
inline constexpr std::size_t kWorthChecks = 1024;
inline constexpr std::size_t kChainWorthChecks = 8;
// Lines about one decision after which signatures tell no steps of their own.
inline constexpr std::size_t kToldSteps = 512;

inline constexpr std::size_t kOriginsKept = 4096;  // where content came from; a node has at most a few hundred images
inline constexpr seconds kOriginNoTime{30};        // as a denial: whoever pushes it then is heard soon
// Exceptions that are passed over for one question before it is given up; a policy has a few for one image.
inline constexpr std::size_t kExceptionsPassedOver = 64;

}  // namespace pullseal::limits

#endif  // PULLSEAL_GATE_GATE_LIMITS_H_
