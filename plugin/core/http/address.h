// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_HTTP_ADDRESS_H_
#define PULLSEAL_CORE_HTTP_ADDRESS_H_

#include <string_view>

#include "core/http/http.h"

namespace pullseal::http {

// Scope says whom an IP address belongs to.
enum class Scope {
  kPublic,
  kPrivate,   // RFC 1918, RFC 6598, RFC 4193
  kLoopback,  // this machine, also by its unspecified address
  kForbidden  // link-local (RFC 3927, RFC 4291), where clouds have their metadata service, and Azure's wire server
};

// ScopeOf reads an IP literal, IPv6 with or without brackets, IPv4 also in the short and octal spellings that resolvers
// take. A name is kPublic, "localhost" is kLoopback.
Scope ScopeOf(std::string_view host);

// MayName says whether a registry that answered from `peer` (empty: not known) may send us to `host` as far as its text
// tells: an IP literal that ReachOfNamed allows, or any name, whose address is looked at when it is known.
bool MayName(std::string_view peer, std::string_view host);

// MayReach says whether a request may go to the address `peer`.
bool MayReach(Reach reach, std::string_view peer);

// ReachOfNamed says what a registry may send us to: `peer` is the address that it answered from, empty if not known.
Reach ReachOfNamed(std::string_view peer);

// IsLoopback says whether `host` is "localhost" or a loopback literal.
bool IsLoopback(std::string_view host);

}  // namespace pullseal::http

#endif  // PULLSEAL_CORE_HTTP_ADDRESS_H_
