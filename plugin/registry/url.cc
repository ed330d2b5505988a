#include <arpa/inet.h>

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "registry/http.h"
#include "registry/libcurl.h"

namespace pullseal::registry {
namespace {

struct UrlHandleDeleter {
  void operator()(CURLU* handle) const { Libcurl::Get()->url_cleanup(handle); }
};
using UrlHandle = std::unique_ptr<CURLU, UrlHandleDeleter>;

std::string Part(CURLU* handle, CURLUPart part, unsigned flags) {
  const Libcurl& curl = *Libcurl::Get();
  char* text = nullptr;
  if (curl.url_get(handle, part, &text, flags) != CURLUE_OK || text == nullptr) return {};
  std::string out(text);
  curl.free(text);
  return out;
}

Error Bad(std::string_view text) {
  return Error{ErrorCode::kInvalid, "URL \"" + Printable(text, 200) + "\" is not a valid http or https URL"};
}

UrlHandle NewHandle() {
  const Libcurl* curl = Libcurl::Get();
  return UrlHandle(curl != nullptr ? curl->url() : nullptr);
}

bool Set(const UrlHandle& handle, std::string_view text) {
  return Libcurl::Get()->url_set(handle.get(), CURLUPART_URL, std::string(text).c_str(), 0) == CURLUE_OK;
}

Result<Url> FromHandle(CURLU* handle, std::string_view text) {
  Url out;
  out.scheme = Part(handle, CURLUPART_SCHEME, 0);
  out.host = Part(handle, CURLUPART_HOST, 0);
  out.port = Part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if ((out.scheme != "http" && out.scheme != "https") || out.host.empty()) return Bad(text);
  if (!Part(handle, CURLUPART_USER, 0).empty() || !Part(handle, CURLUPART_PASSWORD, 0).empty()) return Bad(text);
  for (char& c : out.host) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  out.path_and_query = Part(handle, CURLUPART_PATH, 0);
  if (const std::string query = Part(handle, CURLUPART_QUERY, 0); !query.empty()) out.path_and_query += "?" + query;
  return out;
}

bool IsInternalV4(std::uint32_t address) {
  const auto in = [address](std::uint32_t network, int bits) {
    return (address >> (32 - bits)) == (network >> (32 - bits));
  };
  return in(0x00000000, 8) || in(0x7F000000, 8) || in(0x0A000000, 8) || in(0xAC100000, 12) || in(0xC0A80000, 16) ||
         in(0xA9FE0000, 16) || in(0x64400000, 10) || address == 0xA83F8110;  // 168.63.129.16: Azure's wire server
}

}  // namespace

Result<Url> Url::Parse(std::string_view text) {
  const UrlHandle handle = NewHandle();
  if (!handle || !Set(handle, text)) return Bad(text);
  return FromHandle(handle.get(), text);
}

Result<Url> Url::Resolve(std::string_view location) const {
  const UrlHandle handle = NewHandle();
  if (!handle || !Set(handle, Text()) || !Set(handle, location)) return Bad(location);
  return FromHandle(handle.get(), location);
}

std::string Url::Text() const { return scheme + "://" + host + ":" + port + path_and_query; }

bool Url::SameOrigin(const Url& other) const {
  return scheme == other.scheme && host == other.host && port == other.port;
}

bool IsInternalAddress(std::string_view host) {
  std::string literal(host);
  if (literal == "localhost") return true;
  if (literal.starts_with('[') && literal.ends_with(']')) literal = literal.substr(1, literal.size() - 2);
  in_addr v4{};
  // inet_aton takes the short and octal spellings that resolvers take too (127.1, 0177.0.0.1).
  if (inet_aton(literal.c_str(), &v4) == 1) return IsInternalV4(ntohl(v4.s_addr));
  in6_addr v6{};
  if (inet_pton(AF_INET6, literal.c_str(), &v6) != 1) return false;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) {
    std::uint32_t mapped = 0;
    for (int i = 12; i < 16; ++i) mapped = (mapped << 8) | v6.s6_addr[i];
    return IsInternalV4(mapped);
  }
  return IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_UNSPECIFIED(&v6) || IN6_IS_ADDR_LINKLOCAL(&v6) ||
         (v6.s6_addr[0] & 0xFE) == 0xFC;
}

bool IsLoopback(std::string_view host) {
  if (host == "localhost" || host == "[::1]" || host == "::1") return true;
  in_addr v4{};
  return inet_pton(AF_INET, std::string(host).c_str(), &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127;
}

}  // namespace pullseal::registry
