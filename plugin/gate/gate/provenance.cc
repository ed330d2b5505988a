// SPDX-License-Identifier: Apache-2.0
#include "gate/gate/provenance.h"

#include <optional>
#include <utility>

#include "core/base/log.h"

namespace pullseal::gate {
namespace {

std::string KeyOf(const oci::Reference& name, const oci::Digest& digest) {
  return name.MatchName() + "@" + digest.text();
}

// What the node knows depends on what the rule lets count.
std::string KeyOf(const Question& question, const policy::Match& match) {
  std::string out = question.name.Text() + "|" + std::string(policy::Text(question.action));
  for (const oci::Digest& one : question.candidates) out += "|" + one.text();
  for (const policy::ImageGlob& one : match.sources()) out += "|" + one.text();
  return out;
}

}  // namespace

Result<bool> Provenance::Prove(const Question& question, const policy::Match& match) {
  if (question.candidates.empty()) return false;
  // Content that was matched by its digest is what somebody wrote down, wherever it came from.
  if (!match.digests().empty()) return true;
  const std::string key = KeyOf(question, match);
  {
    const MutexLock lock(mutex_);
    if (known_.Find(key)) return true;
    for (const oci::Digest& one : question.candidates) {
      if (proven_.Find(KeyOf(question.name, one))) return true;
    }
  }
  std::optional<Error> trouble;
  if (origins_ != nullptr) {
    const auto noted = origins_->IsProven(OriginClaim{.name = question.name,
                                                      .candidates = question.candidates,
                                                      .sources = match.sources(),
                                                      .action = question.action,
                                                      .deadline = question.deadline});
    if (noted && *noted) {
      const MutexLock lock(mutex_);
      known_.Put(key, true);
      return true;
    }
    if (!noted) trouble = noted.error();
  }
  const auto said = AskRegistry(question);
  if (said && *said) return true;
  if (!said) return said.error();
  if (trouble) return *trouble;
  return false;
}

// The manifest that runs is asked for first; the index that it was found in says as much.
Result<bool> Provenance::AskRegistry(const Question& question) {
  std::optional<Error> trouble;
  for (auto one = question.candidates.rbegin(); one != question.candidates.rend(); ++one) {
    const std::string key = KeyOf(question.name, *one) + "|" + question.credentials.Fingerprint();
    {
      const MutexLock lock(mutex_);
      if (const auto until = refuted_.Find(key); until && clock_.Steady() < *until) continue;
    }
    const auto digest = Resolve(question.name.At(*one), question.credentials, question.deadline);
    if (digest) {
      // A pull that goes on may still fail; its note is written afterwards.
      if (question.is_pull) return true;
      if (const Status noted = NotePulled(question.name, *one, question.deadline); !noted) {
        log::Warn("where an image came from could not be noted: " + noted.error().message);
      }
      return true;
    }
    if (digest.error().code != ErrorCode::kNotFound) {
      if (!trouble) trouble = digest.error();
      continue;
    }
    const MutexLock lock(mutex_);
    refuted_.Put(key, clock_.Steady() + limits::kOriginNoTime);
  }
  if (trouble) return *trouble;
  return false;
}

Result<oci::Digest> Provenance::Resolve(const oci::Reference& name, const credentials::Credentials& credentials,
                                        SteadyTime deadline) {
  auto digest = registry_.ResolveAtOrigin(name, credentials, deadline);
  if (!digest) return digest;
  const MutexLock lock(mutex_);
  proven_.Put(KeyOf(name, *digest), true);
  return digest;
}

void Provenance::Told(const oci::Reference& name, const oci::Digest& digest) {
  const auto peers = registry_.HasPeers(name);
  if (!peers || *peers) return;
  const MutexLock lock(mutex_);
  proven_.Put(KeyOf(name, digest), true);
}

Status Provenance::NotePulled(const oci::Reference& name, const oci::Digest& digest, SteadyTime deadline) {
  {
    const MutexLock lock(mutex_);
    if (!proven_.Find(KeyOf(name, digest))) return {};
  }
  return origins_ != nullptr ? origins_->Note(name, digest, deadline) : Status();
}

Status Provenance::AskAndNote(const Question& question, const oci::Digest& digest) {
  bool asked = false;
  {
    const MutexLock lock(mutex_);
    asked = proven_.Find(KeyOf(question.name, digest)).has_value();
  }
  if (!asked) {
    const auto said = Resolve(question.name.At(digest), question.credentials, question.deadline);
    if (!said) return said.error();
  }
  return NotePulled(question.name, digest, question.deadline);
}

void Provenance::Forget() {
  const MutexLock lock(mutex_);
  proven_.Clear();
  known_.Clear();
  refuted_.Clear();
}

}  // namespace pullseal::gate
