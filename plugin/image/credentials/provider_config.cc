// SPDX-License-Identifier: Apache-2.0
#include "image/credentials/provider_config.h"

#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/yaml/yaml.h"
#include "image/credentials/limits.h"

namespace pullseal::credentials {
namespace {

class ConfigReader {
 public:
  Result<std::vector<Provider>> Read(const yaml::Node& root) {
    const std::string version = in_.Text(in_.Require(root, "apiVersion", "the configuration"), "apiVersion");
    if (!in_.failed() && !version.starts_with("kubelet.config.k8s.io/v1")) in_.Fail(root, "apiVersion is unknown");
    const std::string kind = in_.Text(in_.Require(root, "kind", "the configuration"), "kind");
    if (!in_.failed() && kind != "CredentialProviderConfig") in_.Fail(root, "kind is not CredentialProviderConfig");
    std::vector<Provider> out;
    for (const yaml::Node& node : in_.List(in_.Require(root, "providers", "the configuration"), "providers")) {
      if (out.size() == limits::kProviders) in_.Fail(node, "too many providers");
      if (in_.failed()) break;
      out.push_back(ReadProvider(node));
    }
    if (in_.failed()) return in_.error();
    return out;
  }

 private:
  Provider ReadProvider(const yaml::Node& node) {
    Provider out;
    const yaml::Node& name = in_.Require(node, "name", "a provider");
    out.name = in_.Text(name, "name");
    // It becomes a file's name, as kubelet also demands.
    const bool plain = out.name.find_first_of("/ \t\n") == std::string::npos && out.name != "." && out.name != "..";
    if (!in_.failed() && (!plain || out.name.empty())) in_.Fail(name, "a provider's name must be a plain file name");
    const yaml::Node& images = in_.Require(node, "matchImages", "a provider");
    out.match_images = in_.Texts(images, "matchImages");
    if (out.match_images.size() > limits::kProviderImages) in_.Fail(images, "too many matchImages");
    if (const yaml::Node* duration = node.Find("defaultCacheDuration")) {
      const auto value = ParseGoDuration(in_.Text(*duration, "defaultCacheDuration"));
      if (!value) in_.Fail(*duration, "defaultCacheDuration must be a duration such as 10m");
      if (value) out.default_cache = *value;
    }
    const yaml::Node& version = in_.Require(node, "apiVersion", "a provider");
    out.api_version = in_.Text(version, "apiVersion");
    if (!in_.failed() && !out.api_version.starts_with("credentialprovider.kubelet.k8s.io/v1")) {
      in_.Fail(version, "apiVersion is unknown");
    }
    if (const yaml::Node* arguments = node.Find("args")) out.arguments = in_.Texts(*arguments, "args");
    if (const yaml::Node* environment = node.Find("env")) {
      for (const yaml::Node& one : in_.List(*environment, "env")) {
        out.environment.emplace_back(in_.Text(in_.Require(one, "name", "env"), "name"),
                                     in_.Text(in_.Require(one, "value", "env"), "value"));
      }
    }
    if (const yaml::Node* tokens = node.Find("tokenAttributes")) {
      const yaml::Node* required = tokens->Find("requireServiceAccount");
      out.needs_service_account = required != nullptr && in_.Boolean(*required, "requireServiceAccount");
    }
    return out;
  }

  yaml::Reader in_;
};

}  // namespace

Result<std::vector<Provider>> ParseProviderConfig(std::string_view text) {
  auto root = yaml::Parse(text, limits::kConfigBytes);
  if (!root) return root.error();
  return ConfigReader().Read(*root);
}

}  // namespace pullseal::credentials
