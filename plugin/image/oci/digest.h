// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_OCI_DIGEST_H_
#define PULLSEAL_IMAGE_OCI_DIGEST_H_

#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace pullseal::oci {

// Digest names content by its SHA-256 (OCI image specification, descriptor, "Digests"). If one exists it is well
// formed: "sha256:" and 64 lower-case hexadecimal characters. Other algorithms are refused: no tool signs images by
// them, and one algorithm leaves nothing to confuse. Immutable; thread-safe.
class Digest {
 public:
  // Parse refuses everything but the form above. kInvalid.
  static Result<Digest> Parse(std::string_view text);
  // Of hashes `bytes`.
  static Digest Of(ByteView bytes);

  const std::string& text() const { return text_; }
  // The 64 hexadecimal characters.
  std::string_view hex() const { return std::string_view(text_).substr(7); }

  bool operator==(const Digest&) const = default;
  auto operator<=>(const Digest&) const = default;

 private:
  explicit Digest(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace pullseal::oci

#endif  // PULLSEAL_IMAGE_OCI_DIGEST_H_
