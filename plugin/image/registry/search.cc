// SPDX-License-Identifier: Apache-2.0
#include "image/registry/search.h"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>
#include <variant>

#include "image/oci/cosign.h"
#include "image/oci/limits.h"
#include "image/registry/evidence.h"
#include "image/registry/limits.h"
#include "image/registry/referrers.h"

namespace pullseal::registry {

namespace {

// What makes two layers the same signature.
std::string IdentityOf(const oci::Descriptor& layer) {
  std::string text = layer.digest.text() + "\n" + layer.media_type;
  for (const auto& [name, value] : layer.annotations) {
    text += "\n" + std::to_string(name.size()) + ":" + name + std::to_string(value.size()) + ":" + value;
  }
  return oci::Digest::Of(AsBytes(text)).text();
}

// What cosign signs without further annotations follows from the image's name and digest alone. Where its digest is the
// layer's, it is the layer's blob, and the registry need not be asked for it.
std::optional<Bytes> UsualPayload(const oci::Descriptor& layer, const oci::Reference& repository,
                                  const oci::Digest& subject) {
  if (layer.media_type != oci::kSimpleSigningMediaType) return std::nullopt;
  const std::string payload = oci::UsualPayload(repository.Repository(), subject);
  const ByteView bytes = AsBytes(payload);
  if (layer.size != static_cast<std::int64_t>(payload.size()) || oci::Digest::Of(bytes) != layer.digest) {
    return std::nullopt;
  }
  return Bytes(bytes.begin(), bytes.end());
}

}  // namespace

// A list of things to do, the next one first: places of the endpoint, pages of lists, manifests that refer to the
// image, layers. Doing one can put what it names in front of the rest.
class Search::Finding {
 public:
  Finding(EvidenceFinder& finder, oci::Reference repository, oci::Digest subject, credentials::Credentials credentials,
          SteadyTime deadline, Wanted wanted)
      : finder_(finder),
        client_(finder.client_),
        repository_(std::move(repository)),
        subject_(std::move(subject)),
        credentials_(std::move(credentials)),
        deadline_(deadline),
        wanted_(std::move(wanted)) {}

  Result<std::optional<oci::SignatureEvidence>> Next() {
    while (!over_) {
      if (tasks_.empty()) {
        over_ = !BeginEndpoint();
        continue;
      }
      const Task task = std::move(tasks_.front());
      tasks_.pop_front();
      auto found = std::visit([this](const auto& one) { return Do(one); }, task);
      // An endpoint that cannot be reached is not asked for anything else: the time is needed elsewhere.
      if (unreachable_) tasks_.clear();
      if (found) return found;
    }
    if (trouble_) return *trouble_;
    return std::optional<oci::SignatureEvidence>();
  }

  void NoteGood() {
    if (!wanted_.attestations) finder_.NoteLayout(endpoint(), OwnName(), place_);
  }
  const std::vector<std::string>& steps() const { return steps_; }

 private:
  using Found = std::optional<oci::SignatureEvidence>;
  struct Look {
    Place place;
  };
  struct ReadPage {
    std::string resource;
    int number = 0;
  };
  struct ReadManifest {
    oci::Digest digest;
  };
  struct ReadLayer {
    oci::Descriptor layer;
  };
  using Task = std::variant<Look, ReadPage, ReadManifest, ReadLayer>;
  // A document and the room it takes while it is read.
  struct Document {
    Fetched fetched;
    ByteBudget::Hold hold;
  };

  const Endpoint& endpoint() const { return (*endpoints_)[next_endpoint_ - 1]; }
  std::string OwnName() const { return endpoint().base.Text() + "/" + repository_.path(); }
  Where Here() const {
    return Where{endpoint(), repository_, credentials_, deadline_, next_endpoint_ == endpoints_->size()};
  }

  // Goes to the next endpoint that content may come from; false if there is none.
  bool BeginEndpoint() {
    if (endpoints_ == nullptr) {
      auto places = client_.Places(repository_);
      if (!places) {
        trouble_ = places.error();
        return false;
      }
      endpoints_ = std::move(*places);
    }
    while (next_endpoint_ < endpoints_->size()) {
      ++next_endpoint_;
      if (!endpoint().pull) continue;
      unreachable_ = false;
      // What trouble at another endpoint may have left unread is read here.
      if (trouble_) read_.clear();
      for (const Place place : finder_.OrderFor(endpoint(), OwnName())) tasks_.emplace_back(Look{place});
      return true;
    }
    return false;
  }

