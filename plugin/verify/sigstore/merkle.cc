// SPDX-License-Identifier: Apache-2.0
#include "verify/sigstore/merkle.h"

#include "core/crypto/hash.h"

namespace pullseal::sigstore {
namespace {

constexpr std::size_t kHashSize = 32;

Error Invalid(const char* message) { return Error{ErrorCode::kInvalid, message}; }

Bytes LeafHash(ByteView leaf) {
  Bytes input;
  input.reserve(1 + leaf.size());
  input.push_back(0x00);
  input.insert(input.end(), leaf.begin(), leaf.end());
  return crypto::Digest(crypto::Hash::kSha256, input);
}

Bytes NodeHash(ByteView left, ByteView right) {
  Bytes input;
  input.reserve(1 + 2 * kHashSize);
  input.push_back(0x01);
  input.insert(input.end(), left.begin(), left.end());
  input.insert(input.end(), right.begin(), right.end());
  return crypto::Digest(crypto::Hash::kSha256, input);
}

}  // namespace

Result<Bytes> RootOfInclusion(ByteView leaf, std::int64_t index, std::int64_t tree_size,
                              const std::vector<Bytes>& hashes) {
  if (index < 0 || index >= tree_size) return Invalid("the index is outside the tree");
  auto fn = static_cast<std::uint64_t>(index);
  auto sn = static_cast<std::uint64_t>(tree_size) - 1;
  Bytes root = LeafHash(leaf);
  for (const Bytes& hash : hashes) {
    if (hash.size() != kHashSize) return Invalid("a hash of the proof is not 32 bytes long");
    if (sn == 0) return Invalid("the proof has too many hashes");
    if ((fn & 1) != 0 || fn == sn) {
      root = NodeHash(hash, root);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      root = NodeHash(root, hash);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) return Invalid("the proof has too few hashes");
  return root;
}

}  // namespace pullseal::sigstore
