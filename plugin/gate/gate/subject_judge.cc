// SPDX-License-Identifier: Apache-2.0
#include "gate/gate/subject_judge.h"

#include <algorithm>
#include <utility>

#include "gate/gate/limits.h"
#include "gate/gate/snapshot.h"
#include "gate/gate/worth.h"
#include "image/store/limits.h"

namespace pullseal::gate {
namespace {

void Explain(const judge::Verdict& verdict, std::vector<std::string>& steps) {
  for (const judge::Finding& finding : verdict.findings) {
    steps.push_back("signature " + finding.blob.text() + ": " + std::string(judge::Slug(finding.reason)) +
                    (finding.detail.empty() ? "" : ", " + finding.detail));
    // Of some hundred signatures only few tell something.
    for (const std::string& one : finding.told) {
      if (steps.size() < limits::kToldSteps) steps.push_back("  " + one);
    }
  }
}

Decision FromVerdict(const judge::Verdict& verdict, const oci::Digest& subject, CacheUse cache) {
  Decision out;
  out.reason = verdict.reason;
  out.digest = subject;
  for (const judge::Signer& signer : verdict.signers) {
    out.signers.push_back(signer.name);
    if (!signer.issuer.empty()) out.issuers.push_back(signer.issuer);
  }
  for (const oci::Digest& one : verdict.evidence) out.evidence.push_back(one.text());
  out.cache = cache;
  return out;
}

bool Allows(const judge::Verdict& verdict) { return judge::OutcomeOf(verdict.reason) == Outcome::kAllow; }

}  // namespace

SubjectJudge::SubjectJudge(registry::Client& registry, const Clock& clock, Options options, store::EvidenceStore* store)
    : finder_(registry), clock_(clock), options_(options), evidence_(store) {}

Decision SubjectJudge::Decide(const Snapshot& snapshot, const Question& question, const policy::Rule& rule,
                              const oci::Digest& subject) {
  const std::string key =
      subject.text() + "|" + snapshot.policy.fingerprint + "|" + rule.name + "|" + question.name.MatchName();
  const Case one{.snapshot = snapshot,
                 .question = question,
                 .rule = rule,
                 .subject = subject,
                 .user = question.pod_namespace.value_or(""),
                 .key = key,
                 .denied_key = key + "|denied|" + question.credentials.Fingerprint()};
  if (auto cached = FindVerdict(one, one.key)) return std::move(*cached);
  const EvidenceCache::Known known = evidence_.Find(subject, question.name, one.user, limits::kStoreReadTime);
  std::optional<Decision> by_known = JudgeKnown(one, known);
  if (by_known && !IsDue(question, known)) return std::move(*by_known);
  // A denial is looked at behind what is known.
  std::optional<Decision> denied = by_known ? std::nullopt : FindVerdict(one, one.denied_key);
  if (denied) return std::move(*denied);
  Decision fresh = JudgeFresh(one, known);
  if (!by_known || fresh.outcome() == Outcome::kAllow) return fresh;
  // A signature does not age: that the registry has it no longer, or does not answer, is no revocation.
  by_known->steps = std::move(fresh.steps);
  by_known->detail = "by known evidence; asked again, the registry gave: " + std::string(judge::Slug(fresh.reason)) +
                     (fresh.detail.empty() ? "" : ", " + fresh.detail);
  return std::move(*by_known);
}

std::optional<Decision> SubjectJudge::FindVerdict(const Case& one, const std::string& key) {
  const MutexLock lock(mutex_);
  const auto cached = verdicts_.Find(key);
  const bool fresh =
      cached && clock_.Steady() < cached->expires && (!cached->good_until || clock_.Now() <= *cached->good_until);
  if (!fresh) return std::nullopt;
  return FromVerdict(cached->verdict, one.subject, CacheUse::kHit);
}

judge::Judgement SubjectJudge::Begin(const Case& one) const {
  return judge::Judgement(one.subject, one.question.name.MatchName(), one.rule.require, clock_.Now());
}

// What is known may allow; it never denies, because it may be less than what there is.
std::optional<Decision> SubjectJudge::JudgeKnown(const Case& one, const EvidenceCache::Known& known) {
  if (known.signatures == nullptr) return std::nullopt;
  judge::Judgement judgement = Begin(one);
  for (const oci::SignatureEvidence& signature : *known.signatures) {
    const bool counts = judgement.Add(signature).reason == Reason::kSigned;
    if (counts && judgement.IsSatisfied()) break;
  }
  const judge::Verdict verdict = judgement.Conclude();
  if (!Allows(verdict)) return std::nullopt;
  Remember(one, verdict);
  return FromVerdict(verdict, one.subject, CacheUse::kEvidence);
}

// Only a pull asks again, and only where an operator wants it: at a create nobody may have credentials.
bool SubjectJudge::IsDue(const Question& question, const EvidenceCache::Known& known) const {
  if (!question.is_pull || options_.evidence_max_age == std::chrono::milliseconds::zero()) return false;
  const WallTime since = clock_.Now() - options_.evidence_max_age;
  return std::all_of(known.signatures->begin(), known.signatures->end(),
                     [&](const oci::SignatureEvidence& signature) { return signature.fetched < since; });
}

// Judges each signature once, as it is found, and goes no further than the requirement needs.
SubjectJudge::FoundPtr SubjectJudge::Collect(const Case& one, judge::Judgement& judgement) {
  const Question& question = one.question;
  auto found = std::make_shared<Found>();
  found->search.emplace(finder_.Begin(question.name, one.subject, question.credentials, question.deadline));
  while (true) {
    auto next = found->search->Next();
    if (!next) {
      found->trouble = next.error();
      break;
    }
    found->complete = !next->has_value();
    if (found->complete) break;
    found->signatures.push_back(std::move(**next));
    const bool counts = judgement.Add(found->signatures.back()).reason == Reason::kSigned;
    if (counts && judgement.IsSatisfied()) {
      found->search->NoteGood();
      break;
    }
  }
  return found;
}

// One search at a time for a subject and one set of credentials; those who ask meanwhile get what it found, be it
// trouble, and judge it themselves.
Decision SubjectJudge::JudgeFresh(const Case& one, const EvidenceCache::Known& known) {
  const Question& question = one.question;
  const std::string flight =
      one.subject.text() + "|" + question.name.Repository() + "|" + question.credentials.Fingerprint();
  judge::Judgement judgement = Begin(one);
  auto landed = searches_.Do(flight, question.deadline, clock_, [&] { return Collect(one, judgement); });
  if (!landed) {
    Found late;
    late.trouble = Error{ErrorCode::kTimeout, "waiting for a search that another question began"};
    return ConcludeFresh(one, known, late, judgement.Conclude());
  }
  const FoundPtr& found = landed->value;
  if (!landed->shared) return ConcludeFresh(one, known, *found, judgement.Conclude());
  // Most who wait ask the same: then it has been judged.
  for (const std::string& key : {one.key, one.denied_key}) {
    if (auto same = FindVerdict(one, key)) return std::move(*same);
  }
  for (const oci::SignatureEvidence& signature : found->signatures) (void)judgement.Add(signature);
  if (found->complete || found->trouble || judgement.IsSatisfied()) {
    return ConcludeFresh(one, known, *found, judgement.Conclude());
  }
  // The other question needed less than this one.
  judge::Judgement again = Begin(one);
  const FoundPtr more = Collect(one, again);
  return ConcludeFresh(one, known, *more, again.Conclude());
}

Decision SubjectJudge::ConcludeFresh(const Case& one, const EvidenceCache::Known& known, const Found& found,
                                     const judge::Verdict& verdict) {
  Decision out = FromVerdict(verdict, one.subject, CacheUse::kMiss);
  if (found.search) out.steps = found.search->steps();
  Explain(verdict, out.steps);
  KeepWorthy(one, found, verdict);
  if (Allows(verdict)) {
    Remember(one, verdict);
    return out;
  }
  if (known.trouble) {
    if (auto late = JudgeLate(one, known)) {
      late->steps.insert(late->steps.begin(), out.steps.begin(), out.steps.end());
      return std::move(*late);
    }
  }
  if (!found.trouble) {
    Remember(one, verdict);
    return out;
  }
  // Something could not be searched, so nothing is known to be missing: neither yes nor no, and not remembered.
  SetRegistryError(out, *found.trouble);
  const bool nobody_asked = out.reason == Reason::kRegistryUnauthorized && one.question.credentials.empty();
  if (nobody_asked && !one.question.is_pull) {
    out.advice =
        "this node does not know the image's signatures, and its registry wants credentials, which a container's start "
        "does not bring; let the image be pulled again (imagePullPolicy: Always), or give the node credentials.";
  }
  return out;
}

// A store that does not answer is a place that was not searched. What it says counts if it comes within the decision's
// time; if it does not come, nothing is known to be missing, whatever the registry said.
std::optional<Decision> SubjectJudge::JudgeLate(const Case& one, const EvidenceCache::Known& known) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(one.question.deadline - clock_.Steady());
  const auto patience = std::clamp(left, std::chrono::milliseconds::zero(), limits::kStoreLateTime);
  const EvidenceCache::Known late = evidence_.Find(one.subject, one.question.name, one.user, patience);
  if (auto decision = JudgeKnown(one, late)) return decision;
  if (!late.trouble) return std::nullopt;
  Decision out = Refuse(Reason::kEvidenceUnavailable, known.trouble->message + "; then " + late.trouble->message);
  out.digest = one.subject;
  out.cache = CacheUse::kMiss;
  out.steps.push_back(out.detail);
  return out;
}

