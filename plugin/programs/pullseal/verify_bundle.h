// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEAL_VERIFY_BUNDLE_H_
#define PULLSEAL_PROGRAMS_PULLSEAL_VERIFY_BUNDLE_H_

#include <string>

namespace pullseal::cli {

struct VerifyBundleOptions {
  std::string bundle;
  std::string key;       // PEM file
  std::string identity;  // exact; with issuer
  std::string issuer;
  std::string trusted_root;  // needed unless a key is given and the log ignored
  bool ignore_log = false;   // no log entry is asked for; one of a known log must hold all the same
  std::string artifact;      // a file, or sha256:HEX if there is no such file
  bool json = false;
};

// Verifies one Sigstore bundle for one artifact, offline (sigstore-conformance, "verify-bundle"). 0 verified, 1 not,
// 2 if a file could not be read, 64 usage.
int VerifyBundle(const VerifyBundleOptions& options);

}  // namespace pullseal::cli

#endif  // PULLSEAL_PROGRAMS_PULLSEAL_VERIFY_BUNDLE_H_
