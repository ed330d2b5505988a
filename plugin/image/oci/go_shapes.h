// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_OCI_GO_SHAPES_H_
#define PULLSEAL_IMAGE_OCI_GO_SHAPES_H_

#include "core/json/shape.h"

namespace pullseal::oci {

// What containerd's Go structs take from the documents of an image (opencontainers/image-spec specs-go/v1; containerd
// core/images/image.go, unknownDocument). One shape for image manifests and indexes, because containerd reads the same
// bytes as both. Constants.
extern const json::Shape kManifestShape;
extern const json::Shape kImageConfigShape;

}  // namespace pullseal::oci

#endif  // PULLSEAL_IMAGE_OCI_GO_SHAPES_H_
