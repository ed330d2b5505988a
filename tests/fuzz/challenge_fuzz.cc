#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/http/address.h"
#include "image/registry/auth.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  pullseal::registry::HttpResponse response;
  response.headers.emplace("www-authenticate", std::string(text));
  (void)pullseal::registry::ParseChallenges(response);
  const auto url = pullseal::registry::Url::Parse(text);
  if (url.ok() && url->scheme != "http" && url->scheme != "https") __builtin_trap();
  (void)pullseal::registry::IsInternalAddress(text);
  return 0;
}
