// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_E2E_NOTATION_DESK_H_
#define PULLSEAL_E2E_NOTATION_DESK_H_

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/crypto/sha256.h"
#include "core/json/value.h"
#include "e2e/notation_signer.h"
#include "fakes/notary_authority.h"
#include "lab/process.h"

// Debian's notation with a folder of its own.
namespace pullseal::lab {

// A folder with an OCI layout of one image, and notation's own configuration.
class Desk {
 public:
  Desk() {
    std::filesystem::create_directories(layout() + "/blobs/sha256");
    std::filesystem::create_directories(folder_.path() + "/notation");
    WriteFile(layout() + "/oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    const std::string config = Put("{}");
    image_ = R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":)"
             R"("application/vnd.oci.image.config.v1+json","digest":")" +
             config + R"(","size":2},"layers":[]})";
    digest_ = Put(image_);
    WriteFile(layout() + "/index.json", R"({"schemaVersion":2,"manifests":[)" + Descriptor(kImageType, image_) + "]}");
  }

  std::string digest() const { return digest_; }
  std::string Payload() const {
    return R"({"targetArtifact":{"mediaType":")" + std::string(kImageType) + R"(","digest":")" + digest_ +
           R"(","size":)" + std::to_string(image_.size()) + "}}";
  }

  // What notation made: the media type and bytes of the only signature's layer.
  std::pair<std::string, Bytes> Sign(const fakes::NotaryAuthority& authority, const std::string& form) {
    GiveKey(authority, folder_.path());
    const auto done = Notation({"sign", "--oci-layout", "--signature-format", form, "--expiry", "24h",
                                "--user-metadata", "env=prod", layout() + "@" + digest_});
    if (done.status != 0) throw std::runtime_error("notation sign: " + done.text);
    const auto index = json::Parse(ReadText(layout() + "/index.json"));
    for (const json::Value& one : *index->Find("manifests")->array()) {
      const std::string& digest = *one.FindString("digest");
      if (digest == digest_) continue;
      const auto manifest = json::Parse(Blob(digest));
      const json::Value& layer = manifest->Find("layers")->array()->at(0);
      const std::string bytes = Blob(*layer.FindString("digest"));
      return {*layer.FindString("mediaType"), Bytes(bytes.begin(), bytes.end())};
    }
    throw std::runtime_error("notation sign left no signature");
  }

  // notation's answer about an envelope in this layout: y verified, n refused.
  std::string Verify(const fakes::NotaryAuthority& authority, std::string_view type, const Bytes& envelope,
                     bool stamped, const std::string& identity) {
    const std::string blob(envelope.begin(), envelope.end());
    Put(blob);
    const std::string manifest =
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":)"
        R"("application/vnd.cncf.notary.signature","digest":")" +
        Put("{}") + R"(","size":2},"layers":[)" + Descriptor(type, blob) + R"(],"subject":)" +
        Descriptor(kImageType, image_) + "}";
    Put(manifest);
    WriteFile(layout() + "/index.json", R"({"schemaVersion":2,"manifests":[)" + Descriptor(kImageType, image_) + "," +
                                            Descriptor(kImageType, manifest) + "]}");
    Trust("ca", authority.root().der);
    Trust("signingAuthority", authority.root().der);
    Trust("tsa", authority.tsa_root().der);
    WriteFile(folder_.path() + "/notation/trustpolicy.json",
              R"({"version":"1.0","trustPolicies":[{"name":"p","registryScopes":["*"],"signatureVerification":)"
              R"({"level":"strict"},"trustStores":["ca:acme","signingAuthority:acme")" +
                  std::string(stamped ? ",\"tsa:acme\"" : "") + R"(],"trustedIdentities":[")" + identity + "\"]}]}");
    const auto done = Notation({"verify", "--oci-layout", "--scope", "local/app", layout() + "@" + digest_});
    last_ = done.text;
    return done.status == 0 ? "y" : "n";
  }
  const std::string& last() const { return last_; }

 private:
  static constexpr std::string_view kImageType = "application/vnd.oci.image.manifest.v1+json";
  std::string layout() const { return folder_.path() + "/layout"; }
  std::string Blob(const std::string& digest) const { return ReadText(layout() + "/blobs/sha256/" + digest.substr(7)); }
  std::string Put(const std::string& blob) const {
    const std::string hex = crypto::Sha256Hex(AsBytes(blob));
    WriteFile(layout() + "/blobs/sha256/" + hex, blob);
    return "sha256:" + hex;
  }
  static std::string Descriptor(std::string_view type, const std::string& blob) {
    return R"({"mediaType":")" + std::string(type) + R"(","digest":"sha256:)" + crypto::Sha256Hex(AsBytes(blob)) +
           R"(","size":)" + std::to_string(blob.size()) + "}";
  }
  void Trust(const std::string& kind, const Bytes& der) const {
    const std::string store = folder_.path() + "/notation/truststore/x509/" + kind + "/acme";
    std::filesystem::create_directories(store);
    WriteFile(store + "/root.pem", fakes::ToPem(der));
  }
  Output Notation(std::vector<std::string> arguments) const {
    return RunNotation(folder_.path(), std::move(arguments));
  }

  const TempFolder folder_;
  std::string image_, digest_, last_;
};

}  // namespace pullseal::lab

#endif  // PULLSEAL_E2E_NOTATION_DESK_H_
