// SPDX-License-Identifier: Apache-2.0
#include "verify/judge/attestation.h"

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "verify/judge/authority.h"
#include "verify/judge/claim.h"
#include "verify/judge/limits.h"
#include "verify/sigstore/certificate_identity.h"

// The procedure, for each attestation found and each entry:
//   1. it is a statement of exactly one of the entry's predicate types       else invisible
//   2. it is about the image: its index or its manifest, as the entry says   else invisible
//   3. one whom the entry names made it                                      else invisible; alone:
//   attestation-untrusted
//   4. it can be read as what it is, and is not older than its signature     else attestation-malformed
//   5. it says what the entry asks                                           else provenance-mismatch,
//                                                                            verification-failed, attestation-mismatch
// and then, of those that passed 3:
//   6. any: one that passed 4 and 5 and is young enough. All and newest: each one (of the newest time); where one tells
//   no
//      time, each. A time that has not come yet makes no yes; a no stays one.   else the reason of the one that fails,
//                                                                            attestation-stale, attestation-missing
//   7. each entry of one list holds; a verifier's FAILED in any list is no for all
namespace pullseal::judge {
namespace {

using predicate::Answer;
using requirement::AttestationRequirement;
using requirement::Attester;
using requirement::Which;

Reason ReasonOf(Answer answer) {
  switch (answer) {
    case Answer::kPasses:
      return Reason::kSigned;
    case Answer::kMalformed:
      return Reason::kAttestationMalformed;
    case Answer::kProvenanceMismatch:
      return Reason::kProvenanceMismatch;
    case Answer::kVerificationFailed:
      return Reason::kVerificationFailed;
    case Answer::kVulnerable:
    case Answer::kPackageDenied:
    case Answer::kMismatch:
      return Reason::kAttestationMismatch;
  }
  return Reason::kAttestationMalformed;
}

// What the content of a statement is to one entry, and when it says that it was made.
struct Content {
  predicate::Verdict verdict;
  std::optional<WallTime> time;
};

Content Malformed(const Error& error) {
  return Content{predicate::Verdict::Not(Answer::kMalformed, error.message), std::nullopt};
}

// The best that one of the attesters can say: each speaks for its own names alone.
template <typename Check>
predicate::Verdict BestOf(const std::vector<const Attester*>& attesters, const Check& check) {
  predicate::Verdict best;
  for (const Attester* one : attesters) {
    predicate::Verdict verdict = check(*one);
    if (verdict.passes()) return verdict;
    best = std::move(verdict);
  }
  return best;
}

// One statement read for one entry.
class Reading {
 public:
  Reading(const signature::Statement& statement, predicate::Speaker speaker, std::vector<const Attester*> attesters,
          predicate::Image image)
      : statement_(statement),
        speaker_(std::move(speaker)),
        attesters_(std::move(attesters)),
        image_(std::move(image)) {}

  Content operator()(const predicate::ProvenanceRule& rule) const {
    const auto read = predicate::Provenance::Read(statement_.predicate_type, *statement_.predicate);
    if (!read) return Malformed(read.error());
    return Content{BestOf(attesters_, [&](const Attester& one) { return rule.Check(*read, speaker_, one.builders); }),
                   read->time()};
  }
  Content operator()(const predicate::VsaRule& rule) const {
    const auto read = predicate::Vsa::Read(*statement_.predicate);
    if (!read) return Malformed(read.error());
    return Content{BestOf(attesters_, [&](const Attester& one) { return rule.Check(*read, one.verifiers, image_); }),
                   read->verified};
  }
  Content operator()(const predicate::CustomRule& rule) const {
    auto time = rule.TimeOf(*statement_.predicate);
    if (!time) return Malformed(time.error());
    return Content{rule.Check(*statement_.predicate), *time};
  }

