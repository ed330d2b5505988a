// SPDX-License-Identifier: Apache-2.0
#include "image/credentials/credential_provider.h"

#include <algorithm>
#include <utility>

#include "core/base/file.h"
#include "core/base/limits.h"
#include "core/base/mutex.h"
#include "core/json/value.h"
#include "image/credentials/limits.h"

namespace pullseal::credentials {
namespace {

using AnswerPtr = std::shared_ptr<const ProviderAnswer>;

Error Bad(const char* what) { return Error{ErrorCode::kRemote, std::string("its answer ") + what}; }

std::string KeyOf(const Provider& provider, ProviderAnswer::KeyType type, const std::string& host,
                  const std::string& image) {
  switch (type) {
    case ProviderAnswer::KeyType::kImage:
      return provider.name + "|image|" + image;
    case ProviderAnswer::KeyType::kRegistry:
      return provider.name + "|registry|" + host;
    case ProviderAnswer::KeyType::kGlobal:
      return provider.name + "|global";
  }
  return {};
}

bool Matches(const Provider& provider, const std::string& host, const std::string& path) {
  return std::any_of(provider.match_images.begin(), provider.match_images.end(),
                     [&](const std::string& pattern) { return MatchesImage(pattern, host, path); });
}

Status ReadAuth(const json::Value& auth, ProviderAnswer& out) {
  if (auth.is_null()) return {};
  if (auth.object() == nullptr) return Bad("has no map \"auth\"");
  for (const auto& [pattern, value] : *auth.object()) {
    const std::string* username = value.FindString("username");
    const std::string* password = value.FindString("password");
    if (username == nullptr || password == nullptr) return Bad("has an entry without username and password");
    Credentials one;
    one.username = *username;
    one.password = Secret(std::string_view(*password));
    out.auth.emplace_back(pattern, std::move(one));
  }
  // kubelet's order: the longer and the plainer pattern before the shorter and the one with a wildcard.
  std::sort(out.auth.begin(), out.auth.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  return {};
}

}  // namespace

Result<ProviderAnswer> ParseProviderAnswer(std::string_view text, const std::string& api_version) {
  auto json = json::Parse(text);
  if (!json) return Bad("is not valid JSON");
  const std::string* version = json->FindString("apiVersion");
  const std::string* kind = json->FindString("kind");
  if (version == nullptr || *version != api_version) return Bad("is of another apiVersion than was asked");
  if (kind == nullptr || *kind != "CredentialProviderResponse") return Bad("is no CredentialProviderResponse");
  ProviderAnswer out;
  const std::string* key_type = json->FindString("cacheKeyType");
  if (key_type == nullptr) return Bad("has no cacheKeyType");
  if (*key_type == "Registry") {
    out.key_type = ProviderAnswer::KeyType::kRegistry;
  } else if (*key_type == "Global") {
    out.key_type = ProviderAnswer::KeyType::kGlobal;
  } else if (*key_type != "Image") {
    return Bad("has an unknown cacheKeyType");
  }
  if (const json::Value* duration = json->Find("cacheDuration"); duration != nullptr && !duration->is_null()) {
    out.cache = duration->string() != nullptr ? ParseGoDuration(*duration->string()) : std::nullopt;
    if (!out.cache) return Bad("has a cacheDuration that is none");
  }
  if (const json::Value* auth = json->Find("auth")) {
    if (const Status read = ReadAuth(*auth, out); !read) return read.error();
  }
  return out;
}

Result<ProviderSource::Providers> ProviderSource::Configured() {
  const http::FileStamp now = http::FileStamp::Of(config_file_);
  const MutexLock lock(mutex_);
  if (providers_ != nullptr && now == stamp_) return providers_;
  auto text = ReadFile(config_file_, limits::kConfigBytes);
  auto parsed = text ? ParseProviderConfig(*text) : Result<std::vector<Provider>>(text.error());
  if (!parsed) {
    if (!(now == stamp_) || !told_)
      warning_(config_file_ + ": " + parsed.error().message + "; no credential provider is asked");
    told_ = true;
    stamp_ = now;
    providers_ = nullptr;
    return parsed.error().In("its configuration");
  }
  stamp_ = now;
  answers_.Clear();
  providers_ = std::make_shared<const std::vector<Provider>>(std::move(*parsed));
  return providers_;
}

// kubelet looks for the image first, then for the registry, then for everything.
std::optional<Result<AnswerPtr>> ProviderSource::Remembered(const Provider& provider, const std::string& host,
                                                            const std::string& image) {
  using KeyType = ProviderAnswer::KeyType;
  const MutexLock lock(mutex_);
  for (const KeyType type : {KeyType::kImage, KeyType::kRegistry, KeyType::kGlobal}) {
    const auto kept = answers_.Find(KeyOf(provider, type, host, image));
    if (kept && clock_.Steady() < kept->expires) return kept->answer;
  }
  return std::nullopt;
}

Result<AnswerPtr> ProviderSource::Ask(const Provider& provider, const std::string& host, const std::string& image,
                                      SteadyTime deadline) {
  if (auto known = Remembered(provider, host, image)) return *known;
  Command command;
  command.path = folder_ + "/" + provider.name;
  command.arguments = provider.arguments;
  command.environment = provider.environment;
  json::Writer request;
  request.Text("apiVersion", provider.api_version).Text("kind", "CredentialProviderRequest").Text("image", image);
  command.input = request.Finish() + "\n";
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock_.Steady());
  command.time = std::min<std::chrono::milliseconds>(left, limits::kProviderTime);
  command.most = limits::kProviderOutput;
  const auto text = run_(command);
  auto parsed = text ? ParseProviderAnswer(text->text(), provider.api_version) : Result<ProviderAnswer>(text.error());
  const MutexLock lock(mutex_);
  if (!parsed) {
    const Error error = parsed.error().In(provider.name);
    answers_.Put(KeyOf(provider, ProviderAnswer::KeyType::kImage, host, image),
                 Kept{error, clock_.Steady() + limits::kCredentialRest});
    return error;
  }
  for (auto& [pattern, credentials] : parsed->auth) credentials.source = "credential provider " + provider.name;
  const auto cache = parsed->cache.value_or(provider.default_cache);
  const std::string key = KeyOf(provider, parsed->key_type, host, image);
  const auto answer = std::make_shared<const ProviderAnswer>(std::move(*parsed));
  if (cache.count() > 0) answers_.Put(key, Kept{answer, clock_.Steady() + cache});
  return AnswerPtr(answer);
}

Result<std::vector<Credentials>> ProviderSource::Find(const std::string& host, const std::string& path,
                                                      SteadyTime deadline) {
  const auto providers = Configured();
  if (!providers) return providers.error();
  std::vector<Credentials> out;
  std::optional<Error> trouble;
  const std::string image = host + "/" + path;
  for (const Provider& provider : **providers) {
    if (!Matches(provider, host, path)) continue;
    if (provider.needs_service_account) {
      trouble =
          Error{ErrorCode::kUnavailable, provider.name + ": needs a service account's token, which only kubelet has"};
      continue;
    }
    auto landed = flights_.Do(provider.name + "|" + image, deadline, clock_,
                              [&] { return Ask(provider, host, image, deadline); });
    if (!landed || !landed->value) {
      trouble = landed ? landed->value.error() : Error{ErrorCode::kTimeout, provider.name + ": no answer in time"};
      continue;
    }
    for (const auto& [pattern, credentials] : (*landed->value)->auth) {
      if (!credentials.empty() && MatchesImage(pattern, host, path)) out.push_back(credentials);
    }
  }
  if (out.empty() && trouble) return *trouble;
  return out;
}

}  // namespace pullseal::credentials
