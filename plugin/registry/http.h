#ifndef PULLSEAL_REGISTRY_HTTP_H_
#define PULLSEAL_REGISTRY_HTTP_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace pullseal::registry {

// Url is an absolute http or https URL, split. The port is always there.
struct Url {
  static Result<Url> Parse(std::string_view text);
  // Resolves a Location header against this URL (RFC 3986 section 5).
  Result<Url> Resolve(std::string_view location) const;

  std::string scheme;  // "http" or "https"
  std::string host;    // lower case, IPv6 in brackets
  std::string port;
  std::string path_and_query;

  std::string Text() const;
  // Scheme, host and port are the same: credentials for one may go to the other.
  bool SameOrigin(const Url& other) const;
};

// IsInternalAddress says whether `host` is an IP literal that a registry elsewhere has no business to send us to:
// loopback, private, link-local, unspecified, or the cloud's metadata services. Names that are no literals give false.
bool IsInternalAddress(std::string_view host);
// IsLoopback says whether `host` is "localhost" or a loopback literal.
bool IsLoopback(std::string_view host);

struct HttpRequest {
  std::string method = "GET";
  Url url;
  std::vector<std::string> headers;  // "Name: value"
  std::string body;
  std::size_t most = 0;  // bytes of the response's body; more is kLimit
  SteadyTime deadline;
};

struct HttpResponse {
  long status = 0;
  std::multimap<std::string, std::string> headers;  // names in lower case
  std::string body;
  std::string_view Header(std::string_view lower_name) const;
};

// Http makes one HTTP exchange. It follows no redirects and knows no credentials. Thread-safe.
class Http {
 public:
  virtual ~Http() = default;
  // kUnreachable, kTimeout or kLimit; every answer with a status is a response.
  virtual Result<HttpResponse> Do(const HttpRequest& request) = 0;
};

// MakeCurlHttp returns an Http on libcurl: TLS 1.2 or newer, host and chain checked against the system's roots and, if
// `ca_file` is not empty, that file instead; connections are kept alive; bodies are cut off at the bound while they
// arrive; link-local and cloud metadata addresses are never connected to; proxies are those of the environment
// (ProxyRules).
std::unique_ptr<Http> MakeCurlHttp(const std::string& ca_file);

}  // namespace pullseal::registry

#endif  // PULLSEAL_REGISTRY_HTTP_H_
