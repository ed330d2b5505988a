// SPDX-License-Identifier: Apache-2.0
#include "core/http/libcurl.h"

#include <dlfcn.h>

#include <cstdlib>
#include <optional>

namespace pullseal::http {
namespace {

// The ABI that <curl/curl.h> above describes; libcurl has kept this number since 2006.
constexpr char kLibrary[] = "libcurl.so.4";

std::optional<Libcurl> Load() {
  void* library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return std::nullopt;
  Libcurl out;
  bool whole = true;
  const auto take = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(library, name));
    whole = whole && function != nullptr;
  };
  take(out.global_init, "curl_global_init");
  take(out.easy_init, "curl_easy_init");
  take(out.easy_cleanup, "curl_easy_cleanup");
  take(out.easy_reset, "curl_easy_reset");
  take(out.easy_setopt, "curl_easy_setopt");
  take(out.easy_perform, "curl_easy_perform");
  take(out.easy_getinfo, "curl_easy_getinfo");
  take(out.easy_strerror, "curl_easy_strerror");
  take(out.slist_append, "curl_slist_append");
  take(out.slist_free_all, "curl_slist_free_all");
  take(out.url, "curl_url");
  take(out.url_set, "curl_url_set");
  take(out.url_get, "curl_url_get");
  take(out.url_cleanup, "curl_url_cleanup");
  take(out.free, "curl_free");
  take(out.getdate, "curl_getdate");
  if (!whole) return std::nullopt;
  ::unsetenv("SSLKEYLOGFILE");  // libcurl would write TLS secrets there
  if (out.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return std::nullopt;
  return out;
}

}  // namespace

const Libcurl* Libcurl::Get() {
  static const std::optional<Libcurl> loaded = Load();
  return loaded ? &*loaded : nullptr;
}

}  // namespace pullseal::http
