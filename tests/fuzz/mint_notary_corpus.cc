// SPDX-License-Identifier: Apache-2.0
// Mints the trust stores that the fuzz targets know (fixed_notary_authority.h) and Notary Project signatures under
// them, with keys that nobody keeps: mint_notary_corpus FOLDER, the folder being tests/fuzz. To be run again only when
// the test authority learns new forms.
#include <filesystem>
#include <fstream>

#include "fakes/notary_authority.h"

namespace {

void Write(const std::filesystem::path& path, std::string_view content) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

}  // namespace

int main(int argc, char** argv) {
  using pullseal::AsText;
  using pullseal::fakes::NotaryPlan;
  using pullseal::fakes::ToPem;
  if (argc != 2) return 64;
  const std::filesystem::path top = argv[1];
  const auto corpus = top / "corpus";
  const pullseal::fakes::NotaryAuthority authority;
  NotaryPlan stamped;
  stamped.timestamp = authority.Stamps();
  NotaryPlan expires = stamped;
  expires.expiry = "2026-07-01T00:00:00Z";
  const NotaryPlan own_time{.scheme = "notary.x509.signingAuthority"};
  for (const auto& [name, plan] :
       {std::pair{"plain", NotaryPlan{}}, {"stamped", stamped}, {"expires", expires}, {"own-time", own_time}}) {
    Write(corpus / "jws" / name, AsText(authority.Jws(plan)));
    Write(corpus / "cose" / name, AsText(authority.Cose(plan)));
  }
  Write(corpus / "cbor" / "envelope", AsText(authority.Cose()));
  Write(corpus / "timestamp_token" / "good", AsText(authority.Token({'x'})));
  Write(corpus / "timestamp_token" / "own-time", AsText(authority.Token({'x'}, {.signing_time = "260601120000Z"})));
  Write(corpus / "name" / "subject", "C=US, ST=WA, O=Acme\\, Inc., CN=\\23a");
  Write(corpus / "name" / "usage", "1.3.6.1.4.1.311.97.1.3.1.1234.5678");
  Write(top / "fixed_notary_authority.h",
        "// SPDX-License-Identifier: Apache-2.0\n#ifndef PULLSEAL_FUZZ_FIXED_NOTARY_AUTHORITY_H_\n"
        "#define PULLSEAL_FUZZ_FIXED_NOTARY_AUTHORITY_H_\n\n"
        "// Made by mint_notary_corpus.\nnamespace pullseal::fuzz {\n\ninline constexpr char kNotaryRoot[] = R\"x(" +
            ToPem(authority.root().der) + ")x\";\ninline constexpr char kNotaryTsaRoot[] = R\"x(" +
            ToPem(authority.tsa_root().der) +
            ")x\";\n\n}  // namespace pullseal::fuzz\n\n#endif  // PULLSEAL_FUZZ_FIXED_NOTARY_AUTHORITY_H_\n");
  return 0;
}
