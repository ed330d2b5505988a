// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_LAB_IMAGES_H_
#define PULLSEAL_LAB_IMAGES_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lab/process.h"

namespace pullseal::lab {

// Blob is content with its digest.
struct Blob {
  std::string digest;
  std::string bytes;
  static Blob Of(std::string bytes);
};

// Image is a small image with busybox and the file /text in it, not pushed yet.
struct Image {
  Blob layer;
  Blob config;
  Blob manifest;
};

// MakeImage builds an image whose /text is `text`. `annotations` stand in its manifest. Without layers' content of its
// own, two images of one text differ in nothing.
Image MakeImage(const std::string& text, const std::map<std::string, std::string>& annotations = {});

// MakeIndex wraps manifests of this machine's platform, or of `architectures` where given, into an image index.
Blob MakeIndex(const std::vector<Blob>& manifests, const std::vector<std::string>& architectures = {});

// SaveArchive writes an OCI archive that `ctr images import` takes: the image under `name`.
void SaveArchive(const Image& image, const std::string& name, const std::string& path);

// Push pushes the image to any registry that asks for no credentials, its manifest under `tag`.
void Push(const std::string& host, const std::string& repository, const std::string& tag, const Image& image);

// Registry is Debian's docker-registry on a free port of 127.0.0.1, its storage in a folder. `front` is a program that
// adds the referrers API to it (tests/lab/referrers_registry.py); empty: none.
class Registry {
 public:
  explicit Registry(const std::string& folder, const std::string& front = "");
  std::string host() const { return "127.0.0.1:" + std::to_string(front_.empty() ? port_ : front_port_); }

  void Stop() {
    front_process_.reset();
    process_.reset();
  }
  void Start();

  // Pushes blobs and manifest; the manifest under `tag`, or under its digest if the tag is empty.
  void PushImage(const std::string& repository, const std::string& tag, const Image& image);
  void PushManifest(const std::string& repository, const std::string& reference, const Blob& manifest,
                    const std::string& media_type);
  void PushBlob(const std::string& repository, const Blob& blob);
  std::string Get(const std::string& repository, const std::string& resource, const std::string& accept);
  // Pushes a signature manifest for `digest` with one layer, under its .sig tag.
  void PushSignature(const std::string& repository, const std::string& digest, const std::string& payload,
                     const std::string& signature_base64);
  void PushSignature(const std::string& repository, const std::string& digest, const std::string& payload,
                     const std::map<std::string, std::string>& annotations);
  // Pushes a Sigstore bundle that refers to the manifest, as cosign 3 does: by its subject, and where the registry has
  // no referrers API in the index of the referrers tag, whose entry tells nothing.
  void PushBundle(const std::string& repository, const Blob& subject, const std::string& bundle);

 private:
  const std::string folder_;
  const std::string front_;
  const int port_;
  const int front_port_;
  std::unique_ptr<Process> process_;
  std::unique_ptr<Process> front_process_;
};

// What cosign wrote for one image: the payload and the signature over it.
struct SignatureParts {
  std::string payload;
  std::string signature_base64;
};
SignatureParts FetchSignature(Registry& registry, const std::string& repository, const std::string& digest);

inline constexpr const char* kManifestType = "application/vnd.oci.image.manifest.v1+json";
inline constexpr const char* kIndexType = "application/vnd.oci.image.index.v1+json";

// Cosign is the real cosign with one key pair.
class Cosign {
 public:
  Cosign(const std::string& program, const std::string& folder);
  // Signs `reference` (host/repository@digest) in its registry, in the .sig form. Empty if it went well, else its
  // output.
  std::string Sign(const std::string& reference, const std::vector<std::string>& more = {});
  // The same with cosign 3 (`program`), as a bundle that refers to the image; `attest` makes an attestation instead.
  std::string SignAsBundle(const std::string& program, const std::string& reference, bool attest = false);
  // Attests `predicate` (JSON) with cosign 2, under the .att tag, or cosign 3, as a bundle. Empty if it went well.
  std::string Attest(const std::string& program, int major, const std::string& reference, const std::string& type,
                     const std::string& predicate);
  std::string public_key_file() const { return folder_ + "/cosign.pub"; }
  std::string private_key_file() const { return folder_ + "/cosign.key"; }

 private:
  const std::string program_;
  const std::string folder_;
};

}  // namespace pullseal::lab

#endif  // PULLSEAL_LAB_IMAGES_H_
