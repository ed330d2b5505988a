// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_JUDGE_JUDGE_H_
#define PULLSEAL_VERIFY_JUDGE_JUDGE_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "image/oci/digest.h"
#include "image/oci/signature_evidence.h"
#include "verify/judge/reason.h"
#include "verify/requirement/requirement.h"

namespace pullseal::judge {

using oci::SignatureEvidence;

// Evidence is everything found about one subject.
struct Evidence {
  oci::Digest subject;     // the manifest or index that is to run
  std::string repository;  // the match name (host/path) it is to run as
  std::vector<SignatureEvidence> signatures;
};

// Signer is who made a signature that was verified: a key of the policy, or a certificate's identity.
struct Signer {
  auto operator<=>(const Signer&) const = default;
  std::string name;    // the key's name, or the identity's subject
  std::string issuer;  // of the identity; empty for keys
};

// Finding says what became of one signature, for people.
struct Finding {
  oci::Digest blob;
  Reason reason = Reason::kSignatureInvalid;  // kSigned if it counts
  Signer signer;                              // empty if none verified it
  std::set<std::string> authorities;          // that it satisfies, by requirement::IdOf
  std::vector<WallTime> times;                // proven for it
  std::optional<WallTime> good_until;         // the first moment at which the reason could change
  std::string detail;
  std::vector<std::string> told;  // the steps that held, in order; a handful
};

// Attestation is a statement about the subject that is no signature, verified for an authority of the requirement. It
// never makes an image signed; it is told so that rules can ask for it.
struct Attestation {
  oci::Digest blob;
  std::string predicate_type;
  Signer signer;
};

// Verdict is the judge's answer. `reason` is kSigned, or the highest-ranked denial.
struct Verdict {
  Reason reason = Reason::kSignatureMissing;
  std::vector<Signer> signers;        // the distinct ones that count
  std::vector<oci::Digest> evidence;  // the signatures that count
  std::vector<Finding> findings;
  std::vector<Attestation> attestations;
  // The first moment at which this verdict, if it allows, could change: a key's notAfter.
  std::optional<WallTime> good_until;
};

// Judge decides whether `evidence` satisfies `requirement` at `now`. It reads no clock, file or network, and depends on
// nothing but its arguments. Junk beside a good signature never hurts. Thread-safe.
Verdict Judge(const Evidence& evidence, const requirement::Requirement& requirement, WallTime now);

// Judgement is Judge for signatures that come one by one: each is verified once, when it is added, and none is kept.
// Not thread-safe.
class Judgement {
 public:
  // `requirement` must outlive it.
  Judgement(oci::Digest subject, std::string repository, const requirement::Requirement& requirement, WallTime now)
      : subject_(std::move(subject)), repository_(std::move(repository)), requirement_(requirement), now_(now) {}

  // Judges one more; what became of it alone.
  const Finding& Add(const SignatureEvidence& signature);
  // Whether the requirement is satisfied by what was added so far. Once true it stays so.
  bool IsSatisfied() const;
  // The verdict about all that was added.
  Verdict Conclude() const;

 private:
  oci::Digest subject_;
  std::string repository_;
  const requirement::Requirement& requirement_;
  WallTime now_;
  std::vector<Finding> findings_;
  std::vector<Attestation> attestations_;
};

}  // namespace pullseal::judge

#endif  // PULLSEAL_VERIFY_JUDGE_JUDGE_H_
