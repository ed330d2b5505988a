#include "registry/client.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <thread>
#include <utility>

#include "base/limits.h"

namespace pullseal::registry {
namespace {

// What containerd asks for, without its "*/*": a schema 1 manifest is of no use to us.
constexpr const char* kAcceptManifests =
    "Accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";
constexpr const char* kAcceptIndex = "Accept: application/vnd.oci.image.index.v1+json";

std::string MediaType(const HttpResponse& response) {
  const std::string_view value = response.Header("content-type");
  std::string_view type = value.substr(0, value.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return std::string(type);
}

bool IsRedirect(long status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool ShouldRetry(long status) {
  return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

// How long the registry asks us to wait, in seconds; absent if it does not say so in seconds.
std::optional<std::chrono::seconds> RetryAfter(const HttpResponse& response) {
  const std::string_view value = response.Header("retry-after");
  int seconds = 0;
  const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (code != std::errc() || end != value.data() + value.size() || seconds < 0) return std::nullopt;
  return std::chrono::seconds(seconds);
}

Error StatusError(long status, const std::string& what, bool may_lack) {
  const std::string text = what + ": HTTP status " + std::to_string(status);
  const bool lacks = may_lack && (status == 400 || status == 405 || status == 406);
  if (status == 404 || lacks) return Error{ErrorCode::kNotFound, text};
  if (status == 401 || status == 403) return Error{ErrorCode::kUnauthorized, text};
  if (status == 429) return Error{ErrorCode::kThrottled, text};
  return Error{ErrorCode::kRemote, text};
}

// The target of `Link: <target>; rel="next"` (RFC 8288), empty if there is none.
std::string NextLink(std::string_view header) {
  const std::size_t open = header.find('<');
  const std::size_t close = header.find('>', open == std::string_view::npos ? 0 : open);
  if (open == std::string_view::npos || close == std::string_view::npos) return {};
  const std::string_view parameters = header.substr(close + 1);
  const bool next = parameters.find("rel=\"next\"") != std::string_view::npos ||
                    parameters.find("rel=next") != std::string_view::npos;
  return next ? std::string(header.substr(open + 1, close - open - 1)) : std::string();
}

bool Exists(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

}  // namespace

Client::Client(Http& http, const Clock& clock, Config config, RequestObserver observer)
    : http_(http),
      clock_(clock),
      config_(std::move(config)),
      observer_(std::move(observer)),
      authorizer_(http, clock),
      backoff_(clock) {}

// containerd takes the first folder that exists: host_port_, host:port (or host), _default. Until we read those files
// ourselves, we cannot know where containerd would go, so we do not guess.
Status Client::CheckMirrors(const std::string& host) const {
  std::vector<std::string> names = {host, "_default"};
  if (const std::size_t colon = host.rfind(':'); colon != std::string::npos && !host.ends_with(']')) {
    names.push_back(host.substr(0, colon) + "_" + host.substr(colon + 1) + "_");
  }
  for (const std::string& folder : config_.certs_dirs) {
    for (const std::string& name : names) {
      if (!Exists(folder + "/" + name)) continue;
      return Error{ErrorCode::kUnsupported, "registry host " + host + " has containerd mirror configuration in " +
                                                folder + "/" + name + ", which this version does not read"};
    }
  }
  return {};
}

Result<Url> Client::BaseUrl(const oci::Reference& repository) const {
  const std::string& host = repository.host();
  if (const Status mirrors = CheckMirrors(host); !mirrors) return mirrors.error();
  const std::string target = host == "docker.io" ? "registry-1.docker.io" : host;
  auto url = Url::Parse("https://" + target + "/v2/" + repository.path() + "/");
  if (!url) return url;
  const auto& plain = config_.plain_http;
  const bool listed = std::find(plain.begin(), plain.end(), host) != plain.end();
  if (!listed && !(IsLoopback(url->host) && url->port != "443")) return url;
  return Url::Parse("http://" + target + "/v2/" + repository.path() + "/");
}

Result<HttpResponse> Client::FollowRedirects(HttpRequest request, const char* operation) {
  const Url origin = request.url;
  for (int hop = 0; hop <= limits::kRedirects; ++hop) {
    auto response = http_.Do(request);
    observer_(operation, response ? response->status : 0);
    if (!response || !IsRedirect(response->status)) return response;
    auto next = request.url.Resolve(response->Header("location"));
    if (!next) return Error{ErrorCode::kRemote, "the registry redirects to an invalid location"};
    if (next->scheme == "http" && request.url.scheme == "https") {
      return Error{ErrorCode::kRemote, "the registry redirects from https to http; refused"};
    }
    if (IsInternalAddress(next->host) && next->host != origin.host) {
      return Error{ErrorCode::kRemote, "the registry redirects to an internal address; refused"};
    }
    // Credentials never cross to another scheme, host or port.
    if (!next->SameOrigin(request.url))
      std::erase_if(request.headers, [](const std::string& header) { return header.starts_with("Authorization:"); });
    request.url = std::move(*next);
  }
  return Error{ErrorCode::kLimit, "the registry redirects more than " + std::to_string(limits::kRedirects) + " times"};
}

Result<HttpResponse> Client::Once(const oci::Reference& repository, const Url& base, const Ask& ask,
                                  const Credentials& credentials, SteadyTime deadline) {
  HttpRequest request;
  request.method = ask.method;
  request.url = base;
  request.url.path_and_query += ask.resource;
  request.most = ask.most;
  request.deadline = deadline;
  if (ask.accept != nullptr) request.headers.emplace_back(ask.accept);
  const auto send = [&](const std::optional<std::string>& authorization) {
    HttpRequest copy = request;
    if (authorization) copy.headers.push_back("Authorization: " + *authorization);
    return FollowRedirects(std::move(copy), ask.operation);
  };
  const auto remembered = authorizer_.Remembered(base, repository.path(), credentials);
  auto response = send(remembered);
  if (!response || response->status != 401) return response;
  if (remembered) authorizer_.Forget(base, repository.path(), credentials);
  auto answer = authorizer_.Answer(*response, base, repository.path(), credentials, deadline);
  if (!answer) return answer.error();
  return send(*answer);
}

Result<HttpResponse> Client::Request(const oci::Reference& repository, const Ask& ask, const Credentials& credentials,
                                     SteadyTime deadline) {
  auto base = BaseUrl(repository);
  if (!base) return base.error();
  if (const auto resting = backoff_.Resting(repository.host())) return *resting;
  auto response = Attempts(repository, *base, ask, credentials, deadline);
  if (response) {
    backoff_.Succeeded(repository.host());
  } else {
    backoff_.Failed(repository.host(), response.error());
  }
  return response;
}

Result<HttpResponse> Client::Attempts(const oci::Reference& repository, const Url& base, const Ask& ask,
                                      const Credentials& credentials, SteadyTime deadline) {
  const std::string what = std::string(ask.operation) + " " + repository.Repository() + " " + ask.resource;
  std::chrono::milliseconds pause = limits::kBackoffFirst;
  for (int attempt = 1;; ++attempt) {
    auto response = Once(repository, base, ask, credentials, deadline);
    if (response && response->status == 200) return response;
    const bool again = response ? ShouldRetry(response->status) : response.error().code == ErrorCode::kUnreachable;
    const Error error = response ? StatusError(response->status, what, ask.may_lack) : response.error().In(what);
    if (!again || attempt == limits::kAttempts) return error;
    const auto asked = response ? RetryAfter(*response) : std::nullopt;
    const std::chrono::milliseconds wait = asked ? std::chrono::milliseconds(*asked) : pause;
    // Waiting is only worth it if half of the time left remains for the answer.
    if (wait > (deadline - clock_.Steady()) / 2) return error;
    std::this_thread::sleep_for(wait);
    pause *= 3;
  }
}

Result<oci::Digest> Client::Resolve(const oci::Reference& reference, const Credentials& credentials,
                                    SteadyTime deadline) {
  if (reference.digest()) return *reference.digest();
  const std::string resource = "manifests/" + reference.tag();
  auto head = Request(reference, Ask{"resolve", "HEAD", resource, kAcceptManifests, 0}, credentials, deadline);
  if (head) {
    auto digest = oci::Digest::Parse(head->Header("docker-content-digest"));
    if (digest) return digest;
  } else if (head.error().code != ErrorCode::kRemote) {
    return head.error();
  }
  // Some registries answer HEAD with 405 or without the digest: then the bytes tell.
  auto fetched = FetchTagged(reference, reference.tag(), credentials, deadline);
  if (!fetched) return fetched.error();
  return oci::Digest::Of(fetched->bytes);
}

Result<Fetched> Client::FetchTagged(const oci::Reference& repository, const std::string& tag,
                                    const Credentials& credentials, SteadyTime deadline) {
  auto response =
      Request(repository, Ask{"manifest", "GET", "manifests/" + tag, kAcceptManifests, limits::kManifestBytes},
              credentials, deadline);
  if (!response) return response.error();
  const ByteView body = AsBytes(response->body);
  return Fetched{Bytes(body.begin(), body.end()), MediaType(*response)};
}

Result<Fetched> Client::FetchManifest(const oci::Reference& repository, const oci::Digest& digest,
                                      const Credentials& credentials, SteadyTime deadline) {
  auto fetched = FetchTagged(repository, digest.text(), credentials, deadline);
  if (!fetched) return fetched;
  if (oci::Digest::Of(fetched->bytes) != digest) {
    return Error{ErrorCode::kMismatch, "the registry's bytes for manifest " + digest.text() + " have another digest"};
  }
  return fetched;
}

Result<Bytes> Client::FetchBlob(const oci::Reference& repository, const oci::Digest& digest, std::int64_t size,
                                std::size_t most, const Credentials& credentials, SteadyTime deadline) {
  if (size < 0 || static_cast<std::uint64_t>(size) > most) {
    return Error{ErrorCode::kLimit, "blob " + digest.text() + " is larger than " + std::to_string(most) + " bytes"};
  }
  auto response =
      Request(repository, Ask{"blob", "GET", "blobs/" + digest.text(), nullptr, most}, credentials, deadline);
  if (!response) return response.error();
  const ByteView body = AsBytes(response->body);
  if (body.size() != static_cast<std::size_t>(size) || oci::Digest::Of(body) != digest) {
    return Error{ErrorCode::kMismatch, "the registry's bytes for blob " + digest.text() + " are not the ones named"};
  }
  return Bytes(body.begin(), body.end());
}

Result<Client::ReferrersPage> Client::FetchReferrersPage(const oci::Reference& repository, const std::string& resource,
                                                         bool first, const Credentials& credentials,
                                                         SteadyTime deadline) {
  const Ask ask{"referrers", "GET", resource, kAcceptIndex, limits::kManifestBytes, first};
  auto response = Request(repository, ask, credentials, deadline);
  if (!response) return response.error();
  auto index = oci::Manifest::Parse(AsBytes(response->body), MediaType(*response));
  if (!index || index->kind != oci::Manifest::Kind::kIndex) {
    const auto code = first ? ErrorCode::kNotFound : ErrorCode::kRemote;
    return Error{code, "referrers " + repository.Repository() + ": the answer is no index"};
  }
  ReferrersPage page{std::move(index->manifests), {}};
  const std::string link = NextLink(response->Header("link"));
  if (link.empty()) return page;
  const auto base = BaseUrl(repository);
  if (!base) return base.error();
  Url here = *base;
  here.path_and_query += resource;
  const auto next = here.Resolve(link);
  const std::string within = base->path_and_query + "referrers/";
  if (!next || !next->SameOrigin(*base) || !next->path_and_query.starts_with(within)) {
    return Error{ErrorCode::kRemote, "referrers " + repository.Repository() + ": the next page is somewhere else"};
  }
  page.next = next->path_and_query.substr(base->path_and_query.size());
  return page;
}

Result<std::vector<oci::Descriptor>> Client::FetchReferrers(const oci::Reference& repository,
                                                            const oci::Digest& subject, const Credentials& credentials,
                                                            SteadyTime deadline) {
  std::vector<oci::Descriptor> out;
  std::string resource = "referrers/" + subject.text();
  for (int page = 0; page < limits::kReferrerPages; ++page) {
    auto fetched = FetchReferrersPage(repository, resource, page == 0, credentials, deadline);
    if (!fetched) {
      // A list that breaks off is no registry without the API.
      const bool broken_off = page > 0 && fetched.error().code == ErrorCode::kNotFound;
      return broken_off ? Error{ErrorCode::kRemote, fetched.error().message} : fetched.error();
    }
    for (oci::Descriptor& one : fetched->referrers) out.push_back(std::move(one));
    if (fetched->next.empty()) return out;
    resource = std::move(fetched->next);
  }
  return Error{ErrorCode::kLimit, "referrers of " + subject.text() + " have more than " +
                                      std::to_string(limits::kReferrerPages) + " pages"};
}

}  // namespace pullseal::registry
