// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_POLICY_KEYVAULT_KEYVAULT_H_
#define PULLSEAL_POLICY_KEYVAULT_KEYVAULT_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/crypto/public_key.h"
#include "core/http/http.h"

// Public keys out of Azure's key vaults, while a policy is written; never on a node. Azure Key Vault REST, api-version
// 7.4: "Get Key", "Get Key Versions".
namespace pullseal::keyvault {

// KeyName is azurekms://VAULT/NAME[/VERSION], as cosign and sigstore name such a key.
struct KeyName {
  // VAULT is the vault's whole host name: NAME.vault.azure.net, .vault.azure.cn, .vault.usgovcloudapi.net or
  // .managedhsm.azure.net, and nothing that only looks like one: it gets a token. kInvalid.
  static Result<KeyName> Parse(std::string_view text);

  std::string vault;
  std::string name;
  std::string version;   // empty: all that are enabled
  std::string audience;  // what a token must be for
};

struct VaultKey {
  std::string version;
  crypto::PublicKey key;
  std::optional<WallTime> not_before;
  std::optional<WallTime> expires;
};

// Where and how a vault is asked.
struct Access {
  http::Http& http;
  const Clock& clock;
  http::Url vault;  // its root
  Secret token;
  SteadyTime deadline;
};

// FetchKeys returns each enabled version of a key, or the one that is named, whether it is enabled or not, sorted by
// version. kNotFound for no such key or none enabled, kUnauthorized, kInvalid for a key that we do not take (such as
// P-256K), kRemote, kLimit.
Result<std::vector<VaultKey>> FetchKeys(const Access& access, const KeyName& name);

// IdentityToken asks the instance metadata service at `service` for a token for `audience` by this machine's managed
// identity, `client_id` of several. kUnavailable if it gives none.
Result<Secret> IdentityToken(http::Http& http, const Clock& clock, const std::string& audience,
                             const std::string& client_id, SteadyTime deadline,
                             const std::string& service = "http://169.254.169.254");

// ParseJwk reads a key as a vault tells it (RFC 7517; kty EC, EC-HSM, RSA, RSA-HSM). kInvalid.
Result<crypto::PublicKey> ParseJwk(std::string_view text);

}  // namespace pullseal::keyvault

#endif  // PULLSEAL_POLICY_KEYVAULT_KEYVAULT_H_
