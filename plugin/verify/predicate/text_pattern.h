// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_PREDICATE_TEXT_PATTERN_H_
#define PULLSEAL_VERIFY_PREDICATE_TEXT_PATTERN_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/result.h"

namespace pullseal::predicate {

// TextPattern is a regular expression (RE2 syntax) that matches whole texts: subjects of certificates, texts in
// predicates. Immutable, cheap to copy, thread-safe.
class TextPattern {
 public:
  // Parse takes at most limits::kPatternBytes. kInvalid or kLimit says what is against it.
  static Result<TextPattern> Parse(std::string_view text);
  bool Matches(std::string_view subject) const;
  const std::string& text() const;

 private:
  struct Impl;
  explicit TextPattern(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace pullseal::predicate

#endif  // PULLSEAL_VERIFY_PREDICATE_TEXT_PATTERN_H_
