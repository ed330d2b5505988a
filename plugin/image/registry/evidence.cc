// SPDX-License-Identifier: Apache-2.0
#include "image/registry/evidence.h"

#include <algorithm>
#include <utility>

namespace pullseal::registry {

std::string_view Text(Place place) {
  switch (place) {
    case Place::kSignatureTag:
      return "signature-tag";
    case Place::kReferrersTag:
      return "referrers-tag";
    case Place::kReferrers:
      return "referrers";
  }
  return "";
}

// The tags come first at registries that count requests: listing referrers is what they count most strictly. What is
// known of a repository, or else of its registry, only orders; it never leaves out.
std::array<Place, 3> EvidenceFinder::OrderFor(const Endpoint& endpoint, const std::string& repository) {
  std::array<Place, 3> order = {Place::kSignatureTag, Place::kReferrersTag, Place::kReferrers};
  const MutexLock lock(mutex_);
  auto known = layouts_.Find(repository);
  if (!known) known = layouts_.Find(endpoint.base.Text());
  if (known) std::stable_partition(order.begin(), order.end(), [&](Place one) { return one == *known; });
  return order;
}

void EvidenceFinder::NoteLayout(const Endpoint& endpoint, const std::string& repository, Place place) {
  const MutexLock lock(mutex_);
  layouts_.Put(repository, place);
  layouts_.Put(endpoint.base.Text(), place);
}

bool EvidenceFinder::IsKnownOther(const oci::Digest& manifest, const oci::Digest& subject, const Wanted& wanted) {
  const MutexLock lock(mutex_);
  return others_.Find(manifest.text() + subject.text() + wanted.Key()).has_value();
}

void EvidenceFinder::NoteOther(const oci::Digest& manifest, const oci::Digest& subject, const Wanted& wanted) {
  const MutexLock lock(mutex_);
  others_.Put(manifest.text() + subject.text() + wanted.Key(), true);
}

Search EvidenceFinder::Begin(const oci::Reference& repository, const oci::Digest& subject,
                             const credentials::Credentials& credentials, SteadyTime deadline, Wanted wanted) {
  return Search(*this, repository, subject, credentials, deadline, std::move(wanted));
}

}  // namespace pullseal::registry
