#include "registry/evidence.h"

#include <utility>

#include "base/limits.h"
#include "sigstore/simple_signing.h"

namespace pullseal::registry {
namespace {

// Reads the simple-signing layers of `manifest` into `search`; other layers are not ours and are passed over.
void ReadLayers(Client& client, const oci::Reference& repository, const oci::Manifest& manifest,
                const Credentials& credentials, SteadyTime deadline, Search& search) {
  for (const oci::Descriptor& layer : manifest.layers) {
    if (layer.media_type != sigstore::kSimpleSigningMediaType) {
      search.steps.push_back("layer " + layer.digest.text() + ": passed over, media type is not simple signing");
      continue;
    }
    if (search.signatures.size() >= limits::kSignatures) {
      search.trouble = Error{ErrorCode::kLimit, "more than " + std::to_string(limits::kSignatures) + " signatures"};
      return;
    }
    auto blob = client.FetchBlob(repository, layer.digest, layer.size, limits::kPayloadBytes, credentials, deadline);
    if (!blob) {
      search.steps.push_back("payload " + layer.digest.text() + ": " + blob.error().message);
      if (!search.trouble) search.trouble = blob.error();
      continue;
    }
    search.steps.push_back("payload " + layer.digest.text() + ": fetched, " + std::to_string(blob->size()) + " bytes");
    search.signatures.push_back(FoundSignature{layer, std::move(*blob)});
  }
}

}  // namespace

Search FindSignatures(Client& client, const oci::Reference& repository, const oci::Digest& subject,
                      const Credentials& credentials, SteadyTime deadline) {
  Search search;
  const std::string tag = "sha256-" + std::string(subject.hex()) + ".sig";
  auto fetched = client.FetchTagged(repository, tag, credentials, deadline);
  if (!fetched) {
    const bool absent = fetched.error().code == ErrorCode::kNotFound;
    search.steps.push_back("tag " + tag + ": " + (absent ? "not there" : fetched.error().message));
    if (!absent) search.trouble = fetched.error();
    return search;
  }
  auto manifest = oci::Manifest::Parse(fetched->bytes, fetched->media_type);
  if (manifest && manifest->kind != oci::Manifest::Kind::kImage) {
    manifest = Error{ErrorCode::kInvalid, "signature tag holds an index"};
  }
  if (!manifest) {
    search.steps.push_back("tag " + tag + ": " + manifest.error().message);
    search.trouble = Error{ErrorCode::kRemote, "signature manifest: " + manifest.error().message};
    return search;
  }
  search.steps.push_back("tag " + tag + ": found, " + std::to_string(manifest->layers.size()) + " layers");
  ReadLayers(client, repository, *manifest, credentials, deadline, search);
  return search;
}

}  // namespace pullseal::registry
