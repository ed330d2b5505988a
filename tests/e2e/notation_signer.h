// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_E2E_NOTATION_SIGNER_H_
#define PULLSEAL_E2E_NOTATION_SIGNER_H_

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "fakes/notary_authority.h"
#include "lab/process.h"

// Debian's notation as somebody signs with it, and certificates that are valid now: it has no clock of its own choice.
namespace pullseal::lab {

inline std::string EnvOf(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set");
  return value;
}

inline WallTime ThisSecond() {
  static const WallTime now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return now;
}
inline std::string Rfc3339(WallTime time) { return FormatTime(time).substr(0, 19) + "Z"; }

// Certificates from a day ago to in thirty days, changed as `setup` says.
inline fakes::NotarySetup Current(fakes::NotarySetup setup) {
  for (auto* change : {&setup.root, &setup.ca, &setup.leaf, &setup.tsa_root, &setup.tsa_ca, &setup.tsa}) {
    *change = [more = *change](fakes::CertificatePlan& plan) {
      plan.from = ThisSecond() - std::chrono::hours(24);
      plan.to = ThisSecond() + std::chrono::hours(24 * 30);
      if (more) more(plan);
    };
  }
  return setup;
}

// notation with its configuration in `folder`.
inline Output RunNotation(const std::string& folder, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), EnvOf("PULLSEAL_PEERS") + "/notation/usr/bin/notation");
  return Execute(
      arguments,
      {{"XDG_CONFIG_HOME", folder}, {"XDG_CACHE_HOME", folder}, {"HOME", folder}, {"NOTATION_EXPERIMENTAL", "1"}});
}

// Makes the authority's leaf the key that notation in `folder` signs with.
inline void GiveKey(const fakes::NotaryAuthority& authority, const std::string& folder) {
  std::string chain;
  for (const Bytes& der : authority.Chain()) chain += fakes::ToPem(der);
  std::filesystem::create_directories(folder + "/notation");
  WriteFile(folder + "/chain.pem", chain);
  WriteFile(folder + "/key.pem", authority.leaf_key().PrivatePem());
  WriteFile(folder + "/notation/signingkeys.json", R"({"default":"k","keys":[{"name":"k","keyPath":")" + folder +
                                                       R"(/key.pem","certPath":")" + folder + R"(/chain.pem"}]})");
}

// TimestampServer answers RFC 3161 requests on a free port of 127.0.0.1 by `openssl ts`, with the authority's
// certificates.
class TimestampServer {
 public:
  explicit TimestampServer(const fakes::NotaryAuthority& authority) : port_(FreePort()) {
    const std::string top = folder_.path();
    WriteFile(top + "/signer.pem", fakes::ToPem(authority.tsa().der));
    WriteFile(top + "/certs.pem", fakes::ToPem(authority.tsa_ca().der) + fakes::ToPem(authority.tsa_root().der));
    WriteFile(top + "/key.pem", authority.tsa_key().PrivatePem());
    WriteFile(top + "/root.pem", fakes::ToPem(authority.tsa_root().der));
    process_ = std::make_unique<Process>(
        std::vector<std::string>{"python3", EnvOf("PULLSEAL_TOP") + "/tests/lab/timestamp_authority.py",
                                 std::to_string(port_), top},
        top + "/log");
    if (!WaitFor([&] { return std::filesystem::exists(top + "/ready"); })) {
      throw std::runtime_error("timestamp authority: " + ReadText(top + "/log"));
    }
  }
  std::vector<std::string> Arguments() const {
    return {"--timestamp-url", "http://127.0.0.1:" + std::to_string(port_) + "/", "--timestamp-root-cert",
            folder_.path() + "/root.pem"};
  }

 private:
  const TempFolder folder_;
  const int port_;
  std::unique_ptr<Process> process_;
};

}  // namespace pullseal::lab

#endif  // PULLSEAL_E2E_NOTATION_SIGNER_H_
