// SPDX-License-Identifier: Apache-2.0
#include "node/install/settings.h"

#include <sys/stat.h>

#include <filesystem>
#include <utility>

#include "node/config/config.h"
#include "node/install/limits.h"
#include "policy/file/load.h"

namespace pullseal::install {
namespace {

namespace fs = std::filesystem;

Status ReadInto(SettingsFiles& out, const fs::path& folder, const std::string& prefix, int depth) {
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  if (error) return Error{ErrorCode::kUnavailable, "read " + folder.string() + ": " + error.message()};
  for (const auto& entry : entries) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.')) continue;
    if (fs::is_directory(entry.path(), error)) {
      if (depth >= 2) return Error{ErrorCode::kLimit, folder.string() + ": folders in folders in folders"};
      if (const Status below = ReadInto(out, entry.path(), prefix + name + "/", depth + 1); !below) return below;
      continue;
    }
    if (out.size() >= limits::kSettingsFiles) {
      return Error{ErrorCode::kLimit, "more than " + std::to_string(limits::kSettingsFiles) + " files of settings"};
    }
    auto text = ReadFile(entry.path().string(), limits::kSettingsFileBytes);
    if (!text) return text.error();
    out.emplace(prefix + name, std::move(*text));
  }
  return {};
}

Status MustBe(const std::string& what, const std::string& is, const std::string& usual) {
  if (is == usual) return {};
  return Error{ErrorCode::kInvalid, "config.yaml: on a node that systemd holds, " + what + " is " + usual +
                                        ", as the units say; take it out of the file"};
}

}  // namespace

Result<SettingsFiles> ReadSettings(const std::string& folder) {
  SettingsFiles out;
  if (const Status read = ReadInto(out, folder, "", 0); !read) return read.error();
  return out;
}

std::string DefaultConfig(const Host& host, const KubeletProcess* kubelet) {
  std::string out = "# Written by `pullseal node install`; docs/configuration.md has every key.\n";
  const auto labels = ReadFile(host.Path("/etc/default/kubelet"), limits::kLabelsFileBytes);
  if (labels && config::ParseLabelsFile(*labels)) out += "node: {labelsFile: /etc/default/kubelet}\n";
  if (kubelet != nullptr && !kubelet->provider_config.empty() && !kubelet->provider_folder.empty()) {
    out += "registries:\n  credentialProvider: {config: " + kubelet->provider_config +
           ", binDir: " + kubelet->provider_folder + "}\n";
  }
  // A file with nothing but remarks is no configuration.
  return out + "log: {level: info}\n";
}

Status CheckSettings(const SettingsFiles& files, const std::string& scratch) {
  if (!files.contains("policy.yaml")) return Error{ErrorCode::kInvalid, "the settings have no policy.yaml"};
  if (!files.contains("config.yaml")) return Error{ErrorCode::kInvalid, "the settings have no config.yaml"};
  if (const Status written = WriteFiles(files, scratch); !written) return written;
  const auto config = config::Load(scratch + "/config.yaml");
  if (!config) return config.error();
  const config::Config usual;
  if (Status s = MustBe("listen.cri", config->listen_cri, usual.listen_cri); !s) return s;
  if (Status s = MustBe("listen.admin", config->listen_admin, usual.listen_admin); !s) return s;
  if (Status s = MustBe("policy", config->policy, usual.policy); !s) return s;
  if (Status s = MustBe("state", config->state, usual.state); !s) return s;
  if (Status s = MustBe("audit.file", config->audit_file, usual.audit_file); !s) return s;
  if (Status s = MustBe("runtime.socket", config->runtime_socket, usual.runtime_socket); !s) return s;
  const auto policy = policy::LoadPolicy(scratch + "/policy.yaml");
  return policy ? Status() : Status(policy.error());
}

Status WriteFiles(const SettingsFiles& files, const std::string& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
  fs::create_directories(folder, error);
  if (error) return Error{ErrorCode::kUnavailable, "make " + folder + ": " + error.message()};
  ::chmod(folder.c_str(), 0700);
  for (const auto& [name, text] : files) {
    const fs::path path = fs::path(folder) / name;
    fs::create_directories(path.parent_path(), error);
    if (const Status written = WriteFile(path.string(), text, 0600); !written) return written;
  }
  return {};
}

}  // namespace pullseal::install
