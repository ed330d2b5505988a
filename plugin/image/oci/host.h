// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_OCI_HOST_H_
#define PULLSEAL_IMAGE_OCI_HOST_H_

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace pullseal::oci {

// NormalHost returns the one spelling of a registry host with its optional port, for matching and comparing: lower
// case, trailing dots and the default port 443 removed, an IPv6 address in its shortest form (RFC 5952) in brackets, an
// IPv4-mapped one as the IPv4 address it is. Other characters are kept as they are: a pattern's `*`, too. kInvalid for
// a port that is empty, 0, above 65535 or begins with a zero (Go dials 0443 as 443), and for brackets around anything
// but an IPv6 address.
Result<std::string> NormalHost(std::string_view host);

// IsDockerHub says whether a host in its normal spelling is one of the names of Docker's hub. containerd takes
// index.docker.io for docker.io; the others are hosts of their own to it, which lead to the same content.
bool IsDockerHub(std::string_view normal_host);

}  // namespace pullseal::oci

#endif  // PULLSEAL_IMAGE_OCI_HOST_H_
