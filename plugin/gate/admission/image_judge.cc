// SPDX-License-Identifier: Apache-2.0
#include "gate/admission/image_judge.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/base/bytes.h"
#include "gate/admission/inquiry.h"
#include "gate/admission/limits.h"
#include "gate/gate/gate.h"
#include "gate/gate/standing.h"

namespace pullseal::admission {
namespace {

using gate::Decision;
using gate::Outcome;
using gate::Reason;

bool IsHex(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Whether nothing is known; else the error is a certain answer.
bool IsTrouble(const Error& error) { return gate::ReasonForRuntime(error) == Reason::kRuntimeUnreachable; }

// Of two decisions on links that do not end the search: one that lets the call go on before one that does not, then the
// one that ranks higher.
bool TellsMore(const Decision& one, const Decision& than) {
  if (one.audit_only != than.audit_only) return one.audit_only;
  return one.reason >= than.reason;
}

}  // namespace

// Search is how far the links of one question have been looked at.
struct ImageJudge::Search {
  oci::Digest id;
  std::set<std::string> targets;      // looked at already
  bool found = false;                 // a record of the claimed repository leads to the image
  bool checkpoint = false;            // one of them is a checkpoint
  bool ended = false;                 // nothing more needs to be looked at
  std::optional<Decision> decision;   // the one to tell so far
  std::optional<runtime::Link> link;  // that it is about
  std::optional<Error> trouble;       // of the first record that could not be followed
};

// A config that describes no layers is everybody's (the empty one of artifacts), so its digest names no image.
gate::Question ImageJudge::AskAbout(const ImageQuestion& question, const runtime::Link& link) {
  gate::Question out{.name = *question.claimed,
                     .pod_namespace = question.pod_namespace,
                     .candidates = link.Candidates(),
                     .credentials = question.credentials,
                     .deadline = question.deadline,
                     .action = question.action};
  const auto chain = linker_.ChainId(link.config, question.deadline);
  if (!chain || chain->empty()) return out;
  out.path = {link.config};
  out.image_id = link.config;
  return out;
}

// A link is judged with its own digests only: what a deny rule or an index says of another one is not about it.
void ImageJudge::TryRecord(const gate::Snapshot& snapshot, const ImageQuestion& question,
                           const runtime::StoreRecord& record, Search& search) {
  if (record.target && !search.targets.insert(record.target->text()).second) return;
  const auto links = linker_.Prove(record, search.id, question.deadline);
  if (!links) {
    if (!search.trouble) search.trouble = links.error();
    return;
  }
  for (const runtime::Link& link : *links) {
    search.found = true;
    if (question.restorable && link.checkpoint) {
      search.checkpoint = true;
      continue;
    }
    Decision one = gate_.DecideContent(snapshot, AskAbout(question, link));
    const bool allowed = one.outcome() == Outcome::kAllow;
    search.ended = allowed || one.reason == Reason::kRuleDenies;
    if (search.decision && !search.ended && !TellsMore(one, *search.decision)) continue;
    search.decision = std::move(one);
    search.link = link;
    if (search.ended) return;
  }
}

// The other records of the claimed repository: another tag or digest of it may be what was signed.
void ImageJudge::TryOthers(const gate::Snapshot& snapshot, const ImageQuestion& question, Search& search) {
  auto records = runtime_.FindRepository(*question.claimed, question.deadline);
  if (!records) {
    if (!search.trouble) search.trouble = records.error();
    return;
  }
  for (const runtime::StoreRecord& record : *records) {
    if (search.ended) return;
    if (search.targets.size() >= limits::kRepositoryTargets) {
      search.trouble = Error{ErrorCode::kLimit, "the image's repository has more records than are looked at"};
      return;
    }
    TryRecord(snapshot, question, record, search);
  }
}

Decision ImageJudge::Conclusion(const ImageQuestion& question, const Search& search) {
  const bool good = search.decision && search.decision->outcome() == Outcome::kAllow;
  if (good || (search.decision && search.decision->reason == Reason::kRuleDenies)) return *search.decision;
  // A record of this repository that could not be read might have been the good one.
  if (search.trouble && (!search.found || IsTrouble(*search.trouble))) {
    Decision unknown = RefuseFor(*search.trouble);
    if (search.decision) unknown.audit_only = search.decision->audit_only;
    return unknown;
  }
  if (search.decision) return *search.decision;
  if (search.checkpoint) return gate::Refuse(Reason::kCheckpointRefused, "the image is a checkpoint");
  if (const auto there = linker_.ChainId(search.id, question.deadline); !there) {
    if (there.error().code == ErrorCode::kNotFound) return gate::Refuse(Reason::kNotOnNode, "no such image");
    return RefuseFor(there.error());
  }
  return gate::Refuse(Reason::kImageNameMismatch,
                      "the store has no " + question.claimed->MatchName() + " for " + search.id.text());
}

ImageAnswer ImageJudge::Judge(const gate::Snapshot& snapshot, const ImageQuestion& question) {
  ImageAnswer answer;
  const auto refuse = [&](Decision decision) {
    answer.decision = std::move(decision);
    return answer;
  };
  auto id = oci::Digest::Parse(question.image_id);
  if (!id) return refuse(gate::Refuse(Reason::kImageLinkUnproven, id.error().message));
  if (!question.claimed) {
    return refuse(gate::Refuse(Reason::kRuntimeUnreachable, "nobody says what the image is called"));
  }
  const auto named = runtime_.FindRecords({question.claimed->Text(), question.image_id}, question.deadline);
  if (!named) return refuse(RefuseFor(named.error()));
  Search search{.id = *id, .targets = {}, .decision = {}, .link = {}, .trouble = {}};
  const runtime::StoreRecord* own = nullptr;  // the record that is named by the ID
  for (const runtime::StoreRecord& record : *named) {
    if (record.name == question.image_id) {
      own = &record;
      continue;
    }
    TryRecord(snapshot, question, record, search);
    // What the pod names is a checkpoint: that is refused, whatever else the repository has for this ID.
    if (search.checkpoint) return refuse(gate::Refuse(Reason::kCheckpointRefused, record.name + " is a checkpoint"));
  }
  if (!search.ended) TryOthers(snapshot, question, search);
  // Re-pointed by every pull of this config: it may lend its digest, and is asked only where the answer is a certain
  // no.
  const bool denied = search.found && search.decision && search.decision->outcome() == Outcome::kDeny;
  if (own != nullptr && denied && !search.ended && !search.trouble) {
    Search help{.id = *id, .targets = search.targets, .decision = {}, .link = {}, .trouble = {}};
    TryRecord(snapshot, question, *own, help);
    if (help.decision && help.decision->outcome() == Outcome::kAllow) search = std::move(help);
  }
  answer.decision = Conclusion(question, search);
  if (gate::StandingOf(answer.decision, &snapshot) == gate::Standing::kRefused || !search.link) return answer;
  auto chain = linker_.ChainId(*id, question.deadline);
  if (!chain) return refuse(RefuseFor(chain.error()));
  answer.link = std::move(search.link);
  answer.chain_id = std::move(*chain);
  return answer;
}

Decision ImageJudge::CompareRootfs(const ImageAnswer& answer, const runtime::Container& container,
                                   SteadyTime deadline) {
  if (container.restored) {
    return gate::Refuse(Reason::kCheckpointRefused, "container " + container.id + " was restored from a checkpoint");
  }
  Status proven = chains_.ProveParent(answer.chain_id, container, deadline);
  if (proven) proven = CompareLayers(answer, container.snapshotter, deadline);
  return proven ? answer.decision : RefuseFor(proven.error());
}

Status ImageJudge::CompareLayers(const ImageAnswer& answer, const std::string& snapshotter, SteadyTime deadline) {
  return answer.link ? chains_.ProveLayers(*answer.link, snapshotter, deadline) : Status();
}

// The order is containerd's: an ID as it is, else a name, else the beginning of an ID.
Result<Stored> ImageJudge::Resolve(const std::string& text, SteadyTime deadline) {
  if (IsHex(text)) return Stored{"sha256:" + text, std::nullopt};
  if (text.starts_with("sha256:") && IsHex(std::string_view(text).substr(7))) return Stored{text, std::nullopt};
  std::optional<oci::Reference> name;
  if (auto parsed = oci::Reference::Parse(text)) {
    auto records = runtime_.FindRecords({parsed->Text()}, deadline);
    if (!records) return records.error();
    if (!records->empty()) {
      auto links = linker_.ProveRecord(records->front(), deadline);
      if (!links) return links.error();
      const bool single = !links->empty() && std::all_of(links->begin(), links->end(), [&](const runtime::Link& one) {
        return one.config == links->front().config;
      });
      if (single) return Stored{links->front().config.text(), std::move(*parsed)};
      name = std::move(*parsed);  // which manifest fits this node best is the runtime's to say
    }
  }
  auto image = runtime_.ResolveImage(text, deadline);
  if (!image) return image.error();
  return Stored{image->id, std::move(name)};
}

}  // namespace pullseal::admission
