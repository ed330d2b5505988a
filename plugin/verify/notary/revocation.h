// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_NOTARY_REVOCATION_H_
#define PULLSEAL_VERIFY_NOTARY_REVOCATION_H_

#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/crypto/certificate.h"
#include "core/crypto/revocation_list.h"
#include "verify/notary/countersignature.h"
#include "verify/notary/trust.h"

namespace pullseal::notary {

// WhyRevoked says what revokes a chain of certificates, each issued by the next; absent if nothing does.
//   - An entry of the store's own list names one of them, by its key or by its issuer and serial number, unless the
//   entry
//     says from when on and `existed` ends before: then what was signed before that stays good.
//   - A list of `lists` has an entry about one that has its issuer in the chain: a list by that issuer's name and key,
//     which may sign lists, made no later than limits::kNotaryClockSkew after `now`. It always refuses: such lists say
//     nothing reliable about since when.
// A list that has ended still counts. Thread-safe.
std::optional<std::string> WhyRevoked(const std::vector<crypto::Certificate>& chain, const TrustStore& store,
                                      const std::vector<crypto::RevocationList>* lists,
                                      const std::optional<ProvenInterval>& existed, WallTime now);

}  // namespace pullseal::notary

#endif  // PULLSEAL_VERIFY_NOTARY_REVOCATION_H_
