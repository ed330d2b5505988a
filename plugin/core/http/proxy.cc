// SPDX-License-Identifier: Apache-2.0
#include "core/http/proxy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

#include "core/http/limits.h"

namespace pullseal::http {
namespace {

std::string Trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// An IP address as 4 or 16 bytes; empty for anything else. IPv6 may stand in brackets.
Bytes AddressOf(std::string host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  Bytes v4(4);
  if (::inet_pton(AF_INET, host.c_str(), v4.data()) == 1) return v4;
  Bytes v6(16);
  if (::inet_pton(AF_INET6, host.c_str(), v6.data()) == 1) return v6;
  return {};
}

bool IsLoopbackAddress(const Bytes& address) {
  if (address.size() == 4) return address[0] == 127;
  if (address.size() != 16) return false;
  return address.back() == 1 && std::all_of(address.begin(), address.end() - 1, [](std::uint8_t b) { return b == 0; });
}

bool InNetwork(const Bytes& address, const Bytes& network, int prefix) {
  if (address.size() != network.size()) return false;
  for (std::size_t i = 0; i < address.size(); ++i) {
    const int bits = std::clamp(prefix - static_cast<int>(8 * i), 0, 8);
    const auto mask = static_cast<std::uint8_t>(0xff00 >> bits);
    if (((address[i] ^ network[i]) & mask) != 0) return false;
  }
  return true;
}

std::string FirstOf(const std::function<std::string(const char*)>& variable, const char* upper, const char* lower) {
  std::string value = variable(upper);
  return value.empty() ? variable(lower) : value;
}

// A proxy without a scheme is spoken to by HTTP.
std::string ProxyUrl(const std::string& text) {
  const std::string trimmed = Trimmed(text);
  if (trimmed.empty() || trimmed.find("://") != std::string::npos) return trimmed;
  return "http://" + trimmed;
}

}  // namespace

ProxyRules ProxyRules::Read(const std::function<std::string(const char*)>& variable) {
  ProxyRules out;
  out.http_ = ProxyUrl(FirstOf(variable, "HTTP_PROXY", "http_proxy"));
  out.https_ = ProxyUrl(FirstOf(variable, "HTTPS_PROXY", "https_proxy"));
  const std::string list = FirstOf(variable, "NO_PROXY", "no_proxy");
  for (std::size_t at = 0; at <= list.size() && out.exempt_.size() < limits::kNoProxyEntries;) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    out.AddExempt(Lower(Trimmed(std::string_view(list).substr(at, comma - at))));
    at = comma + 1;
  }
  return out;
}

ProxyRules ProxyRules::FromEnvironment() {
  return Read([](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value != nullptr ? value : "");
  });
}

void ProxyRules::AddExempt(std::string entry) {
  if (entry.empty()) return;
  if (entry == "*") {
    exempt_all_ = true;
    return;
  }
  Exempt out;
  if (const auto slash = entry.find('/'); slash != std::string::npos) {
    out.network = AddressOf(entry.substr(0, slash));
    const char* end = entry.data() + entry.size();
    const auto [stop, code] = std::from_chars(entry.data() + slash + 1, end, out.prefix);
    const bool good = code == std::errc() && stop == end && out.prefix >= 0;
    if (out.network.empty() || !good || out.prefix > static_cast<int>(8 * out.network.size())) return;
    exempt_.push_back(std::move(out));
    return;
  }
  // host:port, but no bare IPv6 address
  const auto colon = entry.rfind(':');
  if (colon != std::string::npos && AddressOf(entry).empty()) {
    out.port = entry.substr(colon + 1);
    entry.resize(colon);
  }
  out.network = AddressOf(entry);
  out.prefix = static_cast<int>(8 * out.network.size());
  if (out.network.empty()) {
    if (entry.starts_with("*.")) entry.erase(0, 1);
    out.only_below = entry.starts_with('.');
    out.domain = out.only_below ? entry.substr(1) : entry;
    if (out.domain.empty()) return;
  }
  exempt_.push_back(std::move(out));
}

bool ProxyRules::Exempt::Matches(std::string_view host, const Bytes& address, std::string_view host_port) const {
  if (!port.empty() && port != host_port) return false;
  if (!network.empty()) return InNetwork(address, network, prefix);
  if (host == domain) return !only_below;
  return host.size() > domain.size() && host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.';
}

std::string ProxyRules::For(const Url& url) const {
  const std::string& proxy = url.scheme == "https" ? https_ : http_;
  if (proxy.empty() || exempt_all_) return {};
  std::string host = Lower(url.host);
  if (host.ends_with('.')) host.pop_back();
  const Bytes address = AddressOf(host);
  if (host == "localhost" || IsLoopbackAddress(address)) return {};
  const bool exempt = std::any_of(exempt_.begin(), exempt_.end(),
                                  [&](const Exempt& one) { return one.Matches(host, address, url.port); });
  return exempt ? std::string() : proxy;
}

}  // namespace pullseal::http
