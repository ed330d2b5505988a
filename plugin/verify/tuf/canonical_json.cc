// SPDX-License-Identifier: Apache-2.0
#include "verify/tuf/canonical_json.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "verify/tuf/limits.h"

namespace pullseal::tuf {
namespace {

class Writer {
 public:
  Status Write(const json::Value& value, std::size_t depth) {
    if (depth > limits::kTrustDepth) return Error{ErrorCode::kLimit, "metadata is nested too deeply"};
    if (value.object() != nullptr) return Object(*value.object(), depth);
    if (value.array() != nullptr) return Array(*value.array(), depth);
    if (value.string() != nullptr) {
      String(*value.string());
    } else if (value.boolean() != nullptr) {
      out_ += *value.boolean() ? "true" : "false";
    } else if (value.is_null()) {
      out_ += "null";
    } else {
      return Number(value);
    }
    return {};
  }
  std::string Take() { return std::move(out_); }

 private:
  Status Number(const json::Value& value) {
    const auto number = value.integer();
    if (!number) return Error{ErrorCode::kInvalid, "metadata has a number that canonical JSON cannot say"};
    // The parser keeps what was written with a minus sign as signed, so that this zero was "-0".
    json::Value copy = value;
    if (*number == 0 && std::holds_alternative<std::int64_t>(copy.storage())) {
      return Error{ErrorCode::kInvalid, "metadata has a minus zero"};
    }
    out_ += std::to_string(*number);
    return {};
  }

  void String(std::string_view text) {
    out_ += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') out_ += '\\';
      out_ += c;
    }
    out_ += '"';
  }

  Status Array(const json::Array& array, std::size_t depth) {
    out_ += '[';
    bool first = true;
    for (const json::Value& value : array) {
      if (!first) out_ += ',';
      first = false;
      if (auto status = Write(value, depth + 1); !status) return status;
    }
    out_ += ']';
    return {};
  }

  Status Object(const json::Members& members, std::size_t depth) {
    std::vector<const std::pair<std::string, json::Value>*> sorted;
    sorted.reserve(members.size());
    for (const auto& member : members) sorted.push_back(&member);
    // The order of UTF-8's bytes is the order of code points.
    std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
    out_ += '{';
    bool first = true;
    for (const auto* member : sorted) {
      if (!first) out_ += ',';
      first = false;
      String(member->first);
      out_ += ':';
      if (auto status = Write(member->second, depth + 1); !status) return status;
    }
    out_ += '}';
    return {};
  }

  std::string out_;
};

}  // namespace

Result<std::string> Canonical(const json::Value& value) {
  Writer writer;
  if (auto status = writer.Write(value, 1); !status) return status.error();
  return writer.Take();
}

}  // namespace pullseal::tuf
