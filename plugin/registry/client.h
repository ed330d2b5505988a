#ifndef PULLSEAL_REGISTRY_CLIENT_H_
#define PULLSEAL_REGISTRY_CLIENT_H_

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "oci/digest.h"
#include "oci/manifest.h"
#include "oci/reference.h"
#include "registry/auth.h"
#include "registry/backoff.h"
#include "registry/http.h"

namespace pullseal::registry {

struct Config {
  std::vector<std::string> plain_http;  // hosts (with port) spoken to by http; loopback always is
  std::vector<std::string> certs_dirs;  // containerd's hosts folders
};

// Told of each request: the operation (resolve, manifest, blob, referrers) and the status, 0 where no answer came.
using RequestObserver = std::function<void(const char* operation, long status)>;

struct Fetched {
  Bytes bytes;
  std::string media_type;  // as the registry says, without parameters
};

// Client reads from registries by the OCI distribution protocol, as containerd would reach them. Everything it returns
// by digest has been hashed. Errors: kNotFound is a certain "not there"; kUnauthorized, kThrottled, kUnreachable,
// kRemote, kMismatch, kLimit and kTimeout all mean that nothing is known. Thread-safe.
class Client {
 public:
  Client(Http& http, const Clock& clock, Config config, RequestObserver observer);

  // The digest that `reference` stands for now: its own, without a request, or its tag's.
  Result<oci::Digest> Resolve(const oci::Reference& reference, const Credentials& credentials, SteadyTime deadline);

  // The manifest or index `digest`, at most limits::kManifestBytes.
  Result<Fetched> FetchManifest(const oci::Reference& repository, const oci::Digest& digest,
                                const Credentials& credentials, SteadyTime deadline);

  // The manifest under `tag`, as the registry gives it now.
  Result<Fetched> FetchTagged(const oci::Reference& repository, const std::string& tag, const Credentials& credentials,
                              SteadyTime deadline);

  // The blob `digest` of exactly `size` bytes, at most `most`.
  Result<Bytes> FetchBlob(const oci::Reference& repository, const oci::Digest& digest, std::int64_t size,
                          std::size_t most, const Credentials& credentials, SteadyTime deadline);

  // What refers to `subject`, by the referrers API (distribution specification, "Listing Referrers"): all pages, at
  // most limits::kReferrerPages. kNotFound if the registry has no such API, which it says by 404, 400, 405, 406 or an
  // answer that is no index.
  Result<std::vector<oci::Descriptor>> FetchReferrers(const oci::Reference& repository, const oci::Digest& subject,
                                                      const Credentials& credentials, SteadyTime deadline);

 private:
  struct Ask {
    const char* operation;
    std::string method;
    std::string resource;  // "manifests/latest"
    const char* accept = nullptr;
    std::size_t most = 0;
    bool may_lack = false;  // 400, 405 and 406 say for certain that there is no such resource
  };
  struct ReferrersPage {
    std::vector<oci::Descriptor> referrers;
    std::string next;  // resource of the next page, empty at the end
  };
  Result<ReferrersPage> FetchReferrersPage(const oci::Reference& repository, const std::string& resource, bool first,
                                           const Credentials& credentials, SteadyTime deadline);
  Result<Url> BaseUrl(const oci::Reference& repository) const;
  Result<HttpResponse> Request(const oci::Reference& repository, const Ask& ask, const Credentials& credentials,
                               SteadyTime deadline);
  Result<HttpResponse> Attempts(const oci::Reference& repository, const Url& base, const Ask& ask,
                                const Credentials& credentials, SteadyTime deadline);
  Result<HttpResponse> Once(const oci::Reference& repository, const Url& base, const Ask& ask,
                            const Credentials& credentials, SteadyTime deadline);
  Result<HttpResponse> FollowRedirects(HttpRequest request, const char* operation);
  Status CheckMirrors(const std::string& host) const;

  Http& http_;
  const Clock& clock_;
  Config config_;
  RequestObserver observer_;
  Authorizer authorizer_;
  Backoff backoff_;
};

}  // namespace pullseal::registry

#endif  // PULLSEAL_REGISTRY_CLIENT_H_
