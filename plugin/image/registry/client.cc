// SPDX-License-Identifier: Apache-2.0
#include "image/registry/client.h"

#include <algorithm>
#include <utility>

#include "image/oci/limits.h"
#include "image/registry/limits.h"
#include "image/registry/link.h"
#include "image/registry/peers.h"

namespace pullseal::registry {
namespace {

// What containerd asks for, without its "*/*": a schema 1 manifest is of no use to us.
constexpr const char* kAcceptManifests =
    "Accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";
constexpr const char* kAcceptIndex = "Accept: application/vnd.oci.image.index.v1+json";

std::string MediaType(const http::HttpResponse& response) {
  const std::string_view value = response.Header("content-type");
  std::string_view type = value.substr(0, value.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return std::string(type);
}

// Of what several endpoints said, the error to tell: one that leaves something open before a certain "not there", and
// the first of those.
void Keep(std::optional<Error>& kept, const Error& error) {
  const bool better = !kept || (kept->code == ErrorCode::kNotFound && error.code != ErrorCode::kNotFound);
  if (better) kept = error;
}

}  // namespace

Client::Client(http::Http& http, const Clock& clock, Config config)
    : clock_(clock),
      peer_mirrors_(std::move(config.peer_mirrors)),
      hosts_(std::move(config.certs_dirs), std::move(config.plain_http), std::move(config.warning)),
      requester_(http, clock, std::move(config.sources), config.forward_to_mirrors) {}

Result<http::HttpResponse> Client::Get(const Where& where, const Ask& ask) { return requester_.Get(where, ask); }

Result<oci::Digest> Client::Resolve(const oci::Reference& reference, const credentials::Credentials& credentials,
                                    SteadyTime deadline) {
  if (reference.digest()) return *reference.digest();
  return ResolveTogether(reference, credentials, true, deadline);
}

Result<oci::Digest> Client::ResolveAtOrigin(const oci::Reference& reference,
                                            const credentials::Credentials& credentials, SteadyTime deadline) {
  auto digest = ResolveTogether(reference, credentials, false, deadline);
  if (digest && reference.digest() && *digest != *reference.digest()) {
    return Error{ErrorCode::kMismatch, "the registry answers " + digest->text() + " to " + reference.Text()};
  }
  return digest;
}

Result<bool> Client::HasPeers(const oci::Reference& repository) {
  const auto endpoints = Places(repository);
  if (!endpoints) return endpoints.error();
  return std::any_of((*endpoints)->begin(), (*endpoints)->end(),
                     [this](const Endpoint& one) { return one.pull && IsPeer(one, peer_mirrors_); });
}

Result<oci::Digest> Client::ResolveTogether(const oci::Reference& reference,
                                            const credentials::Credentials& credentials, bool peers,
                                            SteadyTime deadline) {
  const std::string flight = reference.Text() + "|" + credentials.Fingerprint() + (peers ? "" : "|origin");
  auto landed = resolving_.Do(flight, deadline, clock_,
                              [&] { return ResolveByEndpoints(reference, credentials, peers, deadline); });
  if (!landed) return Error{ErrorCode::kTimeout, "waiting for the tag's digest, which another question asked for"};
  // The other question may have had less time than this one.
  const bool late = landed->shared && !landed->value && landed->value.error().code == ErrorCode::kTimeout;
  if (late && clock_.Steady() < deadline) return ResolveByEndpoints(reference, credentials, peers, deadline);
  return std::move(landed->value);
}

// containerd asks one host after the other until one answers.
Result<oci::Digest> Client::ResolveByEndpoints(const oci::Reference& reference,
                                               const credentials::Credentials& credentials, bool peers,
                                               SteadyTime deadline) {
  const auto endpoints = Places(reference);
  if (!endpoints) return endpoints.error();
  const std::string what = reference.digest() ? reference.digest()->text() : reference.tag();
  std::optional<Error> kept;
  for (const Endpoint& endpoint : **endpoints) {
    if (!endpoint.pull || !endpoint.resolve || (!peers && IsPeer(endpoint, peer_mirrors_))) continue;
    const bool last = &endpoint == &(*endpoints)->back();
    auto digest = ResolveAt(Where{endpoint, reference, credentials, deadline, last}, what);
    if (digest) return digest;
    Keep(kept, digest.error());
  }
  if (kept) return *kept;
  return Error{ErrorCode::kUnavailable,
               "no host may resolve tags of " + reference.host() + " by containerd's hosts.toml"};
}

Result<oci::Digest> Client::ResolveAt(const Where& where, const std::string& tag) {
  const std::string purpose = "what tag " + tag + " stands for";
  auto head = Get(where, Ask{"resolve", "HEAD", "manifests/" + tag, kAcceptManifests, 0, false, purpose});
  if (head) {
    auto digest = oci::Digest::Parse(head->Header("docker-content-digest"));
    if (digest) return digest;
  } else if (head.error().code != ErrorCode::kRemote) {
    return head.error();
  }
  // Some registries answer HEAD with 405 or without the digest: then the bytes tell.
  auto fetched = FetchTagged(where, tag, purpose);
  if (!fetched) return fetched.error();
  return oci::Digest::Of(fetched->bytes);
}

Result<Fetched> Client::FetchTagged(const Where& where, const std::string& tag, const std::string& purpose,
                                    std::size_t most) {
  auto response = Get(where, Ask{"manifest", "GET", "manifests/" + tag, kAcceptManifests, most, false, purpose});
  if (!response) return response.error();
  const ByteView body = AsBytes(response->body);
  return Fetched{Bytes(body.begin(), body.end()), MediaType(*response)};
}

Result<Fetched> Client::FetchManifestAt(const Where& where, const oci::Digest& digest, const std::string& purpose,
                                        std::size_t most) {
  auto fetched = FetchTagged(where, digest.text(), purpose, most);
  if (!fetched) return fetched;
  if (oci::Digest::Of(fetched->bytes) != digest) {
    return Error{ErrorCode::kMismatch, "the registry's bytes for manifest " + digest.text() + " have another digest"};
  }
  return fetched;
}

Result<Fetched> Client::FetchManifest(const oci::Reference& repository, const oci::Digest& digest,
                                      const credentials::Credentials& credentials, SteadyTime deadline) {
  const auto endpoints = Places(repository);
  if (!endpoints) return endpoints.error();
  std::optional<Error> kept;
  for (const Endpoint& endpoint : **endpoints) {
    if (!endpoint.pull) continue;
    const bool last = &endpoint == &(*endpoints)->back();
    const Where where{endpoint, repository, credentials, deadline, last};
    auto fetched = FetchManifestAt(where, digest, "the image's manifest");
    if (fetched) return fetched;
    Keep(kept, fetched.error());
  }
  if (kept) return *kept;
  return Error{ErrorCode::kUnavailable,
               "no host may be pulled from for " + repository.host() + " by containerd's hosts.toml"};
}

Result<Bytes> Client::FetchBlob(const Where& where, const oci::Digest& digest, std::int64_t size, std::size_t most) {
  if (size < 0 || static_cast<std::uint64_t>(size) > most) {
    return Error{ErrorCode::kLimit, "blob " + digest.text() + " is larger than " + std::to_string(most) + " bytes"};
  }
  auto response = Get(where, Ask{"blob", "GET", "blobs/" + digest.text(), nullptr, most, false, "a signature"});
  if (!response) return response.error();
  const ByteView body = AsBytes(response->body);
  if (body.size() != static_cast<std::size_t>(size) || oci::Digest::Of(body) != digest) {
    return Error{ErrorCode::kMismatch, "the registry's bytes for blob " + digest.text() + " are not the ones named"};
  }
  return Bytes(body.begin(), body.end());
}

Result<Client::ReferrersPage> Client::FetchReferrersPage(const Where& where, const std::string& resource, bool first,
                                                         std::size_t most) {
  const std::string what = "referrers " + where.repository.Repository();
  auto response = Get(where, Ask{"referrers", "GET", resource, kAcceptIndex, most, first, "what refers to the image"});
  if (!response) {
    // A list that breaks off is no registry without the API.
    const bool broken_off = !first && response.error().code == ErrorCode::kNotFound;
    return broken_off ? Error{ErrorCode::kRemote, response.error().message} : response.error();
  }
  // Another type says that there is no such API.
  const std::string type = MediaType(*response);
  if (type != oci::kIndexMediaType) {
    return Error{first ? ErrorCode::kNotFound : ErrorCode::kRemote, what + ": the answer is no index"};
  }
  const ByteView body = AsBytes(response->body);
  ReferrersPage page{Fetched{Bytes(body.begin(), body.end()), type}, {}};
  const auto link = NextLink(*response);
  if (!link) return link.error().In(what);
  if (link->empty()) return page;
  http::Url base = where.endpoint.base;
  base.path_and_query += "/" + where.repository.path() + "/";
  http::Url here = base;
  here.path_and_query += resource;
  const auto next = here.Resolve(*link);
  if (!next || !next->SameOrigin(base) || !next->path_and_query.starts_with(base.path_and_query + "referrers/")) {
    return Error{ErrorCode::kRemote, what + ": the next page is somewhere else"};
  }
  page.next = next->path_and_query.substr(base.path_and_query.size());
  return page;
}

}  // namespace pullseal::registry
