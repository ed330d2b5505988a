#include "registry/evidence.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sigstore/bundle.h"
#include "sigstore/dsse.h"
#include "sigstore/simple_signing.h"
#include "sigstore/statement.h"

namespace pullseal::registry {
namespace {

// What cosign calls its simple-signing manifests where they refer to their image (its oci-1-1 mode).
constexpr std::string_view kCosignSignatureType = "application/vnd.dev.cosign.artifact.sig.v1+json";
// What cosign 3 calls every referrer in the index of the referrers tag, whatever it is.
constexpr std::string_view kEmptyType = "application/vnd.oci.empty.v1+json";

// How worth looking at a referrer is, the lower the better; absent where it says that it is something else.
std::optional<int> RankOf(const oci::Descriptor& referrer) {
  const std::string& type = referrer.artifact_type;
  const bool unnamed = type.empty() || type == kEmptyType;
  if (!unnamed && type != kCosignSignatureType && !type.starts_with(sigstore::kBundleMediaTypePrefix)) {
    return std::nullopt;
  }
  const auto hint = referrer.annotations.find(std::string(sigstore::kPredicateTypeAnnotation));
  if (hint != referrer.annotations.end()) {
    if (hint->second != sigstore::kSignPredicateType) return std::nullopt;
    return 0;
  }
  return unnamed ? 2 : 1;
}

bool IsSignatureLayer(const oci::Descriptor& layer) {
  return layer.media_type == sigstore::kSimpleSigningMediaType ||
         layer.media_type.starts_with(sigstore::kBundleMediaTypePrefix);
}

// One search under way.
class Finding {
 public:
  Finding(Client& client, const oci::Reference& repository, const oci::Digest& subject, const Credentials& credentials,
          SteadyTime deadline, const EvidenceFinder::Enough& enough)
      : client_(client),
        repository_(repository),
        subject_(subject),
        credentials_(credentials),
        deadline_(deadline),
        enough_(enough) {}

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

  Search search;

 private:
  void Step(std::string text) { search.steps.push_back(std::move(text)); }

  // Notes an error of a place: only a certain "not there" is no trouble.
  void Failed(const std::string& what, const Error& error) {
    const bool absent = error.code == ErrorCode::kNotFound;
    Step(what + ": " + (absent ? "not there" : error.message));
    if (!absent && !search.trouble) search.trouble = error;
  }

  // A manifest under a tag that should be of `kind`; absent if it is not there or not of that kind.
  std::optional<oci::Manifest> FetchTag(const std::string& tag, oci::Manifest::Kind kind) {
    auto fetched = client_.FetchTagged(repository_, tag, credentials_, deadline_);
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
    const std::string tag = "sha256-" + std::string(subject_.hex()) + ".sig";
    const auto manifest = FetchTag(tag, oci::Manifest::Kind::kImage);
    if (!manifest) return false;
    Step("tag " + tag + ": found, " + std::to_string(manifest->layers.size()) + " layers");
    return ReadLayers(*manifest);
  }

  bool LookAtReferrersTag() {
    const std::string tag = "sha256-" + std::string(subject_.hex());
    const auto index = FetchTag(tag, oci::Manifest::Kind::kIndex);
    if (!index) return false;
    Step("tag " + tag + ": found, " + std::to_string(index->manifests.size()) + " referrers");
    return ReadReferrers(index->manifests);
  }

  bool LookAtReferrers() {
    auto referrers = client_.FetchReferrers(repository_, subject_, credentials_, deadline_);
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
      if (seen_.size() >= limits::kReferrers) {
        Failed("referrers", Error{ErrorCode::kLimit, "more than " + std::to_string(limits::kReferrers) + " referrers"});
        return false;
      }
      seen_.push_back(one->digest);
      if (ReadReferrer(*one)) return true;
    }
    return false;
  }

  bool ReadReferrer(const oci::Descriptor& referrer) {
    const std::string what = "referrer " + referrer.digest.text();
    auto fetched = client_.FetchManifest(repository_, referrer.digest, credentials_, deadline_);
    if (!fetched) {
      // A list that names what is not there comes from a registry that lags or is in disorder: nothing is known.
      Step(what + ": " + fetched.error().message);
      if (!search.trouble) {
        search.trouble = fetched.error();
        if (search.trouble->code == ErrorCode::kNotFound) search.trouble->code = ErrorCode::kRemote;
      }
      return false;
    }
    const auto manifest = oci::Manifest::Parse(fetched->bytes, fetched->media_type);
    if (!manifest || manifest->kind != oci::Manifest::Kind::kImage) {
      Step(what + ": passed over, " + (manifest ? "it is an index" : manifest.error().message));
      return false;
    }
    if (!manifest->subject || manifest->subject->digest != subject_) {
      Step(what + ": passed over, it does not refer to this image");
      return false;
    }
    const auto hint = manifest->annotations.find(std::string(sigstore::kPredicateTypeAnnotation));
    if (hint != manifest->annotations.end() && hint->second != sigstore::kSignPredicateType) {
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
    const std::size_t most = layer.media_type == sigstore::kSimpleSigningMediaType
                                 ? limits::kPayloadBytes
                                 : std::min(limits::kBundleBytes, limits::kSearchBytes - bytes_);
    auto blob = client_.FetchBlob(repository_, layer.digest, layer.size, most, credentials_, deadline_);
    if (!blob) {
      // A manifest without its blob is a registry in disorder, not an image without signature.
      Step("layer " + layer.digest.text() + ": " + blob.error().message);
      if (!search.trouble) {
        search.trouble = blob.error();
        if (search.trouble->code == ErrorCode::kNotFound) search.trouble->code = ErrorCode::kRemote;
      }
      return;
    }
    Step("layer " + layer.digest.text() + ": fetched, " + std::to_string(blob->size()) + " bytes");
    bytes_ += blob->size();
    search.signatures.push_back(FoundSignature{layer, std::move(*blob), place_});
  }

  Client& client_;
  const oci::Reference& repository_;
  const oci::Digest& subject_;
  const Credentials& credentials_;
  const SteadyTime deadline_;
  const EvidenceFinder::Enough& enough_;
  Place place_ = Place::kSignatureTag;
  std::vector<oci::Digest> seen_;  // referrers that were read already, from whichever place
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

Search EvidenceFinder::Find(const oci::Reference& repository, const oci::Digest& subject,
                            const Credentials& credentials, SteadyTime deadline, const Enough& enough) {
  // The tags are the cheap ones at registries that count requests; the layout only orders, it never leaves out.
  std::array<Place, 3> order = {Place::kSignatureTag, Place::kReferrers, Place::kReferrersTag};
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = layouts_.Find(repository.Repository())) {
      std::stable_partition(order.begin(), order.end(), [&](Place one) { return one == *known; });
    }
  }
  Finding finding(client_, repository, subject, credentials, deadline, enough);
  for (const Place place : order) {
    if (!finding.LookIn(place)) continue;
    const std::lock_guard lock(mutex_);
    layouts_.Put(repository.Repository(), place);
    return std::move(finding.search);
  }
  finding.search.complete = true;
  return std::move(finding.search);
}

}  // namespace pullseal::registry