  void Step(const std::string& text) {
    if (steps_.size() >= limits::kSearchSteps) return;
    steps_.push_back(endpoint().mirror ? endpoint().host + ": " + text : text);
  }

  // Notes an error of a place: only a certain "not there" is no trouble.
  void Failed(const std::string& what, const Error& error) {
    const bool absent = error.code == ErrorCode::kNotFound;
    Step(what + ": " + (absent ? "not there" : error.message));
    if (!absent && !trouble_) trouble_ = error;
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
      if (waits_ == limits::kReplicaWaits || pause > (deadline_ - client_.clock().Steady()) / 2) break;
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

  // Reads a document by `fetch(most)`. Almost all are small; one that is not waits until there is room to read it.
  template <typename Fetch>
  Result<Document> FetchDocument(const Fetch& fetch) {
    auto fetched = fetch(limits::kSmallListBytes);
    if (fetched) return Document{std::move(*fetched), {}};
    if (fetched.error().code != ErrorCode::kLimit) return fetched.error();
    auto hold = finder_.lists_.Take(limits::kManifestBytes * limits::kListCost, deadline_, client_.clock());
    if (!hold) return hold.error();
    fetched = fetch(limits::kManifestBytes);
    if (!fetched) return fetched.error();
    return Document{std::move(*fetched), std::move(*hold)};
  }

  Found Do(const Look& look) {
    place_ = look.place;
    switch (place_) {
      case Place::kSignatureTag:
        LookAtSignatureTag();
        break;
      case Place::kReferrersTag:
        LookAtReferrersTag();
        break;
      case Place::kReferrers:
        tasks_.emplace_front(ReadPage{"referrers/" + subject_.text(), 0});
        break;
    }
    return std::nullopt;
  }

  Result<Document> FetchTag(const std::string& tag) {
    auto document = FetchDocument(
        [&](std::size_t most) { return client_.FetchTagged(Here(), tag, "signatures under tag " + tag, most); });
    if (!document) Failed("tag " + tag, document.error());
    return document;
  }

  void LookAtSignatureTag() {
    const std::string tag = wanted_.attestations ? oci::AttestationTag(subject_) : oci::SignatureTag(subject_);
    const auto document = FetchTag(tag);
    if (!document) return;
    const auto manifest = oci::Manifest::ParseList(document->fetched.bytes, document->fetched.media_type);
    if (!manifest || manifest->kind != oci::Manifest::Kind::kImage) {
      const std::string why = manifest ? "holds a manifest of another kind" : manifest.error().message;
      return Failed("tag " + tag, Error{ErrorCode::kRemote, "tag " + tag + ": " + why});
    }
    Step("tag " + tag + ": found, " + std::to_string(manifest->layers.size()) + " layers");
    PutLayers(*manifest);
  }

  void LookAtReferrersTag() {
    const std::string tag = oci::ReferrersTag(subject_);
    const auto document = FetchTag(tag);
    if (!document) return;
    const auto referrers = Referrers::Parse(document->fetched.bytes, document->fetched.media_type, wanted_);
    if (!referrers) return Failed("tag " + tag, referrers.error().In("tag " + tag));
    PutReferrers("tag " + tag + ": found", *referrers);
  }

  Found Do(const ReadPage& page) {
    const std::string what = "referrers API" + (page.number == 0 ? "" : ", page " + std::to_string(page.number + 1));
    if (page.number >= limits::kReferrerPages) {
      Failed(what, Error{ErrorCode::kLimit, "more than " + std::to_string(limits::kReferrerPages) + " pages"});
      return std::nullopt;
    }
    std::string next;
    const auto document = FetchDocument([&](std::size_t most) -> Result<Fetched> {
      auto fetched = client_.FetchReferrersPage(Here(), page.resource, page.number == 0, most);
      if (!fetched) return fetched.error();
      next = std::move(fetched->next);
      return std::move(fetched->page);
    });
    if (!document) {
      Failed(what, document.error());
      return std::nullopt;
    }
    const auto referrers = Referrers::Parse(document->fetched.bytes, document->fetched.media_type, wanted_);
    if (!referrers) {
      Failed(what, referrers.error().In(what));
      return std::nullopt;
    }
    if (!next.empty()) tasks_.emplace_front(ReadPage{std::move(next), page.number + 1});
    PutReferrers(what, *referrers);
    return std::nullopt;
  }

  // Puts what a list names in front of what is left to do.
  void PutReferrers(const std::string& what, const Referrers& referrers) {
    std::deque<Task> tasks;
    std::size_t known = 0;
    for (const oci::Digest& one : referrers.candidates) {
      if (read_.contains(one.text())) continue;
      if (finder_.IsKnownOther(one, subject_, wanted_)) {
        ++known;
      } else {
        tasks.emplace_back(ReadManifest{one});
      }
      // More than can be read are not worth the memory.
      if (tasks.size() > limits::kReferrers) break;
    }
    Step(what + ": " + std::to_string(referrers.candidates.size() + referrers.others + referrers.unreadable) +
         " referrers, " + std::to_string(referrers.others) + " of them say they are no signatures, " +
         std::to_string(known) + " are known to be none");
    tasks_.insert(tasks_.begin(), std::make_move_iterator(tasks.begin()), std::make_move_iterator(tasks.end()));
    if (referrers.unreadable == 0) return;
    Failed(what, Error{ErrorCode::kRemote, std::to_string(referrers.unreadable) +
                                               " referrers that could be signatures are named by no sha256 digest"});
  }

  Found Do(const ReadManifest& task) {
    const std::string what = "referrer " + task.digest.text();
    if (read_.contains(task.digest.text())) return std::nullopt;
    if (manifests_++ >= limits::kReferrers) {
      if (manifests_ == limits::kReferrers + 1) {
        Failed("referrers", Error{ErrorCode::kLimit, "more than " + std::to_string(limits::kReferrers) + " referrers"});
      }
      return std::nullopt;
    }
    const auto document = FetchNamed(what, [&] {
      return FetchDocument([&](std::size_t most) {
        return client_.FetchManifestAt(Here(), task.digest, "a manifest that refers to it", most);
      });
    });
    if (!document) return std::nullopt;
    read_.insert(task.digest.text());
    const auto manifest = oci::Manifest::ParseList(document->fetched.bytes, document->fetched.media_type);
    if (!manifest && manifest.error().code == ErrorCode::kLimit) {
      Failed(what, manifest.error());
      return std::nullopt;
    }
    if (const std::string other = WhyNoSignature(manifest); !other.empty()) {
      Step(what + ": passed over, " + other);
      finder_.NoteOther(task.digest, subject_, wanted_);
      return std::nullopt;
    }
    Step(what + ": found, " + std::to_string(manifest->layers.size()) + " layers");
    PutLayers(*manifest);
    return std::nullopt;
  }

  bool IsWantedLayer(const oci::Manifest& manifest, std::string_view media_type) const {
    return wanted_.attestations ? IsAttestationLayer(media_type) : IsSignatureLayer(manifest, media_type);
  }

  // Why a manifest that was listed is no signature of the image, by its bytes alone; empty if it may be one.
  std::string WhyNoSignature(const Result<oci::Manifest>& manifest) const {
    if (!manifest) return manifest.error().message;
    if (manifest->kind != oci::Manifest::Kind::kImage) return "it is an index";
    if (!manifest->subject || manifest->subject->digest != subject_) return "it does not refer to this image";
    if (SaysOther(*manifest, wanted_))
      return wanted_.attestations ? "it says it is of another type" : "it says it is an attestation";
    const auto is_signature = [&](const auto& layer) { return IsWantedLayer(*manifest, layer.media_type); };
    const bool any = std::any_of(manifest->layers.begin(), manifest->layers.end(), is_signature) ||
                     std::any_of(manifest->unread.begin(), manifest->unread.end(), is_signature);
    return any ? "" : "none of its layers has a signature's media type";
  }

  // Puts the layers that are signatures in front; others are not ours and are passed over. What cannot be followed
  // hurts nothing beside it; but without it nobody knows that there is no signature.
  void PutLayers(const oci::Manifest& manifest) {
    for (const oci::UnreadDescriptor& one : manifest.unread) {
      if (!IsWantedLayer(manifest, one.media_type)) continue;
      Failed("layer " + Printable(one.digest, 150),
             Error{ErrorCode::kRemote, "it has no digest by sha256, which alone is read"});
    }
    std::deque<Task> tasks;
    for (const oci::Descriptor& layer : manifest.layers) {
      if (IsWantedLayer(manifest, layer.media_type)) {
        tasks.emplace_back(ReadLayer{layer});
        // All that counts of it is inside, so that it is one signature whatever stands beside it.
        if (IsNotaryEnvelope(layer.media_type)) std::get<ReadLayer>(tasks.back()).layer.annotations.clear();
      } else {
        Step("layer " + layer.digest.text() + ": passed over, its media type is no signature's");
      }
      if (tasks.size() > limits::kSignatures) break;
    }
    tasks_.insert(tasks_.begin(), std::make_move_iterator(tasks.begin()), std::make_move_iterator(tasks.end()));
  }

  Found Do(const ReadLayer& task) {
    const oci::Descriptor& layer = task.layer;
    const std::string what = "layer " + layer.digest.text();
    const std::string identity = IdentityOf(layer);
    if (given_.contains(identity)) return std::nullopt;  // found elsewhere before
    if (signatures_ >= limits::kSignatures) {
      Failed(what, Error{ErrorCode::kLimit, "more than " + std::to_string(limits::kSignatures) + " signatures"});
      // Nothing that is left can be read either, and what fills the places is the image's own.
      std::erase_if(tasks_, [](const Task& one) { return std::holds_alternative<ReadLayer>(one); });
      return std::nullopt;
    }
    auto payload = UsualPayload(layer, repository_, subject_);
    if (payload) {
      Step(what + ": is cosign's usual payload, not fetched");
    } else {
      payload = FetchPayload(layer, what);
      if (!payload) return std::nullopt;
    }
    ++signatures_;
    given_.insert(identity);
    return oci::SignatureEvidence{.blob = layer.digest,
                                  .media_type = layer.media_type,
                                  .payload = std::move(*payload),
                                  .annotations = layer.annotations,
                                  .fetched = client_.clock().Now()};
  }

  // The layer's blob, if it could be had; the trouble is noted.
  std::optional<Bytes> FetchPayload(const oci::Descriptor& layer, const std::string& what) {
    const std::size_t whole = wanted_.attestations ? limits::kAttestationBytes : limits::kSignatureBytes;
    const std::size_t most = layer.media_type == oci::kSimpleSigningMediaType ? limits::kPayloadBytes : whole;
    const auto size = static_cast<std::uint64_t>(layer.size);
    if (size > most || size > limits::kSearchBytes - hold_.bytes()) {
      Failed(what, Error{ErrorCode::kLimit, std::to_string(layer.size) + " bytes are more than is read of a signature, "
                                                                         "or of all that one image has"});
      return std::nullopt;
    }
    auto hold = finder_.signatures_.Take(static_cast<std::size_t>(size), deadline_, client_.clock());
    if (!hold) {
      Failed(what, hold.error());
      return std::nullopt;
    }
    auto blob = FetchNamed(what, [&] { return client_.FetchBlob(Here(), layer.digest, layer.size, most); });
    if (!blob) return std::nullopt;
    hold_.Join(std::move(*hold));
    Step(what + ": fetched, " + std::to_string(blob->size()) + " bytes");
    return std::move(*blob);
  }

  EvidenceFinder& finder_;
  Client& client_;
  const oci::Reference repository_;
  const oci::Digest subject_;
  const credentials::Credentials credentials_;
  const SteadyTime deadline_;
  const Wanted wanted_;
  Endpoints endpoints_;
  std::size_t next_endpoint_ = 0;  // one behind the one that is being searched
  std::deque<Task> tasks_;
  bool over_ = false;
  Place place_ = Place::kSignatureTag;
  bool unreachable_ = false;
  std::optional<Error> trouble_;
  std::vector<std::string> steps_;
  std::set<std::string> read_;   // referrers that were read already, from whichever place
  std::set<std::string> given_;  // signatures
  int waits_ = 0;                // for replicas that lag
  std::size_t manifests_ = 0;    // referrers that were asked for
  std::size_t signatures_ = 0;
  ByteBudget::Hold hold_;  // of what was given
};

Search::Search(EvidenceFinder& finder, oci::Reference repository, oci::Digest subject,
               credentials::Credentials credentials, SteadyTime deadline, Wanted wanted)
    : finding_(std::make_unique<Finding>(finder, std::move(repository), std::move(subject), std::move(credentials),
                                         deadline, std::move(wanted))) {}
Search::Search(Search&&) noexcept = default;
Search::~Search() = default;
Result<std::optional<oci::SignatureEvidence>> Search::Next() { return finding_->Next(); }
void Search::NoteGood() { finding_->NoteGood(); }
const std::vector<std::string>& Search::steps() const { return finding_->steps(); }

}  // namespace pullseal::registry
