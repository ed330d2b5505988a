// SPDX-License-Identifier: Apache-2.0
#include "core/yaml/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <charconv>
#include <sstream>

#include "core/base/bytes.h"
#include "core/yaml/limits.h"

namespace pullseal::yaml {
namespace {

// Thrown inside this file only, to leave the library's parser.
struct Refused {
  int line;
  std::string why;
};

std::string Quoted(std::string_view text) { return "\"" + Printable(text, 100) + "\""; }

class TreeBuilder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Check(mark, "", anchor);
    Attach(mark, Node{Node::Kind::kNull, Line(mark), {}, false, {}, {}});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refused{Line(mark), "aliases are not allowed"};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Check(mark, tag, anchor);
    const bool quoted = tag == "!";
    const bool null = !quoted && (value.empty() || value == "~" || value == "null");
    Attach(mark, Node{null ? Node::Kind::kNull : Node::Kind::kScalar, Line(mark), value, quoted, {}, {}});
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, Node::Kind::kList);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, Node::Kind::kMap);
  }
  void OnMapEnd() override { Close(); }

  Node root;

 private:
  struct Level {
    Node node;
    std::optional<std::string> key;
  };

  static int Line(const YAML::Mark& mark) { return mark.line + 1; }

  void Check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) throw Refused{Line(mark), "anchors are not allowed"};
    if (!tag.empty() && tag != "?" && tag != "!") throw Refused{Line(mark), "tags are not allowed"};
  }
  void Open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node::Kind kind) {
    Check(mark, tag, anchor);
    if (open_.size() >= limits::kYamlDepth) throw Refused{Line(mark), "nested too deeply"};
    if (AtKey()) throw Refused{Line(mark), "a key must be plain text"};
    open_.push_back(Level{Node{kind, Line(mark), {}, false, {}, {}}, std::nullopt});
  }
  bool AtKey() const { return !open_.empty() && open_.back().node.kind == Node::Kind::kMap && !open_.back().key; }
  void Close() {
    Node node = std::move(open_.back().node);
    open_.pop_back();
    AttachValue(std::move(node));
  }
  void Attach(const YAML::Mark& mark, Node node) {
    if (!AtKey()) return AttachValue(std::move(node));
    if (node.kind != Node::Kind::kScalar) throw Refused{Line(mark), "a key must not be empty"};
    if (open_.back().node.Find(node.scalar) != nullptr) {
      throw Refused{Line(mark), "duplicate key " + Quoted(node.scalar)};
    }
    open_.back().key = std::move(node.scalar);
  }
  void AttachValue(Node node) {
    if (open_.empty()) {
      root = std::move(node);
      return;
    }
    Level& level = open_.back();
    if (level.node.kind == Node::Kind::kList) {
      level.node.list.push_back(std::move(node));
    } else {
      level.node.map.push_back(Member{std::move(*level.key), std::move(node)});
      level.key.reset();
    }
  }

  std::vector<Level> open_;
};

Error At(int line, const std::string& why) { return Error{ErrorCode::kInvalid, std::to_string(line) + ": " + why}; }

}  // namespace

const Node* Node::Find(std::string_view name) const {
  for (const auto& [key, value] : map) {
    if (key == name) return &value;
  }
  return nullptr;
}

Result<Node> Parse(std::string_view text, std::size_t most) {
  if (text.size() > most) return Error{ErrorCode::kLimit, "1: larger than " + std::to_string(most) + " bytes"};
  if (!IsUtf8(text)) return At(1, "not UTF-8 text");
  if (text.find('\0') != std::string_view::npos) return At(1, "has a NUL byte");
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    TreeBuilder builder;
    if (!parser.HandleNextDocument(builder)) return At(1, "empty");
    TreeBuilder second;
    if (parser.HandleNextDocument(second)) return At(second.root.line, "a second document; only one is allowed");
    return std::move(builder.root);
  } catch (const Refused& refused) {
    return At(refused.line, refused.why);
  } catch (const YAML::Exception& exception) {
    return At(exception.mark.line + 1, "not valid YAML: " + Printable(exception.msg, 120));
  } catch (const std::exception&) {
    return At(1, "not valid YAML");
  }
}

void Reader::Fail(const Node& node, std::string message) {
  if (!error_) error_ = At(node.line, message);
}

bool Reader::Map(const Node& node, std::string_view what, std::initializer_list<std::string_view> known) {
  if (failed()) return false;
  if (node.kind != Node::Kind::kMap) {
    Fail(node, std::string(what) + " must be a map");
    return false;
  }
  for (const auto& [key, value] : node.map) {
    bool found = false;
    for (const std::string_view one : known) found = found || one == key;
    if (found) continue;
    std::string names;
    for (const std::string_view one : known) names += (names.empty() ? "" : ", ") + std::string(one);
    Fail(value, "unknown field " + Quoted(key) + " in " + std::string(what) + "; known are " + names);
    return false;
  }
  return true;
}

const Node& Reader::Require(const Node& node, std::string_view name, std::string_view what) {
  static const Node kNone;
  if (const Node* found = node.Find(name)) return *found;
  Fail(node, std::string(what) + " has no field \"" + std::string(name) + "\"");
  return kNone;
}

std::string Reader::Text(const Node& node, std::string_view what) {
  if (failed()) return {};
  if (node.kind != Node::Kind::kScalar || node.scalar.empty()) {
    Fail(node, std::string(what) + " must be text and not empty");
    return {};
  }
  return node.scalar;
}

bool Reader::Boolean(const Node& node, std::string_view what) {
  if (failed()) return false;
  const bool is_true = node.scalar == "true" && !node.quoted;
  if (!is_true && (node.scalar != "false" || node.quoted)) Fail(node, std::string(what) + " must be true or false");
  return is_true;
}

long Reader::Number(const Node& node, std::string_view what, long least, long most) {
  if (failed()) return least;
  long value = 0;
  const char* end = node.scalar.data() + node.scalar.size();
  const auto [stop, code] = std::from_chars(node.scalar.data(), end, value);
  if (node.kind != Node::Kind::kScalar || code != std::errc() || stop != end || value < least || value > most) {
    Fail(node,
         std::string(what) + " must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return least;
  }
  return value;
}

const std::vector<Node>& Reader::List(const Node& node, std::string_view what) {
  static const std::vector<Node> kNone;
  if (failed()) return kNone;
  if (node.kind == Node::Kind::kList) return node.list;
  Fail(node, std::string(what) + " must be a list");
  return kNone;
}

std::vector<std::string> Reader::Texts(const Node& node, std::string_view what) {
  std::vector<std::string> out;
  for (const Node& entry : List(node, what)) out.push_back(Text(entry, "an entry of " + std::string(what)));
  if (!failed() && out.empty()) Fail(node, std::string(what) + " must not be empty");
  return out;
}

std::vector<std::pair<std::string, std::string>> Reader::TextMap(const Node& node, std::string_view what) {
  std::vector<std::pair<std::string, std::string>> out;
  if (failed()) return out;
  if (node.kind != Node::Kind::kMap) {
    Fail(node, std::string(what) + " must be a map of text");
    return out;
  }
  for (const auto& [key, value] : node.map) {
    if (value.kind != Node::Kind::kScalar) Fail(value, std::string(what) + "." + Printable(key, 64) + " must be text");
    out.emplace_back(key, value.scalar);
  }
  return out;
}

}  // namespace pullseal::yaml
