// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_REGISTRY_REQUESTER_H_
#define PULLSEAL_IMAGE_REGISTRY_REQUESTER_H_

#include <cstddef>
#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/http/http.h"
#include "image/oci/reference.h"
#include "image/registry/auth.h"
#include "image/registry/backoff.h"
#include "image/registry/hosts.h"

namespace pullseal::registry {

// Ask is one thing wanted of a repository.
struct Ask {
  const char* operation;  // resolve, manifest, blob, referrers
  std::string method;
  std::string resource;  // "manifests/latest"
  const char* accept = nullptr;
  std::size_t most = 0;   // bytes of the answer
  bool may_lack = false;  // 400, 405 and 406 say for certain that there is no such resource
  std::string purpose;    // for people
};

// Where is one repository at one endpoint, and with what it is asked. Views of what the caller holds.
struct Where {
  const Endpoint& endpoint;
  const oci::Reference& repository;
  const credentials::Credentials& credentials;
  SteadyTime deadline;
  bool last = true;  // there is no other endpoint to go to, so trouble is worth a second try
};

// Requester gets one thing from one endpoint: with the credentials it wants, over redirects, again where trouble may
// pass, and no more often than the endpoint bears. Thread-safe.
class Requester {
 public:
  Requester(http::Http& http, const Clock& clock, credentials::CredentialSources sources, bool forward)
      : http_(http), clock_(clock), authorizer_(http, clock, std::move(sources), forward), backoff_(clock) {}

  // The answer with status 200. kNotFound is a certain "not there"; kUnauthorized, kThrottled, kUnreachable, kRemote,
  // kLimit and kTimeout all mean that nothing is known.
  Result<http::HttpResponse> Get(const Where& where, const Ask& ask);

 private:
  Status Await(const Asker& asker, SteadyTime deadline);
  void Note(const Asker& asker, const Error& error, long status, bool no_connection,
            std::optional<std::chrono::milliseconds> asked);
  // `no_connection` becomes whether the last request could not even reach the endpoint itself.
  Result<http::HttpResponse> Once(const Where& where, const Ask& ask, bool& no_connection);
  Result<http::HttpResponse> FollowRedirects(http::HttpRequest request, const std::string& path, bool& no_connection);

  http::Http& http_;
  const Clock& clock_;
  Authorizer authorizer_;
  Backoff backoff_;
  Slots slots_;
};

}  // namespace pullseal::registry

#endif  // PULLSEAL_IMAGE_REGISTRY_REQUESTER_H_
