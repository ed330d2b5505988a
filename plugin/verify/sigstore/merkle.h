// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_SIGSTORE_MERKLE_H_
#define PULLSEAL_VERIFY_SIGSTORE_MERKLE_H_

#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace pullseal::sigstore {

// RootOfInclusion computes the root hash of a Merkle tree of `tree_size` leaves from the leaf `leaf` at `index` and the
// hashes beside its path, from the leaf up (RFC 9162 section 2.1.3.2, with SHA-256; leaf and node hashes of section
// 2.1.1). kInvalid if the index is outside the tree, a hash is not 32 bytes, or there are too many or too few of them.
Result<Bytes> RootOfInclusion(ByteView leaf, std::int64_t index, std::int64_t tree_size,
                              const std::vector<Bytes>& hashes);

}  // namespace pullseal::sigstore

#endif  // PULLSEAL_VERIFY_SIGSTORE_MERKLE_H_
