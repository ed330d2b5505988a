// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_NOTARY_JWS_H_
#define PULLSEAL_VERIFY_NOTARY_JWS_H_

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "verify/notary/envelope.h"

namespace pullseal::notary {

// ParseJws reads the JWS form of an envelope ("JWS Envelope" of the Notary Project): see Envelope::Parse.
Result<Envelope> ParseJws(ByteView bytes);

}  // namespace pullseal::notary

#endif  // PULLSEAL_VERIFY_NOTARY_JWS_H_
