// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_REGISTRY_SEARCH_H_
#define PULLSEAL_IMAGE_REGISTRY_SEARCH_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "image/oci/limits.h"
#include "image/oci/signature_evidence.h"
#include "image/registry/client.h"
#include "image/registry/referrers.h"

namespace pullseal::registry {

class EvidenceFinder;

// Search is one look for the signatures or attestations of one image, in all places of all endpoints that content may
// come from, mirrors first, at each first where its last good signature was. It goes only as far as it is asked to. Its
// finder must outlive it. Not thread-safe.
class Search {
 public:
  class Finding;  // the search under way
  // A search that asks nobody yet; made by its finder.
  Search(EvidenceFinder& finder, oci::Reference repository, oci::Digest subject, credentials::Credentials credentials,
         SteadyTime deadline, Wanted wanted);
  Search(Search&&) noexcept;
  ~Search();

  // The next signature: hashed, not judged, none twice. Absent once every place was searched to its end: then there is
  // no other, for certain. An error instead of that if some place could not be: what is missing then is not known to be
  // missing. What was given before is good in either case. Bounds: limits::kSignatures, kReferrers, kReferrerPages,
  // kSignatureBytes for each and kSearchBytes for all.
  Result<std::optional<oci::SignatureEvidence>> Next();

  // Says that the signature given last was what its asker looked for: the next search looks there first.
  void NoteGood();

  // What was looked for and what was there, for people.
  const std::vector<std::string>& steps() const;

 private:
  std::unique_ptr<Finding> finding_;
};

}  // namespace pullseal::registry

#endif  // PULLSEAL_IMAGE_REGISTRY_SEARCH_H_
