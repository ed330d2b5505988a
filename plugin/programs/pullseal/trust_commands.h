// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEAL_TRUST_COMMANDS_H_
#define PULLSEAL_PROGRAMS_PULLSEAL_TRUST_COMMANDS_H_

#include <string>

namespace pullseal::cli {

// Prints whom a Sigstore trusted root trusts, and what ends when. 0, or 1 if it cannot be used.
int TrustShow(const std::string& file, bool json);

// Says whether every part of a trusted root can be used: 0 if so, 1 with the reasons if not.
int TrustCheck(const std::string& file, bool json);

}  // namespace pullseal::cli

#endif  // PULLSEAL_PROGRAMS_PULLSEAL_TRUST_COMMANDS_H_
