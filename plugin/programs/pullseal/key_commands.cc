// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseal/key_commands.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/crypto/key_parts.h"
#include "core/crypto/limits.h"
#include "core/http/http.h"
#include "policy/keyvault/keyvault.h"
#include "policy/keyvault/limits.h"

namespace pullseal::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kGood = 0;
constexpr int kRefused = 1;
constexpr int kTrouble = 2;
constexpr int kUsage = 64;

int Complain(const std::string& message, int code) {
  std::fprintf(stderr, "pullseal: %s\n", Printable(message, 1024).c_str());
  return code;
}

int CodeOf(const Error& error) {
  return error.code == ErrorCode::kNotFound || error.code == ErrorCode::kInvalid ? kRefused : kTrouble;
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

// The first characters of a version tell them apart, as far as they do.
std::vector<std::string> NamesOf(const std::string& name, const std::vector<keyvault::VaultKey>& keys) {
  constexpr std::size_t kShort = 8;
  std::set<std::string> distinct;
  for (const auto& one : keys) distinct.insert(one.version.substr(0, kShort));
  const bool enough = distinct.size() == keys.size();
  std::vector<std::string> out;
  for (const auto& one : keys) out.push_back(name + "-" + (enough ? one.version.substr(0, kShort) : one.version));
  return out;
}

// Told to whoever reviews the change.
Status WriteKey(const std::string& path, const std::string& pem) {
  const auto before = ReadFile(path, limits::kKeyBytes);
  const bool same = before && *before == pem;
  std::fprintf(stderr, "%s %s\n", same ? "unchanged" : before ? "CHANGED  " : "added    ", path.c_str());
  return same ? Status() : WriteFile(path, pem, 0644);
}

// Files of versions that are no longer enabled: to take out of the policy, or to revoke, is a decision.
void TellOfOthers(const KeyFetchOptions& options, const std::string& name, const std::vector<std::string>& written) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(options.out, error)) {
    const std::string file = entry.path().filename().string();
    if (!file.starts_with(name + "-") || !file.ends_with(".pub")) continue;
    if (std::find(written.begin(), written.end(), file.substr(0, file.size() - 4)) != written.end()) continue;
    std::fprintf(stderr, "no longer enabled: %s (left as it is; take it out of the policy, or revoke it)\n",
                 Printable(entry.path().string(), 400).c_str());
  }
}

void PrintEntry(const std::string& name, const keyvault::VaultKey& key, bool windows) {
  std::printf("  - name: %s\n    file: keys/%s.pub   # %s\n", name.c_str(), name.c_str(),
              std::string(crypto::Text(key.key.kind())).c_str());
  const auto seconds = [](WallTime time) { return FormatTime(time).substr(0, 19) + "Z"; };
  if (windows && key.not_before) std::printf("    notBefore: %s\n", seconds(*key.not_before).c_str());
  if (windows && key.expires) std::printf("    notAfter: %s\n", seconds(*key.expires).c_str());
}

Result<Secret> Token(http::Http& http, const Clock& clock, const std::string& audience, SteadyTime deadline) {
  if (const std::string given = Variable("AZURE_ACCESS_TOKEN"); !given.empty()) return Secret(given);
  auto token = keyvault::IdentityToken(http, clock, audience, Variable("AZURE_CLIENT_ID"), deadline);
  if (token) return token;
  return Error{token.error().code, "no managed identity here (" + token.error().message +
                                       "); say AZURE_ACCESS_TOKEN=$(az account get-access-token --resource " +
                                       audience + " --query accessToken -o tsv)"};
}

}  // namespace

int KeyFetch(const KeyFetchOptions& options) {
  const auto name = keyvault::KeyName::Parse(options.key);
  if (!name) return Complain(name.error().message, kUsage);
  auto vault = http::Url::Parse(options.vault_url.empty() ? "https://" + name->vault : options.vault_url);
  if (!vault) return Complain("--vault-url: " + vault.error().message, kUsage);
  const auto http = http::MakeCurlHttp(options.ca_file);
  const SystemClock clock;
  const SteadyTime deadline = clock.Steady() + limits::kVaultTime;
  auto token = Token(*http, clock, name->audience, deadline);
  if (!token) return Complain(token.error().message, kTrouble);
  const auto keys = keyvault::FetchKeys(
      keyvault::Access{
          .http = *http, .clock = clock, .vault = std::move(*vault), .token = std::move(*token), .deadline = deadline},
      *name);
  if (!keys) return Complain(keys.error().message, CodeOf(keys.error()));
  const auto names = NamesOf(name->name, *keys);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string path = options.out + "/" + names[i] + ".pub";
    if (const Status written = WriteKey(path, crypto::ToPem((*keys)[i].key)); !written) {
      return Complain(written.error().message, kTrouble);
    }
  }
  if (name->version.empty()) TellOfOthers(options, name->name, names);
  std::printf("keys:\n");
  for (std::size_t i = 0; i < names.size(); ++i) PrintEntry(names[i], (*keys)[i], options.windows);
  return kGood;
}

}  // namespace pullseal::cli
