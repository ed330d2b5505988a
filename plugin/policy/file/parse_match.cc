// SPDX-License-Identifier: Apache-2.0
#include "policy/file/parse_match.h"

#include <utility>
#include <vector>

namespace pullseal::policy {
namespace {

std::vector<ImageGlob> ParseGlobs(yaml::Reader& in, const yaml::Node& node, const char* member, bool unsafe) {
  std::vector<ImageGlob> out;
  const yaml::Node* list = node.Find(member);
  if (list == nullptr) return out;
  for (const std::string& pattern : in.Texts(*list, member)) {
    auto glob = ImageGlob::Parse(pattern, unsafe);
    if (glob) {
      out.push_back(std::move(*glob));
    } else if (!in.failed()) {
      in.Fail(*list, glob.error().message);
    }
  }
  return out;
}

std::vector<oci::Digest> ParseDigests(yaml::Reader& in, const yaml::Node& node, const char* member) {
  std::vector<oci::Digest> out;
  const yaml::Node* list = node.Find(member);
  if (list == nullptr) return out;
  for (const std::string& text : in.Texts(*list, member)) {
    auto digest = oci::Digest::Parse(text);
    if (digest) {
      out.push_back(std::move(*digest));
    } else if (!in.failed()) {
      in.Fail(*list, digest.error().message);
    }
  }
  return out;
}

std::vector<Action> ParseActions(yaml::Reader& in, const yaml::Node& node) {
  std::vector<Action> out;
  const yaml::Node* list = node.Find("actions");
  if (list == nullptr) return out;
  for (const std::string& text : in.Texts(*list, "actions")) {
    if (text == Text(Action::kSandbox)) {
      out.push_back(Action::kSandbox);
    } else if (text == Text(Action::kContainer)) {
      out.push_back(Action::kContainer);
    } else if (!in.failed()) {
      in.Fail(*list, "actions must be of sandbox (the pause image of pods) and container (everything else)");
    }
  }
  return out;
}

}  // namespace

std::optional<Match> ParseMatch(yaml::Reader& in, const yaml::Node& node, bool refuses) {
  if (!in.Map(node, "match",
              {"namespaces", "images", "nodeLabels", "digests", "imageIds", "actions", "sources", "unsafe"})) {
    return std::nullopt;
  }
  const yaml::Node* unsafe_node = node.Find("unsafe");
  const bool dares = unsafe_node != nullptr && in.Boolean(*unsafe_node, "unsafe");
  Match::Parts out;
  if (const yaml::Node* n = node.Find("namespaces")) out.namespaces = in.Texts(*n, "namespaces");
  out.images = ParseGlobs(in, node, "images", dares || refuses);
  if (const yaml::Node* n = node.Find("nodeLabels")) {
    for (auto& [key, value] : in.TextMap(*n, "nodeLabels")) out.node_labels.emplace(key, value);
  }
  out.digests = ParseDigests(in, node, "digests");
  out.image_ids = ParseDigests(in, node, "imageIds");
  out.actions = ParseActions(in, node);
  out.sources = ParseGlobs(in, node, "sources", dares);
  if (in.failed()) return std::nullopt;
  if (dares || refuses) return Match::MakeUnsafe(std::move(out));
  auto match = Match::Make(std::move(out));
  if (match) return std::move(*match);
  in.Fail(node, match.error().message);
  return std::nullopt;
}

}  // namespace pullseal::policy
