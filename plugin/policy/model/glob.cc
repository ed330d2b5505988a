// SPDX-License-Identifier: Apache-2.0
#include "policy/model/glob.h"

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "image/oci/host.h"
#include "image/oci/limits.h"

namespace pullseal::policy {
namespace {

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t at = text.find(separator);
    out.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + 1);
  }
}

// The host's one spelling; a port may be a pattern, too. containerd takes index.docker.io for docker.io.
Result<std::string> NormalHostGlob(std::string_view host) {
  const std::size_t colon = std::min(host.rfind(':'), host.size());
  const bool any_port = host.find('*', colon) != std::string_view::npos;
  auto normal = oci::NormalHost(any_port ? host.substr(0, colon) : host);
  if (!normal) return normal.error();
  if (any_port) return *normal + std::string(host.substr(colon));
  return *normal == "index.docker.io" ? Result<std::string>(std::string("docker.io")) : normal;
}

// Segments with "**" against segments; row by row, so that no pattern makes it slow.
bool MatchSegments(const std::vector<std::string>& patterns, const std::vector<std::string>& parts) {
  std::vector<bool> reach(parts.size() + 1, false);
  reach[0] = true;
  for (const std::string& pattern : patterns) {
    std::vector<bool> next(parts.size() + 1, false);
    bool any = false;
    for (std::size_t i = 0; i <= parts.size(); ++i) {
      if (pattern == "**") {
        any = any || reach[i];
        next[i] = any;
      } else if (i > 0) {
        next[i] = reach[i - 1] && GlobPart(pattern, parts[i - 1]);
      }
    }
    reach = std::move(next);
  }
  return reach[parts.size()];
}

Error Invalid(std::string_view pattern, const std::string& why) {
  return Error{ErrorCode::kInvalid, "image pattern \"" + Printable(pattern, 120) + "\" " + why};
}

}  // namespace

bool GlobPart(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Result<ImageGlob> ImageGlob::Parse(std::string_view pattern, bool unsafe) {
  ImageGlob out;
  out.text_ = pattern;
  if (pattern.size() > limits::kReferenceBytes) return Invalid(pattern, "is too long");
  if (pattern == "**" || pattern == "*/**" || pattern == "*") {
    if (!unsafe) return Invalid(pattern, "matches every image; say so with `unsafe: true` beside it");
    out.everything_ = true;
    return out;
  }
  const std::size_t slash = pattern.find('/');
  const std::string_view host = pattern.substr(0, slash);
  if (slash == std::string_view::npos || host.find_first_of(".:*") == std::string_view::npos) {
    if (host != "localhost" || slash == std::string_view::npos) {
      return Invalid(pattern, "has no registry host; write it as in docker.io/library/nginx");
    }
  }
  const std::string_view path = pattern.substr(slash + 1);
  if (path.find_first_of("@:") != std::string_view::npos) {
    return Invalid(pattern, "has a tag or digest; patterns match repositories, use match.digests for digests");
  }
  for (const char c : path) {
    const bool good =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || std::string_view("._-/*").find(c) != std::string_view::npos;
    if (!good) return Invalid(pattern, "has a character that no repository has; use lower case, digits and . _ - / *");
  }
  if (host.find("**") != std::string_view::npos) return Invalid(pattern, "has ** in the host; use * for one DNS label");
  const auto normal = NormalHostGlob(host);
  if (!normal) return Invalid(pattern, "has a host that cannot be: " + normal.error().message);
  out.labels_ = Split(*normal, '.');
  for (const std::string& label : out.labels_) {
    if (label.empty()) return Invalid(pattern, "has an empty DNS label in the host");
    if (!unsafe && label != "*" && label.find('*') != std::string::npos) {
      return Invalid(pattern,
                     "has * for a part of a DNS label; a look-alike host could match, say `unsafe: true` to allow it");
    }
  }
  out.segments_ = Split(path, '/');
  for (const std::string& segment : out.segments_) {
    if (segment.empty()) return Invalid(pattern, "has an empty path segment");
    if (segment != "**" && segment.find("**") != std::string::npos) {
      return Invalid(pattern, "has ** inside a segment; ** must be a segment of its own");
    }
  }
  return out;
}

bool ImageGlob::Matches(std::string_view match_name) const {
  if (everything_) return true;
  const std::size_t slash = match_name.find('/');
  if (slash == std::string_view::npos) return false;
  const std::vector<std::string> labels = Split(match_name.substr(0, slash), '.');
  if (labels.size() != labels_.size()) return false;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (!GlobPart(labels_[i], labels[i])) return false;
  }
  return MatchSegments(segments_, Split(match_name.substr(slash + 1), '/'));
}

}  // namespace pullseal::policy
