// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "image/oci/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto manifest = pullseal::oci::Manifest::Parse(pullseal::AsBytes(text), "");
  if (manifest.ok() && manifest->kind == pullseal::oci::Manifest::Kind::kImage && !manifest->config) __builtin_trap();
  // What is no image may still be a list; what is an image is one to both.
  const auto list = pullseal::oci::Manifest::ParseList(pullseal::AsBytes(text), "");
  if (manifest.ok() && (!list.ok() || list->layers.size() != manifest->layers.size())) __builtin_trap();
  const auto config = pullseal::oci::ImageConfig::Parse(pullseal::AsBytes(text));
  if (config.ok()) (void)config->ChainId();
  return 0;
}
