// SPDX-License-Identifier: Apache-2.0
#include "verify/predicate/purl.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "verify/predicate/limits.h"

namespace pullseal::predicate {
namespace {

Error Invalid(std::string_view text, const std::string& why) {
  return Error{ErrorCode::kInvalid, "\"" + Printable(text, 200) + "\" is no package URL: " + why};
}

std::string LowerCase(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> Unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = HexValue(text[i + 1]);
    const int low = HexValue(text[i + 2]);
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

bool IsType(std::string_view text) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+';
  };
  return !text.empty() && (text[0] < '0' || text[0] > '9') && std::all_of(text.begin(), text.end(), good);
}

bool IsOneOf(std::string_view text, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// One spelling for what the types say is the same (purl-spec, types).
void Normalize(Purl& purl) {
  if (IsOneOf(purl.type, {"github", "bitbucket", "deb", "apk", "rpm", "composer", "golang", "oci", "hex"})) {
    purl.space = LowerCase(purl.space);
  }
  if (IsOneOf(purl.type, {"github", "bitbucket", "deb", "apk", "composer", "golang", "pypi", "oci", "hex", "pub"})) {
    purl.name = LowerCase(purl.name);
  }
  if (purl.type == "pypi") std::replace(purl.name.begin(), purl.name.end(), '_', '-');
}

bool TakeQualifiers(std::string_view text, Purl& out) {
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view one = text.substr(0, end);
    const std::size_t equals = one.find('=');
    if (equals == std::string_view::npos || equals == 0) return false;
    auto value = Unescape(one.substr(equals + 1));
    if (!value || !out.qualifiers.emplace(LowerCase(one.substr(0, equals)), std::move(*value)).second) return false;
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return true;
}

// NAMESPACE/NAME: segments are unescaped one by one; empty ones count for nothing.
bool TakePath(std::string_view path, Purl& out) {
  std::vector<std::string> segments;
  while (true) {
    const std::size_t end = path.find('/');
    auto segment = Unescape(path.substr(0, end));
    if (!segment) return false;
    if (!segment->empty()) segments.push_back(std::move(*segment));
    if (end == std::string_view::npos) break;
    path.remove_prefix(end + 1);
  }
  if (segments.empty()) return false;
  out.name = std::move(segments.back());
  segments.pop_back();
  for (const std::string& one : segments) out.space += (out.space.empty() ? "" : "/") + one;
  return true;
}

}  // namespace

Result<Purl> Purl::Parse(std::string_view text) {
  if (text.size() > limits::kPurlBytes) return Invalid(text, "it is too long");
  if (!LowerCase(text.substr(0, 4)).starts_with("pkg:")) return Invalid(text, "it does not begin with pkg:");
  std::string_view rest = text.substr(4);
  while (rest.starts_with('/')) rest.remove_prefix(1);
  rest = rest.substr(0, rest.find('#'));
  Purl out;
  const std::size_t question = rest.find('?');
  if (question != std::string_view::npos) {
    if (!TakeQualifiers(rest.substr(question + 1), out)) return Invalid(text, "its qualifiers are malformed");
    rest = rest.substr(0, question);
  }
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return Invalid(text, "it has no name");
  out.type = LowerCase(rest.substr(0, slash));
  if (!IsType(out.type)) return Invalid(text, "its type is malformed");
  rest.remove_prefix(slash + 1);
  // A version stands behind the last "@"; a scope of npm begins with one that is written %40, or is not.
  const std::size_t at = rest.rfind('@');
  if (at != std::string_view::npos && at > 0 && rest[at - 1] != '/') {
    auto version = Unescape(rest.substr(at + 1));
    if (!version) return Invalid(text, "its version is malformed");
    out.version = std::move(*version);
    rest = rest.substr(0, at);
  }
  if (!TakePath(rest, out)) return Invalid(text, "it has no name");
  Normalize(out);
  return out;
}

Result<PurlPattern> PurlPattern::Parse(std::string_view text) {
  auto purl = Purl::Parse(text);
  if (!purl) return purl.error();
  if (!purl->qualifiers.empty() || text.find_first_of("?#") != std::string_view::npos) {
    return Invalid(text, "a rule names packages without qualifiers and subpath");
  }
  PurlPattern out;
  out.text_ = text;
  out.package_ = purl->Package();
  out.version_ = purl->version;
  out.prefix_ = out.version_.empty() || out.version_.back() == '*';
  if (!out.version_.empty() && out.prefix_) out.version_.pop_back();
  if (out.package_.find('*') != std::string::npos || out.version_.find('*') != std::string::npos) {
    return Invalid(text, "a * may stand only at the end of its version");
  }
  return out;
}

bool PurlPattern::Matches(const Purl& purl) const {
  if (purl.Package() != package_) return false;
  // A package whose version nobody tells may be the one that is meant.
  if (purl.version.empty()) return true;
  return prefix_ ? purl.version.starts_with(version_) : purl.version == version_;
}

}  // namespace pullseal::predicate
