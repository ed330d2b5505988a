// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_TUF_THRESHOLD_H_
#define PULLSEAL_VERIFY_TUF_THRESHOLD_H_

#include "verify/tuf/metadata.h"

namespace pullseal::tuf {

// Signers is how many different keys of a role signed an envelope, and how many had to.
struct Signers {
  std::int64_t good = 0;
  std::int64_t wanted = 1;
  bool enough() const { return good >= wanted; }
};

// CountSigners verifies an envelope's signatures by the keys of a role (section 5.3.4 and its like). A key counts once,
// whatever names it has and however often it signed; a signature that is bad, empty, or by a key that is unknown or not
// the role's counts for nothing and hurts nothing. Pure, thread-safe.
Signers CountSigners(const Envelope& envelope, const Keys& keys, const RoleKeys& role);

}  // namespace pullseal::tuf

#endif  // PULLSEAL_VERIFY_TUF_THRESHOLD_H_
