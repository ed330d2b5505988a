// SPDX-License-Identifier: Apache-2.0
#include "gate/gate/gate.h"

#include <algorithm>
#include <utility>

#include "core/base/limits.h"
#include "core/base/mutex.h"
#include "gate/gate/limits.h"
#include "image/store/limits.h"

namespace pullseal::gate {
namespace {

judge::SignatureEvidence ToEvidence(const registry::FoundSignature& found) {
  return judge::SignatureEvidence{found.layer.digest, found.layer.media_type, found.payload, found.layer.annotations};
}

judge::Evidence ToEvidence(const registry::Search& search, const Question& question, const oci::Digest& subject) {
  judge::Evidence out{subject, question.name.MatchName(), {}};
  for (const registry::FoundSignature& found : search.signatures) out.signatures.push_back(ToEvidence(found));
  return out;
}

void Explain(const judge::Verdict& verdict, std::vector<std::string>& steps) {
  for (const judge::Finding& finding : verdict.findings) {
    steps.push_back("signature " + finding.blob.text() + ": " + std::string(judge::Slug(finding.reason)) +
                    (finding.detail.empty() ? "" : ", " + finding.detail));
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

// Of several decisions that must all allow, the one to tell: the highest-ranked refusal, else the first.
Decision Worst(std::vector<Decision> decisions) {
  std::size_t worst = 0;
  for (std::size_t i = 1; i < decisions.size(); ++i) {
    const bool refused = decisions[i].outcome() != Outcome::kAllow;
    // Among refusals one that is enforced counts before one that is only recorded.
    const auto rank = [](const Decision& d) { return std::make_pair(!d.audit_only, d.reason); };
    const bool stands = decisions[worst].outcome() == Outcome::kAllow || rank(decisions[i]) > rank(decisions[worst]);
    if (refused && stands) worst = i;
  }
  return std::move(decisions[worst]);
}

}  // namespace

Gate::Gate(registry::Client& registry, const Clock& clock, oci::Platform node, Options options,
           store::EvidenceStore* store)
    : registry_(registry),
      finder_(registry),
      clock_(clock),
      node_(std::move(node)),
      options_(options),
      evidence_(store, clock, options.evidence_max_age) {}

policy::Selection Gate::SelectRules(const Snapshot& snapshot, const Question& question) const {
  policy::Subject subject{question.name, question.pod_namespace, std::nullopt, snapshot.node_labels};
  if (!question.candidates.empty()) subject.digests = question.candidates;
  return policy::Select(snapshot.policy, subject, clock_.Now());
}

Decision Gate::DecideContent(const Snapshot& snapshot, const Question& question) {
  if (question.candidates.empty()) return Refuse(Reason::kImageLinkUnproven, "no digest to judge");
  return DecideByRules(snapshot, question, SelectRules(snapshot, question));
}

Decision Gate::DecideByRules(const Snapshot& snapshot, const Question& question, const policy::Selection& selection) {
  const bool audit = snapshot.policy.mode == policy::Mode::kAudit;
  std::vector<Decision> decisions;
  for (const policy::Applicable& one : selection.all) {
    Decision decision;
    if (one.exception != nullptr) {
      decision.reason = Reason::kException;
      decision.rule = one.exception->name;
    } else {
      decision = DecideByRule(snapshot, question, *one.rule);
    }
    decisions.push_back(std::move(decision));
  }
  if (!selection.complete) {
    decisions.push_back(Refuse(Reason::kNoRule, decisions.empty() ? "no rule matches"
                                                                  : "the pod's namespace or the node's labels are not "
                                                                    "known, and for some of them no rule matches"));
  }
  Decision out = Worst(std::move(decisions));
  if (audit) out.audit_only = true;
  if (!out.digest && !question.candidates.empty()) out.digest = question.candidates.front();
  return out;
}

Decision Gate::DecideByRule(const Snapshot& snapshot, const Question& question, const policy::Rule& rule) {
  Decision out;
  switch (rule.mode) {
    case policy::RuleMode::kAllow:
      out.reason = Reason::kExempt;
      break;
    case policy::RuleMode::kDeny:
      out.reason = Reason::kRuleDenies;
      break;
    case policy::RuleMode::kEnforce:
    case policy::RuleMode::kAudit: {
      // One good candidate is enough; otherwise the reason that ranks highest is told.
      std::vector<std::string> steps;
      out.reason = Reason::kSignatureMissing;
      for (const oci::Digest& subject : question.candidates) {
        Decision one = JudgeSubject(snapshot, question, rule, subject);
        steps.insert(steps.end(), one.steps.begin(), one.steps.end());
        const bool allowed = one.outcome() == Outcome::kAllow;
        if (allowed || one.reason >= out.reason) out = std::move(one);
        if (allowed) break;
      }
      out.steps = std::move(steps);
      break;
    }
  }
  out.rule = rule.name;
  out.labels = rule.labels;
  out.audit_only = rule.mode == policy::RuleMode::kAudit;
  return out;
}

Decision Gate::JudgeSubject(const Snapshot& snapshot, const Question& question, const policy::Rule& rule,
                            const oci::Digest& subject) {
  const std::string key =
      subject.text() + "|" + snapshot.policy.fingerprint + "|" + rule.name + "|" + question.name.MatchName();
  {
    const MutexLock lock(mutex_);
    const auto cached = verdicts_.Find(key);
    const bool fresh =
        cached && clock_.Steady() < cached->expires && (!cached->good_until || clock_.Now() <= *cached->good_until);
    if (fresh) return FromVerdict(cached->verdict, subject, CacheUse::kHit);
  }
  const EvidenceCache::Known known = evidence_.Find(subject, question.name, limits::kStoreReadTime);
  if (auto decision = JudgeKnown(rule, question, subject, known.signatures, key)) return std::move(*decision);
  return JudgeFresh(question, rule, subject, known, key);
}

// What is known may allow; it never denies, because it may be less than what there is.
std::optional<Decision> Gate::JudgeKnown(const policy::Rule& rule, const Question& question, const oci::Digest& subject,
                                         const EvidenceCache::Signatures& known, const std::string& key) {
  const judge::Evidence young = evidence_.Select(known, subject, question.name, false);
  if (young.signatures.empty()) return std::nullopt;
  const judge::Verdict verdict = judge::Judge(young, rule.require, clock_.Now());
  if (judge::OutcomeOf(verdict.reason) != Outcome::kAllow) return std::nullopt;
  Remember(key, verdict, evidence_.TimeLeft(known));
  return FromVerdict(verdict, subject, CacheUse::kEvidence);
}

Decision Gate::JudgeFresh(const Question& question, const policy::Rule& rule, const oci::Digest& subject,
                          const EvidenceCache::Known& known, const std::string& key) {
  registry::Search search = FindShared(question, subject, rule.require);
  std::vector<std::string> steps = std::move(search.steps);
  const judge::Evidence evidence = ToEvidence(search, question, subject);
  const judge::Verdict verdict = judge::Judge(evidence, rule.require, clock_.Now());
  Explain(verdict, steps);
  Decision out = FromVerdict(verdict, subject, CacheUse::kMiss);
  out.steps = std::move(steps);
  const bool allowed = out.outcome() == Outcome::kAllow;
  if (!allowed && known.trouble) {
    if (auto late = JudgeLate(question, rule, subject, known, key)) {
      late->steps.insert(late->steps.begin(), out.steps.begin(), out.steps.end());
      return std::move(*late);
    }
  }
  if (allowed || !search.trouble) {
    Remember(key, verdict, options_.evidence_max_age);
    if (allowed) evidence_.Add(subject, question.name, evidence.signatures);
    return out;
  }
  // Something could not be searched, so nothing is known to be missing: neither yes nor no, and not remembered. Only
  // the age of what is known may be waived, and only by the rule.
  if (rule.on_unavailable == policy::OnUnavailable::kAllowKnown) {
    const judge::Evidence old = evidence_.Select(known.signatures, subject, question.name, true);
    const judge::Verdict by_old = judge::Judge(old, rule.require, clock_.Now());
    if (judge::OutcomeOf(by_old.reason) == Outcome::kAllow) {
      Decision waived = FromVerdict(by_old, subject, CacheUse::kEvidence);
      waived.steps = std::move(out.steps);
      waived.detail = "by evidence older than evidenceMaxAge, because: " + search.trouble->message;
      return waived;
    }
  }
  SetRegistryError(out, *search.trouble);
  return out;
}

// A store that does not answer is a place that was not searched. What it says counts if it comes within the decision's
// time; if it does not come, nothing is known to be missing, whatever the registry said.
std::optional<Decision> Gate::JudgeLate(const Question& question, const policy::Rule& rule, const oci::Digest& subject,
                                        const EvidenceCache::Known& known, const std::string& key) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(question.deadline - clock_.Steady());
  const auto patience = std::clamp(left, std::chrono::milliseconds::zero(), limits::kStoreLateTime);
  const EvidenceCache::Known late = evidence_.Find(subject, question.name, patience);
  if (auto decision = JudgeKnown(rule, question, subject, late.signatures, key)) return decision;
  if (!late.trouble) return std::nullopt;
  Decision out = Refuse(Reason::kEvidenceUnavailable, known.trouble->message + "; then " + late.trouble->message);
  out.digest = subject;
  out.cache = CacheUse::kMiss;
  out.steps.push_back(out.detail);
  return out;
}

void Gate::Remember(const std::string& key, const judge::Verdict& verdict, std::chrono::milliseconds at_most) {
  const bool allowed = judge::OutcomeOf(verdict.reason) == Outcome::kAllow;
  const auto life = allowed ? std::min(options_.allow_ttl, at_most) : options_.deny_ttl;
  CachedVerdict entry{judge::Verdict{verdict.reason, verdict.signers, verdict.evidence, {}, {}, verdict.good_until},
                      clock_.Steady() + life, allowed ? verdict.good_until : std::nullopt};
  const MutexLock lock(mutex_);
  verdicts_.Put(key, std::move(entry));
}

int Gate::RefreshDue(const std::atomic<bool>& stopping) {
  int found_again = 0;
  for (const EvidenceCache::Due& due : evidence_.FindDue(limits::kRefreshesPerRound)) {
    if (stopping) break;
    std::vector<judge::SignatureEvidence> again;
    std::size_t looked_at = 0;
    const auto enough = [&](const registry::Search& so_far) {
      for (; looked_at < so_far.signatures.size(); ++looked_at) {
        judge::SignatureEvidence one = ToEvidence(so_far.signatures[looked_at]);
        if (due.Has(one)) again.push_back(std::move(one));
      }
      return again.size() >= due.signatures->size();
    };
    (void)finder_.Find(due.repository, due.subject, {}, clock_.Steady() + limits::kRequestTime, enough);
    // What is gone from the registry is left to grow old: a deleted signature is no revocation.
    if (again.empty()) continue;
    evidence_.Add(due.subject, due.repository, again);
    ++found_again;
  }
  return found_again;
}

// Looks until the requirement is met. What is new is judged alone first: only another good signature can change the
// answer, so junk costs one verification each.
registry::Search Gate::Find(const Question& question, const oci::Digest& subject,
                            const requirement::Requirement& requirement) {
  judge::Judgement judgement(subject, question.name.MatchName(), requirement, clock_.Now());
  std::size_t looked_at = 0;
  const auto enough = [&](const registry::Search& so_far) {
    for (; looked_at < so_far.signatures.size(); ++looked_at) {
      (void)judgement.Add(ToEvidence(so_far.signatures[looked_at]));
    }
    return judgement.IsSatisfied();
  };
  return finder_.Find(question.name, subject, question.credentials, question.deadline, enough);
}

// One search at a time for a subject and one set of credentials; those who ask meanwhile get its result, be it trouble,
// and judge it themselves.
registry::Search Gate::FindShared(const Question& question, const oci::Digest& subject,
                                  const requirement::Requirement& requirement) {
  const std::string key = subject.text() + "|" + question.name.Repository() + "|" + question.credentials.Fingerprint();
  auto landed = searches_.Do(key, question.deadline, clock_, [&] { return Find(question, subject, requirement); });
  if (!landed) {
    registry::Search late;
    late.trouble = Error{ErrorCode::kTimeout, "waiting for a search that another question began"};
    return late;
  }
  registry::Search& found = landed->value;
  const auto suffices = [&] {
    return judge::Judge(ToEvidence(found, question, subject), requirement, clock_.Now()).reason == Reason::kSigned;
  };
  // The other question may have needed less than this one.
  if (!landed->shared || found.complete || found.trouble || suffices()) return std::move(found);
  return Find(question, subject, requirement);
}

Pull Gate::DecidePull(const Snapshot& snapshot, const Question& question) {
  policy::Selection selection = SelectRules(snapshot, question);
  const bool judged = std::any_of(selection.all.begin(), selection.all.end(), [](const policy::Applicable& one) {
    return one.rule != nullptr && one.rule->IsJudged();
  });
  if (!judged && !selection.needs_digest) return Pull{DecideByRules(snapshot, question, selection), std::nullopt};

  auto digest = registry_.Resolve(question.name, question.credentials, question.deadline);
  if (!digest) {
    Decision out;
    SetRegistryError(out, digest.error());
    // Recorded only where every rule that may decide is in audit mode.
    out.audit_only = selection.complete;
    for (const policy::Applicable& one : selection.all) {
      if (one.rule == nullptr) continue;
      if (out.rule.empty()) out.labels = one.rule->labels;
      if (out.rule.empty()) out.rule = one.rule->name;
      out.audit_only = out.audit_only && one.rule->mode == policy::RuleMode::kAudit;
    }
    out.audit_only = out.audit_only || snapshot.policy.mode == policy::Mode::kAudit;
    out.steps.push_back("resolve " + question.name.Text() + ": " + digest.error().message);
    return Pull{std::move(out), std::nullopt};
  }
  Question resolved = question;
  resolved.candidates = {*digest};
  Decision decision = DecideByRules(snapshot, resolved, SelectRules(snapshot, resolved));
  decision.steps.insert(decision.steps.begin(), "resolve " + question.name.Text() + ": " + digest->text());
  if (decision.reason != Reason::kSignatureMissing) return Pull{std::move(decision), *digest};

  const auto only = OnlyManifestForNode(question, *digest);
  if (!only) {
    SetRegistryError(decision, only.error());
    decision.steps.push_back("index " + digest->text() + ": " + only.error().message);
    return Pull{std::move(decision), *digest};
  }
  if (!*only) return Pull{std::move(decision), *digest};
  const oci::Digest& manifest = **only;
  resolved.candidates = {manifest};
  Decision second = DecideByRules(snapshot, resolved, SelectRules(snapshot, resolved));
  second.steps.insert(second.steps.begin(),
                      "index " + digest->text() + ": its only manifest for this node is " + manifest.text());
  second.steps.insert(second.steps.begin(), decision.steps.begin(), decision.steps.end());
  if (second.outcome() != Outcome::kAllow) return Pull{std::move(second), *digest};
  return Pull{std::move(second), manifest};
}

Result<std::optional<oci::Digest>> Gate::OnlyManifestForNode(const Question& question, const oci::Digest& index) {
  const auto fetched = registry_.FetchManifest(question.name, index, question.credentials, question.deadline);
  // Also where it is "not there": what a tag or a pod names must be, so its absence is the registry's trouble.
  if (!fetched) return fetched.error();
  const auto parsed = oci::Manifest::Parse(fetched->bytes, fetched->media_type);
  if (!parsed && parsed.error().code == ErrorCode::kLimit) return parsed.error();
  // The bytes are the ones that the digest means, so what cannot be read in them never will be.
  if (!parsed || parsed->kind != oci::Manifest::Kind::kIndex) return std::optional<oci::Digest>();
  std::optional<oci::Digest> only;
  for (const oci::Descriptor& entry : parsed->manifests) {
    if (!entry.platform || entry.platform->os != node_.os || entry.platform->architecture != node_.architecture)
      continue;
    if (only) return std::optional<oci::Digest>();
    only = entry.digest;
  }
  return only;
}

Status Gate::Flush() {
  Status whole = evidence_.Flush();
  const MutexLock lock(mutex_);
  verdicts_.Clear();
  return whole;
}

CacheSizes Gate::Sizes() {
  const std::size_t images = evidence_.size();
  const MutexLock lock(mutex_);
  return CacheSizes{verdicts_.size(), images};
}

}  // namespace pullseal::gate
