// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_HTTP_HTTP_H_
#define PULLSEAL_CORE_HTTP_HTTP_H_

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/http/limits.h"

namespace pullseal::http {

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

// ParseHttpDate reads a date as HTTP writes it (RFC 9110 section 5.6.7). Absent for anything else.
std::optional<WallTime> ParseHttpDate(std::string_view text);

// Transport says how connections to one host are made (containerd hosts.toml: ca, client, skip_verify, dial_timeout).
// Immutable once made.
struct Transport {
  std::string more_roots;          // PEM certificates, beside the system's
  std::string client_certificate;  // PEM file; empty: none
  std::string client_key;          // PEM file; empty: the key is in the certificate's file
  bool skip_verify = false;        // neither chain nor name are checked
  bool tls_first = false;          // of an http URL: TLS is tried first, as containerd does where TLS is configured
  std::chrono::milliseconds connect_time = limits::kConnectTime;
};

// TransportForOthers is what of a host's configuration goes for hosts it sends us to: its authorities, neither its
// client certificate nor that it is not checked.
std::shared_ptr<const Transport> TransportForOthers(const std::shared_ptr<const Transport>& transport);

// Reach says which addresses the host of a request may turn out to have, once its name is resolved. Link-local
// addresses and the cloud's metadata services are never reached but by kMetadata. Not checked behind a proxy, which
// resolves names itself.
enum class Reach {
  kConfigured,  // any: a host that the operator or the image's name gave
  kNetwork,     // not this machine: a host that a registry with a private address named
  kPublic,      // neither this machine nor a private network: a host that any other registry named
  kMetadata,    // the cloud's metadata service and nothing else, never through a proxy
};

struct HttpRequest {
  std::string method = "GET";
  Url url;
  std::vector<std::string> headers;  // "Name: value"
  Secret authorization;              // value of the Authorization header; empty: none
  Secret body;
  std::size_t most = 0;  // bytes of the response's body; more is kLimit
  SteadyTime deadline;
  std::shared_ptr<const Transport> transport;  // null: the default
  Reach reach = Reach::kConfigured;

  // For reports: what kind of request it is (a literal: resolve, manifest, blob, referrers, token, identity), what it
  // is for, and whose credentials it carries.
  const char* operation = "";
  std::string purpose;
  std::string credentials = "none";
};

struct HttpResponse {
  long status = 0;
  std::multimap<std::string, std::string> headers;  // names in lower case
  std::string body;
  std::string peer;  // IP address that answered; empty behind a proxy
  std::string_view Header(std::string_view lower_name) const;
};

// Http makes one HTTP exchange. It follows no redirects and knows no credentials. Thread-safe.
class Http {
 public:
  virtual ~Http() = default;
  // kUnreachable, kTimeout or kLimit, kRemote for an address out of reach; every answer with a status is a response.
  virtual Result<HttpResponse> Do(const HttpRequest& request) = 0;
};

// Told of each exchange: what was asked, the status or 0 where no answer came, and how long it took.
using RequestObserver = std::function<void(const HttpRequest& request, long status, std::chrono::milliseconds time)>;

// ObservedHttp tells of every exchange of another Http.
class ObservedHttp final : public Http {
 public:
  ObservedHttp(Http& http, const Clock& clock, RequestObserver observer)
      : http_(http), clock_(clock), observer_(std::move(observer)) {}
  Result<HttpResponse> Do(const HttpRequest& request) override {
    const SteadyTime begin = clock_.Steady();
    auto response = http_.Do(request);
    observer_(request, response ? response->status : 0,
              std::chrono::duration_cast<std::chrono::milliseconds>(clock_.Steady() - begin));
    return response;
  }

 private:
  Http& http_;
  const Clock& clock_;
  const RequestObserver observer_;
};

// MakeCurlHttp returns an Http on libcurl: TLS 1.2 or newer, host and chain checked against the system's roots, those
// of `ca_file` if it is not empty, and the transport's; connections are kept alive; bodies are cut off at the bound
// while they arrive; proxies are those of the environment (ProxyRules).
std::unique_ptr<Http> MakeCurlHttp(const std::string& ca_file);

}  // namespace pullseal::http

#endif  // PULLSEAL_CORE_HTTP_HTTP_H_
