// SPDX-License-Identifier: Apache-2.0
#include "verify/predicate/pointer.h"

#include <charconv>
#include <optional>
#include <utility>

#include "verify/predicate/limits.h"

namespace pullseal::predicate {
namespace {

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

std::optional<std::string> Unescape(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      out += token[i];
      continue;
    }
    if (i + 1 >= token.size() || (token[i + 1] != '0' && token[i + 1] != '1')) return std::nullopt;
    out += token[++i] == '0' ? '~' : '/';
  }
  return out;
}

// The item of a list that a token names: digits without a leading zero (RFC 6901 section 4).
std::optional<std::size_t> IndexOf(std::string_view token) {
  if (token.empty() || (token.size() > 1 && token[0] == '0')) return std::nullopt;
  std::size_t out = 0;
  const auto read = std::from_chars(token.data(), token.data() + token.size(), out);
  if (read.ec != std::errc() || read.ptr != token.data() + token.size()) return std::nullopt;
  return out;
}

const json::Value* Step(const json::Value& value, const std::string& token) {
  const json::Array* list = value.array();
  if (list == nullptr) return value.Find(token);
  const auto index = IndexOf(token);
  return index && *index < list->size() ? &(*list)[*index] : nullptr;
}

}  // namespace

Result<Pointer> Pointer::Parse(std::string_view text) {
  if (text.size() > limits::kPointerBytes) return Invalid("a pointer is too long");
  if (!text.starts_with('/')) return Invalid("a pointer begins with \"/\" (RFC 6901)");
  Pointer out;
  out.text_ = text;
  std::string_view rest = text.substr(1);
  while (true) {
    const std::size_t end = rest.find('/');
    auto token = Unescape(rest.substr(0, end));
    if (!token) return Invalid("in a pointer \"~\" is written \"~0\", and \"~1\" means \"/\" (RFC 6901)");
    out.has_star_ = out.has_star_ || *token == "*";
    out.tokens_.push_back(std::move(*token));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  if (out.tokens_.size() > limits::kPointerDepth) return Invalid("a pointer has too many tokens");
  return out;
}

// Level by level: no way is walked twice, since each leads to another value of the document.
Pointer::Reached Pointer::In(const json::Value& document) const {
  Reached out;
  out.values = {&document};
  for (const std::string& token : tokens_) {
    std::vector<const json::Value*> next;
    for (const json::Value* value : out.values) {
      if (token != "*") {
        const json::Value* member = Step(*value, token);
        member != nullptr && !member->is_null() ? next.push_back(member) : void(++out.missing);
      } else if (const json::Array* list = value->array()) {
        for (const json::Value& one : *list) one.is_null() ? void(++out.missing) : next.push_back(&one);
      } else if (const json::Members* members = value->object()) {
        for (const auto& [name, one] : *members) one.is_null() ? void(++out.missing) : next.push_back(&one);
      } else {
        ++out.missing;
      }
    }
    out.values = std::move(next);
  }
  return out;
}

}  // namespace pullseal::predicate
