// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_POLICY_MODEL_GLOB_H_
#define PULLSEAL_POLICY_MODEL_GLOB_H_

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace pullseal::policy {

// ImageGlob matches the normal name host/repository of an image (oci::Reference::MatchName). In the path `*` stays
// within one segment and `**` crosses segments; in the host `*` stands for one whole DNS label, or for a part of one if
// the pattern was parsed as unsafe. "**" alone matches every image. Immutable; thread-safe.
class ImageGlob {
 public:
  // Parse refuses patterns without a host, with a tag or digest, with upper case in the path, and, unless `unsafe`,
  // patterns that match everything and hosts with a partial `*`. kInvalid says what to write instead.
  static Result<ImageGlob> Parse(std::string_view pattern, bool unsafe);

  bool Matches(std::string_view match_name) const;
  const std::string& text() const { return text_; }

 private:
  ImageGlob() = default;
  std::string text_;
  bool everything_ = false;
  std::vector<std::string> labels_;    // of the host, with its port in the last one
  std::vector<std::string> segments_;  // of the path
};

// GlobPart says whether `text` matches `pattern`, in which `*` is any run of characters. Linear in their product.
bool GlobPart(std::string_view pattern, std::string_view text);

}  // namespace pullseal::policy

#endif  // PULLSEAL_POLICY_MODEL_GLOB_H_
