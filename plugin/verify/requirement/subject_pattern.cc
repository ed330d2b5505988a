// SPDX-License-Identifier: Apache-2.0
#include "verify/requirement/subject_pattern.h"

#include <re2/re2.h>

#include "verify/requirement/limits.h"

namespace pullseal::requirement {

struct SubjectPattern::Impl {
  Impl(std::string_view pattern, const RE2::Options& options)
      : text(pattern), regex(re2::StringPiece(pattern.data(), pattern.size()), options) {}
  std::string text;
  RE2 regex;
};

Result<SubjectPattern> SubjectPattern::Parse(std::string_view text) {
  if (text.size() > limits::kPatternBytes) return Error{ErrorCode::kLimit, "is too long"};
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(limits::kPatternMemory);
  auto impl = std::make_shared<const Impl>(text, options);
  if (!impl->regex.ok()) return Error{ErrorCode::kInvalid, "is no regular expression that RE2 takes"};
  return SubjectPattern(std::move(impl));
}

bool SubjectPattern::Matches(std::string_view subject) const {
  return RE2::FullMatch(re2::StringPiece(subject.data(), subject.size()), impl_->regex);
}

const std::string& SubjectPattern::text() const { return impl_->text; }

}  // namespace pullseal::requirement