// Keeps what counted, and beside it what another rule or another time could need.
void SubjectJudge::KeepWorthy(const Case& one, const Found& found, const judge::Verdict& verdict) {
  std::vector<oci::SignatureEvidence> counted;
  std::vector<oci::SignatureEvidence> others;
  Worth worth(one.snapshot.policy, one.subject, one.question.name.MatchName(), clock_.Now());
  for (std::size_t i = 0; i < found.signatures.size() && i < verdict.findings.size(); ++i) {
    const oci::SignatureEvidence& signature = found.signatures[i];
    if (verdict.findings[i].reason == Reason::kSigned) {
      counted.push_back(signature);
    } else if (IsWorthKeeping(verdict.findings[i]) || worth.Has(signature)) {
      others.push_back(signature);
    }
  }
  store::Merge(counted, std::move(others));
  evidence_.Add(one.subject, one.question.name, one.user, counted);
}

void SubjectJudge::Remember(const Case& one, const judge::Verdict& verdict) {
  const bool allowed = Allows(verdict);
  auto life = allowed ? options_.allow_ttl : options_.deny_ttl;
  const bool asks_again = options_.evidence_max_age != std::chrono::milliseconds::zero();
  if (allowed && asks_again) life = std::min(life, options_.evidence_max_age);
  CachedVerdict entry{judge::Verdict{verdict.reason, verdict.signers, verdict.evidence, {}, {}, verdict.good_until},
                      clock_.Steady() + life, allowed ? verdict.good_until : std::nullopt};
  const MutexLock lock(mutex_);
  verdicts_.Put(allowed ? one.key : one.denied_key, std::move(entry));
}

