// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_REGISTRY_EVIDENCE_H_
#define PULLSEAL_IMAGE_REGISTRY_EVIDENCE_H_

#include <array>
#include <string>
#include <string_view>

#include "core/base/lru.h"
#include "core/base/mutex.h"
#include "image/registry/byte_budget.h"
#include "image/registry/client.h"
#include "image/registry/limits.h"
#include "image/registry/referrers.h"
#include "image/registry/search.h"

namespace pullseal::registry {

// Place is where signatures of an image are looked for.
enum class Place {
  kSignatureTag,  // cosign's tag sha256-<hex>.sig (cosign SIGNATURE_SPEC, "Tag-based Discovery")
  kReferrersTag,  // the tag sha256-<hex> of registries without the API (distribution specification, "Referrers Tag
                  // Schema")
  kReferrers,     // the referrers API
};
std::string_view Text(Place place);

// EvidenceFinder looks for the signatures of images. It never judges. What all its searches read together is bounded
// (limits::kSearchesBytes, kListsBytes). Thread-safe.
class EvidenceFinder {
 public:
  explicit EvidenceFinder(Client& client) : client_(client) {}

  // Begins a search, which asks nobody yet.
  Search Begin(const oci::Reference& repository, const oci::Digest& subject,
               const credentials::Credentials& credentials, SteadyTime deadline, Wanted wanted = {});

 private:
  friend class Search::Finding;
  std::array<Place, 3> OrderFor(const Endpoint& endpoint, const std::string& repository);
  void NoteLayout(const Endpoint& endpoint, const std::string& repository, Place place);
  // Manifests that were read and are nothing that was wanted of `subject`. What a manifest is follows from its digest,
  // so nobody can make it something else, and it need not be fetched again.
  bool IsKnownOther(const oci::Digest& manifest, const oci::Digest& subject, const Wanted& wanted);
  void NoteOther(const oci::Digest& manifest, const oci::Digest& subject, const Wanted& wanted);

  Client& client_;
  ByteBudget signatures_{limits::kSearchesBytes};
  ByteBudget lists_{limits::kListsBytes};
  Mutex mutex_;
  LruMap<Place> layouts_ PULLSEAL_GUARDED_BY(mutex_){limits::kLayouts};  // by endpoint and repository, and by endpoint
  LruMap<bool> others_ PULLSEAL_GUARDED_BY(mutex_){limits::kKnownOtherManifests};
};

}  // namespace pullseal::registry

#endif  // PULLSEAL_IMAGE_REGISTRY_EVIDENCE_H_
