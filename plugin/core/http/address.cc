// SPDX-License-Identifier: Apache-2.0
#include "core/http/address.h"

#include <arpa/inet.h>

#include <cstdint>
#include <string>

namespace pullseal::http {
namespace {

constexpr std::uint32_t kWireServer = 0xA83F8110;  // 168.63.129.16: Azure's, reachable from every VM
constexpr std::string_view kMetadataService = "169.254.169.254";

Scope ScopeOfV4(std::uint32_t address) {
  const auto in = [address](std::uint32_t network, int bits) {
    return (address >> (32 - bits)) == (network >> (32 - bits));
  };
  if (in(0x00000000, 8) || in(0x7F000000, 8)) return Scope::kLoopback;
  if (in(0xA9FE0000, 16) || address == kWireServer) return Scope::kForbidden;
  if (in(0x0A000000, 8) || in(0xAC100000, 12) || in(0xC0A80000, 16) || in(0x64400000, 10)) return Scope::kPrivate;
  return Scope::kPublic;
}

Scope ScopeOfV6(const in6_addr& address) {
  const auto* bytes = address.s6_addr;
  // IPv4 inside: mapped (::ffff:0:0/96) and the well-known NAT64 prefix (RFC 6052).
  const bool nat64 = bytes[0] == 0 && bytes[1] == 0x64 && bytes[2] == 0xFF && bytes[3] == 0x9B;
  if (IN6_IS_ADDR_V4MAPPED(&address) || nat64) {
    std::uint32_t inner = 0;
    for (int i = 12; i < 16; ++i) inner = (inner << 8) | bytes[i];
    return ScopeOfV4(inner);
  }
  if (IN6_IS_ADDR_LOOPBACK(&address) || IN6_IS_ADDR_UNSPECIFIED(&address)) return Scope::kLoopback;
  if (IN6_IS_ADDR_LINKLOCAL(&address)) return Scope::kForbidden;
  return (bytes[0] & 0xFE) == 0xFC ? Scope::kPrivate : Scope::kPublic;
}

}  // namespace

Scope ScopeOf(std::string_view host) {
  std::string literal(host);
  if (literal == "localhost") return Scope::kLoopback;
  if (literal.starts_with('[') && literal.ends_with(']')) literal = literal.substr(1, literal.size() - 2);
  if (const auto zone = literal.find('%'); zone != std::string::npos) literal.resize(zone);
  in_addr v4{};
  // inet_aton takes the short and octal spellings that resolvers take too (127.1, 0177.0.0.1).
  if (inet_aton(literal.c_str(), &v4) == 1) return ScopeOfV4(ntohl(v4.s_addr));
  in6_addr v6{};
  return inet_pton(AF_INET6, literal.c_str(), &v6) == 1 ? ScopeOfV6(v6) : Scope::kPublic;
}

bool MayReach(Reach reach, std::string_view peer) {
  if (reach == Reach::kMetadata) return peer == kMetadataService;
  switch (ScopeOf(peer)) {
    case Scope::kPublic:
      return true;
    case Scope::kPrivate:
      return reach != Reach::kPublic;
    case Scope::kLoopback:
      return reach == Reach::kConfigured;
    case Scope::kForbidden:
      return false;
  }
  return false;
}

Reach ReachOfNamed(std::string_view peer) {
  if (peer.empty()) return Reach::kPublic;
  switch (ScopeOf(peer)) {
    case Scope::kLoopback:
      return Reach::kConfigured;
    case Scope::kPrivate:
      return Reach::kNetwork;
    case Scope::kPublic:
    case Scope::kForbidden:
      return Reach::kPublic;
  }
  return Reach::kPublic;
}

bool MayName(std::string_view peer, std::string_view host) { return MayReach(ReachOfNamed(peer), host); }

bool IsLoopback(std::string_view host) {
  if (host == "localhost" || host == "[::1]" || host == "::1") return true;
  in_addr v4{};
  return inet_pton(AF_INET, std::string(host).c_str(), &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127;
}

}  // namespace pullseal::http
