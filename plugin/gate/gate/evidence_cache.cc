// SPDX-License-Identifier: Apache-2.0
#include "gate/gate/evidence_cache.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "gate/gate/limits.h"
#include "image/oci/limits.h"

namespace pullseal::gate {
namespace {

using Dated = EvidenceCache::Dated;

std::size_t CostOf(const std::vector<Dated>& signatures) {
  std::size_t cost = 1024;
  for (const Dated& one : signatures) {
    cost += one.signature.payload.size() + 512;
    for (const auto& [name, value] : one.signature.annotations) cost += name.size() + value.size() + 128;
  }
  return cost;
}

bool IsSame(const judge::SignatureEvidence& a, const judge::SignatureEvidence& b) {
  return a.blob == b.blob && a.media_type == b.media_type && a.annotations == b.annotations;
}

std::vector<store::StoredSignature> ToStored(const std::vector<Dated>& signatures) {
  std::vector<store::StoredSignature> out;
  for (const Dated& one : signatures) {
    out.push_back(store::StoredSignature{one.signature.blob, one.signature.media_type, one.signature.payload,
                                         one.signature.annotations, one.fetched});
  }
  return out;
}

WallTime NewestOf(const std::vector<Dated>& signatures) {
  WallTime newest;
  for (const Dated& one : signatures) newest = std::max(newest, one.fetched);
  return newest;
}

}  // namespace

EvidenceCache::EvidenceCache(store::EvidenceStore* store, const Clock& clock, std::chrono::milliseconds max_age)
    : store_(store), clock_(clock), max_age_(max_age) {}

std::string EvidenceCache::KeyOf(const oci::Digest& subject, const oci::Reference& name) {
  return subject.text() + "|" + name.MatchName();
}

// A date in the future was written by a clock that was wrong, or by somebody who wants evidence to stay young.
bool EvidenceCache::IsKept(WallTime fetched) const {
  const WallTime now = clock_.Now();
  return fetched <= now + limits::kClockSkew && now - fetched < limits::kEvidenceLife;
}

EvidenceCache::Signatures EvidenceCache::FromStore(const oci::Digest& subject, const oci::Reference& name) const {
  if (store_ == nullptr) return nullptr;
  std::vector<Dated> out;
  for (store::StoredSignature& one : store_->Find(subject, name.MatchName())) {
    if (!IsKept(one.fetched)) continue;
    out.push_back(Dated{judge::SignatureEvidence{std::move(one.blob), std::move(one.media_type), std::move(one.bytes),
                                                 std::move(one.annotations)},
                        one.fetched});
  }
  if (out.empty()) return nullptr;
  return std::make_shared<const std::vector<Dated>>(std::move(out));
}

EvidenceCache::Signatures EvidenceCache::Find(const oci::Digest& subject, const oci::Reference& name) {
  const std::string key = KeyOf(subject, name);
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = entries_.Find(key)) {
      (*found)->used = clock_.Steady();
      return (*found)->signatures;
    }
  }
  Signatures stored = FromStore(subject, name);
  if (stored == nullptr) return nullptr;
  const SteadyTime now = clock_.Steady();
  auto entry = std::make_shared<Entry>(Entry{subject, name, stored, now, SteadyTime{}});
  const std::lock_guard lock(mutex_);
  entries_.Put(key, std::move(entry), CostOf(*stored));
  return stored;
}

void EvidenceCache::Add(const oci::Digest& subject, const oci::Reference& name,
                        const std::vector<judge::SignatureEvidence>& fetched) {
  const Signatures known = Find(subject, name);
  std::vector<Dated> merged;
  for (const judge::SignatureEvidence& one : fetched) merged.push_back(Dated{one, clock_.Now()});
  if (known != nullptr) {
    for (const Dated& old : *known) {
      const bool again =
          std::any_of(fetched.begin(), fetched.end(), [&](const auto& one) { return IsSame(one, old.signature); });
      if (!again && merged.size() < limits::kSignatures && IsKept(old.fetched)) merged.push_back(old);
    }
  }
  if (store_ != nullptr) store_->Put(subject, name.MatchName(), ToStored(merged));
  const std::size_t cost = CostOf(merged);
  const SteadyTime now = clock_.Steady();
  auto entry = std::make_shared<Entry>(
      Entry{subject, name, std::make_shared<const std::vector<Dated>>(std::move(merged)), now, SteadyTime{}});
  const std::lock_guard lock(mutex_);
  entries_.Put(KeyOf(subject, name), std::move(entry), cost);
}

judge::Evidence EvidenceCache::Select(const Signatures& signatures, const oci::Digest& subject,
                                      const oci::Reference& name, bool stale) const {
  judge::Evidence out{subject, name.MatchName(), {}};
  if (signatures == nullptr) return out;
  const WallTime now = clock_.Now();
  for (const Dated& one : *signatures) {
    if (!IsKept(one.fetched)) continue;
    if (stale || now - one.fetched < max_age_) out.signatures.push_back(one.signature);
  }
  return out;
}

std::chrono::milliseconds EvidenceCache::TimeLeft(const Signatures& signatures) const {
  const WallTime now = clock_.Now();
  auto left = max_age_;
  for (const Dated& one : *signatures) {
    const auto own = std::chrono::duration_cast<std::chrono::milliseconds>(one.fetched + max_age_ - now);
    if (own > std::chrono::milliseconds::zero()) left = std::min(left, own);
  }
  return left;
}

bool EvidenceCache::Due::Has(const judge::SignatureEvidence& signature) const {
  return std::any_of(signatures->begin(), signatures->end(),
                     [&](const Dated& one) { return IsSame(one.signature, signature); });
}

std::vector<EvidenceCache::Due> EvidenceCache::FindDue(std::size_t most) {
  const WallTime now = clock_.Now();
  const SteadyTime steady = clock_.Steady();
  std::vector<Due> out;
  const std::lock_guard lock(mutex_);
  entries_.ForEach([&](const std::string& key, const std::shared_ptr<Entry>& entry) {
    if (out.size() >= most || steady - entry->used > max_age_) return;
    // 50 to 89 % of the maximum age, by a number that differs between images and between nodes that began apart.
    const auto share = static_cast<int>(std::hash<std::string>{}(key) % 40);
    const auto due_at = max_age_ / 100 * (50 + share);
    if (now - NewestOf(*entry->signatures) < due_at) return;
    if (entry->tried != SteadyTime{} && steady - entry->tried < max_age_ / 20) return;
    entry->tried = steady;
    out.push_back(Due{entry->subject, entry->name, entry->signatures});
  });
  return out;
}

bool EvidenceCache::Flush() {
  {
    const std::lock_guard lock(mutex_);
    entries_.Clear();
  }
  return store_ == nullptr || store_->Flush();
}

std::size_t EvidenceCache::size() {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

std::vector<store::EvidenceStore::Subject> EvidenceCache::List(std::size_t most) {
  std::vector<store::EvidenceStore::Subject> out;
  std::set<std::string> seen;
  {
    const std::lock_guard lock(mutex_);
    entries_.ForEach([&](const std::string& key, const std::shared_ptr<Entry>& entry) {
      if (out.size() >= most) return;
      seen.insert(key);
      out.push_back(
          {entry->subject.text(), entry->name.MatchName(), entry->signatures->size(), NewestOf(*entry->signatures)});
    });
  }
  if (store_ == nullptr) return out;
  for (store::EvidenceStore::Subject& one : store_->List(most)) {
    if (out.size() < most && !seen.contains(one.digest + "|" + one.repository)) out.push_back(std::move(one));
  }
  return out;
}

}  // namespace pullseal::gate
