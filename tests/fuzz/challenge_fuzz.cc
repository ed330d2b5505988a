// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/http/address.h"
#include "image/registry/auth.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  pullseal::http::HttpResponse response;
  response.headers.emplace("www-authenticate", std::string(text));
  (void)pullseal::credentials::ParseChallenges(response);
  const auto url = pullseal::http::Url::Parse(text);
  if (url.ok() && url->scheme != "http" && url->scheme != "https") __builtin_trap();
  (void)pullseal::http::IsInternalAddress(text);
  return 0;
}
