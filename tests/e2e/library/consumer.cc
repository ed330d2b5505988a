// SPDX-License-Identifier: Apache-2.0
// Verifies a Sigstore bundle whose subject is a container image: consumer TRUSTED_ROOT BUNDLE SHA256_HEX
#include <fstream>
#include <iostream>
#include <iterator>

#include "verify/sigstore/artifact.h"
#include "verify/sigstore/verify.h"

namespace {

std::string Read(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

int main(int argc, char** argv) {
  using namespace pullseal;
  if (argc != 4) return 64;
  const auto root = sigstore::TrustedRoot::Parse(Read(argv[1]));
  if (!root) return std::cerr << root.error().message << "\n", 1;
  const auto trusted = sigstore::TrustedMaterial::Make(*root);
  if (!trusted) return std::cerr << trusted.error().message << "\n", 1;

  const std::string text = Read(argv[2]);
  const auto bundle = sigstore::Bundle::Parse(AsBytes(text));
  if (!bundle) return std::cerr << bundle.error().message << "\n", 1;
  auto material = sigstore::SignedMaterial::FromBundle(*bundle);
  if (!material) return std::cerr << material.error().message << "\n", 1;
  const auto digest = HexDecode(argv[3]);
  if (!digest) return 64;
  if (auto bound = sigstore::Bind(*bundle, {std::nullopt, *digest}, *material); !bound) {
    return std::cerr << bound.error().message << "\n", 1;
  }
  const auto verified = sigstore::VerifyCertificate(*material, *trusted, sigstore::Demands{});
  if (!verified.proof) return std::cerr << verified.detail << "\n", 1;
  std::cout << verified.proof->identity->subject << "\n";
  return 0;
}
