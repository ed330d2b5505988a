// SPDX-License-Identifier: Apache-2.0
#include "gate/gate/attestation_judge.h"

#include <algorithm>
#include <utility>

#include "gate/gate/snapshot.h"
#include "image/store/limits.h"

namespace pullseal::gate {
namespace {

using judge::AttestationVerdict;
using requirement::AttestationRequirement;

bool Allows(const AttestationVerdict& verdict) { return verdict.reason == Reason::kSigned; }

void Explain(const AttestationVerdict& verdict, std::vector<std::string>& steps) {
  for (const judge::AttestationFinding& finding : verdict.findings) {
    std::string line = "attestation \"" + finding.entry + "\", " + finding.blob.text() + ": ";
    line += finding.reason == Reason::kSigned ? "as asked" : std::string(judge::Slug(finding.reason));
    if (!finding.signer.name.empty()) line += ", by " + Printable(finding.signer.name, 200);
    if (finding.time) line += ", of " + FormatTime(*finding.time);
    if (!finding.detail.empty()) line += ", " + finding.detail;
    if (steps.size() < limits::kToldSteps) steps.push_back(std::move(line));
  }
}

Decision FromVerdict(const AttestationVerdict& verdict, CacheUse cache) {
  Decision out;
  out.reason = verdict.reason;
  out.cache = cache;
  out.attestations = verdict.entries;
  if (!verdict.entry.empty()) out.detail = "attestation \"" + verdict.entry + "\"";
  if (!verdict.entry.empty() && !verdict.detail.empty()) out.detail += ": " + verdict.detail;
  for (const oci::Digest& one : verdict.evidence) out.evidence.push_back(one.text());
  Explain(verdict, out.steps);
  return out;
}

// The predicate types that an entry asks for, as they stand in hints.
void AddTypes(const AttestationRequirement& entry, std::set<std::string>& out) {
  if (const auto* custom = std::get_if<predicate::CustomRule>(&entry.rule())) {
    out.insert(custom->predicate_type());
    return;
  }
  for (const std::string_view uri : predicate::UrisOf(entry.type())) out.emplace(uri);
}

}  // namespace

AttestationJudge::AttestationJudge(registry::Client& registry, const Clock& clock, Options options,
                                   store::EvidenceStore* store)
    : finder_(registry), clock_(clock), options_(options), evidence_(store, " attestations") {}

Decision AttestationJudge::Decide(const Snapshot& snapshot, const Question& question, const policy::Rule& rule,
                                  const judge::AttestedImage& image) {
  Case one{.snapshot = snapshot,
           .question = question,
           .rule = rule,
           .image = image,
           .subjects = {},
           .types = {},
           .signers = {},
           .key = {},
           .denied_key = {},
           .search = {}};
  for (const auto& digest : {image.manifest, image.index}) {
    if (!digest || std::find(one.subjects.begin(), one.subjects.end(), *digest) != one.subjects.end()) continue;
    one.subjects.push_back(*digest);
    one.search += digest->text() + "|";
  }
  one.search += question.name.MatchName();
  one.key = one.search + "|" + snapshot.policy.fingerprint + "|" + rule.name + (question.is_pull ? "|pull" : "");
  for (const auto& list : rule.require.attestations) {
    for (const AttestationRequirement& entry : list) {
      AddTypes(entry, one.types);
      for (const auto& authority : entry.authorities()) one.signers.insert(requirement::IdOf(authority));
    }
  }
  one.denied_key = one.key + "|denied|" + question.credentials.Fingerprint();
  if (auto cached = FindVerdict(one.key)) return std::move(*cached);
  std::optional<Error> trouble;
  const auto known = Known(one, trouble);
  judge::AttestationJudgement judgement = Begin(one);
  for (const oci::SignatureEvidence& evidence : known) (void)judgement.Add(evidence);
  const AttestationVerdict verdict = judgement.Conclude();
  // What is known may allow, never deny; and where another could change the yes, only if this node has searched once.
  // A pull asks again: a newer one may say no.
  if (Allows(verdict) && (!verdict.needs_all || (!question.is_pull && IsSearched(one, known)))) {
    Remember(one, verdict);
    return FromVerdict(verdict, CacheUse::kEvidence);
  }
  // A denial is looked at behind what is known.
  if (auto denied = FindVerdict(one.denied_key)) return std::move(*denied);
  return DecideFresh(one, known, trouble);
}

std::optional<Decision> AttestationJudge::FindVerdict(const std::string& key) {
  const MutexLock lock(mutex_);
  const auto cached = verdicts_.Find(key);
  const bool fresh = cached && clock_.Steady() < cached->expires &&
                     (!cached->verdict.good_until || clock_.Now() <= *cached->verdict.good_until);
  if (!fresh) return std::nullopt;
  return FromVerdict(cached->verdict, CacheUse::kHit);
}

void AttestationJudge::Remember(const Case& one, const AttestationVerdict& verdict) {
  AttestationVerdict kept = verdict;
  kept.findings.clear();
  const bool allowed = Allows(verdict);
  const auto life = allowed ? options_.allow_ttl : options_.deny_ttl;
  const MutexLock lock(mutex_);
  verdicts_.Put(allowed ? one.key : one.denied_key, CachedVerdict{std::move(kept), clock_.Steady() + life});
}

judge::AttestationJudgement AttestationJudge::Begin(const Case& one) const {
  const auto moment = one.question.is_pull ? judge::Moment::kPull : judge::Moment::kKnown;
  return judge::AttestationJudgement(one.image, one.rule.require.attestations, clock_.Now(), moment);
}

std::vector<oci::SignatureEvidence> AttestationJudge::Known(const Case& one, std::optional<Error>& trouble) {
  std::vector<oci::SignatureEvidence> out;
  const std::string user = one.question.pod_namespace.value_or("");
  for (const oci::Digest& subject : one.subjects) {
    const auto known = evidence_.Find(subject, one.question.name, user, limits::kStoreReadTime);
    if (known.trouble) trouble = known.trouble;
    if (known.signatures == nullptr) continue;
    out.insert(out.end(), known.signatures->begin(), known.signatures->end());
  }
  return out;
}

bool AttestationJudge::IsSearched(const Case& one, const std::vector<oci::SignatureEvidence>& known) {
  std::set<oci::Digest> blobs;
  for (const oci::SignatureEvidence& evidence : known) blobs.insert(evidence.blob);
  for (const oci::SignatureEvidence& evidence : known) {
    const auto sealed = SearchMark::Open(evidence, one.search, options_.seal_key);
    if (sealed && sealed->Covers(one.types, one.signers, blobs)) return true;
  }
  const MutexLock lock(mutex_);
  const auto mark = marks_.Find(one.search);
  return mark && mark->Covers(one.types, one.signers, blobs);
}

// Searches for what is about the manifest, then about the index; no further than where nothing else can change a yes.
AttestationJudge::FoundPtr AttestationJudge::Collect(const Case& one, judge::AttestationJudgement& judgement) {
  auto found = std::make_shared<Found>();
  found->complete = true;
  for (const oci::Digest& subject : one.subjects) {
    registry::Search search = finder_.Begin(one.question.name, subject, one.question.credentials, one.question.deadline,
                                            registry::Wanted{.attestations = true, .predicate_types = one.types});
    while (true) {
      auto next = search.Next();
      if (!next) {
        found->complete = false;
        if (!found->trouble) found->trouble = next.error();
        break;
      }
      if (!*next) break;
      if (judgement.Add(**next)) found->evidence.push_back(std::move(**next));
      if (!judgement.IsSettled()) continue;
      found->complete = false;
      break;
    }
    found->steps.insert(found->steps.end(), search.steps().begin(), search.steps().end());
    if (judgement.IsSettled()) break;
  }
  return found;
}

Decision AttestationJudge::DecideFresh(const Case& one, const std::vector<oci::SignatureEvidence>& known,
                                       const std::optional<Error>& trouble) {
  judge::AttestationJudgement judgement = Begin(one);
  for (const oci::SignatureEvidence& evidence : known) (void)judgement.Add(evidence);
  // Those who ask the same at the same time share one search.
  const std::string flight = one.key + "|" + one.question.credentials.Fingerprint();
  auto landed = searches_.Do(flight, one.question.deadline, clock_, [&] { return Collect(one, judgement); });
  if (!landed) {
    Decision late = FromVerdict(judgement.Conclude(), CacheUse::kMiss);
    SetRegistryError(late, Error{ErrorCode::kTimeout, "waiting for a search that another question began"});
    return late;
  }
  const FoundPtr& found = landed->value;
  if (landed->shared) {
    for (const oci::SignatureEvidence& evidence : found->evidence) (void)judgement.Add(evidence);
  }
  Keep(one, found->evidence, found->complete);
  const AttestationVerdict verdict = judgement.Conclude();
  Decision out = FromVerdict(verdict, CacheUse::kMiss);
  out.steps.insert(out.steps.begin(), found->steps.begin(), found->steps.end());
  const bool sure = Allows(verdict) ? !verdict.needs_all || found->complete : found->complete && !trouble;
  if (sure) Remember(one, verdict);
  if (sure) return out;
  // Something could not be searched, so nothing is known of what else there may be: neither yes nor no.
  const std::string before = out.detail;
  SetRegistryError(out, found->trouble
                            ? *found->trouble
                            : trouble.value_or(Error{ErrorCode::kUnavailable, "not every place was searched"}));
  if (!before.empty()) out.detail += "; " + before;
  return out;
}

// Only what was verified for an entry is kept, so that nobody's junk takes the room of others' evidence.
void AttestationJudge::Keep(const Case& one, const std::vector<oci::SignatureEvidence>& found, bool complete) {
  const std::string user = one.question.pod_namespace.value_or("");
  // One set about one image: whichever digest a statement is about, it is kept with the first, and the mark in one
  // transaction with it.
  std::vector<oci::SignatureEvidence> kept = found;
  SearchMark mark;
  for (const std::string& type : one.types) mark.AddType(type);
  for (const std::string& signer : one.signers) mark.AddSigner(signer);
  for (const oci::SignatureEvidence& evidence : found) mark.found.insert(evidence.blob);
  if (complete && !options_.seal_key.empty()) kept.push_back(mark.Sealed(one.search, options_.seal_key));
  if (!one.subjects.empty()) evidence_.Add(one.subjects.front(), one.question.name, user, kept);
  if (!complete) return;
  const MutexLock lock(mutex_);
  marks_.Put(one.search, std::move(mark));
}

Status AttestationJudge::Flush() {
  {
    const MutexLock lock(mutex_);
    verdicts_.Clear();
    marks_.Clear();
  }
  return evidence_.Flush();
}

}  // namespace pullseal::gate
