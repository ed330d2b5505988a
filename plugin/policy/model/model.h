// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_POLICY_MODEL_MODEL_H_
#define PULLSEAL_POLICY_MODEL_MODEL_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/crypto/public_key.h"
#include "image/oci/digest.h"
#include "policy/model/glob.h"
#include "verify/sigstore/trusted_material.h"
#include "verify/sigstore/verify.h"

namespace pullseal::policy {

// Mode of the whole policy: under kAudit nothing is refused and every refusal is recorded as would-deny.
enum class Mode { kEnforce, kAudit };
// Mode of one rule. kAllow exempts, kDeny refuses, both without looking at signatures.
enum class RuleMode { kEnforce, kAudit, kAllow, kDeny };
enum class OnUnavailable { kDeny, kAllowKnown };

struct Revocation {
  WallTime at;
  std::string reason;
};

// TrustRoot is a Sigstore trusted root under the name that authorities call it by.
struct TrustRoot {
  std::string name;
  std::shared_ptr<const sigstore::TrustedMaterial> trusted;
};

// Key is a public key that may sign, with the window its use is good in.
struct Key {
  std::string name;
  crypto::PublicKey key;
  std::optional<WallTime> not_before;
  std::optional<WallTime> not_after;
  std::optional<Revocation> revoked;
  // Whose logs and timestamps may prove the time of its signatures; null: nobody's.
  std::shared_ptr<const sigstore::TrustedMaterial> trusted;
};

// SubjectPattern is a regular expression (RE2 syntax) that matches whole subjects. Immutable, cheap to copy,
// thread-safe.
class SubjectPattern {
 public:
  // Parse takes at most limits::kPatternBytes. kInvalid says what RE2 has against it.
  static Result<SubjectPattern> Parse(std::string_view text);
  bool Matches(std::string_view subject) const;
  const std::string& text() const;

 private:
  struct Impl;
  explicit SubjectPattern(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

// Keyless is an identity that may sign with short-lived certificates of a trust root's authorities.
struct Keyless {
  TrustRoot trust_root;
  std::string issuer;                             // exact; empty: any, which only `unsafe` allows
  std::string subject;                            // exact; empty: any that the pattern matches
  std::optional<SubjectPattern> subject_pattern;  // never beside a subject
  std::map<std::string, std::string> extensions;  // by CertificateIdentity's names; each must be there and equal
  sigstore::Demands demands;
};

// What a payload may say about the repository it was signed for.
enum class RepositoryBinding {
  kBound,     // if it names one, it must be this one or an alias
  kRequired,  // it must name this one or an alias
  kAny,       // whatever it says
};

// SignatureRequirement says whose signatures an image needs. At least one authority; 1 <= threshold <= their number.
struct SignatureRequirement {
  int threshold = 1;  // distinct authorities that must have signed
  RepositoryBinding repository = RepositoryBinding::kBound;
  std::vector<std::string> aliases;                // match names (oci::Reference::MatchName)
  std::map<std::string, std::string> annotations;  // signed annotations that must be there
  std::vector<Key> any_of;
  std::vector<Keyless> keyless;
};

// Match says which questions a rule or exception is about. An empty list matches everything; all lists must match.
struct Match {
  std::vector<std::string> namespaces;
  std::vector<ImageGlob> images;
  std::map<std::string, std::string> node_labels;
  std::vector<oci::Digest> digests;
};

struct Rule {
  std::string name;
  std::map<std::string, std::string> labels;
  Match match;
  RuleMode mode = RuleMode::kEnforce;
  OnUnavailable on_unavailable = OnUnavailable::kDeny;
  std::optional<SignatureRequirement> signatures;  // present for kEnforce and kAudit
};

// Exception frees the images it matches until it expires.
struct Exception {
  std::string name;
  Match match;
  WallTime until;
  std::string owner;
  std::string reason;
};

// Policy is one policy file as it was read: immutable, shared by all who judge.
struct Policy {
  std::string name;
  std::string version;
  Mode mode = Mode::kEnforce;
  std::string sha256;       // of the file, hexadecimal
  std::string fingerprint;  // of the file and every key it names: changes whenever a verdict could change
  std::vector<Key> keys;
  std::vector<TrustRoot> trust_roots;
  std::vector<Rule> rules;  // in the order of the file
  std::vector<Exception> exceptions;
};

// Reads the file that a policy names (a key or a trusted root), relative to the policy file.
using FileReader = std::function<Result<std::string>(const std::string& path)>;

// ParsePolicy reads a policy file (apiVersion pullseal.dev/v1, kind NodePolicy) or refuses it as a whole. Errors begin
// with "LINE: ". Pure but for `read_file`.
Result<Policy> ParsePolicy(std::string_view text, const FileReader& read_file);

// What in a good policy will hardly do what its author wants, one sentence each: for those who check and load it.
std::vector<std::string> Warnings(const Policy& policy, WallTime now);

std::string_view Text(Mode mode);
std::string_view Text(RuleMode mode);

}  // namespace pullseal::policy

#endif  // PULLSEAL_POLICY_MODEL_MODEL_H_
