// SPDX-License-Identifier: Apache-2.0
#include "image/registry/link.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace pullseal::registry {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string Lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), Lower);
  return out;
}

struct Link {
  std::string target;
  std::optional<std::string> rel;  // the first one (RFC 8288 section 3.3)
  bool anchored = false;
};

// Reads one field: "<" target ">" *( ";" name [ "=" value ] ), with commas between links.
class LinkScanner {
 public:
  explicit LinkScanner(std::string_view text) : rest_(text) {}

  // The next link; absent at the end, and where `broken` is set.
  std::optional<Link> Next() {
    Skip(" \t,");
    if (rest_.empty()) return std::nullopt;
    const std::size_t close = rest_.find('>');
    if (rest_.front() != '<' || close == std::string_view::npos) return Broken();
    Link out;
    out.target = rest_.substr(1, close - 1);
    rest_.remove_prefix(close + 1);
    for (Skip(" \t"); rest_.starts_with(';'); Skip(" \t")) {
      rest_.remove_prefix(1);
      if (!Parameter(out)) return Broken();
    }
    if (!rest_.empty() && rest_.front() != ',') return Broken();
    return out;
  }

  bool broken = false;

 private:
  std::optional<Link> Broken() {
    broken = true;
    return std::nullopt;
  }
  void Skip(std::string_view set) { rest_.remove_prefix(std::min(rest_.find_first_not_of(set), rest_.size())); }

  bool Parameter(Link& link) {
    Skip(" \t");
    const std::size_t end = std::min(rest_.find_first_of("=;, \t"), rest_.size());
    const std::string name = Lowered(rest_.substr(0, end));
    rest_.remove_prefix(end);
    Skip(" \t");
    std::string value;
    if (rest_.starts_with('=')) {
      rest_.remove_prefix(1);
      Skip(" \t");
      if (!Value(value)) return false;
    }
    if (name == "rel" && !link.rel) link.rel = std::move(value);
    if (name == "anchor") link.anchored = true;
    return true;
  }

  bool Value(std::string& out) {
    if (!rest_.starts_with('"')) {
      const std::size_t end = std::min(rest_.find_first_of(";, \t"), rest_.size());
      out = rest_.substr(0, end);
      rest_.remove_prefix(end);
      return true;
    }
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      out.push_back(rest_.front());
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::string_view rest_;
};

// Whether a list of relation types, separated by spaces, has "next".
bool IsNext(const Link& link) {
  if (!link.rel || link.anchored) return false;
  const std::string types = " " + Lowered(*link.rel) + " ";
  return types.find(" next ") != std::string::npos;
}

}  // namespace

Result<std::string> NextLink(const http::HttpResponse& response) {
  std::string next;
  const auto [begin, end] = response.headers.equal_range("link");
  for (auto field = begin; field != end; ++field) {
    LinkScanner scanner(field->second);
    while (const auto link = scanner.Next()) {
      if (!IsNext(*link)) continue;
      if (link->target.empty() || (!next.empty() && next != link->target)) {
        return Error{ErrorCode::kRemote, "two links to the next page, or an empty one"};
      }
      next = link->target;
    }
    if (scanner.broken && Lowered(field->second).find("next") != std::string::npos) {
      return Error{ErrorCode::kRemote, "a Link field that cannot be read"};
    }
  }
  return next;
}

}  // namespace pullseal::registry
