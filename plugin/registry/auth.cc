#include "registry/auth.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "crypto/sha256.h"
#include "json/value.h"

namespace pullseal::registry {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool IsTokenChar(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~/").find(c) != std::string_view::npos;
}

// Reads challenges from one header value: scheme SP name=value *( , name=value ), and again.
class ChallengeScanner {
 public:
  explicit ChallengeScanner(std::string_view text) : rest_(text) {}

  void Scan(std::vector<Challenge>& out) {
    while (true) {
      Skip(" \t,");
      std::string word = Token();
      if (word.empty()) return;
      Skip(" \t");
      if (!rest_.empty() && rest_.front() == '=' && !out.empty()) {
        rest_.remove_prefix(1);
        if (!Parameter(std::move(word), out.back())) return;
      } else {
        out.push_back(Challenge{std::move(word), {}});
      }
      if (out.size() > 16) return;
    }
  }

 private:
  void Skip(std::string_view set) {
    const std::size_t end = rest_.find_first_not_of(set);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end);
  }
  std::string Token() {
    std::string out;
    while (!rest_.empty() && IsTokenChar(rest_.front())) {
      out.push_back(Lower(rest_.front()));
      rest_.remove_prefix(1);
    }
    return out;
  }
  bool Parameter(std::string name, Challenge& challenge) {
    Skip(" \t");
    std::string value;
    if (!rest_.empty() && rest_.front() == '"') {
      rest_.remove_prefix(1);
      while (!rest_.empty() && rest_.front() != '"') {
        if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
        value.push_back(rest_.front());
        rest_.remove_prefix(1);
      }
      if (rest_.empty()) return false;
      rest_.remove_prefix(1);
    } else {
      const std::size_t end = std::min(rest_.find_first_of(" \t,"), rest_.size());
      value = rest_.substr(0, end);
      rest_.remove_prefix(end);
    }
    challenge.parameters.emplace(std::move(name), std::move(value));
    return true;
  }
  std::string_view rest_;
};

