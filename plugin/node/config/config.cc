// SPDX-License-Identifier: Apache-2.0
#include "node/config/config.h"

#include <utility>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/limits.h"
#include "core/yaml/yaml.h"
#include "image/containerd/note.h"
#include "node/config/limits.h"

namespace pullseal::config {
namespace {

class ConfigParser {
 public:
  Result<Config> Parse(const yaml::Node& root) {
    if (root.kind == yaml::Node::Kind::kNull) return WithNote();
    if (in_.Map(root, "the configuration",
                {"listen", "runtime", "policy", "state", "node", "registries", "gate", "audit", "metrics", "log",
                 "unknownFields", "checkpoint"})) {
      Set(root, "policy", config_.policy);
      SetOrNone(root, "state", config_.state);
      Listen(root);
      Runtime(root);
      Node(root);
      Registries(root);
      Gate(root);
      Reports(root);
      Choice(root, "unknownFields", "pass", "deny", config_.deny_unknown_fields);
      Choice(root, "checkpoint", "pass", "deny", config_.deny_checkpoint);
    }
    if (in_.failed()) return in_.error();
    return WithNote();
  }

 private:
  void Set(const yaml::Node& node, std::string_view name, std::string& out) {
    if (const yaml::Node* found = node.Find(name)) out = in_.Text(*found, name);
  }
  // `null` turns off what is on by default.
  void SetOrNone(const yaml::Node& node, std::string_view name, std::string& out) {
    const yaml::Node* found = node.Find(name);
    if (found != nullptr && found->kind == yaml::Node::Kind::kNull) {
      out.clear();
    } else {
      Set(node, name, out);
    }
  }
  void SetTexts(const yaml::Node& node, std::string_view name, std::vector<std::string>& out) {
    const yaml::Node* found = node.Find(name);
    if (found == nullptr) return;
    out.clear();
    for (const yaml::Node& entry : in_.List(*found, name)) out.push_back(in_.Text(entry, name));
  }
  void SetDuration(const yaml::Node& node, std::string_view name, std::chrono::milliseconds& out) {
    const yaml::Node* found = node.Find(name);
    if (found == nullptr) return;
    const auto value = ParseDuration(in_.Text(*found, name));
    if (!value) in_.Fail(*found, std::string(name) + " must be a duration such as 500ms, 30s, 10m or 24h");
    if (value) out = *value;
  }
  void SetCount(const yaml::Node& node, std::string_view name, std::size_t most, std::size_t& out) {
    if (const yaml::Node* found = node.Find(name)) {
      out = static_cast<std::size_t>(in_.Number(*found, name, 1, static_cast<long>(most)));
    }
  }
  void Choice(const yaml::Node& node, std::string_view name, std::string_view no, std::string_view yes, bool& out) {
    const yaml::Node* found = node.Find(name);
    if (found == nullptr) return;
    const std::string text = in_.Text(*found, name);
    if (text != no && text != yes) {
      in_.Fail(*found, std::string(name) + " must be " + std::string(no) + " or " + std::string(yes));
    }
    out = text == yes;
  }
  const yaml::Node* Section(const yaml::Node& root, std::string_view name,
                            std::initializer_list<std::string_view> known) {
    const yaml::Node* found = root.Find(name);
    if (found == nullptr || found->kind == yaml::Node::Kind::kNull)
      return nullptr;  // a section whose lines are all commented out
    return in_.Map(*found, name, known) ? found : nullptr;
  }

