// SPDX-License-Identifier: Apache-2.0
#include "fakes/fake_registry.h"

#include <algorithm>
#include <utility>

#include "core/base/mutex.h"
#include "core/crypto/sha256.h"
#include "fakes/test_authority.h"

namespace pullseal::fakes {
namespace {

std::string DigestOf(const std::string& body) { return "sha256:" + crypto::Sha256Hex(AsBytes(body)); }

std::string Path(const std::string& host, const std::string& repository, const std::string& resource) {
  return host + "/v2/" + repository + "/" + resource;
}

}  // namespace

http::HttpResponse FakeRegistry::Response(long status, std::string body,
                                          std::multimap<std::string, std::string> headers) {
  http::HttpResponse out;
  out.status = status;
  out.body = std::move(body);
  out.headers = std::move(headers);
  return out;
}

Result<http::HttpResponse> FakeRegistry::Do(const http::HttpRequest& asked) {
  // Handlers and tests look at headers as they would go out.
  http::HttpRequest request = asked;
  if (!asked.authorization.empty()) request.headers.push_back("Authorization: " + asked.authorization.text());
  const std::string line = request.method + " " + request.url.Text();
  Handler handler;
  {
    const MutexLock lock(mutex_);
    if (keeps_record_) requests_.push_back(Seen{line, request.headers});
    for (const auto& [part, one] : handlers_) {
      if (line.find(part) != std::string::npos) handler = one;
    }
  }
  if (handler) return handler(request);
  const MutexLock lock(mutex_);
  const std::string& path = request.url.path_and_query;
  const auto found = documents_.find(request.url.host + path.substr(0, path.find("?ns=")));
  if (found == documents_.end()) return Response(404, R"({"errors":[]})");
  const Document& document = found->second;
  if (document.body.size() > request.most && request.method != "HEAD") return Error{ErrorCode::kLimit, "too large"};
  return Response(200, request.method == "HEAD" ? "" : document.body,
                  {{"content-type", document.media_type}, {"docker-content-digest", DigestOf(document.body)}});
}

std::string FakeRegistry::PutManifest(const std::string& host, const std::string& repository, const std::string& tag,
                                      const std::string& body, const std::string& media_type) {
  const MutexLock lock(mutex_);
  const std::string digest = DigestOf(body);
  documents_[Path(host, repository, "manifests/" + digest)] = Document{body, media_type};
  if (!tag.empty()) documents_[Path(host, repository, "manifests/" + tag)] = Document{body, media_type};
  return digest;
}

std::string FakeRegistry::PutBlob(const std::string& host, const std::string& repository, const std::string& body) {
  const MutexLock lock(mutex_);
  const std::string digest = DigestOf(body);
  documents_[Path(host, repository, "blobs/" + digest)] = Document{body, "application/octet-stream"};
  return digest;
}

void FakeRegistry::PutSignatures(const std::string& host, const std::string& repository, const std::string& digest,
                                 const std::vector<std::pair<std::string, std::string>>& layers) {
  std::string list;
  for (const auto& [payload, signature] : layers) {
    const std::string blob = PutBlob(host, repository, payload);
    list +=
        (list.empty() ? "" : ",") + (R"({"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json","digest":")" +
                                     blob + R"(","size":)" + std::to_string(payload.size()) +
                                     R"(,"annotations":{"dev.cosignproject.cosign/signature":")" + signature + "\"}}");
  }
  const std::string manifest =
      R"({"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" +
      DigestOf("{}") + R"(","size":2},"layers":[)" + list + "]}";
  PutManifest(host, repository, "sha256-" + digest.substr(7) + ".sig", manifest, kImageType);
}

std::string FakeRegistry::PutReferrer(const std::string& host, const std::string& repository, const std::string& digest,
                                      const std::string& layer, bool mislabelled, const std::string& annotations) {
  const std::string blob = PutBlob(host, repository, layer);
  const std::string manifest = std::string(R"({"schemaVersion":2,"artifactType":")") + kBundleType +
                               R"(","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":")" +
                               DigestOf("{}") + R"(","size":2,"artifactType":"x"},"layers":[{"mediaType":")" +
                               kBundleType + R"(","digest":")" + blob + R"(","size":)" + std::to_string(layer.size()) +
                               R"(}],"subject":{"mediaType":")" + kImageType + R"(","digest":")" + digest +
                               R"(","size":1},"annotations":)" + annotations + "}";
  const std::string own = PutManifest(host, repository, "", manifest, kImageType);
  return std::string(R"({"mediaType":")") + kImageType + R"(","digest":")" + own + R"(","size":)" +
         std::to_string(manifest.size()) + R"(,"artifactType":")" +
         (mislabelled ? "application/vnd.oci.empty.v1+json\"}"
                      : std::string(kBundleType) + R"(","annotations":)" + annotations + "}");
}

namespace {
std::string IndexOf(const std::vector<std::string>& descriptors) {
  std::string list;
  for (const std::string& one : descriptors) list += (list.empty() ? "" : ",") + one;
  return R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)" + list + "]}";
}
}  // namespace

void FakeRegistry::PutReferrersApi(const std::string& host, const std::string& repository, const std::string& digest,
                                   const std::vector<std::string>& descriptors) {
  const MutexLock lock(mutex_);
  documents_[Path(host, repository, "referrers/" + digest)] = Document{IndexOf(descriptors), kIndexType};
}

void FakeRegistry::PutReferrersTag(const std::string& host, const std::string& repository, const std::string& digest,
                                   const std::vector<std::string>& descriptors) {
  PutManifest(host, repository, "sha256-" + digest.substr(7), IndexOf(descriptors), kIndexType);
}

void FakeRegistry::On(const std::string& part, Handler handler) {
  const MutexLock lock(mutex_);
  handlers_.emplace_back(part, std::move(handler));
}

void FakeRegistry::Clear(const std::string& part) {
  const MutexLock lock(mutex_);
  std::erase_if(handlers_, [&](const auto& one) { return one.first == part; });
}

std::vector<std::string> FakeRegistry::Requests() const {
  const MutexLock lock(mutex_);
  std::vector<std::string> out;
  for (const Seen& seen : requests_) out.push_back(seen.line);
  return out;
}

std::vector<std::string> FakeRegistry::HeadersOf(const std::string& part) const {
  const MutexLock lock(mutex_);
  std::vector<std::string> out;
  for (const Seen& seen : requests_) {
    if (seen.line.find(part) != std::string::npos) out.insert(out.end(), seen.headers.begin(), seen.headers.end());
  }
  return out;
}

void FakeRegistry::ForgetRequests() {
  const MutexLock lock(mutex_);
  requests_.clear();
}

std::string ImageManifest(const std::string& config, const std::string& extra) {
  return R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" +
         config + R"(","size":10},"layers":[])" + extra + "}";
}

std::string ImageIndex(const std::vector<std::pair<std::string, std::string>>& manifests) {
  std::string list;
  for (const auto& [digest, architecture] : manifests) {
    list += (list.empty() ? "" : ",") +
            (R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" + digest +
             R"(","size":10,"platform":{"os":"linux","architecture":")" + architecture + "\"}}");
  }
  return R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)" + list + "]}";
}

}  // namespace pullseal::fakes
