// SPDX-License-Identifier: Apache-2.0
#include "verify/tuf/threshold.h"

#include <algorithm>
#include <set>
#include <string>

namespace pullseal::tuf {

Signers CountSigners(const Envelope& envelope, const Keys& keys, const RoleKeys& role) {
  std::set<std::string> good;  // by what the key is, not by its name
  for (const Envelope::Signature& signature : envelope.signatures) {
    if (signature.bytes.empty()) continue;
    const auto& names = role.keyids;
    if (std::find(names.begin(), names.end(), signature.keyid) == names.end()) continue;
    const auto found = keys.find(signature.keyid);
    if (found == keys.end() || !found->second) continue;
    const Key& key = *found->second;
    if (good.contains(key.Identity())) continue;
    if (key.Verify(AsBytes(envelope.signed_bytes), signature.bytes)) good.insert(key.Identity());
  }
  return Signers{static_cast<std::int64_t>(good.size()), role.threshold};
}

}  // namespace pullseal::tuf