  void Listen(const yaml::Node& root) {
    const yaml::Node* node = Section(root, "listen", {"cri", "admin", "metrics"});
    if (node == nullptr) return;
    Set(*node, "cri", config_.listen_cri);
    SetOrNone(*node, "admin", config_.listen_admin);
    SetOrNone(*node, "metrics", config_.listen_metrics);
  }
  void Runtime(const yaml::Node& root) {
    const yaml::Node* node = Section(root, "runtime", {"socket", "namespace", "config", "sandboxImage"});
    if (node == nullptr) return;
    Set(*node, "socket", config_.runtime_socket);
    Set(*node, "namespace", config_.runtime_namespace);
    Set(*node, "config", config_.runtime_config);
    Set(*node, "sandboxImage", config_.sandbox_image);
  }
  void Node(const yaml::Node& root) {
    const yaml::Node* node = Section(root, "node", {"name", "labels", "labelsFile"});
    if (node == nullptr) return;
    Set(*node, "name", config_.node_name);
    Set(*node, "labelsFile", config_.node_labels_file);
    const yaml::Node* labels = node->Find("labels");
    if (labels == nullptr) return;
    config_.node_labels.emplace();
    for (auto& [key, value] : in_.TextMap(*labels, "labels")) config_.node_labels->emplace(key, value);
  }
  // The note lies where the daemon's state is.
  Config WithNote() {
    if (!config_.state.empty()) config_.registries.containerd_note = config_.state + std::string(containerd::kNoteName);
    return std::move(config_);
  }
  void Registries(const yaml::Node& root) {
    registry::Settings& out = config_.registries;
    out.containerd_config = config_.runtime_config;
    const yaml::Node* node = Section(root, "registries",
                                     {"plainHttp", "caFile", "certsDirs", "mirrorCredentials", "credentialProvider",
                                      "azureIdentity", "dockerConfig", "peerMirrors"});
    if (node == nullptr) return;
    SetTexts(*node, "plainHttp", out.plain_http);
    Set(*node, "caFile", out.ca_file);
    if (node->Find("certsDirs") != nullptr) SetTexts(*node, "certsDirs", out.certs_dirs.emplace());
    Choice(*node, "mirrorCredentials", "own", "forward", out.forward_to_mirrors);
    Set(*node, "dockerConfig", out.docker_config);
    SetTexts(*node, "peerMirrors", out.peer_mirrors);
    if (const yaml::Node* identity = node->Find("azureIdentity")) {
      const std::string text = in_.Text(*identity, "azureIdentity");
      if (text != "none") out.azure_identity = text == "default" ? "" : text;
    }
    const yaml::Node* provider = Section(*node, "credentialProvider", {"config", "binDir"});
    if (provider == nullptr) return;
    out.provider_config = in_.Text(in_.Require(*provider, "config", "credentialProvider"), "config");
    out.provider_folder = in_.Text(in_.Require(*provider, "binDir", "credentialProvider"), "binDir");
  }
  void Gate(const yaml::Node& root) {
    const yaml::Node* node =
        Section(root, "gate", {"workers", "queue", "decisionTimeout", "allowTtl", "denyTtl", "evidenceMaxAge"});
    if (node == nullptr) return;
    SetCount(*node, "workers", limits::kWorkersMost, config_.workers);
    SetCount(*node, "queue", limits::kQueueMost, config_.queue);
    SetDuration(*node, "decisionTimeout", config_.decision_timeout);
    SetDuration(*node, "allowTtl", config_.allow_ttl);
    SetDuration(*node, "denyTtl", config_.deny_ttl);
    SetDuration(*node, "evidenceMaxAge", config_.evidence_max_age);
  }
  void Audit(const yaml::Node& root) {
    const yaml::Node* node = Section(root, "audit", {"file", "maxBytes", "keep", "onWriteError"});
    if (node == nullptr) return;
    Set(*node, "file", config_.audit_file);
    if (const yaml::Node* most = node->Find("maxBytes")) {
      const auto bytes = ParseSize(in_.Text(*most, "maxBytes"));
      if (!bytes || *bytes < limits::kAuditBytesLeast) in_.Fail(*most, "maxBytes must be a size of 1MiB or more");
      if (bytes) config_.audit_max_bytes = *bytes;
    }
    SetCount(*node, "keep", limits::kAuditFilesMost, config_.audit_keep);
    Choice(*node, "onWriteError", "deny", "allow", config_.audit_allow_unrecorded);
  }
  void Metrics(const yaml::Node& root) {
    const yaml::Node* node = Section(root, "metrics", {"ruleLabels"});
    if (node == nullptr) return;
    SetTexts(*node, "ruleLabels", config_.rule_labels);
    for (const std::string& name : config_.rule_labels) {
      // What Prometheus takes in a label's name.
      const bool good = name.size() <= 64 && name.find_first_not_of(
                                                 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                 "0123456789_") == std::string::npos;
      if (!good || name.empty()) in_.Fail(*node, "ruleLabels must be names of letters, digits and '_'");
    }
  }
  void Reports(const yaml::Node& root) {
    Audit(root);
    Metrics(root);
    const yaml::Node* node = Section(root, "log", {"level"});
    const yaml::Node* level = node != nullptr ? node->Find("level") : nullptr;
    if (level == nullptr) return;
    const std::string text = in_.Text(*level, "level");
    if (text == "debug") {
      config_.log_level = log::Level::kDebug;
    } else if (text == "warn") {
      config_.log_level = log::Level::kWarn;
    } else if (text == "error") {
      config_.log_level = log::Level::kError;
    } else if (text != "info") {
      in_.Fail(*level, "level must be debug, info, warn or error");
    }
  }

  yaml::Reader in_;
  Config config_;
};

}  // namespace

Result<Config> Parse(std::string_view text) {
  auto root = yaml::Parse(text, limits::kConfigBytes);
  if (!root) return root.error();
  return ConfigParser().Parse(*root);
}

Result<Config> Load(const std::string& path) {
  auto text = ReadFile(path, limits::kConfigBytes);
  if (!text) return text.error();
  auto config = Parse(*text);
  if (!config) return Error{config.error().code, path + ":" + config.error().message};
  return config;
}

Result<std::map<std::string, std::string>> ParseLabelsFile(std::string_view text) {
  constexpr std::string_view kName = "KUBELET_NODE_LABELS=";
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!line.starts_with(kName)) continue;
    line.remove_prefix(kName.size());
    while (line.ends_with('\r') || line.ends_with('"')) line.remove_suffix(1);
    if (line.starts_with('"')) line.remove_prefix(1);
    std::map<std::string, std::string> out;
    while (!line.empty()) {
      const std::string_view pair = line.substr(0, line.find(','));
      line.remove_prefix(std::min(line.size(), pair.size() + 1));
      const std::size_t equals = pair.find('=');
      if (equals == 0 || equals == std::string_view::npos) {
        return Error{ErrorCode::kInvalid,
                     "KUBELET_NODE_LABELS has \"" + Printable(pair, 100) + "\", which is not key=value"};
      }
      out.emplace(pair.substr(0, equals), pair.substr(equals + 1));
    }
    return out;
  }
  return Error{ErrorCode::kInvalid, "there is no line KUBELET_NODE_LABELS="};
}

}  // namespace pullseal::config
