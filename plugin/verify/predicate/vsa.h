// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_PREDICATE_VSA_H_
#define PULLSEAL_VERIFY_PREDICATE_VSA_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/json/value.h"
#include "image/oci/digest.h"
#include "verify/predicate/verdict.h"

namespace pullseal::predicate {

// Image is what a statement must be about: the digests of one chain from index to manifest, and the names it may have.
struct Image {
  std::vector<oci::Digest> digests;
  std::string repository;            // the match name (host/path) it is to run as
  std::vector<std::string> aliases;  // other match names that mean the same
};

// Vsa is a verification summary: a verifier's word that it looked at an image
// (slsa.dev/spec/v1.2/verification_summary).
struct Vsa {
  // Read takes the predicate of a statement of type kVsaV1. verifier.id, resourceUri, policy.uri, verificationResult
  // and verifiedLevels must be there, of one track at most one level. kInvalid.
  static Result<Vsa> Read(const json::Value& predicate);

  bool passed = false;  // verificationResult is PASSED, and none of the levels FAILED
  std::string verifier;
  std::string resource;
  std::string policy;
  std::vector<std::string> levels;
  std::optional<WallTime> verified;  // timeVerified
};

// Whether `resource` means `image`: HOST/PATH, with a tag or a digest, after "https://", "docker://" or "oci://"; or
// pkg:oci/NAME@DIGEST?repository_url=HOST/PATH. The name must be the image's or an alias, a digest one of the image's.
bool IsAbout(const std::string& resource, const Image& image);

// Terms of VsaRule.
struct VsaTerms {
  std::vector<std::string> levels;  // each must be there; SLSA_TRACK_LEVEL_n also by a higher one of the track
  std::string policy;               // exact; empty: any
  bool resource_bound = true;       // resourceUri must mean this image
};

// VsaRule says what a verifier must have found. Immutable; thread-safe.
class VsaRule {
 public:
  // Make refuses (kInvalid) a rule without levels, which would ask for nothing but that somebody looked, level 0 of a
  // track, which everything has, and FAILED.
  static Result<VsaRule> Make(VsaTerms terms);

  // Whether `vsa`, signed by one whom the policy trusts for `verifiers`, passed `image` as the rule asks.
  Verdict Check(const Vsa& vsa, const std::vector<std::string>& verifiers, const Image& image) const;
  const VsaTerms& terms() const { return terms_; }

 private:
  explicit VsaRule(VsaTerms terms) : terms_(std::move(terms)) {}
  VsaTerms terms_;
};

}  // namespace pullseal::predicate

#endif  // PULLSEAL_VERIFY_PREDICATE_VSA_H_
