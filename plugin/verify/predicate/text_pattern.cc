// SPDX-License-Identifier: Apache-2.0
#include "verify/predicate/text_pattern.h"

#include <re2/re2.h>

#include "verify/predicate/limits.h"

namespace pullseal::predicate {

struct TextPattern::Impl {
  Impl(std::string_view pattern, const RE2::Options& options)
      : text(pattern), regex(re2::StringPiece(pattern.data(), pattern.size()), options) {}
  std::string text;
  RE2 regex;
};

Result<TextPattern> TextPattern::Parse(std::string_view text) {
  if (text.size() > limits::kPatternBytes) return Error{ErrorCode::kLimit, "is too long"};
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(limits::kPatternMemory);
  auto impl = std::make_shared<const Impl>(text, options);
  if (!impl->regex.ok()) return Error{ErrorCode::kInvalid, "is no regular expression that RE2 takes"};
  return TextPattern(std::move(impl));
}

bool TextPattern::Matches(std::string_view subject) const {
  return RE2::FullMatch(re2::StringPiece(subject.data(), subject.size()), impl_->regex);
}

const std::string& TextPattern::text() const { return impl_->text; }

}  // namespace pullseal::predicate
