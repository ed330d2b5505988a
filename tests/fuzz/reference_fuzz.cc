// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "image/oci/host.h"
#include "image/oci/reference.h"

// The normal form is stable: parsing it again gives the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto reference = pullseal::oci::Reference::Parse(text);
  if (!reference.ok()) return 0;
  const auto again = pullseal::oci::Reference::Parse(reference->Text());
  if (!again.ok() || again->Text() != reference->Text() || again->MatchName() != reference->MatchName())
    __builtin_trap();
  // So is the host's one spelling.
  const std::string name = reference->MatchName();
  const auto host = pullseal::oci::NormalHost(std::string_view(name).substr(0, name.find('/')));
  if (!host.ok() || !name.starts_with(*host + "/")) __builtin_trap();
  return 0;
}
