// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_OCI_PLATFORM_H_
#define PULLSEAL_IMAGE_OCI_PLATFORM_H_

#include "image/oci/manifest.h"

namespace pullseal::oci {

// FitsPlatform says whether a manifest of an index may be for `node`. A descriptor without platform may.
bool FitsPlatform(const Descriptor& descriptor, const Platform& node);

// NodePlatform is the platform of this machine in the words of OCI (linux, amd64), without a variant.
Platform NodePlatform();

}  // namespace pullseal::oci

#endif  // PULLSEAL_IMAGE_OCI_PLATFORM_H_
