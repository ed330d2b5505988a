// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_TUF_CANONICAL_JSON_H_
#define PULLSEAL_VERIFY_TUF_CANONICAL_JSON_H_

#include <string>

#include "core/base/result.h"
#include "core/json/value.h"

namespace pullseal::tuf {

// Canonical writes `value` as OLPC canonical JSON (TUF specification section 4.2.1), the bytes that metadata's
// signatures are over: members sorted by their names' bytes, no white space, only the quotation mark and the backslash
// escaped, whole numbers in decimal. kInvalid for fractions, exponents, a minus zero and numbers beyond a signed 64-bit
// integer, which the form cannot say; kLimit beyond limits::kTrustDepth levels. Pure, thread-safe.
Result<std::string> Canonical(const json::Value& value);

}  // namespace pullseal::tuf

#endif  // PULLSEAL_VERIFY_TUF_CANONICAL_JSON_H_
