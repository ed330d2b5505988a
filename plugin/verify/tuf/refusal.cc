// SPDX-License-Identifier: Apache-2.0
#include "verify/tuf/refusal.h"

namespace pullseal::tuf {

std::string_view Text(Reason reason) {
  switch (reason) {
    case Reason::kMalformed:
      return "malformed";
    case Reason::kSignature:
      return "signature";
    case Reason::kThreshold:
      return "threshold";
    case Reason::kRollback:
      return "rollback";
    case Reason::kVersionMismatch:
      return "version-mismatch";
    case Reason::kExpired:
      return "expired";
    case Reason::kHash:
      return "hash";
    case Reason::kLength:
      return "length";
    case Reason::kMissingInSnapshot:
      return "missing-in-snapshot";
    case Reason::kNotFound:
      return "not-found";
    case Reason::kLimit:
      return "limit";
  }
  return "malformed";
}

}  // namespace pullseal::tuf
