// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_REGISTRY_EVIDENCE_H_
#define PULLSEAL_IMAGE_REGISTRY_EVIDENCE_H_

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/lru.h"
#include "core/base/mutex.h"
#include "image/registry/client.h"
#include "image/registry/limits.h"

namespace pullseal::registry {

// Place is where signatures of an image are looked for.
enum class Place {
  kSignatureTag,  // cosign's tag sha256-<hex>.sig (cosign SIGNATURE_SPEC, "Tag-based Discovery")
  kReferrersTag,  // the tag sha256-<hex> of registries without the API (distribution specification, "Referrers Tag
                  // Schema")
  kReferrers,     // the referrers API
};
std::string_view Text(Place place);

// FoundSignature is one layer of a manifest with its blob, hashed but not judged.
struct FoundSignature {
  oci::Descriptor layer;
  Bytes payload;
  Place place = Place::kSignatureTag;
};

// Search is what looking for signatures of one subject brought. `trouble` is set where a place could not be searched to
// its end: what is missing then is not known to be missing. `complete` says that nothing was left out because enough
// had been found.
struct Search {
  std::vector<FoundSignature> signatures;
  std::optional<Error> trouble;
  bool complete = false;
  std::vector<std::string> steps;  // what was looked for and what was there, for people
};

// EvidenceFinder looks for the signatures of images. It never judges. Thread-safe.
class EvidenceFinder {
 public:
  // Told of a search each time something was found; true ends it.
  using Enough = std::function<bool(const Search& so_far)>;

  explicit EvidenceFinder(Client& client) : client_(client) {}

  // Find looks in all places of all endpoints that content may come from, mirrors first, at each first where its last
  // good signature was, until `enough`. Bounds: limits::kSignatures, kReferrers, kSearchBytes.
  Search Find(const oci::Reference& repository, const oci::Digest& subject, const credentials::Credentials& credentials,
              SteadyTime deadline, const Enough& enough);

 private:
  std::array<Place, 3> OrderFor(const Endpoint& endpoint, const std::string& repository);

  Client& client_;
  Mutex mutex_;
  // By endpoint and repository, and by endpoint alone.
  LruMap<Place> layouts_ PULLSEAL_GUARDED_BY(mutex_){limits::kLayouts};
};

}  // namespace pullseal::registry

#endif  // PULLSEAL_IMAGE_REGISTRY_EVIDENCE_H_
