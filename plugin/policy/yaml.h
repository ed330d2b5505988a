#ifndef PULLSEAL_POLICY_YAML_H_
#define PULLSEAL_POLICY_YAML_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace pullseal::policy {

struct YamlMember;

// YamlNode is one node of a YAML document that uses only what a configuration needs: maps with unique plain keys, lists
// and scalars. Lines count from 1.
struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  int line = 0;
  std::string scalar;
  bool quoted = false;  // "true" in quotation marks is text, not a boolean
  std::vector<YamlNode> list;
  std::vector<YamlMember> map;

  const YamlNode* Find(std::string_view name) const;
};

// YamlMember is one entry of a map.
struct YamlMember {
  std::string key;
  YamlNode value;
};

// ParseYaml reads exactly one document of at most `most` bytes. Duplicate keys, aliases, anchors, tags, keys that are
// not scalars and nesting beyond limits::kYamlDepth are refused. Errors begin with "LINE: ".
Result<YamlNode> ParseYaml(std::string_view text, std::size_t most);

// YamlReader walks a tree and collects the first error, so that reading code stays flat: after an error every call
// returns a default and does nothing. Not thread-safe.
class YamlReader {
 public:
  // The members of `node`, which must be a map with no keys but `known`. Says `what` the node is in errors.
  bool Map(const YamlNode& node, std::string_view what, std::initializer_list<std::string_view> known);
  // The member `name` of the map `node`, which `what` must have; an empty node if it is not there.
  const YamlNode& Require(const YamlNode& node, std::string_view name, std::string_view what);
  std::string Text(const YamlNode& node, std::string_view what);
  bool Boolean(const YamlNode& node, std::string_view what);
  // A whole number from `least` to `most`.
  long Number(const YamlNode& node, std::string_view what, long least, long most);
  std::vector<std::string> Texts(const YamlNode& node, std::string_view what);
  std::vector<std::pair<std::string, std::string>> TextMap(const YamlNode& node, std::string_view what);
  // The list's entries; none if it is not a list.
  const std::vector<YamlNode>& List(const YamlNode& node, std::string_view what);

  void Fail(const YamlNode& node, std::string message);
  bool failed() const { return error_.has_value(); }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace pullseal::policy

#endif  // PULLSEAL_POLICY_YAML_H_
