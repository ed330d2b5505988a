// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_PREDICATE_SOURCE_H_
#define PULLSEAL_VERIFY_PREDICATE_SOURCE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace pullseal::predicate {

// NormalSource brings the address of a source repository to its one spelling: without "git+", ".git" and slashes at the
// end, scheme and host in lower case, the path as it is. Absent for what is no such address: without scheme and host,
// with user, query or fragment, with empty, "." or ".." segments, with escapes.
std::optional<std::string> NormalSource(std::string_view address);

// SourceGlob matches addresses of source repositories. In the path `*` is any part of one segment and `**` any number
// of segments, as in images' patterns; scheme and host are exact. Immutable; thread-safe.
class SourceGlob {
 public:
  // Parse refuses (kInvalid) what has no scheme, a wildcard in the host, or no segment that stands fast: such a pattern
  // would trust whoever has an account there.
  static Result<SourceGlob> Parse(std::string_view text);
  // `source` as NormalSource gives it.
  bool Matches(std::string_view source) const;
  const std::string& text() const { return text_; }

 private:
  SourceGlob() = default;
  std::string text_;
  std::string root_;                   // scheme://host
  std::vector<std::string> segments_;  // of the path
};

// RefGlob matches refs of git: refs/tags/v*, with `*` and `**` as above. Immutable; thread-safe.
class RefGlob {
 public:
  // Parse refuses (kInvalid) what does not begin with "refs/" and a kind that stands fast (heads, tags, pull).
  static Result<RefGlob> Parse(std::string_view text);
  bool Matches(std::string_view ref) const;
  const std::string& text() const { return text_; }

 private:
  RefGlob() = default;
  std::string text_;
  std::vector<std::string> segments_;
};

// How precise a ref a builder must have been run at.
enum class BuilderRef {
  kAny,
  kTag,        // refs/tags/...: a branch moves with each push
  kTagSemver,  // refs/tags/vX.Y.Z, no pre-release, no build
};
bool FitsBuilderRef(std::string_view ref, BuilderRef asked);

}  // namespace pullseal::predicate

#endif  // PULLSEAL_VERIFY_PREDICATE_SOURCE_H_
