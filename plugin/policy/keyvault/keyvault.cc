// SPDX-License-Identifier: Apache-2.0
#include "policy/keyvault/keyvault.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <set>
#include <utility>

#include "core/base/bytes.h"
#include "core/crypto/key_parts.h"
#include "core/json/value.h"
#include "image/credentials/azure_identity.h"
#include "image/credentials/token.h"
#include "policy/keyvault/limits.h"

namespace pullseal::keyvault {
namespace {

constexpr std::string_view kScheme = "azurekms://";
constexpr const char* kApi = "?api-version=7.4";

// Each with the audience of its tokens (Azure, "Key Vault DNS suffixes by cloud").
struct Cloud {
  std::string_view suffix;
  const char* audience;
};
constexpr std::array<Cloud, 4> kClouds = {{
    {".vault.azure.net", "https://vault.azure.net"},
    {".vault.azure.cn", "https://vault.azure.cn"},
    {".vault.usgovcloudapi.net", "https://vault.usgovcloudapi.net"},
    {".managedhsm.azure.net", "https://managedhsm.azure.net"},
}};

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

// Names of vaults, keys and versions alike.
bool IsName(std::string_view text, std::size_t most) {
  return !text.empty() && text.size() <= most && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

// RFC 7515 section 2: base64 for URLs, without padding.
Result<Bytes> Base64UrlDecode(std::string text) {
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  while (text.size() % 4 != 0) text += '=';
  return Base64Decode(text);
}

Result<Bytes> Number(const json::Value& key, std::string_view name) {
  const std::string* text = key.FindString(name);
  auto bytes = text != nullptr ? Base64UrlDecode(*text) : Result<Bytes>(Invalid(""));
  if (!bytes || bytes->empty()) return Invalid("key has no readable " + std::string(name));
  return bytes;
}

Result<crypto::PublicKey> EcKey(const json::Value& jwk) {
  using Kind = crypto::PublicKey::Kind;
  const std::string* curve = jwk.FindString("crv");
  const std::string name = curve != nullptr ? *curve : "";
  std::optional<Kind> kind;
  if (name == "P-256") kind = Kind::kEcdsaP256;
  if (name == "P-384") kind = Kind::kEcdsaP384;
  if (name == "P-521") kind = Kind::kEcdsaP521;
  if (!kind) return Invalid("key is on curve \"" + Printable(name, 40) + "\"; supported are P-256, P-384 and P-521");
  const auto x = Number(jwk, "x");
  if (!x) return x.error();
  const auto y = Number(jwk, "y");
  if (!y) return y.error();
  return crypto::EcKeyFromPoint(*kind, *x, *y);
}

Result<crypto::PublicKey> KeyFrom(const json::Value& jwk) {
  const std::string* type = jwk.FindString("kty");
  if (type != nullptr && (*type == "EC" || *type == "EC-HSM")) return EcKey(jwk);
  if (type == nullptr || (*type != "RSA" && *type != "RSA-HSM")) {
    return Invalid("key is of type \"" + (type != nullptr ? Printable(*type, 40) : std::string()) +
                   "\"; supported are EC and RSA, also in an HSM");
  }
  const auto modulus = Number(jwk, "n");
  if (!modulus) return modulus.error();
  const auto exponent = Number(jwk, "e");
  if (!exponent) return exponent.error();
  return crypto::RsaKeyFromNumbers(*modulus, *exponent);
}

Result<json::Value> Ask(const Access& access, http::Url url, const std::string& what) {
  http::HttpRequest request;
  request.url = std::move(url);
  request.authorization = Secret("Bearer " + std::string(access.token.text()));
  request.most = limits::kVaultAnswerBytes;
  request.deadline = access.deadline;
  request.operation = "vault";
  request.purpose = what;
  request.credentials = "Azure identity";
  const auto response = access.http.Do(request);
  if (!response) return response.error();
  if (response->status == 404) return Error{ErrorCode::kNotFound, "the vault has no " + what};
  if (response->status == 401 || response->status == 403) {
    return Error{ErrorCode::kUnauthorized, "the vault answered " + std::to_string(response->status) + " for " + what +
                                               "; the identity needs to get and list keys (Key Vault Reader)"};
  }
  if (response->status != 200) {
    return Error{ErrorCode::kRemote,
                 "the vault answered with status " + std::to_string(response->status) + " for " + what};
  }
  auto body = json::Parse(response->body);
  if (!body) return Error{ErrorCode::kRemote, "the vault's answer for " + what + ": " + body.error().message};
  return body;
}

http::Url At(const http::Url& vault, const std::string& path) {
  http::Url out = vault;
  out.path_and_query = path + kApi;
  return out;
}

bool IsEnabled(const json::Value& one) {
  const json::Value* attributes = one.Find("attributes");
  const json::Value* enabled = attributes != nullptr ? attributes->Find("enabled") : nullptr;
  return enabled != nullptr && enabled->boolean() != nullptr && *enabled->boolean();
}

// What stands behind the last slash of a key's identifier, https://VAULT/keys/NAME/VERSION.
std::string VersionOf(const json::Value& one) {
  const std::string* id = one.FindString("kid");
  const auto slash = id != nullptr ? id->rfind('/') : std::string::npos;
  return slash == std::string::npos ? std::string() : id->substr(slash + 1);
}

Result<std::set<std::string>> EnabledVersions(const Access& access, const KeyName& name) {
  std::set<std::string> out;
  http::Url next = At(access.vault, "/keys/" + name.name + "/versions");
  for (std::size_t page = 0; page < limits::kVaultPages; ++page) {
    const auto body = Ask(access, next, "versions of key " + name.name);
    if (!body) return body.error();
    const json::Value* list = body->Find("value");
    if (list == nullptr || list->array() == nullptr) {
      return Error{ErrorCode::kRemote, "the vault's list of versions is not one"};
    }
    for (const json::Value& one : *list->array()) {
      const std::string version = VersionOf(one);
      if (!IsName(version, 64)) return Error{ErrorCode::kRemote, "the vault's list has a version without a name"};
      if (IsEnabled(one)) out.insert(version);
    }
    if (out.size() > limits::kVaultKeys) return Error{ErrorCode::kLimit, "the key has too many enabled versions"};
    const std::string* link = body->FindString("nextLink");
    if (link == nullptr || link->empty()) return out;
    auto url = http::Url::Parse(*link);
    // The token is this vault's and nobody else's.
    if (!url || !url->SameOrigin(access.vault)) {
      return Error{ErrorCode::kRemote, "the vault's list goes on at another host"};
    }
    next = std::move(*url);
  }
  return Error{ErrorCode::kLimit, "the key has too many versions"};
}

std::optional<WallTime> TimeOf(const json::Value& body, std::string_view name) {
  const json::Value* attributes = body.Find("attributes");
  const json::Value* value = attributes != nullptr ? attributes->Find(name) : nullptr;
  const auto seconds = value != nullptr ? value->integer() : std::nullopt;
  // In the years that a policy may name.
  if (!seconds || *seconds < 0 || *seconds >= 9'200'000'000) return std::nullopt;
  return WallTime{} + std::chrono::seconds(*seconds);
}

Result<VaultKey> FetchVersion(const Access& access, const KeyName& name, const std::string& version) {
  const std::string what = "key " + name.name + " version " + version;
  const auto body = Ask(access, At(access.vault, "/keys/" + name.name + "/" + version), what);
  if (!body) return body.error();
  const json::Value* jwk = body->Find("key");
  if (jwk == nullptr || VersionOf(*jwk) != version) {
    return Error{ErrorCode::kRemote, "the vault answered with another key than " + what};
  }
  auto key = KeyFrom(*jwk);
  if (!key) return key.error().In(what);
  return VaultKey{version, std::move(*key), TimeOf(*body, "nbf"), TimeOf(*body, "exp")};
}

}  // namespace

Result<KeyName> KeyName::Parse(std::string_view text) {
  if (!text.starts_with(kScheme)) return Invalid("key vault keys are named azurekms://VAULT/NAME");
  text.remove_prefix(kScheme.size());
  std::array<std::string, 3> parts;  // vault, name, version
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t slash = std::min(text.find('/'), text.size());
    parts[i] = std::string(text.substr(0, slash));
    text.remove_prefix(std::min(slash + 1, text.size()));
  }
  KeyName out{.vault = parts[0], .name = parts[1], .version = parts[2], .audience = {}};
  if (!text.empty() || !IsName(out.name, 127) || (!out.version.empty() && !IsName(out.version, 64))) {
    return Invalid("key vault keys are named azurekms://VAULT/NAME, or azurekms://VAULT/NAME/VERSION");
  }
  for (const Cloud& cloud : kClouds) {
    if (!out.vault.ends_with(cloud.suffix)) continue;
    if (!IsName(std::string_view(out.vault).substr(0, out.vault.size() - cloud.suffix.size()), 24)) continue;
    out.audience = cloud.audience;
    return out;
  }
  return Invalid("\"" + Printable(out.vault, 100) + "\" is no key vault's host name, such as acme.vault.azure.net");
}

Result<std::vector<VaultKey>> FetchKeys(const Access& access, const KeyName& name) {
  std::set<std::string> versions = {name.version};
  if (name.version.empty()) {
    auto enabled = EnabledVersions(access, name);
    if (!enabled) return enabled.error();
    if (enabled->empty()) return Error{ErrorCode::kNotFound, "key " + name.name + " has no enabled version"};
    versions = std::move(*enabled);
  }
  std::vector<VaultKey> out;
  for (const std::string& version : versions) {
    auto key = FetchVersion(access, name, version);
    if (!key) return key.error();
    out.push_back(std::move(*key));
  }
  return out;
}

Result<Secret> IdentityToken(http::Http& http, const Clock& clock, const std::string& audience,
                             const std::string& client_id, SteadyTime deadline, const std::string& service) {
  const auto request =
      credentials::IdentityRequest(service, audience, client_id, "this machine's identity for key vaults", deadline);
  if (!request) return request.error();
  auto response = http.Do(*request);
  if (!response) return Error{ErrorCode::kUnavailable, response.error().message};
  if (response->status != 200) {
    return Error{ErrorCode::kUnavailable,
                 "the metadata service answered with status " + std::to_string(response->status)};
  }
  auto token = credentials::ReadToken(response->body, {"access_token"}, clock.Now());
  Wipe(response->body);
  if (!token) return token.error();
  return std::move(token->value);
}

Result<crypto::PublicKey> ParseJwk(std::string_view text) {
  const auto parsed = json::Parse(text);
  if (!parsed) return parsed.error();
  return KeyFrom(*parsed);
}

}  // namespace pullseal::keyvault
