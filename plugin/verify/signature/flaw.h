// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_SIGNATURE_FLAW_H_
#define PULLSEAL_VERIFY_SIGNATURE_FLAW_H_

#include "core/base/clock.h"

// What every form of signature has in common when it is verified: what can be wrong with it, and what proves when it
// was made.
namespace pullseal::signature {

// Flaw says which part of a signature does not hold.
enum class Flaw {
  kMalformed,           // a part is not in its form
  kSignature,           // the signature is not the signer's over these bytes
  kLogEntryMissing,     // fewer logs than demanded have an entry
  kLogEntryMismatch,    // an entry is about something else
  kLogEntryInvalid,     // a known log's entry is not in the log, as far as its evidence goes
  kTimestampInvalid,    // a trusted authority's timestamp does not hold, or there are fewer than demanded
  kTimeMissing,         // nothing proves when the certificate was used
  kTimeOutside,         // it was used outside its validity
  kCertificateInvalid,  // no trusted authority issued the certificate, or it may not sign this
  kCertificateExpired,  // its authority was not valid when it was used
};

// ProvenTime is a moment at which the signature existed, by the word of a log or of a timestamp authority.
struct ProvenTime {
  WallTime time;
  bool by_log = false;
};

}  // namespace pullseal::signature

#endif  // PULLSEAL_VERIFY_SIGNATURE_FLAW_H_
