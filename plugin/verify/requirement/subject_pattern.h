// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_REQUIREMENT_SUBJECT_PATTERN_H_
#define PULLSEAL_VERIFY_REQUIREMENT_SUBJECT_PATTERN_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/result.h"

namespace pullseal::requirement {

// SubjectPattern is a regular expression (RE2 syntax) that matches whole subjects. Immutable, cheap to copy,
// thread-safe.
class SubjectPattern {
 public:
  // Parse takes at most limits::kPatternBytes. kInvalid or kLimit says what is against it.
  static Result<SubjectPattern> Parse(std::string_view text);
  bool Matches(std::string_view subject) const;
  const std::string& text() const;

 private:
  struct Impl;
  explicit SubjectPattern(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace pullseal::requirement

#endif  // PULLSEAL_VERIFY_REQUIREMENT_SUBJECT_PATTERN_H_
