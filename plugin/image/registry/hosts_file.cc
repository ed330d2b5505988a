// SPDX-License-Identifier: Apache-2.0
#include "image/registry/hosts_file.h"

// clang-format off
// clang-format on

#include <algorithm>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/toml/toml.h"
#include "image/registry/limits.h"

namespace pullseal::registry {
namespace {

// Thrown inside this file only, to leave the walk over the document.
struct Refused {
  std::string why;
};

using Position = std::pair<toml::source_index, toml::source_index>;  // line and column

Position PositionOf(const toml::node& node) {
  const auto begin = node.source().begin;
  return begin.line == 0 ? Position{~toml::source_index{}, 0} : Position{begin.line, begin.column};
}

// Where a table is first spoken of: containerd orders hosts by that, also if it is by a table within.
Position FirstPosition(const toml::node& node) {
  Position first = PositionOf(node);
  if (const toml::table* table = node.as_table()) {
    for (const auto& [key, value] : *table)
      first = std::min({first, FirstPosition(value), Position{key.source().begin.line, key.source().begin.column}});
  }
  return first;
}

std::string Text(const toml::node& node, std::string_view what) {
  const auto* text = node.as_string();
  if (text == nullptr) throw Refused{std::string(what) + " is no string"};
  return text->get();
}

bool Boolean(const toml::node& node, std::string_view what) {
  const auto* value = node.as_boolean();
  if (value == nullptr) throw Refused{std::string(what) + " is no boolean"};
  return value->get();
}

// A string or a list of strings.
std::vector<std::string> Texts(const toml::node& node, std::string_view what) {
  if (node.is_string()) return {Text(node, what)};
  const toml::array* list = node.as_array();
  if (list == nullptr || list->size() > limits::kCertificateFiles)
    throw Refused{std::string(what) + " is no list of strings"};
  std::vector<std::string> out;
  for (const toml::node& one : *list) out.push_back(Text(one, what));
  return out;
}

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

void SetCapabilities(const toml::node& node, HostEntry& out) {
  const toml::array* list = node.as_array();
  if (list == nullptr) throw Refused{"capabilities is no list"};
  if (list->empty()) return;  // as if it were absent
  out.pull = out.resolve = false;
  for (const toml::node& one : *list) {
    const std::string name = Lower(Text(one, "capabilities"));
    if (name == "pull") {
      out.pull = true;
    } else if (name == "resolve") {
      out.resolve = true;
    } else if (name != "push" && name != "referrers") {
      throw Refused{"unknown capability " + Printable(name, 40)};
    }
  }
}

void SetClient(const toml::node& node, HostEntry& out) {
  if (node.is_string()) {
    out.client.emplace_back(Text(node, "client"), "");
    return;
  }
  const toml::array* list = node.as_array();
  if (list == nullptr || list->size() > limits::kCertificateFiles) throw Refused{"client is no string and no list"};
  for (const toml::node& one : *list) {
    const auto pair = Texts(one, "client");
    if (one.is_array() && pair.size() != 2) throw Refused{"client has a pair that is none"};
    out.client.emplace_back(pair.front(), pair.size() == 2 ? pair.back() : "");
  }
}

void SetHeaders(const toml::node& node, HostEntry& out) {
  const toml::table* table = node.as_table();
  if (table == nullptr) throw Refused{"header is no table"};
  for (const auto& [name, value] : *table) {
    for (const std::string& one : Texts(value, "header")) out.headers.push_back(std::string(name.str()) + ": " + one);
  }
}

// The path as containerd makes it: /v2 is added unless it ends so already or the path is meant to be the API's root.
std::string NormalUrl(std::string_view written, bool override_path) {
  std::string url(written.starts_with("http") ? "" : "https://");
  url += written;
  const std::size_t authority = url.find("://");
  if (authority == std::string::npos) throw Refused{"host " + Printable(url, 200) + " is no URL"};
  const std::size_t slash = url.find('/', authority + 3);
  std::string path = slash == std::string::npos ? "" : url.substr(slash);
  if (slash != std::string::npos) url.resize(slash);
  if (path.find_first_of("?#") != std::string::npos) throw Refused{"host " + Printable(url, 200) + " has a query"};
  for (std::size_t at = path.find("//"); at != std::string::npos; at = path.find("//")) path.erase(at, 1);
  while (path.ends_with('/')) path.pop_back();
  if (!override_path && !path.ends_with("/v2")) path += "/v2";
  return url + path;
}

HostEntry ReadEntry(const std::string& url, const toml::table& table) {
  HostEntry out;
  const auto with = [&table](const char* name, auto&& use) {
    if (const toml::node* node = table.get(name)) use(*node);
  };
  with("capabilities", [&](const toml::node& node) { SetCapabilities(node, out); });
  with("override_path", [&](const toml::node& node) { out.override_path = Boolean(node, "override_path"); });
  with("skip_verify", [&](const toml::node& node) { out.skip_verify = Boolean(node, "skip_verify"); });
  with("ca", [&](const toml::node& node) { out.ca = Texts(node, "ca"); });
  with("client", [&](const toml::node& node) { SetClient(node, out); });
  with("header", [&](const toml::node& node) { SetHeaders(node, out); });
  with("dial_timeout", [&](const toml::node& node) {
    const std::string text = Text(node, "dial_timeout");
    out.dial_timeout = ParseGoDuration(text);
    if (!out.dial_timeout && !text.empty()) throw Refused{"dial_timeout is no duration"};
  });
  if (!url.empty()) out.url = NormalUrl(url, out.override_path);
  return out;
}

std::vector<HostEntry> ReadHosts(const toml::table& root) {
  std::vector<HostEntry> out;
  if (const toml::node* node = root.get("host")) {
    const toml::table* hosts = node->as_table();
    if (hosts == nullptr) throw Refused{"host is no table"};
    std::vector<std::pair<Position, std::string>> order;
    for (const auto& [name, value] : *hosts) {
      if (!value.is_table()) throw Refused{"a host is no table"};
      if (name.str().empty()) continue;  // containerd would ask nobody there
      order.emplace_back(FirstPosition(value), name.str());
    }
    if (order.size() > limits::kMirrors) throw Refused{"more than " + std::to_string(limits::kMirrors) + " hosts"};
    std::sort(order.begin(), order.end());
    for (const auto& [position, name] : order) out.push_back(ReadEntry(name, *hosts->get(name)->as_table()));
  }
  std::string server;
  if (const toml::node* node = root.get("server")) server = Text(*node, "server");
  out.push_back(ReadEntry(server, root));
  return out;
}

}  // namespace

Result<std::vector<HostEntry>> ParseHostsFile(std::string_view text) {
  const auto plain = ToPlainToml(text);
  if (!plain) return Error{ErrorCode::kInvalid, "holds control characters or is not UTF-8"};
  try {
    return ReadHosts(toml::parse(*plain));
  } catch (const toml::parse_error& error) {
    return Error{ErrorCode::kInvalid,
                 "line " + std::to_string(error.source().begin.line) + ": " + Printable(error.description(), 200)};
  } catch (const TomlAssertion&) {
    return Error{ErrorCode::kInvalid, "is not valid TOML"};
  } catch (const Refused& refused) {
    return Error{ErrorCode::kInvalid, refused.why};
  }
}

}  // namespace pullseal::registry
