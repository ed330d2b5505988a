// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_PREDICATE_POINTER_H_
#define PULLSEAL_VERIFY_PREDICATE_POINTER_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/json/value.h"

namespace pullseal::predicate {

// Pointer names a place in a JSON document (RFC 6901), or many: the token `*` stands for each item of a list or each
// member of an object, one level deep. Immutable; thread-safe.
class Pointer {
 public:
  // Parse takes "/a/b", "~0" for "~" and "~1" for "/"; at most limits::kPointerBytes and limits::kPointerDepth tokens.
  // The whole document ("") and other escapes are refused. kInvalid.
  static Result<Pointer> Parse(std::string_view text);

  // What a pointer leads to in one document.
  struct Reached {
    std::vector<const json::Value*> values;
    std::size_t missing = 0;  // ways that end before the last token; null counts as missing
  };
  Reached In(const json::Value& document) const;

  bool has_star() const { return has_star_; }
  const std::string& text() const { return text_; }

 private:
  Pointer() = default;
  std::string text_;
  std::vector<std::string> tokens_;  // unescaped; "*" where it stands for each
  bool has_star_ = false;
};

}  // namespace pullseal::predicate

#endif  // PULLSEAL_VERIFY_PREDICATE_POINTER_H_
