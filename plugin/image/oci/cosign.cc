// SPDX-License-Identifier: Apache-2.0
#include "image/oci/cosign.h"

namespace pullseal::oci {

std::string ReferrersTag(const Digest& subject) { return "sha256-" + std::string(subject.hex()); }
std::string SignatureTag(const Digest& subject) { return ReferrersTag(subject) + ".sig"; }
std::string AttestationTag(const Digest& subject) { return ReferrersTag(subject) + ".att"; }

std::string UsualPayload(std::string_view repository, const Digest& digest) {
  return R"({"critical":{"identity":{"docker-reference":")" + std::string(repository) +
         R"("},"image":{"docker-manifest-digest":")" + digest.text() +
         R"("},"type":"cosign container image signature"},"optional":null})";
}

}  // namespace pullseal::oci
