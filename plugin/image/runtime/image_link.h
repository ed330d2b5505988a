// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_RUNTIME_IMAGE_LINK_H_
#define PULLSEAL_IMAGE_RUNTIME_IMAGE_LINK_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/lru.h"
#include "core/base/mutex.h"
#include "image/oci/manifest.h"
#include "image/oci/platform.h"
#include "image/runtime/limits.h"
#include "image/runtime/runtime.h"
#include "image/runtime/snapshot_chain.h"

namespace pullseal::runtime {

// Link is a proven path from a name in the store to an image ID: the record's target (an index or a manifest), the
// manifest, and its config, whose digest is the image ID. Each document was read and hashed by us.
struct Link {
  std::string record;
  oci::Digest target;
  oci::Digest manifest;
  oci::Digest config;
  bool checkpoint = false;  // annotated as a container checkpoint

  // The digests that a signature may be for: the manifest and, if it is another, the index around it.
  std::vector<oci::Digest> Candidates() const;
};

// Linker proves links from containerd's content store. Documents are kept by digest, so that a known image costs no
// reading. Thread-safe.
class Linker {
 public:
  Linker(Runtime& runtime, oci::Platform node) : runtime_(runtime), node_(std::move(node)) {}

  // Every link from `record` to the image `id`; none if it surely leads elsewhere. Errors that are certain: kNotFound
  // if the store lacks one of its documents, kInvalid if one breaks its format or a bound, kMismatch if the store holds
  // bytes of another digest. All others mean that nothing is known.
  Result<std::vector<Link>> Prove(const StoreRecord& record, const oci::Digest& id, SteadyTime deadline);

  // Every link from one record, whatever image it leads to on this node's platform.
  Result<std::vector<Link>> ProveRecord(const StoreRecord& record, SteadyTime deadline);

  // Forgets every document, as a restart does.
  void Forget();

  // The layers of the proven `link`, lowest first, each as its manifest and its config describe it. kInvalid if the two
  // do not have the same number of them.
  Result<std::vector<Layer>> Layers(const Link& link, SteadyTime deadline);

  // The chain ID of the root file system that the image `id` describes.
  Result<std::string> ChainId(const oci::Digest& id, SteadyTime deadline);

 private:
  Result<std::shared_ptr<const Bytes>> Read(const oci::Digest& digest, std::size_t most, SteadyTime deadline);
  Result<oci::Manifest> ReadManifest(const oci::Digest& digest, SteadyTime deadline);
  Result<std::vector<Link>> Follow(const StoreRecord& record, const std::optional<oci::Digest>& id,
                                   SteadyTime deadline);

  Runtime& runtime_;
  const oci::Platform node_;
  Mutex mutex_;
  LruMap<std::shared_ptr<const Bytes>> contents_ PULLSEAL_GUARDED_BY(mutex_){limits::kContentCacheBytes};
};

}  // namespace pullseal::runtime

#endif  // PULLSEAL_IMAGE_RUNTIME_IMAGE_LINK_H_
