// SPDX-License-Identifier: Apache-2.0
#include "node/trust/names.h"

namespace pullseal::trust {

std::string Quoted(std::string_view text) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 15U];
    }
  }
  return out;
}

std::string QuotedPath(std::string_view path) {
  std::string out;
  while (true) {
    const std::size_t end = path.find('/');
    out += Quoted(path.substr(0, end));
    if (end == std::string_view::npos) return out;
    out += '/';
    path.remove_prefix(end + 1);
  }
}

std::string MetadataFile(std::string_view role, std::int64_t version) {
  return (version > 0 ? std::to_string(version) + "." : "") + Quoted(role) + ".json";
}

std::string TargetPath(std::string_view target, std::string_view hash) {
  const std::size_t slash = target.rfind('/');
  const std::size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
  return std::string(target.substr(0, begin)) + std::string(hash) + "." + std::string(target.substr(begin));
}

}  // namespace pullseal::trust
