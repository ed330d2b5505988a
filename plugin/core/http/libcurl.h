// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_HTTP_LIBCURL_H_
#define PULLSEAL_CORE_HTTP_LIBCURL_H_

// Calls go through function pointers, whose variadic ones the header's type checks cannot wrap.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

namespace pullseal::http {

// Libcurl is libcurl, loaded when it is first used: it brings thirty libraries with it, which cost commands that speak
// to no registry (`pullseal verify-bundle`) most of their time and memory. Immutable; thread-safe.
struct Libcurl {
  // Null if libcurl.so.4 cannot be loaded.
  static const Libcurl* Get();

  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_reset) easy_reset = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_perform) easy_perform = nullptr;
  decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  decltype(&::curl_slist_append) slist_append = nullptr;
  decltype(&::curl_slist_free_all) slist_free_all = nullptr;
  decltype(&::curl_url) url = nullptr;
  decltype(&::curl_url_set) url_set = nullptr;
  decltype(&::curl_url_get) url_get = nullptr;
  decltype(&::curl_url_cleanup) url_cleanup = nullptr;
  decltype(&::curl_free) free = nullptr;
  decltype(&::curl_getdate) getdate = nullptr;
};

}  // namespace pullseal::http

#endif  // PULLSEAL_CORE_HTTP_LIBCURL_H_
