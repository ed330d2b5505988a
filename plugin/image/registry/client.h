// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_REGISTRY_CLIENT_H_
#define PULLSEAL_IMAGE_REGISTRY_CLIENT_H_

#include <functional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/single_flight.h"
#include "core/http/http.h"
#include "image/credentials/credentials.h"
#include "image/oci/digest.h"
#include "image/oci/limits.h"
#include "image/oci/manifest.h"
#include "image/oci/reference.h"
#include "image/registry/hosts.h"
#include "image/registry/requester.h"

namespace pullseal::registry {

struct Config {
  std::vector<std::string> plain_http;     // hosts (with port) spoken to by http
  Hosts::Folders certs_dirs;               // containerd's hosts folders, asked for each time
  bool forward_to_mirrors = false;         // a request's credentials are also for mirrors, as containerd takes them
  credentials::CredentialSources sources;  // the node's own credentials, in the order they are tried
  Hosts::Warning warning = [](const std::string&) {};
  std::vector<std::string> peer_mirrors = {};  // beside those on this node (IsPeer): host or host:port
};

struct Fetched {
  Bytes bytes;
  std::string media_type;  // as the registry says, without parameters
};

// Client reads from registries by the OCI distribution protocol, where containerd would (Hosts). Everything it returns
// by digest has been hashed. Errors: kNotFound is a certain "not there"; kUnauthorized, kThrottled, kUnreachable,
// kRemote, kMismatch, kLimit, kTimeout and kUnavailable all mean that nothing is known. Thread-safe.
class Client {
 public:
  Client(http::Http& http, const Clock& clock, Config config);

  // Where content of `repository` may be: its mirrors and the registry itself, as containerd orders them. kUnavailable
  // if its configuration cannot be used.
  Result<Endpoints> Places(const oci::Reference& repository) { return hosts_.For(repository.host()); }

  // The digest that `reference` stands for now: its own, without a request, or its tag's, by the first endpoint that
  // may resolve tags and answers. Those who ask at the same time share the answer.
  Result<oci::Digest> Resolve(const oci::Reference& reference, const credentials::Credentials& credentials,
                              SteadyTime deadline);

  // The same, asked where the answer says where content comes from: peers (IsPeer) are passed over, and a digest is
  // asked for like a tag. kNotFound only where every place that was asked has it not.
  Result<oci::Digest> ResolveAtOrigin(const oci::Reference& reference, const credentials::Credentials& credentials,
                                      SteadyTime deadline);

  // Whether containerd would take images of `repository` from a peer too; trouble where its configuration cannot be
  // used.
  Result<bool> HasPeers(const oci::Reference& repository);

  // The manifest or index `digest`, at most limits::kManifestBytes, from the first endpoint that has it.
  Result<Fetched> FetchManifest(const oci::Reference& repository, const oci::Digest& digest,
                                const credentials::Credentials& credentials, SteadyTime deadline);

  // --- at one endpoint ---

  // At most `most` bytes, kLimit beyond.
  Result<Fetched> FetchManifestAt(const Where& where, const oci::Digest& digest, const std::string& purpose,
                                  std::size_t most = limits::kManifestBytes);

  // The manifest under `tag`, as the registry gives it now, at most `most` bytes.
  Result<Fetched> FetchTagged(const Where& where, const std::string& tag, const std::string& purpose,
                              std::size_t most = limits::kManifestBytes);

  // The blob `digest` of exactly `size` bytes, at most `most`.
  Result<Bytes> FetchBlob(const Where& where, const oci::Digest& digest, std::int64_t size, std::size_t most);

  struct ReferrersPage {
    Fetched page;      // an index by its media type, not read
    std::string next;  // resource of the next page, empty at the end
  };
  // One page of what refers to an image, by the referrers API (distribution specification, "Listing Referrers"):
  // `resource` is referrers/DIGEST for the first one, then what the page before named. At most `most` bytes. kNotFound
  // if the registry has no such API, which it says at the first page by 404, 400, 405, 406 or an answer that is no
  // index.
  Result<ReferrersPage> FetchReferrersPage(const Where& where, const std::string& resource, bool first,
                                           std::size_t most = limits::kManifestBytes);

  const Clock& clock() const { return clock_; }

 private:
  Result<http::HttpResponse> Get(const Where& where, const Ask& ask);
  Result<oci::Digest> ResolveAt(const Where& where, const std::string& tag);
  Result<oci::Digest> ResolveByEndpoints(const oci::Reference& reference, const credentials::Credentials& credentials,
                                         bool peers, SteadyTime deadline);
  Result<oci::Digest> ResolveTogether(const oci::Reference& reference, const credentials::Credentials& credentials,
                                      bool peers, SteadyTime deadline);

  const Clock& clock_;
  const std::vector<std::string> peer_mirrors_;
  Hosts hosts_;
  Requester requester_;
  SingleFlight<Result<oci::Digest>> resolving_;
};

}  // namespace pullseal::registry

#endif  // PULLSEAL_IMAGE_REGISTRY_CLIENT_H_