std::string Escape(std::string_view text) {
  std::string out;
  constexpr char kDigits[] = "0123456789ABCDEF";
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<std::uint8_t>(c);
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

std::string BasicHeader(const Credentials& credentials) {
  return "Basic " + Base64Encode(AsBytes(credentials.username + ":" + credentials.password));
}

// A token realm gets credentials, so it must be as safe as the registry: https unless the registry itself is plain, and
// no internal address unless it is the registry's own host.
Result<Url> CheckRealm(const std::string& realm, const Url& registry) {
  auto url = Url::Parse(realm);
  if (!url) return Error{ErrorCode::kRemote, "the registry's token realm is not a valid URL"};
  if (url->scheme != "https" && registry.scheme == "https") {
    return Error{ErrorCode::kRemote, "the registry's token realm is plain http; refused"};
  }
  if (IsInternalAddress(url->host) && url->host != registry.host) {
    return Error{ErrorCode::kRemote, "the registry's token realm is an internal address; refused"};
  }
  return url;
}

bool IsHeaderSafe(std::string_view token) {
  return !token.empty() && std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

std::string Key(const Url& registry, const std::string& path, const Credentials& credentials) {
  return registry.scheme + "://" + registry.host + ":" + registry.port + "/" + path + "#" + credentials.Fingerprint();
}

}  // namespace

std::string Credentials::Fingerprint() const {
  if (empty()) return "anonymous";
  const std::string all = std::to_string(username.size()) + ":" + username + std::to_string(password.size()) + ":" +
                          password + identity_token;
  return crypto::Sha256Hex(AsBytes(all));
}

std::vector<Challenge> ParseChallenges(const HttpResponse& response) {
  std::vector<Challenge> out;
  const auto [begin, end] = response.headers.equal_range("www-authenticate");
  for (auto it = begin; it != end; ++it) ChallengeScanner(it->second).Scan(out);
  return out;
}

std::optional<std::string> Authorizer::Remembered(const Url& registry, const std::string& path,
                                                  const Credentials& credentials) {
  const std::lock_guard lock(mutex_);
  auto grant = grants_.Find(Key(registry, path, credentials));
  if (!grant || grant->expires <= clock_.Steady()) return std::nullopt;
  return std::move(grant->header);
}

void Authorizer::Forget(const Url& registry, const std::string& path, const Credentials& credentials) {
  const std::lock_guard lock(mutex_);
  grants_.Erase(Key(registry, path, credentials));
}

Result<std::string> Authorizer::Answer(const HttpResponse& response, const Url& registry, const std::string& path,
                                       const Credentials& credentials, SteadyTime deadline) {
  for (const Challenge& challenge : ParseChallenges(response)) {
    std::optional<Grant> grant;
    if (challenge.scheme == "bearer") {
      auto token = FetchToken(challenge, registry, path, credentials, deadline);
      if (!token) return token.error();
      grant = std::move(*token);
    } else if (challenge.scheme == "basic" && !credentials.username.empty()) {
      grant = Grant{BasicHeader(credentials), clock_.Steady() + limits::kTokenLongestLife};
    }
    if (!grant) continue;
    const std::lock_guard lock(mutex_);
    grants_.Put(Key(registry, path, credentials), *grant);
    return std::move(grant->header);
  }
  return Error{ErrorCode::kUnauthorized, credentials.empty() ? "the registry wants credentials and there are none"
                                                             : "the registry's challenge cannot be answered"};
}

Result<Authorizer::Grant> Authorizer::FetchToken(const Challenge& challenge, const Url& registry,
                                                 const std::string& path, const Credentials& credentials,
                                                 SteadyTime deadline) {
  const auto parameter = [&](const char* name) {
    const auto found = challenge.parameters.find(name);
    return found != challenge.parameters.end() ? found->second : std::string();
  };
  auto url = CheckRealm(parameter("realm"), registry);
  if (!url) return url.error();
  // We ask for what we need, not for what the challenge suggests.
  const std::string service = parameter("service");
  const std::string query =
      "service=" + Escape(service) + "&scope=" + Escape("repository:" + path + ":pull") + "&client_id=pullseal";
  HttpRequest request;
  request.most = limits::kTokenBytes;
  request.deadline = deadline;
  if (!credentials.identity_token.empty()) {
    request.method = "POST";
    request.headers = {"Content-Type: application/x-www-form-urlencoded"};
    request.body = "grant_type=refresh_token&refresh_token=" + Escape(credentials.identity_token) + "&" + query;
  } else {
    url->path_and_query += (url->path_and_query.find('?') == std::string::npos ? "?" : "&") + query;
    if (!credentials.username.empty()) request.headers = {"Authorization: " + BasicHeader(credentials)};
  }
  request.url = std::move(*url);
  const auto response = http_.Do(request);
  if (!response) return response.error().In("token request");
  if (response->status == 429) return Error{ErrorCode::kThrottled, "the registry's token service throttles"};
  if (response->status >= 500) return Error{ErrorCode::kRemote, "the registry's token service failed"};
  if (response->status != 200) return Error{ErrorCode::kUnauthorized, "the registry's token service refused"};
  const auto body = json::Parse(response->body);
  const std::string* token = body ? body->FindString("token") : nullptr;
  if (body && token == nullptr) token = body->FindString("access_token");
  if (token == nullptr || !IsHeaderSafe(*token))
    return Error{ErrorCode::kRemote, "the token service's answer has no token"};
  const json::Value* expires = body->Find("expires_in");
  const auto seconds = expires != nullptr ? expires->integer().value_or(60) : limits::kTokenDefaultLife.count();
  const auto life = std::chrono::seconds(std::clamp<std::int64_t>(seconds, 1, limits::kTokenLongestLife.count()));
  return Grant{"Bearer " + *token, clock_.Steady() + life * 9 / 10};
}

}  // namespace pullseal::registry
