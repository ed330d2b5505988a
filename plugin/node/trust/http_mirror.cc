// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "core/http/address.h"
#include "node/trust/limits.h"
#include "node/trust/mirror.h"
#include "node/trust/names.h"

namespace pullseal::trust {
namespace {

Result<http::Url> ReadBase(const std::string& text) {
  if (text.find_first_of("?#") != std::string::npos) {
    return Error{ErrorCode::kInvalid, "mirror \"" + text + "\": a URL with a query or a fragment is no folder"};
  }
  auto url = http::Url::Parse(text.ends_with('/') ? text : text + "/");
  if (!url) return url.error().In("mirror \"" + text + "\"");
  return url;
}

bool IsRedirect(long status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

Result<std::unique_ptr<HttpMirror>> HttpMirror::Make(http::Http& http, const Clock& clock, const std::string& metadata,
                                                     const std::string& targets) {
  auto base = ReadBase(metadata);
  if (!base) return base.error();
  auto target_base = ReadBase(targets.empty() ? base->Text() + "targets" : targets);
  if (!target_base) return target_base.error();
  return std::unique_ptr<HttpMirror>(
      new HttpMirror(http, clock, std::move(base).value(), std::move(target_base).value()));
}

HttpMirror::HttpMirror(http::Http& http, const Clock& clock, http::Url metadata, http::Url targets)
    : http_(http),
      clock_(clock),
      metadata_(std::move(metadata)),
      targets_(std::move(targets)),
      end_(clock.Steady() + limits::kTrustUpdateTime) {}

Result<http::HttpResponse> HttpMirror::Follow(http::HttpRequest request) {
  const http::Url origin = request.url;
  for (int hop = 0; hop <= limits::kTrustRedirects; ++hop) {
    auto response = http_.Do(request);
    if (!response || !IsRedirect(response->status)) return response;
    auto next = request.url.Resolve(response->Header("location"));
    if (!next) return Error{ErrorCode::kRemote, "the mirror redirects to an invalid location"};
    if (next->scheme == "http" && request.url.scheme == "https") {
      return Error{ErrorCode::kRemote, "the mirror redirects from https to http; refused"};
    }
    if (next->host != origin.host) request.reach = http::ReachOfNamed(response->peer);
    request.url = std::move(*next);
  }
  return Error{ErrorCode::kLimit,
               "the mirror redirects more than " + std::to_string(limits::kTrustRedirects) + " times"};
}

Result<std::string> HttpMirror::Get(const http::Url& base, const std::string& path, std::size_t most) {
  http::HttpRequest request;
  request.url = base;
  request.url.path_and_query += path;
  request.most = most;
  request.deadline = std::min(end_, clock_.Steady() + limits::kTrustRequestTime);
  request.operation = "trust";
  request.purpose = "trust root";
  const std::string what = request.url.Text();
  auto response = Follow(std::move(request));
  if (!response) return response.error().In(what);
  if (response->status == 200) return std::move(response->body);
  // Only a certain no ends the walk along the roots.
  const ErrorCode code = response->status == 404 ? ErrorCode::kNotFound : ErrorCode::kRemote;
  return Error{code, what + ": HTTP status " + std::to_string(response->status)};
}

Result<std::string> HttpMirror::Metadata(const std::string& file, std::size_t most) {
  return Get(metadata_, file, most);
}

Result<std::string> HttpMirror::Target(const std::string& path, std::size_t most) {
  return Get(targets_, QuotedPath(path), most);
}

}  // namespace pullseal::trust
