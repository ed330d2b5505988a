// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "fuzz/fixed.h"
#include "image/oci/cosign.h"
#include "verify/sigstore/log_entry.h"
#include "verify/sigstore/signed_material.h"

// Bodies of log entries, alone and compared with a signature that they are not about; annotations of legacy layers.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pullseal;
  const ByteView bytes(data, size);
  static const auto key = fuzz::Trusted()->logs().front().key;
  sigstore::LogEntry entry;
  entry.body.assign(bytes.begin(), bytes.end());
  entry.signed_entry_timestamp = {1};
  using Material = sigstore::SignedMaterial;
  for (const Material::Form& form :
       {Material::Form(Material::Message{{1}}), Material::Form(Material::BundledMessage{Bytes{1}, {}}),
        Material::Form(Material::BundledEnvelope{{1}, {}}), Material::Form(Material::LayerEnvelope{{1}, {}, {}})}) {
    Material material;
    material.form = form;
    material.signature = {2};
    if (sigstore::VerifyLogEntry(entry, fuzz::Trusted()->logs().front(), material, key)) __builtin_trap();
  }
  const std::string text(AsText(bytes));
  for (const std::string_view name :
       {oci::kCertificateAnnotation, oci::kChainAnnotation, oci::kLogEntryAnnotation, oci::kTimestampAnnotation}) {
    sigstore::SignedMaterial material;
    (void)material.TakeAnnotations({{std::string(name), text}});
  }
  return 0;
}
