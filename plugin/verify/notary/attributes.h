// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_NOTARY_ATTRIBUTES_H_
#define PULLSEAL_VERIFY_NOTARY_ATTRIBUTES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "verify/notary/envelope.h"

namespace pullseal::notary {

// Names of the attributes, which both envelopes share (Notary Project signature specification, "Signed Attributes").
inline constexpr std::string_view kSchemeName = "io.cncf.notary.signingScheme";
inline constexpr std::string_view kSigningTimeName = "io.cncf.notary.signingTime";
inline constexpr std::string_view kAuthenticTimeName = "io.cncf.notary.authenticSigningTime";
inline constexpr std::string_view kExpiryName = "io.cncf.notary.expiry";
inline constexpr std::string_view kPluginName = "io.cncf.notary.verificationPlugin";
inline constexpr std::string_view kTimestampName = "io.cncf.notary.timestampSignature";
inline constexpr std::string_view kAgentName = "io.cncf.notary.signingAgent";
inline constexpr std::string_view kPayloadType = "application/vnd.cncf.notary.payload.v1+json";

// Attributes is what a protected header says, in whichever form it was written.
struct Attributes {
  std::string content_type;
  std::string scheme;
  std::optional<WallTime> signing_time, authentic_time, expiry;
  std::vector<std::string> critical;  // names, in order; a COSE label that is a number is "#" and the number
  std::vector<std::string> others;    // names in the header beside those above, and beside algorithm and crit
};

// Take puts checked attributes into `out`. It refuses what "Signed Attributes" and "Critical Attributes" forbid:
// another content type, an unknown scheme, a scheme without its own time or with the other's, an expiry that is not
// later than that time, and a list of critical names that is not exactly those that are due (the scheme; the expiry and
// the authentic time where they are) and others that are there, each once. Of these others those that nobody here
// processes go to `out.unknown`, and with them a plugin, critical or not. kInvalid.
Status Take(const Attributes& attributes, Envelope& out);

// AttributeTime reads a time as JWS attributes have it: RFC 3339 with "T", with a fraction of a second and an offset or
// "Z" (section 5.6). Years before 1970 are refused; from 2261 on it is WallTime::max(). Absent if it is none.
std::optional<WallTime> AttributeTime(std::string_view text);

}  // namespace pullseal::notary

#endif  // PULLSEAL_VERIFY_NOTARY_ATTRIBUTES_H_
