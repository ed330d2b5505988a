// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_YAML_YAML_H_
#define PULLSEAL_CORE_YAML_YAML_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace pullseal::yaml {

struct Member;

// Node is one node of a YAML document that uses only what a configuration needs: maps with unique plain keys, lists
// and scalars. Lines count from 1.
struct Node {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  int line = 0;
  std::string scalar;
  bool quoted = false;  // "true" in quotation marks is text, not a boolean
  std::vector<Node> list;
  std::vector<Member> map;

  const Node* Find(std::string_view name) const;
};

// Member is one entry of a map.
struct Member {
  std::string key;
  Node value;
};

// Parse reads exactly one document of at most `most` bytes. Duplicate keys, aliases, anchors, tags, keys that are
// not scalars and nesting beyond limits::kYamlDepth are refused. Errors begin with "LINE: ".
Result<Node> Parse(std::string_view text, std::size_t most);

// Reader walks a tree and collects the first error, so that reading code stays flat: after an error every call
// returns a default and does nothing. Not thread-safe.
class Reader {
 public:
  // The members of `node`, which must be a map with no keys but `known`. Says `what` the node is in errors.
  bool Map(const Node& node, std::string_view what, std::initializer_list<std::string_view> known);
  // The member `name` of the map `node`, which `what` must have; an empty node if it is not there.
  const Node& Require(const Node& node, std::string_view name, std::string_view what);
  std::string Text(const Node& node, std::string_view what);
  bool Boolean(const Node& node, std::string_view what);
  // A whole number from `least` to `most`.
  long Number(const Node& node, std::string_view what, long least, long most);
  std::vector<std::string> Texts(const Node& node, std::string_view what);
  std::vector<std::pair<std::string, std::string>> TextMap(const Node& node, std::string_view what);
  // The list's entries; none if it is not a list.
  const std::vector<Node>& List(const Node& node, std::string_view what);

  void Fail(const Node& node, std::string message);
  bool failed() const { return error_.has_value(); }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace pullseal::yaml

#endif  // PULLSEAL_CORE_YAML_YAML_H_
