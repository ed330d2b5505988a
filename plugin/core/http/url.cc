// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "core/base/bytes.h"
#include "core/http/http.h"
#include "core/http/libcurl.h"

namespace pullseal::http {
namespace {

struct UrlHandleDeleter {
  void operator()(CURLU* handle) const { Libcurl::Get()->url_cleanup(handle); }
};
using UrlHandle = std::unique_ptr<CURLU, UrlHandleDeleter>;

std::string Part(CURLU* handle, CURLUPart part, unsigned flags) {
  const Libcurl& curl = *Libcurl::Get();
  char* text = nullptr;
  if (curl.url_get(handle, part, &text, flags) != CURLUE_OK || text == nullptr) return {};
  std::string out(text);
  curl.free(text);
  return out;
}

Error Bad(std::string_view text) {
  return Error{ErrorCode::kInvalid, "URL \"" + Printable(text, 200) + "\" is not a valid http or https URL"};
}

UrlHandle NewHandle() {
  const Libcurl* curl = Libcurl::Get();
  return UrlHandle(curl != nullptr ? curl->url() : nullptr);
}

bool Set(const UrlHandle& handle, std::string_view text) {
  return Libcurl::Get()->url_set(handle.get(), CURLUPART_URL, std::string(text).c_str(), 0) == CURLUE_OK;
}

Result<Url> FromHandle(CURLU* handle, std::string_view text) {
  Url out;
  out.scheme = Part(handle, CURLUPART_SCHEME, 0);
  out.host = Part(handle, CURLUPART_HOST, 0);
  out.port = Part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if ((out.scheme != "http" && out.scheme != "https") || out.host.empty()) return Bad(text);
  if (!Part(handle, CURLUPART_USER, 0).empty() || !Part(handle, CURLUPART_PASSWORD, 0).empty()) return Bad(text);
  for (char& c : out.host) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  out.path_and_query = Part(handle, CURLUPART_PATH, 0);
  if (const std::string query = Part(handle, CURLUPART_QUERY, 0); !query.empty()) out.path_and_query += "?" + query;
  return out;
}

}  // namespace

Result<Url> Url::Parse(std::string_view text) {
  const UrlHandle handle = NewHandle();
  if (!handle || !Set(handle, text)) return Bad(text);
  return FromHandle(handle.get(), text);
}

Result<Url> Url::Resolve(std::string_view location) const {
  const UrlHandle handle = NewHandle();
  if (!handle || !Set(handle, Text()) || !Set(handle, location)) return Bad(location);
  return FromHandle(handle.get(), location);
}

std::string Url::Text() const { return scheme + "://" + host + ":" + port + path_and_query; }

bool Url::SameOrigin(const Url& other) const {
  return scheme == other.scheme && host == other.host && port == other.port;
}

std::optional<WallTime> ParseHttpDate(std::string_view text) {
  const Libcurl* curl = Libcurl::Get();
  const time_t seconds = curl != nullptr ? curl->getdate(std::string(text).c_str(), nullptr) : -1;
  if (seconds < 0) return std::nullopt;
  return std::chrono::system_clock::from_time_t(seconds);
}

std::shared_ptr<const Transport> TransportForOthers(const std::shared_ptr<const Transport>& transport) {
  if (!transport || transport->more_roots.empty()) return nullptr;
  auto out = std::make_shared<Transport>();
  out->more_roots = transport->more_roots;
  return out;
}

}  // namespace pullseal::http
