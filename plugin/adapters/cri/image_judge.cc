// SPDX-License-Identifier: Apache-2.0
#include "adapters/cri/image_judge.h"

#include <algorithm>
#include <utility>

#include "adapters/cri/limits.h"

namespace pullseal::cri {
namespace {

using gate::Decision;
using gate::Outcome;
using gate::Reason;

// Both fail with the runtime, but only a mismatch of bytes is a broken rule.
Decision FromRuntimeError(const Error& error) {
  if (error.code == ErrorCode::kInvalid || error.code == ErrorCode::kNotFound || error.code == ErrorCode::kLimit) {
    return gate::Refuse(Reason::kImageLinkUnproven, error.message);
  }
  return gate::Refuse(gate::ReasonForRuntime(error), error.message);
}

// The names under which the store has the image, each repository once.
std::vector<oci::Reference> RepositoriesOf(const std::vector<runtime::Link>& links) {
  std::vector<oci::Reference> out;
  for (const runtime::Link& link : links) {
    auto name = oci::Reference::Parse(link.record);
    if (!name || link.record.starts_with("sha256:")) continue;
    const bool known = std::any_of(out.begin(), out.end(),
                                   [&](const oci::Reference& one) { return one.MatchName() == name->MatchName(); });
    if (!known) out.push_back(std::move(*name));
  }
  return out;
}

// Digests a signature may be for: those of records of this very repository first.
std::vector<oci::Digest> CandidatesFor(const oci::Reference& name, const std::vector<runtime::Link>& links) {
  std::vector<oci::Digest> out;
  for (const bool own : {true, false}) {
    for (const runtime::Link& link : links) {
      const auto record = oci::Reference::Parse(link.record);
      if ((record && record->MatchName() == name.MatchName()) != own) continue;
      for (const oci::Digest& digest : link.Candidates()) {
        if (std::find(out.begin(), out.end(), digest) == out.end()) out.push_back(digest);
      }
    }
  }
  return out;
}

bool Allowed(const Decision& decision) { return decision.outcome() == Outcome::kAllow || decision.audit_only; }

}  // namespace

std::vector<std::string> ImageJudge::StoreNames(const runtime::Image& image) {
  std::vector<std::string> names = {image.id};
  for (const auto* list : {&image.repo_tags, &image.repo_digests}) {
    for (const std::string& name : *list) {
      if (names.size() < limits::kStoreNames) names.push_back(name);
    }
  }
  return names;
}

Result<ImageJudge::Proof> ImageJudge::Prove(const ImageQuestion& question, Decision& refusal) {
  const auto fail = [&](Decision decision) {
    refusal = std::move(decision);
    return Error{ErrorCode::kInvalid, refusal.detail};
  };
  auto id = oci::Digest::Parse(question.image_id);
  if (!id) return fail(gate::Refuse(Reason::kImageLinkUnproven, id.error().message));
  auto records = runtime_.FindRecords(question.store_names, question.deadline);
  if (!records) return fail(FromRuntimeError(records.error()));
  auto links = linker_.ProveImage(*records, *id, question.deadline);
  if (!links) return fail(FromRuntimeError(links.error()));
  if (links->empty())
    return fail(gate::Refuse(Reason::kImageLinkUnproven, "no record in the store leads to " + id->text()));
  for (const runtime::Link& link : *links) {
    if (link.checkpoint) return fail(gate::Refuse(Reason::kCheckpointRefused, link.record + " is a checkpoint"));
  }
  Proof proof{std::move(*links), {}};
  std::vector<oci::Reference> stored = RepositoriesOf(proof.links);
  auto claimed = oci::Reference::Parse(question.claimed_name);
  if (claimed) {
    const bool has = std::any_of(stored.begin(), stored.end(),
                                 [&](const oci::Reference& one) { return one.MatchName() == claimed->MatchName(); });
    if (!has)
      return fail(
          gate::Refuse(Reason::kImageNameMismatch, "the store has no " + claimed->MatchName() + " for " + id->text()));
    proof.names.push_back(std::move(*claimed));
  } else {
    proof.names = std::move(stored);
  }
  if (proof.names.empty())
    return fail(gate::Refuse(Reason::kImageNameMismatch, "the store has no name for " + id->text()));
  return proof;
}

ImageAnswer ImageJudge::Judge(const gate::Snapshot& snapshot, const ImageQuestion& question) {
  ImageAnswer answer;
  auto proof = Prove(question, answer.decision);
  if (!proof) return answer;
  std::optional<Decision> decision;
  for (const oci::Reference& name : proof->names) {
    const gate::Question one{name, question.pod_namespace, CandidatesFor(name, proof->links), question.credentials,
                             question.deadline};
    decision = gate_.DecideContent(snapshot, one);
    if (!Allowed(*decision)) break;
  }
  answer.decision = std::move(*decision);
  if (!Allowed(answer.decision)) return answer;
  auto chain = linker_.ChainId(proof->links.front().config, question.deadline);
  if (chain) {
    answer.chain_id = std::move(*chain);
  } else {
    answer.decision = FromRuntimeError(chain.error());
  }
  return answer;
}

Decision ImageJudge::JudgeEveryRecord(const gate::Snapshot& snapshot, const ImageQuestion& question) {
  Decision decision;
  auto proof = Prove(question, decision);
  if (!proof) return decision;
  for (const runtime::Link& link : proof->links) {
    for (const oci::Reference& name : proof->names) {
      decision = gate_.DecideContent(snapshot, gate::Question{name, question.pod_namespace, link.Candidates(),
                                                              question.credentials, question.deadline});
      if (!Allowed(decision)) return decision;
    }
  }
  return decision;
}

Decision ImageJudge::CompareRootfs(const gate::Snapshot& snapshot, const ImageQuestion& question,
                                   const ImageAnswer& answer, const runtime::Container& container) {
  if (container.snapshot_parent != answer.chain_id) {
    return gate::Refuse(Reason::kImageLinkUnproven, "container " + container.id + " stands on " +
                                                        Printable(container.snapshot_parent, 80) + ", not on " +
                                                        answer.chain_id);
  }
  if (runtime::ChecksDiffIds(container.snapshotter)) return answer.decision;
  return JudgeEveryRecord(snapshot, question);
}

}  // namespace pullseal::cri