 private:
  const signature::Statement& statement_;
  predicate::Speaker speaker_;
  std::vector<const Attester*> attesters_;
  predicate::Image image_;
};

const signature::Statement* StatementOf(const SignedContent& content) {
  const auto* envelope = std::get_if<SignedContent::Envelope>(&content.claimed);
  return envelope != nullptr && envelope->ok() ? &**envelope : nullptr;
}

// 2.
bool IsAbout(const signature::Statement& statement, const AttestedImage& image, requirement::SubjectKind kind) {
  const auto about = [&](const std::optional<oci::Digest>& digest) {
    return digest && !statement.About(*digest).empty();
  };
  return (kind != requirement::SubjectKind::kManifest && about(image.index)) ||
         (kind != requirement::SubjectKind::kIndex && about(image.manifest));
}

predicate::Image ImageFor(const AttestedImage& image, const AttestationRequirement& asked) {
  predicate::Image out{{}, image.repository, asked.aliases()};
  for (const auto& digest : {image.index, image.manifest}) {
    if (digest) out.digests.push_back(*digest);
  }
  return out;
}

// The certificate that made it; null where a key did, whatever certificate lies beside.
const crypto::Certificate* CertificateOf(const SignedContent& content, const Attribution& made) {
  const auto* material = std::get_if<sigstore::SignedMaterial>(&content.material);
  if (material == nullptr || made.signer.issuer.empty() || !material->certificate) return nullptr;
  return &*material->certificate;
}

predicate::Speaker SpeakerOf(const crypto::Certificate* certificate) {
  if (certificate == nullptr) return {};
  auto identity = sigstore::CertificateIdentity::Of(*certificate);
  if (!identity) return {};
  return predicate::Speaker{std::move(identity->subject), std::move(identity->extensions)};
}

void Shorten(std::optional<WallTime>& end, const std::optional<WallTime>& other) {
  if (other) end = std::min(end.value_or(*other), *other);
}

}  // namespace

// What became of an entry.
struct AttestationJudgement::Outcome {
  Reason reason = Reason::kAttestationMissing;
  std::string detail;
  std::vector<oci::Digest> evidence;
  std::optional<WallTime> good_until;
  bool needs_all = false;
  bool failed = false;  // a verifier of the entry said FAILED
};

AttestationJudgement::AttestationJudgement(AttestedImage image, const requirement::AttestationLists& lists,
                                           WallTime now, Moment moment)
    : image_(std::move(image)), now_(now), moment_(moment) {
  for (const auto& list : lists) {
    std::vector<Entry> entries;
    for (const AttestationRequirement& one : list) entries.push_back(Entry{&one, {}, false});
    lists_.push_back(std::move(entries));
  }
}

bool AttestationJudgement::Add(const SignatureEvidence& evidence) {
  bool counts = false;
  const auto content = SignedContent::Read(evidence);
  if (!content || !content->IsAttestation()) return counts;
  for (auto& list : lists_) {
    for (Entry& entry : list) {
      auto candidate = Check(*content, evidence.blob, entry);
      if (!candidate) continue;
      counts = true;
      findings_.push_back(AttestationFinding{.entry = entry.asked->name(),
                                             .blob = candidate->blob,
                                             .reason = WithAge(entry, *candidate),
                                             .signer = candidate->signer,
                                             .time = candidate->time,
                                             .detail = candidate->detail});
      entry.candidates.push_back(std::move(*candidate));
    }
  }
  return counts;
}

// 1 to 5; absent for what is invisible to the entry.
std::optional<AttestationJudgement::Candidate> AttestationJudgement::Check(const SignedContent& content,
                                                                           const oci::Digest& blob, Entry& entry) {
  const AttestationRequirement& asked = *entry.asked;
  const signature::Statement* statement = StatementOf(content);
  if (statement == nullptr || !asked.IsOfType(statement->predicate_type)) return std::nullopt;  // 1
  if (!IsAbout(*statement, image_, asked.subject())) return std::nullopt;                       // 2
  const Attribution made = Attribute(content.material, asked.authorities(), now_);              // 3
  if (made.reason != Reason::kSigned) {
    entry.untrusted = true;
    findings_.push_back(AttestationFinding{.entry = asked.name(),
                                           .blob = blob,
                                           .reason = Reason::kAttestationUntrusted,
                                           .signer = {},
                                           .time = {},
                                           .detail = made.detail});
    return std::nullopt;
  }
  std::vector<const Attester*> attesters;
  for (const std::string& id : made.authorities) {
    if (const Attester* one = asked.AttesterOf(id)) attesters.push_back(one);
  }
  Candidate out{.blob = blob, .signer = made.signer, .time = {}, .good_until = made.good_until};
  const crypto::Certificate* certificate = CertificateOf(content, made);
  if (!statement->predicate || statement->predicate->is_null()) {
    out.reason = Reason::kAttestationMalformed;
    out.detail = "it has no predicate";
    return out;
  }
  const Reading reading(*statement, SpeakerOf(certificate), std::move(attesters), ImageFor(image_, asked));
  Content read = std::visit(reading, asked.rule());
  out.reason = ReasonOf(read.verdict.answer);
  out.detail = std::move(read.verdict.detail);
  out.time = read.time;
  const auto earliest = std::min_element(made.times.begin(), made.times.end());
  if (out.time && earliest != made.times.end() && *out.time > *earliest + limits::kClockSkew) {  // 4
    out.reason = Reason::kAttestationMalformed;
    out.detail = "its own time is later than that of its signature";
  }
  // A certificate lives ten minutes: what it signed is no older.
  if (!out.time && certificate != nullptr) out.time = certificate->not_before();
  return out;
}

// The age that applies now; with it the reason of one candidate.
Reason AttestationJudgement::WithAge(const Entry& entry, const Candidate& one) const {
  if (one.reason != Reason::kSigned) return one.reason;
  const requirement::Freshness& ages = entry.asked->freshness();
  const auto& most = moment_ == Moment::kPull ? ages.max_age : ages.max_age_known;
  if (!most) return Reason::kSigned;
  return one.time && now_ - *one.time <= *most ? Reason::kSigned : Reason::kAttestationStale;
}

std::optional<WallTime> AttestationJudgement::EndOf(const Entry& entry, const Candidate& one) const {
  std::optional<WallTime> end = one.good_until;
  const requirement::Freshness& ages = entry.asked->freshness();
  const auto& most = moment_ == Moment::kPull ? ages.max_age : ages.max_age_known;
  if (most && one.time) Shorten(end, *one.time + *most);
  return end;
}

bool AttestationJudgement::IsAhead(const Candidate& one) const {
  return one.time && *one.time > now_ + limits::kClockSkew;
}

AttestationJudgement::Outcome AttestationJudgement::JudgeAny(const Entry& entry) const {
  Outcome out;
  std::optional<std::optional<WallTime>> end;
  for (const Candidate& one : entry.candidates) {
    const Reason reason = IsAhead(one) ? Reason::kAttestationMalformed : WithAge(entry, one);
    if (reason != Reason::kSigned) {
      if (out.reason == Reason::kSigned || reason < out.reason) continue;
      out.reason = reason;
      out.detail = IsAhead(one) ? "its time has not come yet" : one.detail;
      continue;
    }
    // Of several that suffice the one that does so longest.
    const std::optional<WallTime> this_end = EndOf(entry, one);
    const bool longer = !end || (*end && (!this_end || *this_end > **end));
    out.reason = Reason::kSigned;
    out.detail.clear();
    if (!longer) continue;
    end = this_end;
    out.evidence = {one.blob};
    out.good_until = this_end;
  }
  return out;
}

// All that count together: those of the newest time, or each one.
AttestationJudgement::Outcome AttestationJudgement::JudgeGroup(const Entry& entry) const {
  Outcome out;
  out.needs_all = true;
  std::vector<const Candidate*> counted;
  bool timeless = entry.asked->which() == Which::kAll;
  std::optional<WallTime> newest;
  for (const Candidate& one : entry.candidates) {
    // A yes whose time has not come yet is none; a no counts, so that no clock that was set back revives an older yes.
    if (IsAhead(one) && one.reason == Reason::kSigned) continue;
    counted.push_back(&one);
    if (!one.time) timeless = true;
    if (one.time) newest = std::max(newest.value_or(*one.time), *one.time);
  }
  if (!timeless) std::erase_if(counted, [&](const Candidate* one) { return *one->time != *newest; });
  if (counted.empty()) return out;
  out.reason = Reason::kSigned;
  for (const Candidate* one : counted) {
    const Reason reason = WithAge(entry, *one);
    out.failed = out.failed || reason == Reason::kVerificationFailed;
    if (reason != Reason::kSigned) {
      if (out.reason == Reason::kSigned || reason > out.reason) {
        out.reason = reason;
        out.detail = one->detail;
      }
      continue;
    }
    out.evidence.push_back(one->blob);
    Shorten(out.good_until, EndOf(entry, *one));
  }
  return out;
}

AttestationJudgement::Outcome AttestationJudgement::Judge(const Entry& entry) const {
  Outcome out = entry.asked->which() == Which::kAny ? JudgeAny(entry) : JudgeGroup(entry);
  if (out.reason == Reason::kAttestationMissing && entry.untrusted) out.reason = Reason::kAttestationUntrusted;
  return out;
}

AttestationVerdict AttestationJudgement::Conclude() const {
  AttestationVerdict best;
  bool first = true;
  std::optional<AttestationVerdict> failed;
  for (const auto& list : lists_) {
    AttestationVerdict verdict;
    verdict.reason = Reason::kSigned;
    for (const Entry& entry : list) {
      Outcome outcome = Judge(entry);
      verdict.needs_all = verdict.needs_all || outcome.needs_all;
      if (outcome.reason == Reason::kSigned) {
        verdict.entries.push_back(entry.asked->name());
        verdict.evidence.insert(verdict.evidence.end(), outcome.evidence.begin(), outcome.evidence.end());
        Shorten(verdict.good_until, outcome.good_until);
      } else if (verdict.reason == Reason::kSigned || outcome.reason > verdict.reason) {
        verdict.reason = outcome.reason;
        verdict.entry = entry.asked->name();
        verdict.detail = outcome.detail;
      }
      if (!outcome.failed) continue;
      failed.emplace();
      failed->reason = outcome.reason;
      failed->entry = entry.asked->name();
      failed->detail = outcome.detail;
    }
    const bool better =
        best.reason != Reason::kSigned && (verdict.reason == Reason::kSigned || verdict.reason > best.reason);
    if (first || better) best = std::move(verdict);
    first = false;
  }
  if (failed.has_value()) best = std::move(*failed);  // 7
  // A no of one list that was not needed, or a verifier's, may lie in a place that was not searched.
  for (const auto& list : lists_) {
    for (const Entry& entry : list) {
      if (lists_.size() > 1 && entry.asked->type() == predicate::Type::kVsa) best.needs_all = true;
    }
  }
  best.findings = findings_;
  return best;
}

bool AttestationJudgement::IsSettled() const {
  const AttestationVerdict verdict = Conclude();
  return verdict.reason == Reason::kSigned && !verdict.needs_all;
}

}  // namespace pullseal::judge
