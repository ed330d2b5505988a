// SPDX-License-Identifier: Apache-2.0
// Mints the trust root that the fuzz targets know (fixed_authority.h) and seeds signed under it, with keys that nobody
// keeps: mint_corpus FOLDER, the folder being tests/fuzz. To be run again only when the test authority learns new
// forms.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "fakes/sigstore_authority.h"

namespace {

using pullseal::fakes::SignPlan;
using pullseal::fakes::SigstoreAuthority;
using Log = SignPlan::Log;

void Write(const std::filesystem::path& path, std::string_view content) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

std::string CppString(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += 100) {
    out += "\n    R\"x(" + text.substr(at, 100) + ")x\"";
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  const std::filesystem::path top = argv[1];
  const auto corpus = top / "corpus";
  const SigstoreAuthority authority;
  const std::string statement = pullseal::fakes::SignStatement("sha256:" + std::string(64, 'a'));
  const std::map<std::string, SignPlan> plans = {
      {"promise", {.log = Log::kPromise}},
      {"proof", {.log = Log::kProof, .stamped = true}},
      {"both", {}},
      {"intoto", {.stamped = true, .entry_kind = "intoto"}},
      {"rekor2", {.log = Log::kV2, .stamped = true}},
      {"unlogged", {.log = Log::kNone}},
  };
  for (const auto& [name, plan] : plans) {
    const auto signature = authority.SignEnvelope(statement, plan);
    Write(corpus / "bundle" / ("keyless-" + name), signature.Bundle(name == "promise" ? "0.1" : "0.3"));
    Write(corpus / "certificate" / name, pullseal::AsText(signature.certificate));
    if (!signature.entries.empty()) Write(corpus / "entry" / name, signature.entries[0].body);
    if (!signature.entries.empty()) Write(corpus / "checkpoint" / name, signature.entries[0].checkpoint);
    if (!signature.timestamps.empty()) Write(corpus / "timestamp" / name, pullseal::AsText(signature.timestamps[0]));
  }
  const auto message = authority.SignMessage("message", {.stamped = true});
  Write(corpus / "entry" / "message", message.entries[0].body);
  Write(corpus / "entry" / "annotation", message.entries[0].ToLegacyAnnotation());
  Write(corpus / "certificate" / "pem", pullseal::fakes::ToPem(message.certificate));
  Write(corpus / "certificate" / "intermediate", pullseal::AsText(authority.intermediate().der));
  Write(corpus / "trust_root" / "root", authority.TrustedRoot());
  Write(top / "fixed_authority.h",
        "#ifndef PULLSEAL_FUZZ_FIXED_AUTHORITY_H_\n#define PULLSEAL_FUZZ_FIXED_AUTHORITY_H_\n\n"
        "// Written by mint_corpus. Nobody has the private keys.\nnamespace pullseal::fuzz {\n\n"
        "inline constexpr char kTrustedRoot[] =" +
            CppString(authority.TrustedRoot()) + ";\ninline constexpr char kStatement[] =" + CppString(statement) +
            ";\n\n}  // namespace pullseal::fuzz\n\n#endif  // PULLSEAL_FUZZ_FIXED_AUTHORITY_H_\n");
  return 0;
}
