// SPDX-License-Identifier: Apache-2.0
#include "verify/predicate/source.h"

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "verify/predicate/limits.h"

namespace pullseal::predicate {
namespace {

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

std::vector<std::string> SplitPath(std::string_view path) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t end = path.find('/');
    out.emplace_back(path.substr(0, end));
    if (end == std::string_view::npos) return out;
    path.remove_prefix(end + 1);
  }
}

// Whether `text` matches `pattern`, in which `*` is any run of characters.
bool PartMatches(std::string_view pattern, std::string_view text) {
  std::size_t star = std::string_view::npos;
  std::size_t from = 0;
  std::size_t p = 0;
  std::size_t t = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// The same one level up: segments, of which "**" stands for any number. No segment is empty, so `*` never stands for
// nothing at all.
bool SegmentsMatch(const std::vector<std::string>& pattern, const std::vector<std::string>& text) {
  std::size_t star = pattern.size();
  std::size_t from = 0;
  std::size_t p = 0;
  std::size_t t = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == "**") {
      star = p++;
      from = t;
    } else if (p < pattern.size() && PartMatches(pattern[p], text[t])) {
      ++p;
      ++t;
    } else if (star < pattern.size()) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == "**") ++p;
  return p == pattern.size();
}

bool IsPlainSegment(const std::string& segment) {
  return !segment.empty() && segment != "." && segment != ".." &&
         segment.find_first_of("?#%@\\ ") == std::string::npos && Printable(segment, segment.size()) == segment;
}

std::string LowerCase(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

// An address taken apart: scheme://host, and the path's segments.
struct Parts {
  std::string root;
  std::vector<std::string> segments;
};

std::optional<Parts> Split(std::string_view address) {
  if (address.size() > limits::kIdentifierBytes) return std::nullopt;
  if (address.starts_with("git+")) address.remove_prefix(4);
  const std::size_t colon = address.find("://");
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  const std::size_t slash = address.find('/', colon + 3);
  if (slash == std::string_view::npos || slash == colon + 3) return std::nullopt;
  std::string_view path = address.substr(slash + 1);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.ends_with(".git")) path.remove_suffix(4);
  Parts out{LowerCase(address.substr(0, slash)), SplitPath(path)};
  if (out.root.find_first_of("?#%@\\ ") != std::string::npos) return std::nullopt;
  return std::all_of(out.segments.begin(), out.segments.end(), IsPlainSegment) ? std::optional(std::move(out))
                                                                               : std::nullopt;
}

bool IsNumber(std::string_view text) {
  return !text.empty() && (text == "0" || text[0] != '0') &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<std::string> NormalSource(std::string_view address) {
  const auto parts = Split(address);
  if (!parts) return std::nullopt;
  std::string out = parts->root;
  for (const std::string& segment : parts->segments) out += "/" + segment;
  return out;
}

Result<SourceGlob> SourceGlob::Parse(std::string_view text) {
  auto parts = Split(text);
  if (!parts) return Invalid("a source is written as https://HOST/PATH, where * stands within one segment of the path");
  if (parts->root.find('*') != std::string::npos) return Invalid("a source's host may not have a *");
  if (parts->segments.front().find('*') != std::string::npos) {
    return Invalid("a source's path may not begin with a *: whoever has an account there could be its owner");
  }
  SourceGlob out;
  out.text_ = text;
  out.root_ = std::move(parts->root);
  out.segments_ = std::move(parts->segments);
  return out;
}

bool SourceGlob::Matches(std::string_view source) const {
  const auto parts = Split(source);
  return parts && parts->root == root_ && SegmentsMatch(segments_, parts->segments);
}

Result<RefGlob> RefGlob::Parse(std::string_view text) {
  RefGlob out;
  out.text_ = text;
  out.segments_ = SplitPath(text);
  const bool fast = out.segments_.size() >= 3 && out.segments_[0] == "refs" &&
                    out.segments_[1].find('*') == std::string::npos &&
                    std::all_of(out.segments_.begin(), out.segments_.end(), IsPlainSegment);
  if (!fast || text.size() > limits::kIdentifierBytes) {
    return Invalid("a ref is written in full, as refs/tags/v* or refs/heads/main");
  }
  return out;
}

bool RefGlob::Matches(std::string_view ref) const {
  if (ref.size() > limits::kIdentifierBytes) return false;
  const auto segments = SplitPath(ref);
  return std::all_of(segments.begin(), segments.end(), IsPlainSegment) && SegmentsMatch(segments_, segments);
}

bool FitsBuilderRef(std::string_view ref, BuilderRef asked) {
  if (asked == BuilderRef::kAny) return true;
  constexpr std::string_view kTags = "refs/tags/";
  if (!ref.starts_with(kTags) || ref.size() == kTags.size()) return false;
  if (asked == BuilderRef::kTag) return true;
  ref.remove_prefix(kTags.size());
  if (!ref.starts_with('v')) return false;
  ref.remove_prefix(1);
  for (int part = 0; part < 3; ++part) {
    const std::size_t end = part < 2 ? ref.find('.') : std::string_view::npos;
    if ((part < 2 && end == std::string_view::npos) || !IsNumber(ref.substr(0, end))) return false;
    if (part < 2) ref.remove_prefix(end + 1);
  }
  return true;
}

}  // namespace pullseal::predicate
