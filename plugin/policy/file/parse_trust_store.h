// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_POLICY_FILE_PARSE_TRUST_STORE_H_
#define PULLSEAL_POLICY_FILE_PARSE_TRUST_STORE_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/crypto/revocation_list.h"
#include "core/yaml/yaml.h"
#include "policy/file/parse.h"
#include "policy/model/model.h"

namespace pullseal::policy {

// ParseTrustStore reads one entry of `trustStores`, {name, kind, files, revoked}, whose name was read already, into
// `policy`; the digests of its files go to `digests`. Each file holds certificates in PEM or one in DER. Errors go to
// the reader.
void ParseTrustStore(yaml::Reader& in, const yaml::Node& node, const std::string& name, const FileReader& read_file,
                     Policy& policy, std::string& digests);

// FindTrustStore returns the policy's trust store of that name, or null.
std::shared_ptr<const notary::TrustStore> FindTrustStore(const Policy& policy, std::string_view name);

// RevocationFiles are the revocation lists that a policy names, each file read and parsed once.
struct RevocationFiles {
  const ListReader& read;
  std::string& digests;                                              // of those that are used
  std::map<std::string, std::vector<crypto::RevocationList>> known;  // by pattern
};

// ParseNotary reads the part of a Notary Project authority: {trustStore, identities, timestamps, revocation}.
// Revocation lists are read by `read_lists`, their digests go to `digests`, and what is wrong with one to the policy's
// problems. Nothing after a failure.
std::optional<requirement::Authority> ParseNotary(yaml::Reader& in, const yaml::Node& node, Policy& policy,
                                                  RevocationFiles& files);

// ParseHolders reads the part of an authority by certificates of an own PKI: {roots, identities, trustRoot,
// requireTime}. Nothing after a failure.
std::optional<requirement::Authority> ParseHolders(yaml::Reader& in, const yaml::Node& node, const Policy& policy);

}  // namespace pullseal::policy

#endif  // PULLSEAL_POLICY_FILE_PARSE_TRUST_STORE_H_
