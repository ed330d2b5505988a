// SPDX-License-Identifier: Apache-2.0
#include "image/registry/evidence.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/mutex.h"
#include "image/oci/cosign.h"
#include "image/oci/limits.h"
#include "image/registry/limits.h"

namespace pullseal::registry {
namespace {

// How worth looking at a referrer is, the lower the better; absent where it says that it is something else.
std::optional<int> RankOf(const oci::Descriptor& referrer) {
  const std::string& type = referrer.artifact_type;
  const bool unnamed = type.empty() || type == oci::kEmptyType;
  if (!unnamed && type != oci::kCosignSignatureType && !type.starts_with(oci::kBundleMediaTypePrefix)) {
    return std::nullopt;
  }
  const auto hint = referrer.annotations.find(std::string(oci::kPredicateTypeAnnotation));
  if (hint != referrer.annotations.end()) {
    if (hint->second != oci::kSignPredicateType) return std::nullopt;
    return 0;
  }
  return unnamed ? 2 : 1;
}

bool IsSignatureLayer(const oci::Descriptor& layer) {
  return layer.media_type == oci::kSimpleSigningMediaType || layer.media_type.starts_with(oci::kBundleMediaTypePrefix);
}

// One search under way.
class Finding {
 public:
  Finding(Client& client, const oci::Digest& subject, const EvidenceFinder::Enough& enough)
      : client_(client), subject_(subject), enough_(enough) {}

  // Looks at one endpoint, in the places in the order given; the one where enough was found, if any.
  std::optional<Place> LookAt(const Where& where, const std::array<Place, 3>& order) {
    where_ = &where;
    // What trouble at another endpoint may have left unread is read here.
    if (search.trouble) seen_.clear();
    for (const Place place : order) {
      unreachable_ = false;
      if (LookIn(place)) return place;
      // An endpoint that cannot be reached is not asked for the other places: the time is needed elsewhere.
      if (unreachable_) return std::nullopt;
    }
    return std::nullopt;
  }

  Search search;

 private:
  // Looks in one place; true if there is enough now.
  bool LookIn(Place place) {
    place_ = place;
    switch (place) {
      case Place::kSignatureTag:
        return LookAtSignatureTag();
      case Place::kReferrersTag:
        return LookAtReferrersTag();
      case Place::kReferrers:
        return LookAtReferrers();
    }
    return false;
  }

  void Step(const std::string& text) {
    search.steps.push_back(where_->endpoint.mirror ? where_->endpoint.host + ": " + text : text);
  }

  // Notes an error of a place: only a certain "not there" is no trouble.
  void Failed(const std::string& what, const Error& error) {
    const bool absent = error.code == ErrorCode::kNotFound;
    Step(what + ": " + (absent ? "not there" : error.message));
    if (!absent && !search.trouble) search.trouble = error;
    unreachable_ = error.code == ErrorCode::kUnreachable || error.code == ErrorCode::kTimeout;
  }

  // Fetches what an index or a manifest of this registry names. Where that is not there, the registry's replicas are
  // not yet alike: it is tried again for a while, and then nothing is known.
  template <typename Fetch>
  auto FetchNamed(const std::string& what, const Fetch& fetch) {
    auto fetched = fetch();
    auto pause = limits::kReplicaFirst;
    for (int attempt = 1; attempt < limits::kReplicaAttempts; ++attempt) {
      if (fetched || fetched.error().code != ErrorCode::kNotFound) break;
      // A list full of what is not there is no lag.
      if (waits_ == limits::kReplicaWaits || pause > (where_->deadline - client_.clock().Steady()) / 2) break;
      ++waits_;
      client_.clock().SleepFor(Jittered(pause));
      pause *= 2;
      fetched = fetch();
    }
    if (fetched) return fetched;
    Error error = fetched.error();
    if (error.code == ErrorCode::kNotFound) error = Error{ErrorCode::kRemote, error.message + ", though it is named"};
    Failed(what, error);
    return fetched;
  }

