// SPDX-License-Identifier: Apache-2.0
#include "image/credentials/docker_config.h"

#include <algorithm>

#include "core/base/file.h"
#include "core/base/mutex.h"
#include "core/json/value.h"
#include "image/credentials/limits.h"

namespace pullseal::credentials {
namespace {

// Docker writes "https://index.docker.io/v1/" for its own hub and full URLs for others.
std::string PatternOf(std::string_view key) {
  if (const auto scheme = key.find("://"); scheme != std::string_view::npos) key.remove_prefix(scheme + 3);
  std::string out(key);
  for (const std::string_view version : {"/v1/", "/v2/", "/v1", "/v2", "/"}) {
    if (out.ends_with(version)) {
      out.resize(out.size() - version.size());
      break;
    }
  }
  return out == "index.docker.io" || out == "registry-1.docker.io" ? "docker.io" : out;
}

}  // namespace

Result<DockerAuths> ParseDockerConfig(std::string_view text) {
  auto json = json::Parse(text);
  if (!json) return json.error();
  DockerAuths out;
  const json::Value* auths = json->Find("auths");
  if (auths == nullptr || auths->object() == nullptr) return out;
  for (const auto& [key, value] : *auths->object()) {
    Credentials one;
    const std::string* username = value.FindString("username");
    const std::string* password = value.FindString("password");
    const std::string* joined = value.FindString("auth");
    const std::string* token = value.FindString("identitytoken");
    if (token != nullptr && !token->empty()) {
      one.identity_token = Secret(std::string_view(*token));
    } else if (username != nullptr && password != nullptr && !username->empty()) {
      one.username = *username;
      one.password = Secret(std::string_view(*password));
    } else if (joined != nullptr) {
      one = JoinedCredentials(*joined);
    }
    one.source = "docker configuration";
    if (!one.empty()) out.emplace_back(PatternOf(key), std::move(one));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  return out;
}

Result<std::vector<Credentials>> DockerConfigSource::Find(const std::string& host, const std::string& path,
                                                          SteadyTime) {
  const MutexLock lock(mutex_);
  const http::FileStamp now = http::FileStamp::Of(file_);
  if (auths_ == nullptr || !(now == stamp_)) {
    auto text = ReadFile(file_, limits::kDockerConfigBytes);
    if (!text) return text.error();
    const Secret whole(std::move(*text));
    auto parsed = ParseDockerConfig(whole.text());
    if (!parsed) return parsed.error().In(file_);
    auths_ = std::make_shared<const DockerAuths>(std::move(*parsed));
    stamp_ = now;
  }
  std::vector<Credentials> out;
  for (const auto& [pattern, credentials] : *auths_) {
    if (MatchesImage(pattern, host, path)) out.push_back(credentials);
  }
  return out;
}

}  // namespace pullseal::credentials
