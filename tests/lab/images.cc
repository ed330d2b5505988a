// SPDX-License-Identifier: Apache-2.0
#include "lab/images.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "core/crypto/sha256.h"
#include "core/http/http.h"
#include "core/json/value.h"
#include "image/oci/platform.h"

namespace pullseal::lab {
namespace {

http::HttpResponse Must(const std::string& method, const std::string& url, const std::string& body,
                        const std::string& type, long expected, const std::string& accept = "") {
  static const auto http = http::MakeCurlHttp("");
  http::HttpRequest request;
  request.method = method;
  request.url = *http::Url::Parse(url);
  request.body = body;
  request.most = 1 << 20;
  request.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(15);
  if (!type.empty()) request.headers = {"Content-Type: " + type};
  if (!accept.empty()) request.headers.push_back("Accept: " + accept);
  auto response = http->Do(request);
  if (!response) throw std::runtime_error(method + " " + url + ": " + response.error().message);
  if (response->status != expected) {
    throw std::runtime_error(method + " " + url + ": status " + std::to_string(response->status) + " " +
                             response->body);
  }
  return std::move(*response);
}

std::string Descriptor(const Blob& blob, const std::string& media_type) {
  return json::Writer()
      .Text("mediaType", media_type)
      .Text("digest", blob.digest)
      .Number("size", static_cast<std::int64_t>(blob.bytes.size()))
      .Finish();
}

void UploadBlob(const std::string& host, const std::string& repository, const Blob& blob) {
  const auto begun = Must("POST", "http://" + host + "/v2/" + repository + "/blobs/uploads/", "", "", 202);
  const std::string location(begun.Header("location"));
  const std::string url = location + (location.find('?') == std::string::npos ? "?" : "&") + "digest=" + blob.digest;
  Must("PUT", url.starts_with("/") ? "http://" + host + url : url, blob.bytes, "application/octet-stream", 201);
}

void UploadManifest(const std::string& host, const std::string& repository, const std::string& reference,
                    const Blob& manifest, const std::string& media_type) {
  Must("PUT", "http://" + host + "/v2/" + repository + "/manifests/" + reference, manifest.bytes, media_type, 201);
}

std::string MakeLayer(const std::string& text) {
  const TempFolder folder;
  const std::string root = folder.path() + "/root";
  std::filesystem::create_directories(root + "/bin");
  for (const char* name : {"/proc", "/sys", "/dev", "/etc", "/tmp"}) std::filesystem::create_directory(root + name);
  std::filesystem::copy_file("/bin/busybox", root + "/bin/busybox");
  for (const char* name : {"sh", "cat", "sleep", "ls"})
    std::filesystem::create_symlink("busybox", root + "/bin/" + name);
  WriteFile(root + "/text", text);
  const std::string tar = folder.path() + "/layer.tar";
  const Output made = Execute(
      {"tar", "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "-C", root, "-cf", tar, "."});
  if (made.status != 0) throw std::runtime_error("tar: " + made.text);
  return ReadText(tar);
}

}  // namespace

Blob Blob::Of(std::string bytes) {
  std::string digest = "sha256:" + crypto::Sha256Hex(AsBytes(bytes));
  return Blob{std::move(digest), std::move(bytes)};
}

Image MakeImage(const std::string& text, const std::map<std::string, std::string>& annotations) {
  Image image;
  image.layer = Blob::Of(MakeLayer(text));
  const std::string rootfs =
      json::Writer().Text("type", "layers").Raw("diff_ids", "[\"" + image.layer.digest + "\"]").Finish();
  image.config = Blob::Of(json::Writer()
                              .Text("architecture", oci::NodePlatform().architecture)
                              .Text("os", "linux")
                              .Raw("config", R"({"Entrypoint":["/bin/sleep","100000"],"Env":["PATH=/bin"]})")
                              .Raw("rootfs", rootfs)
                              .Finish());
  json::Writer manifest;
  manifest.Number("schemaVersion", 2)
      .Text("mediaType", kManifestType)
      .Raw("config", Descriptor(image.config, "application/vnd.oci.image.config.v1+json"))
      .Raw("layers", "[" + Descriptor(image.layer, "application/vnd.oci.image.layer.v1.tar") + "]");
  if (!annotations.empty()) {
    json::Writer members;
    for (const auto& [name, value] : annotations) members.Text(name, value);
    manifest.Raw("annotations", members.Finish());
  }
  image.manifest = Blob::Of(manifest.Finish());
  return image;
}

Blob MakeIndex(const std::vector<Blob>& manifests, const std::vector<std::string>& architectures) {
  std::string list;
  for (std::size_t i = 0; i < manifests.size(); ++i) {
    const std::string architecture = i < architectures.size() ? architectures[i] : oci::NodePlatform().architecture;
    list += (list.empty() ? "" : ",") +
            json::Writer()
                .Text("mediaType", kManifestType)
                .Text("digest", manifests[i].digest)
                .Number("size", static_cast<std::int64_t>(manifests[i].bytes.size()))
                .Raw("platform", json::Writer().Text("architecture", architecture).Text("os", "linux").Finish())
                .Finish();
  }
  return Blob::Of(json::Writer()
                      .Number("schemaVersion", 2)
                      .Text("mediaType", kIndexType)
                      .Raw("manifests", "[" + list + "]")
                      .Finish());
}

void SaveArchive(const Image& image, const std::string& name, const std::string& path) {
  const TempFolder folder;
  const std::string blobs = folder.path() + "/blobs/sha256/";
  for (const Blob* blob : {&image.layer, &image.config, &image.manifest})
    WriteFile(blobs + blob->digest.substr(7), blob->bytes);
  WriteFile(folder.path() + "/oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  const std::string entry = json::Writer()
                                .Text("mediaType", kManifestType)
                                .Text("digest", image.manifest.digest)
                                .Number("size", static_cast<std::int64_t>(image.manifest.bytes.size()))
                                .Raw("annotations", json::Writer().Text("io.containerd.image.name", name).Finish())
                                .Finish();
  WriteFile(folder.path() + "/index.json",
            json::Writer().Number("schemaVersion", 2).Raw("manifests", "[" + entry + "]").Finish());
  const Output made = Execute({"tar", "-C", folder.path(), "-cf", path, "blobs", "oci-layout", "index.json"});
  if (made.status != 0) throw std::runtime_error("tar: " + made.text);
}

Registry::Registry(const std::string& folder, const std::string& front)
    : folder_(folder), front_(front), port_(FreePort()), front_port_(FreePort()) {
  WriteFile(folder_ + "/config.yml",
            "version: 0.1\nlog: {level: warn}\nstorage:\n  filesystem: {rootdirectory: " + folder_ +
                "/data}\n  delete: {enabled: true}\nhttp: {addr: \"127.0.0.1:" + std::to_string(port_) + "\"}\n");
  Start();
}

void Registry::Start() {
  // PULLSEAL_CRANE: crane, whose own registry then takes docker-registry's place. It keeps manifests in memory, so it
  // cannot be stopped and started again.
  const char* crane = std::getenv("PULLSEAL_CRANE");
  const std::vector<std::string> command =
      crane == nullptr
          ? std::vector<std::string>{"docker-registry", "serve", folder_ + "/config.yml"}
          : std::vector<std::string>{crane, "registry", "serve", "--address", "127.0.0.1:" + std::to_string(port_)};
  process_ = std::make_unique<Process>(command, folder_ + "/registry.log");
  if (!front_.empty()) {
    front_process_ = std::make_unique<Process>(
        std::vector<std::string>{"python3", front_, std::to_string(front_port_), std::to_string(port_)},
        folder_ + "/front.log");
  }
  const bool up = WaitFor([this] {
    try {
      Must("GET", "http://" + host() + "/v2/", "", "", 200);
      return true;
    } catch (const std::exception&) {
      return false;
    }
  });
  if (!up) throw std::runtime_error(command[0] + " did not start: " + ReadText(folder_ + "/registry.log"));
}

void Registry::PushBlob(const std::string& repository, const Blob& blob) { UploadBlob(host(), repository, blob); }

void Registry::PushManifest(const std::string& repository, const std::string& reference, const Blob& manifest,
                            const std::string& media_type) {
  UploadManifest(host(), repository, reference, manifest, media_type);
}

void Registry::PushImage(const std::string& repository, const std::string& tag, const Image& image) {
  Push(host(), repository, tag, image);
}

void Push(const std::string& host, const std::string& repository, const std::string& tag, const Image& image) {
  UploadBlob(host, repository, image.layer);
  UploadBlob(host, repository, image.config);
  UploadManifest(host, repository, tag.empty() ? image.manifest.digest : tag, image.manifest, kManifestType);
}

std::string Registry::Get(const std::string& repository, const std::string& resource, const std::string& accept) {
  return Must("GET", "http://" + host() + "/v2/" + repository + "/" + resource, "", "", 200, accept).body;
}

void Registry::PushSignature(const std::string& repository, const std::string& digest, const std::string& payload,
                             const std::string& signature_base64) {
  PushSignature(repository, digest, payload,
                std::map<std::string, std::string>{{"dev.cosignproject.cosign/signature", signature_base64}});
}

void Registry::PushBundle(const std::string& repository, const Blob& subject, const std::string& bundle) {
  constexpr const char* kBundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";
  constexpr const char* kEmptyType = "application/vnd.oci.empty.v1+json";
  const Blob blob = Blob::Of(bundle);
  const Blob config = Blob::Of("{}");
  PushBlob(repository, blob);
  PushBlob(repository, config);
  const Blob manifest = Blob::Of(json::Writer()
                                     .Number("schemaVersion", 2)
                                     .Text("mediaType", kManifestType)
                                     .Text("artifactType", kBundleType)
                                     .Raw("config", Descriptor(config, kEmptyType))
                                     .Raw("layers", "[" + Descriptor(blob, kBundleType) + "]")
                                     .Raw("subject", Descriptor(subject, kManifestType))
                                     .Finish());
  PushManifest(repository, manifest.digest, manifest, kManifestType);
  if (!front_.empty()) return;
  const std::string entry = json::Writer()
                                .Text("mediaType", kManifestType)
                                .Text("digest", manifest.digest)
                                .Number("size", static_cast<std::int64_t>(manifest.bytes.size()))
                                .Text("artifactType", kEmptyType)
                                .Finish();
  const Blob index = Blob::Of(json::Writer()
                                  .Number("schemaVersion", 2)
                                  .Text("mediaType", kIndexType)
                                  .Raw("manifests", "[" + entry + "]")
                                  .Finish());
  PushManifest(repository, "sha256-" + subject.digest.substr(7), index, kIndexType);
}

void Registry::PushSignature(const std::string& repository, const std::string& digest, const std::string& payload,
                             const std::map<std::string, std::string>& annotations) {
  json::Writer notes;
  for (const auto& [name, value] : annotations) notes.Text(name, value);
  const Blob blob = Blob::Of(payload);
  const Blob config = Blob::Of("{}");
  PushBlob(repository, blob);
  PushBlob(repository, config);
  const std::string layer = json::Writer()
                                .Text("mediaType", "application/vnd.dev.cosign.simplesigning.v1+json")
                                .Text("digest", blob.digest)
                                .Number("size", static_cast<std::int64_t>(blob.bytes.size()))
                                .Raw("annotations", notes.Finish())
                                .Finish();
  const Blob manifest = Blob::Of(json::Writer()
                                     .Number("schemaVersion", 2)
                                     .Text("mediaType", kManifestType)
                                     .Raw("config", Descriptor(config, "application/vnd.oci.image.config.v1+json"))
                                     .Raw("layers", "[" + layer + "]")
                                     .Finish());
  PushManifest(repository, "sha256-" + digest.substr(7) + ".sig", manifest, kManifestType);
}

SignatureParts FetchSignature(Registry& registry, const std::string& repository, const std::string& digest) {
  const std::string text = registry.Get(repository, "manifests/sha256-" + digest.substr(7) + ".sig", kManifestType);
  const auto manifest = oci::Manifest::Parse(AsBytes(text), "");
  if (!manifest || manifest->layers.empty()) throw std::runtime_error("no signature of " + digest);
  const oci::Descriptor& layer = manifest->layers.front();
  return {registry.Get(repository, "blobs/" + layer.digest.text(), ""),
          layer.annotations.at("dev.cosignproject.cosign/signature")};
}

Cosign::Cosign(const std::string& program, const std::string& folder) : program_(program), folder_(folder) {
  std::filesystem::create_directories(folder);
  const Output made =
      Execute({program_, "generate-key-pair", "--output-key-prefix", folder_ + "/cosign"}, {{"COSIGN_PASSWORD", ""}});
  if (made.status != 0) throw std::runtime_error("cosign generate-key-pair: " + made.text);
}

std::string Cosign::Sign(const std::string& reference, const std::vector<std::string>& more) {
  std::vector<std::string> command = {program_,
                                      "sign",
                                      "--key",
                                      private_key_file(),
                                      "--tlog-upload=false",
                                      "--yes",
                                      "--allow-http-registry",
                                      "--allow-insecure-registry"};
  command.insert(command.end(), more.begin(), more.end());
  command.push_back(reference);
  const Output signed_output = Execute(command, {{"COSIGN_PASSWORD", ""}, {"HOME", folder_}});
  return signed_output.status == 0 ? std::string() : signed_output.text;
}

std::string Cosign::SignAsBundle(const std::string& program, const std::string& reference, bool attest) {
  const std::string config = folder_ + "/signing.json";
  WriteFile(
      config,
      R"({"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","rekorTlogConfig":{},"tsaConfig":{}})");
  WriteFile(folder_ + "/predicate.json", R"({"passed":false})");
  std::vector<std::string> command = {program, attest ? "attest" : "sign", "--yes",
                                      "--key", private_key_file(),         "--signing-config",
                                      config,  "--allow-http-registry",    "--allow-insecure-registry"};
  if (attest) {
    command.insert(command.end(),
                   {"--predicate", folder_ + "/predicate.json", "--type", "https://example.com/scan-failed/v1"});
  }
  command.push_back(reference);
  const Output done = Execute(command, {{"COSIGN_PASSWORD", ""}, {"HOME", folder_}});
  return done.status == 0 ? std::string() : done.text;
}

std::string Cosign::Attest(const std::string& program, int major, const std::string& reference, const std::string& type,
                           const std::string& predicate) {
  const std::string config = folder_ + "/signing.json";
  WriteFile(
      config,
      R"({"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","rekorTlogConfig":{},"tsaConfig":{}})");
  WriteFile(folder_ + "/predicate.json", predicate);
  std::vector<std::string> command = {program,
                                      "attest",
                                      "--yes",
                                      "--key",
                                      private_key_file(),
                                      "--allow-http-registry",
                                      "--allow-insecure-registry",
                                      "--predicate",
                                      folder_ + "/predicate.json",
                                      "--type",
                                      type};
  if (major == 2) command.push_back("--tlog-upload=false");
  if (major == 3) command.insert(command.end(), {"--signing-config", config});
  command.push_back(reference);
  const Output done = Execute(command, {{"COSIGN_PASSWORD", ""}, {"HOME", folder_}});
  return done.status == 0 ? std::string() : done.text;
}

}  // namespace pullseal::lab
