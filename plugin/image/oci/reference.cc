// SPDX-License-Identifier: Apache-2.0
#include "image/oci/reference.h"

#include <utility>

#include "core/base/bytes.h"
#include "image/oci/host.h"
#include "image/oci/limits.h"

namespace pullseal::oci {
namespace {

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlphanumeric(char c) { return IsLower(c) || IsUpper(c) || IsDigit(c); }

Error Invalid(std::string_view text, const char* why) {
  return Error{ErrorCode::kInvalid, "image reference \"" + Printable(text, 120) + "\" " + why};
}

// domain-component ("." domain-component)*, one component: alphanumeric, inner "-" allowed.
bool IsDomainName(std::string_view name) {
  while (true) {
    const std::size_t dot = name.find('.');
    const std::string_view label = name.substr(0, dot);
    if (label.empty() || !IsAlphanumeric(label.front()) || !IsAlphanumeric(label.back())) return false;
    for (const char c : label) {
      if (!IsAlphanumeric(c) && c != '-') return false;
    }
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

bool IsIpv6Literal(std::string_view name) {
  if (name.size() < 4 || name.front() != '[' || name.back() != ']') return false;
  return name.substr(1, name.size() - 2).find_first_not_of("0123456789abcdefABCDEF:") == std::string_view::npos;
}

bool IsHost(std::string_view host) {
  std::string_view name = host;
  const std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && !host.ends_with(']')) name = host.substr(0, colon);
  return (IsIpv6Literal(name) || IsDomainName(name)) && NormalHost(host).ok();
}

// Length of a separator at the front: ".", "_", "__" or any number of "-".
std::size_t SeparatorLength(std::string_view text) {
  if (text.starts_with("__")) return 2;
  if (text.starts_with(".") || text.starts_with("_")) return 1;
  const std::size_t end = text.find_first_not_of('-');
  return end == std::string_view::npos ? text.size() : end;
}

// path-component: [a-z0-9]+ (separator [a-z0-9]+)*
bool IsPathComponent(std::string_view part) {
  const auto take_word = [&] {
    std::size_t end = 0;
    while (end < part.size() && (IsLower(part[end]) || IsDigit(part[end]))) ++end;
    part.remove_prefix(end);
    return end > 0;
  };
  if (!take_word()) return false;
  while (!part.empty()) {
    const std::size_t separator = SeparatorLength(part);
    if (separator == 0) return false;
    part.remove_prefix(separator);
    if (!take_word()) return false;
  }
  return true;
}

bool IsPath(std::string_view path) {
  while (true) {
    const std::size_t slash = path.find('/');
    if (!IsPathComponent(path.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

bool IsTag(std::string_view tag) {
  if (tag.empty() || tag.size() > 128) return false;
  if (!IsAlphanumeric(tag.front()) && tag.front() != '_') return false;
  for (const char c : tag) {
    if (!IsAlphanumeric(c) && c != '_' && c != '.' && c != '-') return false;
  }
  return true;
}

bool IsBareHexId(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// A first segment is a host if it has a dot or a port, has an upper-case letter, or is "localhost".
bool LooksLikeHost(std::string_view segment) {
  if (segment == "localhost" || segment.find_first_of(".:") != std::string_view::npos) return true;
  for (const char c : segment) {
    if (IsUpper(c)) return true;
  }
  return false;
}

struct HostAndPath {
  std::string host;
  std::string path;
};

HostAndPath SplitHost(std::string_view name) {
  const std::size_t slash = name.find('/');
  HostAndPath out;
  if (slash == std::string_view::npos || !LooksLikeHost(name.substr(0, slash))) {
    out = {"docker.io", std::string(name)};
  } else {
    out = {std::string(name.substr(0, slash)), std::string(name.substr(slash + 1))};
  }
  if (out.host == "index.docker.io") out.host = "docker.io";
  if (out.host == "docker.io" && out.path.find('/') == std::string::npos) out.path = "library/" + out.path;
  return out;
}

}  // namespace

Result<Reference> Reference::Parse(std::string_view text) {
  if (text.empty()) return Invalid(text, "is empty");
  if (text.size() > limits::kReferenceBytes) return Invalid(text, "is too long");
  if (IsBareHexId(text)) return Invalid(text, "is an image ID, not a name");
  Reference out;
  std::string_view rest = text;
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
    auto digest = Digest::Parse(rest.substr(at + 1));
    if (!digest) return digest.error().In("image reference \"" + Printable(text, 120) + "\"");
    out.digest_ = std::move(*digest);
    rest = rest.substr(0, at);
  }
  const std::size_t slash = rest.rfind('/');
  const std::size_t colon = rest.rfind(':');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    out.tag_ = rest.substr(colon + 1);
    if (!IsTag(out.tag_)) return Invalid(text, "has an invalid tag");
    rest = rest.substr(0, colon);
  }
  HostAndPath name = SplitHost(rest);
  if (!IsHost(name.host)) return Invalid(text, "has an invalid host");
  if (!IsPath(name.path)) return Invalid(text, "has an invalid repository (lower case, digits and . _ - / only)");
  if (name.host.size() + 1 + name.path.size() > 255) return Invalid(text, "is too long");
  out.host_ = std::move(name.host);
  out.path_ = std::move(name.path);
  if (out.digest_) {
    out.tag_.clear();
  } else if (out.tag_.empty()) {
    out.tag_ = "latest";
  }
  return out;
}

std::string Reference::MatchName() const {
  const auto host = NormalHost(host_);  // Parse has seen that there is one
  return (host ? *host : host_) + "/" + path_;
}

std::string Reference::DenyName() const {
  const auto host = NormalHost(host_);
  if (!host || !IsDockerHub(*host)) return MatchName();
  return std::string("docker.io/") + (path_.find('/') == std::string::npos ? "library/" : "") + path_;
}

std::string Reference::Text() const { return Repository() + (digest_ ? "@" + digest_->text() : ":" + tag_); }

Reference Reference::At(const Digest& digest) const {
  Reference out = *this;
  out.tag_.clear();
  out.digest_ = digest;
  return out;
}

}  // namespace pullseal::oci