  // A manifest under a tag that should be of `kind`; absent if it is not there or not of that kind.
  std::optional<oci::Manifest> FetchTag(const std::string& tag, oci::Manifest::Kind kind) {
    auto fetched = client_.FetchTagged(*where_, tag, "signatures under tag " + tag);
    if (!fetched) {
      Failed("tag " + tag, fetched.error());
      return std::nullopt;
    }
    auto manifest = oci::Manifest::Parse(fetched->bytes, fetched->media_type);
    if (manifest && manifest->kind == kind) return std::move(*manifest);
    const std::string why = manifest ? "holds a manifest of another kind" : manifest.error().message;
    Failed("tag " + tag, Error{ErrorCode::kRemote, "tag " + tag + ": " + why});
    return std::nullopt;
  }

  bool LookAtSignatureTag() {
    const std::string tag = oci::SignatureTag(subject_);
    const auto manifest = FetchTag(tag, oci::Manifest::Kind::kImage);
    if (!manifest) return false;
    Step("tag " + tag + ": found, " + std::to_string(manifest->layers.size()) + " layers");
    return ReadLayers(*manifest);
  }

  bool LookAtReferrersTag() {
    const std::string tag = oci::ReferrersTag(subject_);
    const auto index = FetchTag(tag, oci::Manifest::Kind::kIndex);
    if (!index) return false;
    Step("tag " + tag + ": found, " + std::to_string(index->manifests.size()) + " referrers");
    return ReadReferrers(index->manifests);
  }

  bool LookAtReferrers() {
    auto referrers = client_.FetchReferrers(*where_, subject_);
    if (!referrers) {
      Failed("referrers API", referrers.error());
      return false;
    }
    Step("referrers API: " + std::to_string(referrers->size()) + " referrers");
    return ReadReferrers(std::move(*referrers));
  }

  bool ReadReferrers(std::vector<oci::Descriptor> referrers) {
    std::vector<std::pair<int, const oci::Descriptor*>> ranked;
    for (const oci::Descriptor& one : referrers) {
      if (const auto rank = RankOf(one)) {
        ranked.emplace_back(*rank, &one);
      } else {
        Step("referrer " + one.digest.text() + ": passed over, it says it is no signature");
      }
    }
    std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [rank, one] : ranked) {
      if (!seen_.empty() && std::find(seen_.begin(), seen_.end(), one->digest) != seen_.end()) continue;
      if (examined_++ >= limits::kReferrers) {
        Failed("referrers", Error{ErrorCode::kLimit, "more than " + std::to_string(limits::kReferrers) + " referrers"});
        return false;
      }
      if (ReadReferrer(*one)) return true;
    }
    return false;
  }

  bool ReadReferrer(const oci::Descriptor& referrer) {
    const std::string what = "referrer " + referrer.digest.text();
    auto fetched = FetchNamed(
        what, [&] { return client_.FetchManifestAt(*where_, referrer.digest, "a manifest that refers to it"); });
    if (!fetched) return false;
    seen_.push_back(referrer.digest);
    const auto manifest = oci::Manifest::Parse(fetched->bytes, fetched->media_type);
    if (!manifest || manifest->kind != oci::Manifest::Kind::kImage) {
      Step(what + ": passed over, " + (manifest ? "it is an index" : manifest.error().message));
      return false;
    }
    if (!manifest->subject || manifest->subject->digest != subject_) {
      Step(what + ": passed over, it does not refer to this image");
      return false;
    }
    const auto hint = manifest->annotations.find(std::string(oci::kPredicateTypeAnnotation));
    if (hint != manifest->annotations.end() && hint->second != oci::kSignPredicateType) {
      Step(what + ": passed over, it says it is an attestation of type " + Printable(hint->second, 200));
      return false;
    }
    Step(what + ": found, " + std::to_string(manifest->layers.size()) + " layers");
    return ReadLayers(*manifest);
  }

