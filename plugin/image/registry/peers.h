// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_REGISTRY_PEERS_H_
#define PULLSEAL_IMAGE_REGISTRY_PEERS_H_

#include <string>
#include <vector>

#include "image/registry/hosts.h"

namespace pullseal::registry {

// IsPeer says whether `endpoint` is a mirror that serves what nodes hold, under any name, so that it cannot say where
// content came from: one on loopback or an address of this node, or one of `listed` (host or host:port). Never the
// registry that the image's own name says.
bool IsPeer(const Endpoint& endpoint, const std::vector<std::string>& listed);

}  // namespace pullseal::registry

#endif  // PULLSEAL_IMAGE_REGISTRY_PEERS_H_
