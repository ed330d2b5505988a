// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_CRI_UNKNOWN_FIELDS_H_
#define PULLSEAL_ADAPTERS_CRI_UNKNOWN_FIELDS_H_

#include <string_view>

#include "adapters/cri/methods.h"

namespace pullseal::cri {

// HasUnknownFields says whether a request of `kind`, as it came on the wire, has fields that the CRI as we know it
// (runtime.v1 of Kubernetes 1.37) does not have, in the request itself or in the messages that decide what runs: image,
// mounts, credentials, the pod's metadata. Bytes that do not parse give false: parsing refuses them.
bool HasUnknownFields(MethodKind kind, std::string_view request);

}  // namespace pullseal::cri

#endif  // PULLSEAL_ADAPTERS_CRI_UNKNOWN_FIELDS_H_