  // Reads the layers that are signatures; others are not ours and are passed over.
  bool ReadLayers(const oci::Manifest& manifest) {
    const std::size_t before = search.signatures.size();
    for (const oci::Descriptor& layer : manifest.layers) {
      if (!IsSignatureLayer(layer)) {
        Step("layer " + layer.digest.text() + ": passed over, its media type is no signature's");
        continue;
      }
      if (search.signatures.size() >= limits::kSignatures) {
        Failed("layers", Error{ErrorCode::kLimit, "more than " + std::to_string(limits::kSignatures) + " signatures"});
        break;
      }
      ReadLayer(layer);
    }
    return search.signatures.size() > before && enough_(search);
  }

  void ReadLayer(const oci::Descriptor& layer) {
    const std::size_t most = layer.media_type == oci::kSimpleSigningMediaType
                                 ? limits::kPayloadBytes
                                 : std::min(limits::kBundleBytes, limits::kSearchBytes - bytes_);
    const std::string what = "layer " + layer.digest.text();
    if (auto known = UsualPayload(layer)) {
      Step(what + ": is cosign's usual payload, not fetched");
      search.signatures.push_back(FoundSignature{layer, std::move(*known), place_});
      return;
    }
    auto blob = FetchNamed(what, [&] { return client_.FetchBlob(*where_, layer.digest, layer.size, most); });
    if (!blob) return;
    Step("layer " + layer.digest.text() + ": fetched, " + std::to_string(blob->size()) + " bytes");
    bytes_ += blob->size();
    search.signatures.push_back(FoundSignature{layer, std::move(*blob), place_});
  }

  // What cosign signs without further annotations follows from the image's name and digest alone. Where its digest is
  // the layer's, it is the layer's blob, and the registry need not be asked for it.
  std::optional<Bytes> UsualPayload(const oci::Descriptor& layer) const {
    if (layer.media_type != oci::kSimpleSigningMediaType) return std::nullopt;
    const std::string payload = oci::UsualPayload(where_->repository.Repository(), subject_);
    const ByteView bytes = AsBytes(payload);
    if (layer.size != static_cast<std::int64_t>(payload.size()) || oci::Digest::Of(bytes) != layer.digest) {
      return std::nullopt;
    }
    return Bytes(bytes.begin(), bytes.end());
  }

  Client& client_;
  const oci::Digest& subject_;
  const EvidenceFinder::Enough& enough_;
  const Where* where_ = nullptr;
  Place place_ = Place::kSignatureTag;
  bool unreachable_ = false;
  std::vector<oci::Digest> seen_;  // referrers that were read already, from whichever place
  int waits_ = 0;                  // for replicas that lag
  std::size_t examined_ = 0;       // referrers that were asked for
  std::size_t bytes_ = 0;
};

}  // namespace

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

Search EvidenceFinder::Find(const oci::Reference& repository, const oci::Digest& subject,
                            const credentials::Credentials& credentials, SteadyTime deadline, const Enough& enough) {
  Finding finding(client_, subject, enough);
  const auto endpoints = client_.Places(repository);
  if (!endpoints) {
    finding.search.trouble = endpoints.error();
    return std::move(finding.search);
  }
  for (const Endpoint& endpoint : **endpoints) {
    if (!endpoint.pull) continue;
    const std::string own = endpoint.base.Text() + "/" + repository.path();
    const Where where{endpoint, repository, credentials, deadline, &endpoint == &(*endpoints)->back()};
    const auto place = finding.LookAt(where, OrderFor(endpoint, own));
    if (!place) continue;
    const MutexLock lock(mutex_);
    layouts_.Put(own, *place);
    layouts_.Put(endpoint.base.Text(), *place);
    return std::move(finding.search);
  }
  finding.search.complete = true;
  return std::move(finding.search);
}

}  // namespace pullseal::registry
