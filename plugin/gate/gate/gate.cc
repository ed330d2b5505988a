// SPDX-License-Identifier: Apache-2.0
#include "gate/gate/gate.h"

#include <algorithm>
#include <utility>

#include "gate/gate/limits.h"
#include "gate/gate/snapshot.h"

namespace pullseal::gate {
namespace {

// Trouble with what a pull names. That no registry has it is an answer, though none about signatures.
void SetPullError(Decision& decision, const Error& error) {
  SetRegistryError(decision, error);
  if (error.code == ErrorCode::kNotFound) decision.reason = Reason::kImageNotFound;
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

bool HasDenying(const policy::Selection& selection) {
  return std::any_of(selection.all.begin(), selection.all.end(), [](const policy::Applicable& one) {
    return one.rule != nullptr && one.rule->mode == policy::RuleMode::kDeny;
  });
}

// Whether content may run by it that no signature satisfies, and that its match does not name by digest.
bool MayRunUnsigned(const policy::Applicable& one) {
  if (one.exception != nullptr) return one.exception->match.digests().empty();
  const bool lax = one.rule->mode == policy::RuleMode::kAllow || one.rule->mode == policy::RuleMode::kAudit;
  return lax && one.rule->match.digests().empty();
}

// Whether content would run by `rule`, as it decided, without a signature that satisfies it.
bool RunsUnsigned(const policy::Rule& rule, const Decision& decision) {
  return rule.mode == policy::RuleMode::kAllow ||
         (rule.mode == policy::RuleMode::kAudit && decision.outcome() != Outcome::kAllow);
}

void SetOriginTrouble(Decision& decision, const Error& error) {
  SetRegistryError(decision, error);
  if (error.code == ErrorCode::kUnavailable) return;  // told with its own advice
  decision.advice =
      "the rule lets this image run unsigned once it is known where it came from; nothing on this node says so, and "
      "its "
      "registry could not be asked. Pull it again (imagePullPolicy: Always), or ask your platform team to note it.";
}

}  // namespace

Gate::Gate(registry::Client& registry, const Clock& clock, oci::Platform node, Options options,
           store::EvidenceStore* store, Origins* origins)
    : registry_(registry),
      clock_(clock),
      node_(std::move(node)),
      subjects_(registry, clock, options, store),
      provenance_(registry, clock, origins),
      attestations_(registry, clock, options, store) {}

policy::Selection Gate::SelectRules(const Snapshot& snapshot, const Question& question,
                                    const std::vector<const policy::Exception*>& passed_over) const {
  policy::Subject subject{question.name, question.pod_namespace, std::nullopt, snapshot.node_labels};
  if (!question.candidates.empty()) subject.digests = question.candidates;
  subject.action = question.action;
  subject.path = question.path;
  subject.image_id = question.image_id;
  subject.passed_over = passed_over;
  return policy::Select(snapshot.policy, subject, clock_.Now());
}

Decision Gate::DecideContent(const Snapshot& snapshot, const Question& question) {
  if (question.candidates.empty()) return Refuse(Reason::kImageLinkUnproven, "no digest to judge");
  return DecideByRules(snapshot, question);
}

Gate::Choice Gate::Choose(const Snapshot& snapshot, const Question& question) {
  Choice out{.selection = SelectRules(snapshot, question), .passed_over = {}, .trouble = {}};
  std::vector<const policy::Exception*> passed_over;
  if (HasDenying(out.selection)) return out;
  while (true) {
    const policy::Exception* unproven = nullptr;
    for (const policy::Applicable& one : out.selection.all) {
      if (one.exception == nullptr) continue;
      const auto proven = provenance_.Prove(question, one.exception->match);
      if (proven && *proven) continue;
      if (!proven && !out.trouble) out.trouble = proven.error();
      unproven = one.exception;
      out.passed_over.push_back("exception " + unproven->name + " is passed over: " +
                                (proven ? "nothing proves where the image came from" : proven.error().message));
      break;
    }
    if (unproven == nullptr) return out;
    passed_over.push_back(unproven);
    if (passed_over.size() > limits::kExceptionsPassedOver) {
      out.trouble = Error{ErrorCode::kLimit, "more exceptions apply than are looked at"};
      out.selection = {};
      return out;
    }
    out.selection = SelectRules(snapshot, question, passed_over);
  }
}

Decision Gate::DecideByRules(const Snapshot& snapshot, const Question& question) {
  const Choice choice = Choose(snapshot, question);
  const policy::Selection& selection = choice.selection;
  std::vector<Decision> decisions;
  for (const policy::Applicable& one : selection.all) {
    Decision decision;
    if (one.exception != nullptr) {
      decision.reason = Reason::kException;
      decision.rule = one.exception->name;
    } else {
      decision = DecideByRule(snapshot, question, *one.rule);
      if (RunsUnsigned(*one.rule, decision) && !HasDenying(selection)) {
        RequireOrigin(question, one.rule->match, decision);
      }
    }
    decisions.push_back(std::move(decision));
  }
  if (!selection.complete) {
    decisions.push_back(Refuse(Reason::kNoRule, decisions.empty() ? "no rule matches"
                                                                  : "the pod's namespace or the node's labels are not "
                                                                    "known, and for some of them no rule matches"));
  }
  Decision out = Worst(std::move(decisions));
  const bool open = choice.trouble && out.outcome() == Outcome::kDeny && !out.audit_only;
  if (open) SetOriginTrouble(out, *choice.trouble);
  out.steps.insert(out.steps.begin(), choice.passed_over.begin(), choice.passed_over.end());
  if (!out.digest && !question.candidates.empty()) out.digest = question.candidates.front();
  return out;
}

// A name in the store is a claim that anybody who may pull or import can make, so where no signature is asked for, or
// none was found, something must prove where the content came from.
void Gate::RequireOrigin(const Question& question, const policy::Match& match, Decision& decision) {
  const auto proven = provenance_.Prove(question, match);
  if (proven && *proven) return;
  decision.audit_only = false;
  if (!proven) return SetOriginTrouble(decision, proven.error());
  decision.reason = Reason::kProvenanceUnproven;
  decision.detail = "nothing proves that the content came from " + question.name.MatchName();
  decision.steps.push_back(decision.detail);
}

Decision Gate::JudgeCandidates(const Snapshot& snapshot, const Question& question, const policy::Rule& rule) {
  Decision out;
  if (!rule.require.signatures.asks()) {
    // Neither part of a requirement stands for the other: attestations alone are asked for, and judged next.
    out.reason = rule.require.asks() ? Reason::kSigned : Reason::kSignatureMissing;
    out.digest = question.candidates.front();
    return out;
  }
  // One good candidate is enough; otherwise the reason that ranks highest is told.
  std::vector<std::string> steps;
  out.reason = Reason::kSignatureMissing;
  for (const oci::Digest& subject : question.candidates) {
    Decision one = subjects_.Decide(snapshot, question, rule, subject);
    steps.insert(steps.end(), one.steps.begin(), one.steps.end());
    const bool allowed = one.outcome() == Outcome::kAllow;
    if (allowed || one.reason >= out.reason) out = std::move(one);
    if (allowed) break;
  }
  out.steps = std::move(steps);
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
    case policy::RuleMode::kAudit:
      out = JudgeCandidates(snapshot, question, rule);
      if (out.outcome() == Outcome::kAllow && !rule.require.attestations.empty()) {
        out = AddAttestations(snapshot, question, rule, std::move(out));
      }
      break;
  }
  out.rule = rule.name;
  out.labels = rule.labels;
  out.audit_only = rule.mode == policy::RuleMode::kAudit;
  return out;
}

Decision Gate::AddAttestations(const Snapshot& snapshot, const Question& question, const policy::Rule& rule,
                               Decision decided) {
  const auto image = AttestedImageOf(question);
  if (!image) {
    SetRegistryError(decided, image.error());
    decided.steps.push_back("the image's index: " + image.error().message);
    return decided;
  }
  Decision attested = attestations_.Decide(snapshot, question, rule, *image);
  decided.steps.insert(decided.steps.end(), attested.steps.begin(), attested.steps.end());
  decided.cache = std::max(decided.cache, attested.cache);
  decided.attestations = std::move(attested.attestations);
  if (attested.outcome() == Outcome::kAllow) {
    decided.evidence.insert(decided.evidence.end(), attested.evidence.begin(), attested.evidence.end());
    return decided;
  }
  decided.reason = attested.reason;
  decided.detail = std::move(attested.detail);
  decided.advice = attested.advice;
  return decided;
}

// The digests that mean the image on this node. One that has no index is both.
Result<judge::AttestedImage> Gate::AttestedImageOf(const Question& question) {
  const oci::Digest& first = question.candidates.front();
  judge::AttestedImage out{first, first, question.name.MatchName()};
  if (!question.is_pull) {
    out.index = question.candidates.back();
    return out;
  }
  auto only = OnlyManifestForNode(question, first);
  if (!only) return only.error();
  if (*only) out.manifest = **only;
  return out;
}

Pull Gate::DecidePull(const Snapshot& snapshot, const Question& question) {
  Pull out = JudgePull(snapshot, question);
  NoteErrand(snapshot, question, out);
  return out;
}

// A digest that the pull names is asked for where its origin must be proven, not here.
Result<oci::Digest> Gate::Resolve(const Question& question, const policy::Selection& selection) {
  const bool needs_origin =
      !question.name.digest() && std::any_of(selection.all.begin(), selection.all.end(), &MayRunUnsigned);
  if (needs_origin) return provenance_.Resolve(question.name, question.credentials, question.deadline);
  auto digest = registry_.Resolve(question.name, question.credentials, question.deadline);
  if (digest && !question.name.digest()) provenance_.Told(question.name, *digest);
  return digest;
}

Pull Gate::JudgePull(const Snapshot& snapshot, const Question& question) {
  policy::Selection selection = SelectRules(snapshot, question);
  const bool judged = std::any_of(selection.all.begin(), selection.all.end(), [](const policy::Applicable& one) {
    return one.rule != nullptr && one.rule->IsJudged();
  });
  const bool unsigned_only = !judged && std::any_of(selection.all.begin(), selection.all.end(), &MayRunUnsigned);
  const bool settled = HasDenying(selection) ? !judged : !judged && !unsigned_only;
  if (settled && !selection.needs_digest) return Pull{DecideByRules(snapshot, question), std::nullopt};

  auto digest = Resolve(question, selection);
  if (!digest) return Unresolved(question, selection, digest.error());
  Question resolved = question;
  resolved.candidates = {*digest};
  resolved.is_pull = true;
  Decision decision = DecideByRules(snapshot, resolved);
  decision.steps.insert(decision.steps.begin(), "resolve " + question.name.Text() + ": " + digest->text());
  if (decision.reason != Reason::kSignatureMissing) return Pull{std::move(decision), *digest};

  const auto only = OnlyManifestForNode(question, *digest);
  if (!only) {
    SetPullError(decision, only.error());
    decision.steps.push_back("index " + digest->text() + ": " + only.error().message);
    return Pull{std::move(decision), *digest};
  }
  if (!*only) return Pull{std::move(decision), *digest};
  const oci::Digest& manifest = **only;
  resolved.candidates = {manifest};
  Decision second = DecideByRules(snapshot, resolved);
  second.steps.insert(second.steps.begin(),
                      "index " + digest->text() + ": its only manifest for this node is " + manifest.text());
  second.steps.insert(second.steps.begin(), decision.steps.begin(), decision.steps.end());
  if (second.outcome() != Outcome::kAllow) return Pull{std::move(second), *digest};
  return Pull{std::move(second), manifest};
}

// What a name stands for could not be asked, so nothing was judged.
Pull Gate::Unresolved(const Question& question, const policy::Selection& selection, const Error& error) const {
  Decision out;
  SetPullError(out, error);
  // Also where every rule that may decide is in audit mode: it is not known where that came from which would run.
  for (const policy::Applicable& one : selection.all) {
    if (one.rule == nullptr) continue;
    if (out.rule.empty()) out.labels = one.rule->labels;
    if (out.rule.empty()) out.rule = one.rule->name;
  }
  out.steps.push_back("resolve " + question.name.Text() + ": " + error.message);
  return Pull{std::move(out), std::nullopt};
}

Result<std::optional<oci::Digest>> Gate::OnlyManifestForNode(const Question& question, const oci::Digest& index) {
  const auto fetched = registry_.FetchManifest(question.name, index, question.credentials, question.deadline);
  // What a tag has just been resolved to must be there, so its absence is the registry's trouble.
  const bool resolved = !question.name.digest();
  if (!fetched && fetched.error().code == ErrorCode::kNotFound && resolved) {
    return Error{ErrorCode::kRemote, fetched.error().message + ", though a tag stands for it"};
  }
  if (!fetched) return fetched.error();
  const auto parsed = oci::Manifest::Parse(fetched->bytes, fetched->media_type);
  if (!parsed && parsed.error().code == ErrorCode::kLimit) return parsed.error();
  // The bytes are the ones that the digest means, so what cannot be read in them never will be.
  if (!parsed || parsed->kind != oci::Manifest::Kind::kIndex) return std::optional<oci::Digest>();
  // containerd may follow what we cannot: with such an entry for this node nobody knows which one it would take.
  for (const oci::UnreadDescriptor& entry : parsed->unread) {
    if (!entry.platform || (entry.platform->os == node_.os && entry.platform->architecture == node_.architecture)) {
      return std::optional<oci::Digest>();
    }
  }
  std::optional<oci::Digest> only;
  for (const oci::Descriptor& entry : parsed->manifests) {
    if (!entry.platform || entry.platform->os != node_.os || entry.platform->architecture != node_.architecture)
      continue;
    if (only) return std::optional<oci::Digest>();
    only = entry.digest;
  }
  return only;
}

namespace {
// Whether everything that a registry has is wanted: an audit mode that the policy asks for, before it enforces.
bool WantsAll(const Snapshot& snapshot) {
  return snapshot.policy.mode == policy::Mode::kAudit && !snapshot.break_glass;
}
}  // namespace

// Where a create can ask the registry itself, by the node's credentials or by none, there is nothing to hurry for.
void Gate::NoteErrand(const Snapshot& snapshot, const Question& question, const Pull& pull) {
  const bool goes_on = pull.decision.outcome() == Outcome::kAllow || pull.decision.audit_only;
  if (!goes_on || (question.credentials.empty() && !WantsAll(snapshot))) return;
  const std::optional<oci::Digest> subject = pull.digest ? pull.digest : pull.decision.digest;
  const std::string what = subject ? question.name.Repository() + "@" + subject->text() : question.name.Text();
  errands_.Put(Errand{.key = what + "|" + snapshot.policy.fingerprint,
                      .name = question.name,
                      .subject = subject,
                      .user = question.pod_namespace.value_or(""),
                      .credentials = question.credentials});
}

int Gate::Gather(const Snapshot& snapshot, const std::atomic<bool>& stopping) {
  int done = 0;
  while (!stopping) {
    const auto errand = errands_.Take();
    if (!errand) break;
    if (!RunErrand(snapshot, *errand)) errands_.Failed(errand->key);
    ++done;
  }
  return done;
}

Status Gate::RunErrand(const Snapshot& snapshot, const Errand& errand) {
  const Question question{.name = errand.name,
                          .pod_namespace = errand.user,
                          .candidates = {},
                          .credentials = errand.credentials,
                          .deadline = clock_.Steady() + limits::kErrandTime,
                          .is_pull = true};
  std::optional<oci::Digest> subject = errand.subject;
  if (!subject) {
    auto digest = registry_.Resolve(errand.name, errand.credentials, question.deadline);
    if (!digest) return digest.error();
    subject = std::move(*digest);
  }
  const auto kept = subjects_.Gather(snapshot, question, *subject, WantsAll(snapshot));
  if (!kept) return kept.error();
  if (*kept > 0) return {};
  // As a pull does: where the index is not signed, its only manifest may be.
  const auto only = OnlyManifestForNode(question, *subject);
  if (!only) return only.error();
  if (!*only) return {};
  const auto of_manifest = subjects_.Gather(snapshot, question, **only, WantsAll(snapshot));
  return of_manifest ? Status() : of_manifest.error();
}

Status Gate::Flush() {
  errands_.Clear();
  Status whole = subjects_.evidence().Flush();
  if (Status others = attestations_.Flush(); !others) whole = std::move(others);
  subjects_.ForgetVerdicts();
  return whole;
}

CacheSizes Gate::Sizes() { return CacheSizes{subjects_.verdicts(), subjects_.evidence().size()}; }

}  // namespace pullseal::gate
