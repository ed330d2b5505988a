// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/http/address.h"
#include "image/credentials/challenge.h"
#include "image/registry/link.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  pullseal::http::HttpResponse response;
  response.headers.emplace("www-authenticate", std::string(text));
  (void)pullseal::credentials::ParseChallenges(response);
  response.headers.emplace("link", std::string(text));
  (void)pullseal::registry::NextLink(response);
  const auto url = pullseal::http::Url::Parse(text);
  if (url.ok() && url->scheme != "http" && url->scheme != "https") __builtin_trap();
  (void)pullseal::http::MayName("10.0.0.1", text);
  return 0;
}
