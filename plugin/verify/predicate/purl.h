// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_PREDICATE_PURL_H_
#define PULLSEAL_VERIFY_PREDICATE_PURL_H_

#include <map>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace pullseal::predicate {

// Purl is a package URL, which names a package of any ecosystem (ECMA-427, "Package-URL"). Parts are unescaped.
struct Purl {
  // Parse takes pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS#SUBPATH, at most limits::kPurlBytes. Type and qualifiers'
  // names come out in lower case; names are lowered and brought to one spelling for the types that say so (github,
  // bitbucket, deb, apk, pypi, composer, golang). kInvalid.
  static Result<Purl> Parse(std::string_view text);

  // type/namespace/name, by which packages are compared whatever their version.
  std::string Package() const { return type + "/" + (space.empty() ? "" : space + "/") + name; }

  std::string type;
  std::string space;  // the namespace, segments joined by "/"; empty if it has none
  std::string name;
  std::string version;  // empty if it has none
  std::map<std::string, std::string> qualifiers;
};

// PurlPattern names packages that a rule means: a purl without qualifiers and subpath, whose version is exact, ends in
// `*`, or is absent, which means every one. Immutable; thread-safe.
class PurlPattern {
 public:
  // Parse refuses what is no purl, has qualifiers or a subpath, or a `*` elsewhere. kInvalid.
  static Result<PurlPattern> Parse(std::string_view text);
  bool Matches(const Purl& purl) const;
  const std::string& text() const { return text_; }

 private:
  PurlPattern() = default;
  std::string text_;
  std::string package_;
  std::string version_;  // what it must be, or begin with
  bool prefix_ = false;
};

}  // namespace pullseal::predicate

#endif  // PULLSEAL_VERIFY_PREDICATE_PURL_H_
