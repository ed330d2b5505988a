// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_NOTARY_COSE_H_
#define PULLSEAL_VERIFY_NOTARY_COSE_H_

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "verify/notary/envelope.h"

namespace pullseal::notary {

// ParseCose reads the COSE form of an envelope ("COSE Envelope" of the Notary Project): see Envelope::Parse.
Result<Envelope> ParseCose(ByteView bytes);

}  // namespace pullseal::notary

#endif  // PULLSEAL_VERIFY_NOTARY_COSE_H_
