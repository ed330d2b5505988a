// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "verify/tuf/delegations.h"
#include "verify/tuf/threshold.h"
#include "verify/tuf/trusted_set.h"

namespace {

using namespace pullseal;

void Check(bool holds) {
  if (!holds) __builtin_trap();
}

void LookAt(const tuf::Targets& targets) {
  for (const auto& [name, info] : targets.targets) {
    // No other bytes than those that were promised.
    Check(!tuf::CheckTarget("not these bytes", info, name).trusted());
    if (!targets.delegations) continue;
    for (const auto& next : tuf::RolesFor(*targets.delegations, name)) {
      const tuf::RoleKeys* keys = tuf::KeysOf(*targets.delegations, next.name);
      Check(keys != nullptr && keys->threshold >= 1);
    }
  }
}

}  // namespace

// Whatever is read has what it must have, and nothing is trusted that no key signed.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = AsText(ByteView(data, size));
  const auto envelope = tuf::Envelope::Parse(text);
  if (!envelope) {
    Check(!envelope.error().message.empty());
    Check(!tuf::TrustedSet::Start(text, WallTime(), tuf::Ends::kTakeUnsafe).ok());
    return 0;
  }
  Check(!envelope->signed_bytes.empty());
  if (const auto root = tuf::ReadRoot(envelope->content)) {
    Check(root->version >= 1 && root->For(tuf::Role::kRoot).threshold >= 1);
    const tuf::Signers signers = tuf::CountSigners(*envelope, root->keys, root->For(tuf::Role::kRoot));
    const auto set = tuf::TrustedSet::Start(text, WallTime(), tuf::Ends::kTakeUnsafe);
    Check(set.ok() == signers.enough());
    if (set) {
      // It does not follow from itself.
      tuf::TrustedSet moved = *set;
      Check(!moved.TakeRoot(text).trusted());
    }
  }
  if (const auto timestamp = tuf::ReadTimestamp(envelope->content)) Check(timestamp->snapshot.version >= 1);
  if (const auto snapshot = tuf::ReadSnapshot(envelope->content)) Check(snapshot->version >= 1);
  if (const auto targets = tuf::ReadTargets(envelope->content)) LookAt(*targets);
  return 0;
}
