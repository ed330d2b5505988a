// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_CONFIG_CONFIG_H_
#define PULLSEAL_NODE_CONFIG_CONFIG_H_

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/log.h"
#include "core/base/result.h"
#include "image/registry/access.h"

namespace pullseal::config {

// Config is the daemon's configuration file, with its defaults.
struct Config {
  std::string listen_cri = "/run/pullseal/cri/cri.sock";
  std::string listen_admin = "/run/pullseal/admin/admin.sock";  // empty: none
  std::string listen_metrics = "127.0.0.1:9464";                // empty: none
  std::string runtime_socket = "/run/containerd/containerd.sock";
  std::string runtime_namespace = "k8s.io";
  std::string runtime_config = "/etc/containerd/config.toml";
  std::string sandbox_image;
  std::string policy = "/etc/pullseal/policy.yaml";
  std::string state = "/var/lib/pullseal";  // empty: evidence is kept in memory only
  std::string node_name;
  std::optional<std::map<std::string, std::string>> node_labels;
  std::string node_labels_file;
  registry::Settings registries;
  std::size_t workers = 8;
  std::size_t queue = 1024;
  std::chrono::milliseconds decision_timeout{20'000};
  std::chrono::milliseconds allow_ttl{600'000};
  std::chrono::milliseconds deny_ttl{30'000};
  std::chrono::milliseconds evidence_max_age{0};  // zero: known evidence is never asked for again
  std::string audit_file = "/var/log/pullseal/audit.jsonl";
  std::size_t audit_max_bytes = 64 << 20;
  std::size_t audit_keep = 8;
  bool audit_allow_unrecorded = false;   // audit.onWriteError: allow
  std::vector<std::string> rule_labels;  // metrics.ruleLabels
  log::Level log_level = log::Level::kInfo;
  bool deny_unknown_fields = false;
  bool deny_checkpoint = false;
};

// Parse reads the text of a configuration file. An unknown key or a bad value refuses it. Errors begin with
// "LINE: ".
Result<Config> Parse(std::string_view text);

// Load reads the file at `path`. Errors begin with "PATH:LINE: ".
Result<Config> Load(const std::string& path);

// ParseLabelsFile reads the node's labels from an environment file's KUBELET_NODE_LABELS=key=value,... line, as AKS
// writes it. kInvalid if there is no such line or a label is malformed.
Result<std::map<std::string, std::string>> ParseLabelsFile(std::string_view text);

}  // namespace pullseal::config

#endif  // PULLSEAL_NODE_CONFIG_CONFIG_H_
