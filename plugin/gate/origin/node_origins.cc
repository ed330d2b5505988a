// SPDX-License-Identifier: Apache-2.0
#include "gate/origin/node_origins.h"

#include <algorithm>
#include <array>

#include "core/base/log.h"
#include "gate/origin/limits.h"
#include "gate/origin/source_label.h"

namespace pullseal::origin {
namespace {

// Before the name of the note that says which digest the configured pause image had; no repository's name begins so,
// because its first part is a host.
constexpr std::string_view kPauseNote = "sandbox-image/";

std::string NoteOf(const std::string& repository, const oci::Digest& digest) {
  return repository + "@" + digest.text();
}

bool IsAmong(const std::vector<oci::Digest>& list, const std::optional<oci::Digest>& one) {
  return one && std::find(list.begin(), list.end(), *one) != list.end();
}

// The name's own repository, and of the sources those that are no patterns: a note is asked for by its exact name.
std::vector<std::string> ExactRepositories(const gate::OriginClaim& claim) {
  std::vector<std::string> out = {claim.name.MatchName()};
  for (const policy::ImageGlob& source : claim.sources) {
    if (source.text().find('*') != std::string::npos) continue;
    if (const auto name = oci::Reference::Parse(source.text())) out.push_back(name->MatchName());
  }
  return out;
}

}  // namespace

Result<bool> NodeOrigins::IsProven(const gate::OriginClaim& claim) {
  std::optional<Error> trouble;
  const auto holds = [&](const Result<bool>& answer) {
    if (!answer && !trouble) trouble = answer.error();
    return answer && *answer;
  };
  // First, so that the pause image's digest is kept as soon as it is seen, whatever else proves it.
  if (claim.action == policy::Action::kSandbox && holds(IsPause(claim))) return true;
  if (holds(IsNoted(claim))) return true;
  for (auto one = claim.candidates.rbegin(); one != claim.candidates.rend(); ++one) {
    if (holds(IsLabelled(claim, *one))) return true;
  }
  if (trouble) return *trouble;
  return false;
}

Result<bool> NodeOrigins::IsNoted(const gate::OriginClaim& claim) {
  std::vector<std::string> names;
  for (const std::string& repository : ExactRepositories(claim)) {
    for (const oci::Digest& digest : claim.candidates) {
      if (names.size() < limits::kNoteNames) names.push_back(NoteOf(repository, digest));
    }
  }
  const auto notes = store_.FindNotes(names, claim.deadline);
  if (!notes) return notes.error();
  return std::any_of(notes->begin(), notes->end(),
                     [&](const runtime::StoreRecord& one) { return IsAmong(claim.candidates, one.target); });
}

Result<bool> NodeOrigins::IsLabelled(const gate::OriginClaim& claim, const oci::Digest& digest) {
  const auto labels = store_.FindLabels(digest, claim.deadline);
  if (!labels) {
    // What is too large to read is no note, and neither is what is not there.
    const bool none = labels.error().code == ErrorCode::kNotFound || labels.error().code == ErrorCode::kLimit;
    return none ? Result<bool>(false) : Result<bool>(labels.error());
  }
  const std::string own = claim.name.MatchName();
  std::optional<Error> trouble;
  std::size_t items = 0;
  for (const auto& [label, value] : *labels) {
    const auto host = HostOfLabel(label);
    if (!host || (claim.sources.empty() && !own.starts_with(*host + "/"))) continue;
    for (const std::string& path : ItemsOf(value)) {
      const std::string name = *host + "/" + path;
      if (name != own) {
        if (claim.sources.empty()) continue;
        if (++items > limits::kSourceItems) return false;
        const auto matches = [&](const policy::ImageGlob& source) { return source.Matches(name); };
        if (std::none_of(claim.sources.begin(), claim.sources.end(), matches)) continue;
      }
      const auto counts = Counts(digest, label, *host, path);
      if (counts && *counts) return true;
      if (!counts && !trouble) trouble = counts.error();
    }
  }
  if (trouble) return *trouble;
  return false;
}

// A note that a pull from a port is earning is none, nor is one that any peer mirror could have earned.
Result<bool> NodeOrigins::Counts(const oci::Digest& digest, const std::string& label, const std::string& host,
                                 const std::string& path) {
  if (IsWatched(digest, label, path)) return false;
  const auto name = oci::Reference::Parse(host + "/" + path);
  if (!name || name->host() != host || name->path() != path) return false;
  const auto peers = registry_.HasPeers(*name);
  if (!peers) return peers.error();
  return !*peers;
}

Result<bool> NodeOrigins::IsPause(const gate::OriginClaim& claim) {
  const auto configured = pause_(claim.deadline);
  if (!configured) return configured.error();
  const auto name = oci::Reference::Parse(*configured);
  if (!name || name->Text() != claim.name.Text()) return false;
  const std::string note = std::string(kPauseNote) + name->Text();
  const auto known = store_.FindNotes({note}, claim.deadline);
  if (!known) return known.error();
  if (!known->empty()) return IsAmong(claim.candidates, known->front().target);
  const auto records = runtime_.FindRecords({name->Text()}, claim.deadline);
  if (!records) return records.error();
  if (records->empty() || !records->front().target) return false;
  const oci::Digest& target = *records->front().target;
  if (const Status written = store_.WriteNote(note, target, claim.deadline); !written) return written.error();
  log::Info("the pause image " + name->Text() + " is " + target.text() + " on this node from now on");
  return IsAmong(claim.candidates, target);
}

Status NodeOrigins::Note(const oci::Reference& repository, const oci::Digest& digest, SteadyTime deadline) {
  return store_.WriteNote(NoteOf(repository.MatchName(), digest), digest, deadline);
}

bool NodeOrigins::IsWatched(const oci::Digest& digest, const std::string& label, const std::string& path) {
  const MutexLock lock(mutex_);
  const auto [begin, end] = watched_.equal_range(digest.text());
  return std::any_of(begin, end, [&](const auto& one) {
    return !one.second.before && one.second.label == label && one.second.path == path;
  });
}

std::optional<NodeOrigins::Earned> NodeOrigins::TakeWatched(const Earned& like) {
  const MutexLock lock(mutex_);
  const auto [begin, end] = watched_.equal_range(like.digest.text());
  const auto found = std::find_if(
      begin, end, [&](const auto& one) { return one.second.label == like.label && one.second.path == like.path; });
  if (found == end) return std::nullopt;
  Earned out = std::move(found->second);
  watched_.erase(found);
  return out;
}

void NodeOrigins::BeginPull(const oci::Reference& name, const oci::Digest& digest, SteadyTime deadline) {
  const auto label = PortedLabel(name);
  if (!label) return;
  Earned earned{.digest = digest, .label = *label, .path = name.path(), .before = false, .since = clock_.Steady()};
  // What another such pull is earning just now was not there before.
  if (!IsWatched(digest, *label, name.path())) {
    const auto labels = store_.FindLabels(digest, deadline);
    const auto found = labels ? labels->find(*label) : runtime::OriginStore::Labels::const_iterator();
    if (labels && found != labels->end()) {
      const auto items = ItemsOf(found->second);
      earned.before = std::find(items.begin(), items.end(), name.path()) != items.end();
    }
  }
  const MutexLock lock(mutex_);
  if (watched_.size() < limits::kWatchedPulls) watched_.emplace(digest.text(), std::move(earned));
}

void NodeOrigins::EndPull(const oci::Reference& name, const std::vector<oci::Digest>& digests, SteadyTime deadline) {
  const auto label = PortedLabel(name);
  if (!label) return;
  for (const oci::Digest& digest : digests) {
    const Earned earned{.digest = digest, .label = *label, .path = name.path(), .before = false, .since = {}};
    const auto watched = TakeWatched(earned);
    if (watched && watched->before) continue;
    if (const Status taken = TakeAway(earned, deadline); !taken) {
      log::Warn("what a pull of " + name.Text() + " noted could not be taken away: " + taken.error().message);
      const MutexLock lock(mutex_);
      Earned again = earned;  // not believed, and tried again later
      again.since = clock_.Steady();
      if (watched_.size() < limits::kWatchedPulls) watched_.emplace(digest.text(), std::move(again));
    }
  }
}

Status NodeOrigins::TakeAway(const Earned& earned, SteadyTime deadline) {
  const auto labels = store_.FindLabels(earned.digest, deadline);
  if (!labels && labels.error().code == ErrorCode::kNotFound) return {};
  if (!labels) return labels.error();
  const auto found = labels->find(earned.label);
  if (found == labels->end()) return {};
  const std::string left = Without(found->second, earned.path);
  if (left == found->second) return {};
  return store_.SetLabel(earned.digest, earned.label, left, deadline);
}

Result<int> NodeOrigins::RemoveNotes(const std::function<Result<bool>(const runtime::StoreRecord&)>& which,
                                     const std::atomic<bool>& stopping) {
  constexpr std::string_view kHex = "0123456789abcdef";
  int removed = 0;
  for (const char first : kHex) {
    for (const char second : kHex) {
      if (stopping) return removed;
      const auto notes = store_.ListNotes({first, second}, clock_.Steady() + limits::kSweepCallTime);
      if (!notes) return notes.error();
      for (const runtime::StoreRecord& note : *notes) {
        if (stopping) return removed;
        const auto goes = which(note);
        if (!goes) return goes.error();
        if (!*goes) continue;
        if (const Status done = store_.RemoveNote(note.name, clock_.Steady() + limits::kSweepCallTime); !done) {
          return done.error();
        }
        ++removed;
      }
    }
  }
  return removed;
}

Result<int> NodeOrigins::Sweep(const std::atomic<bool>& stopping) {
  std::vector<Earned> overdue;
  {
    const MutexLock lock(mutex_);
    for (auto one = watched_.begin(); one != watched_.end();) {
      const bool is_old = clock_.Steady() - one->second.since > limits::kWatchedPullTime;
      if (is_old && !one->second.before) overdue.push_back(one->second);
      one = is_old ? watched_.erase(one) : std::next(one);
    }
  }
  for (const Earned& one : overdue) {
    const Status taken = TakeAway(one, clock_.Steady() + limits::kSweepCallTime);
    if (taken) continue;
    const MutexLock lock(mutex_);
    watched_.emplace(one.digest.text(), one);
  }
  return RemoveNotes(
      [this](const runtime::StoreRecord& note) -> Result<bool> {
        // The pause image's is for its name, whose content may go and come back.
        if (note.name.starts_with(kPauseNote) || !note.target) return false;
        const auto there = store_.FindLabels(*note.target, clock_.Steady() + limits::kSweepCallTime);
        if (there || there.error().code == ErrorCode::kLimit) return false;
        if (there.error().code == ErrorCode::kNotFound) return true;
        return there.error();
      },
      stopping);
}

Result<int> NodeOrigins::RemoveAll(const std::atomic<bool>& stopping) {
  return RemoveNotes([](const runtime::StoreRecord&) { return Result<bool>(true); }, stopping);
}

}  // namespace pullseal::origin