Result<std::size_t> SubjectJudge::Gather(const Snapshot& snapshot, const Question& question, const oci::Digest& subject,
                                         bool all) {
  registry::Search search = finder_.Begin(question.name, subject, question.credentials, question.deadline);
  Worth worth(snapshot.policy, subject, question.name.MatchName(), clock_.Now());
  std::vector<oci::SignatureEvidence> kept;
  std::vector<oci::SignatureEvidence> spare;
  std::optional<Error> trouble;
  while (true) {
    auto next = search.Next();
    if (!next) trouble = next.error();
    if (!next || !*next) break;
    if (worth.Has(**next)) {
      kept.push_back(std::move(**next));
    } else if (all && store::SizeOf(**next) <= limits::kSpareSignatureBytes) {
      spare.push_back(std::move(**next));
    }
  }
  const std::string user = question.pod_namespace.value_or("");
  evidence_.Add(subject, question.name, user, kept);
  evidence_.AddSpare(subject, question.name, user, spare);
  if (trouble) return *trouble;
  return kept.size() + spare.size();
}

void SubjectJudge::ForgetVerdicts() {
  const MutexLock lock(mutex_);
  verdicts_.Clear();
}

std::size_t SubjectJudge::verdicts() {
  const MutexLock lock(mutex_);
  return verdicts_.size();
}

}  // namespace pullseal::gate
