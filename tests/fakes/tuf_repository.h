// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_FAKES_TUF_REPOSITORY_H_
#define PULLSEAL_FAKES_TUF_REPOSITORY_H_

#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fakes/test_authority.h"

namespace pullseal::fakes {

// TufSigner signs metadata under a keyid of its own.
struct TufSigner {
  // `kind`: "ecdsa", "ecdsa-hex" (the point, as old repositories have it), "p384", "ed25519", "rsa-pss", "rsa-pkcs1".
  explicit TufSigner(const std::string& kind = "ecdsa");
  nlohmann::json Key() const;
  std::string Sign(const std::string& message) const;  // hexadecimal

  std::string kind;
  std::string keyid;
  std::shared_ptr<TestAuthority> authority;
};

// TufRepository is a repository whose metadata a test can make say anything: change what `signed_part` returns, then
// publish. It serves each version that was published, and notes what was asked for. Canonical JSON, keys and names are
// its own, so that it and what is tested do not agree by sharing a mistake.
class TufRepository {
 public:
  static constexpr std::chrono::system_clock::time_point kNow{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1}};

  explicit TufRepository(const std::string& kind = "ecdsa");

  // The metadata to be published next; "root", "timestamp", "snapshot", "targets" or a delegated role.
  nlohmann::json& signed_part(const std::string& role) { return signed_[role]; }
  std::vector<TufSigner>& signers(const std::string& role) { return signers_[role]; }

  // Signs what is there now as its next version (`bump`, but for the first) or as the version it says.
  void Publish(const std::string& role, bool bump = true);
  // Writes down all targets roles' newest versions in a new snapshot, and that in a new timestamp.
  void PublishSnapshot();
  void PublishTimestamp();
  // All but root, in order.
  void PublishTargets(const std::string& role = "targets");

  // Adds a signer to a role; `delegator` is "root" or the targets role that delegates.
  TufSigner& AddSigner(const std::string& role, const std::string& delegator, TufSigner signer);
  // Takes all signers of a role of the root away and adds one.
  void Rotate(const std::string& role);
  nlohmann::json& DelegationOf(const std::string& delegator, const std::string& role);

  // A role "targets" or another delegates to; publish both afterwards.
  void Delegate(const std::string& delegator, const std::string& role, const std::vector<std::string>& paths = {"*"},
                bool terminating = false);
  // Hash bins of 2^bits roles, each published.
  void DelegateBins(const std::string& delegator, const std::string& prefix, int bits);
  void AddTarget(const std::string& role, const std::string& name, const std::string& content);

  // What a published file says: `version` 0 means the newest.
  std::string File(const std::string& role, int version = 0) const;
  int version(const std::string& role) const;
  // A published file with another "signed" under old signatures, or other signatures.
  static std::string Canonical(const nlohmann::json& value);

  // The mirror: what lies at a path such as "1.root.json", "timestamp.json" or "targets/HASH.name"; absent is 404.
  std::optional<std::string> Get(const std::string& path);
  std::map<std::string, std::string> overrides;  // by path, in place of what was published
  std::vector<std::string> requests;             // role and version, as "root 2"; targets by their path
  bool promise_hashes = false;                   // snapshot and timestamp list length and hashes

  static std::string Days(int days);  // from kNow on, as metadata writes it

 private:
  std::string SignedFile(const std::string& role) const;
  nlohmann::json Promise(const std::string& role) const;

  std::string kind_;
  std::map<std::string, nlohmann::json> signed_;
  std::map<std::string, std::vector<TufSigner>> signers_;
  std::map<std::string, std::map<int, std::string>> published_;
  std::map<std::string, std::string> newest_;
  std::map<std::string, std::string> contents_;  // of targets, by name
};

// Percent-encoded but for RFC 3986's unreserved characters.
std::string Quoted(const std::string& text);
std::string Sha256Of(const std::string& text);

}  // namespace pullseal::fakes

#endif  // PULLSEAL_FAKES_TUF_REPOSITORY_H_
