// SPDX-License-Identifier: Apache-2.0
#include "image/credentials/credentials.h"

#include <fnmatch.h>

#include <algorithm>

#include "core/base/bytes.h"
#include "core/crypto/sha256.h"

namespace pullseal::credentials {
namespace {

std::vector<std::string> Labels(std::string_view host) {
  std::vector<std::string> out(1);
  for (const char c : host) {
    if (c == '.') {
      out.emplace_back();
    } else {
      out.back().push_back(c);
    }
  }
  return out;
}

// Host and port; the port is empty if there is none.
std::pair<std::string_view, std::string_view> SplitPort(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  if (colon == std::string_view::npos || host.ends_with(']')) return {host, {}};
  return {host.substr(0, colon), host.substr(colon + 1)};
}

}  // namespace

std::string Credentials::Fingerprint() const {
  if (empty()) return "anonymous";
  Secret all(std::to_string(username.size()) + ":" + username + std::to_string(password.text().size()) + ":" +
             password.text() + identity_token.text() + "@" + server);
  return crypto::Sha256Hex(AsBytes(all.text()));
}

bool MatchesImage(std::string_view pattern, std::string_view host, std::string_view path) {
  if (const auto scheme = pattern.find("://"); scheme != std::string_view::npos) pattern.remove_prefix(scheme + 3);
  const std::size_t slash = std::min(pattern.find('/'), pattern.size());
  const std::string_view pattern_path = pattern.substr(slash);
  const auto [pattern_host, pattern_port] = SplitPort(pattern.substr(0, slash));
  const auto [own_host, own_port] = SplitPort(host);
  if (pattern_port != own_port) return false;
  if (!("/" + std::string(path)).starts_with(pattern_path)) return false;
  const auto globs = Labels(pattern_host);
  const auto labels = Labels(own_host);
  return globs.size() == labels.size() &&
         std::equal(globs.begin(), globs.end(), labels.begin(), [](const std::string& glob, const std::string& label) {
           return ::fnmatch(glob.c_str(), label.c_str(), FNM_NOESCAPE) == 0;
         });
}

Credentials JoinedCredentials(std::string_view base64) {
  Credentials out;
  // As kubelet and containerd read it: over line ends, with padding or without.
  std::string padded(base64);
  std::erase_if(padded, [](char c) { return c == '\r' || c == '\n'; });
  if (!padded.ends_with('=')) padded.append((4 - padded.size() % 4) % 4, '=');
  auto joined = Base64DecodeAsWritten(padded);
  ::explicit_bzero(padded.data(), padded.size());
  if (!joined) return out;
  const Secret whole(AsText(*joined));
  if (!joined->empty()) ::explicit_bzero(joined->data(), joined->size());
  std::string_view text = whole.text();
  while (text.ends_with('\0')) text.remove_suffix(1);
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return out;
  out.username = text.substr(0, colon);
  out.password = text.substr(colon + 1);
  return out;
}

}  // namespace pullseal::credentials
