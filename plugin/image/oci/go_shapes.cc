// SPDX-License-Identifier: Apache-2.0
#include "image/oci/go_shapes.h"

#include <array>

namespace pullseal::oci {
namespace {

using json::Field;
using Kind = Field::Kind;

constexpr std::array kPlatformFields = {
    Field{"architecture", Kind::kText, false, nullptr}, Field{"os", Kind::kText, false, nullptr},
    Field{"os.version", Kind::kText, false, nullptr},   Field{"os.features", Kind::kText, true, nullptr},
    Field{"variant", Kind::kText, false, nullptr},
};
constexpr json::Shape kPlatform{kPlatformFields};

constexpr std::array kDescriptorFields = {
    Field{"mediaType", Kind::kText, false, nullptr},      Field{"digest", Kind::kText, false, nullptr},
    Field{"size", Kind::kInteger, false, nullptr},        Field{"urls", Kind::kText, true, nullptr},
    Field{"annotations", Kind::kTextMap, false, nullptr}, Field{"data", Kind::kBytes, false, nullptr},
    Field{"platform", Kind::kObject, false, &kPlatform},  Field{"artifactType", Kind::kText, false, nullptr},
};
constexpr json::Shape kDescriptor{kDescriptorFields};

// Manifest, Index and unknownDocument together.
constexpr std::array kManifestFields = {
    Field{"schemaVersion", Kind::kInteger, false, nullptr}, Field{"mediaType", Kind::kText, false, nullptr},
    Field{"artifactType", Kind::kText, false, nullptr},     Field{"config", Kind::kObject, false, &kDescriptor},
    Field{"layers", Kind::kObject, true, &kDescriptor},     Field{"manifests", Kind::kObject, true, &kDescriptor},
    Field{"subject", Kind::kObject, false, &kDescriptor},   Field{"annotations", Kind::kTextMap, false, nullptr},
    Field{"fsLayers", Kind::kRaw, false, nullptr},
};

constexpr std::array kRunFields = {
    Field{"User", Kind::kText, false, nullptr},       Field{"ExposedPorts", Kind::kSet, false, nullptr},
    Field{"Env", Kind::kText, true, nullptr},         Field{"Entrypoint", Kind::kText, true, nullptr},
    Field{"Cmd", Kind::kText, true, nullptr},         Field{"Volumes", Kind::kSet, false, nullptr},
    Field{"WorkingDir", Kind::kText, false, nullptr}, Field{"Labels", Kind::kTextMap, false, nullptr},
    Field{"StopSignal", Kind::kText, false, nullptr}, Field{"ArgsEscaped", Kind::kBoolean, false, nullptr},
};
constexpr json::Shape kRun{kRunFields};

constexpr std::array kRootfsFields = {
    Field{"type", Kind::kText, false, nullptr},
    Field{"diff_ids", Kind::kText, true, nullptr},
};
constexpr json::Shape kRootfs{kRootfsFields};

constexpr std::array kHistoryFields = {
    Field{"created", Kind::kTime, false, nullptr},        Field{"created_by", Kind::kText, false, nullptr},
    Field{"author", Kind::kText, false, nullptr},         Field{"comment", Kind::kText, false, nullptr},
    Field{"empty_layer", Kind::kBoolean, false, nullptr},
};
constexpr json::Shape kHistory{kHistoryFields};

// Image, whose Platform is embedded.
constexpr std::array kConfigFields = {
    Field{"created", Kind::kTime, false, nullptr},      Field{"author", Kind::kText, false, nullptr},
    Field{"architecture", Kind::kText, false, nullptr}, Field{"os", Kind::kText, false, nullptr},
    Field{"os.version", Kind::kText, false, nullptr},   Field{"os.features", Kind::kText, true, nullptr},
    Field{"variant", Kind::kText, false, nullptr},      Field{"config", Kind::kObject, false, &kRun},
    Field{"rootfs", Kind::kObject, false, &kRootfs},    Field{"history", Kind::kObject, true, &kHistory},
};

}  // namespace

const json::Shape kManifestShape{kManifestFields};
const json::Shape kImageConfigShape{kConfigFields};

}  // namespace pullseal::oci
