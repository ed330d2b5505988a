// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_FAKES_FAKE_REGISTRY_H_
#define PULLSEAL_FAKES_FAKE_REGISTRY_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/base/mutex.h"
#include "core/http/http.h"
#include "image/oci/digest.h"

namespace pullseal::fakes {

// FakeRegistry is an Http that answers as a registry would, and can be told to misbehave for single resources.
class FakeRegistry final : public http::Http {
 public:
  using Handler = std::function<Result<http::HttpResponse>(const http::HttpRequest&)>;

  Result<http::HttpResponse> Do(const http::HttpRequest& asked) override;

  // Puts a manifest there, under its digest and, if not empty, under `tag`. Returns its digest.
  std::string PutManifest(const std::string& host, const std::string& repository, const std::string& tag,
                          const std::string& body, const std::string& media_type);
  std::string PutBlob(const std::string& host, const std::string& repository, const std::string& body);
  // One signature manifest for `digest`, its layers (payload, base64 signature) in order.
  void PutSignatures(const std::string& host, const std::string& repository, const std::string& digest,
                     const std::vector<std::pair<std::string, std::string>>& layers);
  // A manifest with one layer that refers to `digest`, as cosign 3 writes bundles. Returns its descriptor for an index;
  // `mislabelled` makes that the one that cosign 3 writes.
  std::string PutReferrer(const std::string& host, const std::string& repository, const std::string& digest,
                          const std::string& layer, bool mislabelled = false, const std::string& annotations = "{}");
  // The answer of the referrers API about `digest`, or the index under its referrers tag.
  void PutReferrersApi(const std::string& host, const std::string& repository, const std::string& digest,
                       const std::vector<std::string>& descriptors);
  void PutReferrersTag(const std::string& host, const std::string& repository, const std::string& digest,
                       const std::vector<std::string>& descriptors);
  // Answers every request whose "METHOD url" contains `part` through `handler`.
  void On(const std::string& part, Handler handler);
  void Clear(const std::string& part);

  // "METHOD url" of each request so far.
  std::vector<std::string> Requests() const;
  std::vector<std::string> HeadersOf(const std::string& part) const;
  void ForgetRequests();
  // From now on requests are not remembered: for those who make millions.
  void KeepNoRecord() { keeps_record_ = false; }

  static http::HttpResponse Response(long status, std::string body = "",
                                     std::multimap<std::string, std::string> headers = {});

 private:
  struct Document {
    std::string body;
    std::string media_type;
  };
  struct Seen {
    std::string line;
    std::vector<std::string> headers;
  };
  mutable Mutex mutex_;
  std::map<std::string, Document> documents_;  // by host/v2/... path
  std::vector<std::pair<std::string, Handler>> handlers_;
  std::vector<Seen> requests_;
  bool keeps_record_ = true;
};

inline constexpr const char* kImageType = "application/vnd.oci.image.manifest.v1+json";
inline constexpr const char* kIndexType = "application/vnd.oci.image.index.v1+json";

// A small valid image manifest whose config has digest `config`.
std::string ImageManifest(const std::string& config, const std::string& extra = "");
// An index over (digest, architecture) pairs.
std::string ImageIndex(const std::vector<std::pair<std::string, std::string>>& manifests);

}  // namespace pullseal::fakes

#endif  // PULLSEAL_FAKES_FAKE_REGISTRY_H_
