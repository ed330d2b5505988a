// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_JUDGE_ATTESTATION_H_
#define PULLSEAL_VERIFY_JUDGE_ATTESTATION_H_

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "image/oci/digest.h"
#include "image/oci/signature_evidence.h"
#include "verify/judge/judge.h"
#include "verify/judge/reason.h"
#include "verify/requirement/attestation.h"
#include "verify/requirement/requirement.h"

namespace pullseal::judge {

struct SignedContent;

// AttestedImage is what attestations must be about: one image by the digests that mean it on this node. One about
// either counts, as one set; `index` only if it names `manifest`, which whoever fills this in has seen.
struct AttestedImage {
  std::optional<oci::Digest> index;
  std::optional<oci::Digest> manifest;
  std::string repository;  // the match name (host/path) it is to run as
};

// When is asked: only a pull can ask a registry for a newer one, so only there the shorter age refuses.
enum class Moment { kPull, kKnown };

// AttestationFinding says what became of one attestation for one entry, for people.
struct AttestationFinding {
  std::string entry;
  oci::Digest blob;
  Reason reason = Reason::kAttestationMalformed;  // kSigned if it is as the entry asks
  Signer signer;                                  // empty if nobody the entry names made it
  std::optional<WallTime> time;                   // its own, or its certificate's
  std::string detail;
};

// AttestationVerdict is the answer for all entries. `reason` is kSigned, or that of the entry that refuses.
struct AttestationVerdict {
  Reason reason = Reason::kAttestationMissing;
  std::string entry;                  // which refuses; empty if none does
  std::string detail;                 // where, for people
  std::vector<std::string> entries;   // that hold
  std::vector<oci::Digest> evidence;  // that made them hold
  std::vector<AttestationFinding> findings;
  std::optional<WallTime> good_until;  // the first moment at which a yes could change
  // Whether the yes depends on there being no other attestation: then it holds only where every place was searched.
  bool needs_all = false;
};

// AttestationJudgement decides whether attestations, which come one by one, are what a rule asks. It reads no clock,
// file or network. What nobody verified by an entry's authorities is invisible to that entry: it changes neither yes
// nor no. The order in which they come changes nothing. Not thread-safe.
class AttestationJudgement {
 public:
  // `lists`, of which one must hold as a whole, must outlive it.
  AttestationJudgement(AttestedImage image, const requirement::AttestationLists& lists, WallTime now, Moment moment);

  // Judges one more for every entry; whether anybody whom an entry names made it.
  bool Add(const SignatureEvidence& evidence);
  // Whether what was added so far suffices whatever else there may be.
  bool IsSettled() const;
  AttestationVerdict Conclude() const;

 private:
  // What one verified attestation is to an entry.
  struct Candidate {
    oci::Digest blob;
    Reason reason = Reason::kSigned;  // of its content; kSigned if that is as asked
    std::string detail;
    Signer signer;
    std::optional<WallTime> time;
    std::optional<WallTime> good_until;  // of its key
  };
  struct Entry {
    const requirement::AttestationRequirement* asked;
    std::vector<Candidate> candidates;
    bool untrusted = false;  // of the type and about the image, but by nobody whom the entry names
  };
  struct Outcome;

  std::optional<Candidate> Check(const SignedContent& content, const oci::Digest& blob, Entry& entry);
  Outcome Judge(const Entry& entry) const;
  Outcome JudgeAny(const Entry& entry) const;
  Outcome JudgeGroup(const Entry& entry) const;
  Reason WithAge(const Entry& entry, const Candidate& one) const;
  std::optional<WallTime> EndOf(const Entry& entry, const Candidate& one) const;
  bool IsAhead(const Candidate& one) const;

  AttestedImage image_;
  WallTime now_;
  Moment moment_;
  std::vector<std::vector<Entry>> lists_;
  std::vector<AttestationFinding> findings_;
};

}  // namespace pullseal::judge

#endif  // PULLSEAL_VERIFY_JUDGE_ATTESTATION_H_
