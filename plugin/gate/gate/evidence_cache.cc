// SPDX-License-Identifier: Apache-2.0
#include "gate/gate/evidence_cache.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "core/base/mutex.h"
#include "gate/gate/limits.h"
#include "image/oci/limits.h"
#include "image/store/limits.h"

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

EvidenceCache::Known EvidenceCache::FromStore(const oci::Digest& subject, const oci::Reference& name,
                                              std::chrono::milliseconds patience) const {
  if (store_ == nullptr) return {};
  auto stored = store_->Find(subject, name.MatchName(), patience);
  if (!stored) return Known{nullptr, stored.error()};
  std::vector<Dated> out;
  for (store::StoredSignature& one : *stored) {
    if (!IsKept(one.fetched)) continue;
    out.push_back(Dated{judge::SignatureEvidence{std::move(one.blob), std::move(one.media_type), std::move(one.bytes),
                                                 std::move(one.annotations)},
                        one.fetched});
  }
  if (out.empty()) return {};
  return Known{std::make_shared<const std::vector<Dated>>(std::move(out)), std::nullopt};
}

void EvidenceCache::Keep(const oci::Digest& subject, const oci::Reference& name, Signatures signatures, bool partial) {
  const std::size_t cost = CostOf(*signatures);
  auto entry =
      std::make_shared<Entry>(Entry{subject, name, std::move(signatures), clock_.Steady(), SteadyTime{}, partial});
  const MutexLock lock(mutex_);
  entries_.Put(KeyOf(subject, name), std::move(entry), cost);
}

EvidenceCache::Known EvidenceCache::Find(const oci::Digest& subject, const oci::Reference& name,
                                         std::chrono::milliseconds patience) {
  Signatures in_memory;
  {
    const MutexLock lock(mutex_);
    if (const auto found = entries_.Find(KeyOf(subject, name))) {
      (*found)->used = clock_.Steady();
      in_memory = (*found)->signatures;
      if (!(*found)->partial) return Known{in_memory, std::nullopt};
    }
  }
  Known known = FromStore(subject, name, patience);
  if (known.trouble) return Known{in_memory, std::move(known.trouble)};
  if (in_memory != nullptr) {
    known.signatures = std::make_shared<const std::vector<Dated>>(Merge(*in_memory, known.signatures));
  }
  if (known.signatures != nullptr) Keep(subject, name, known.signatures, false);
  return known;
}

std::vector<Dated> EvidenceCache::Merge(std::vector<Dated> fetched, const Signatures& old) const {
  if (old == nullptr) return fetched;
  for (const Dated& one : *old) {
    const bool again = std::any_of(fetched.begin(), fetched.end(),
                                   [&](const Dated& other) { return IsSame(other.signature, one.signature); });
    if (!again && fetched.size() < limits::kSignatures && IsKept(one.fetched)) fetched.push_back(one);
  }
  return fetched;
}

void EvidenceCache::Add(const oci::Digest& subject, const oci::Reference& name,
                        const std::vector<judge::SignatureEvidence>& fetched) {
  const Known known = Find(subject, name, limits::kStoreReadTime);
  std::vector<Dated> added;
  for (const judge::SignatureEvidence& one : fetched) added.push_back(Dated{one, clock_.Now()});
  std::vector<Dated> merged = Merge(std::move(added), known.signatures);
  // What the store holds is replaced only by what is known to hold it all.
  if (store_ != nullptr && !known.trouble) store_->Put(subject, name.MatchName(), ToStored(merged));
  Keep(subject, name, std::make_shared<const std::vector<Dated>>(std::move(merged)), known.trouble.has_value());
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
  const MutexLock lock(mutex_);
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

Status EvidenceCache::Flush() {
  {
    const MutexLock lock(mutex_);
    entries_.Clear();
  }
  return store_ == nullptr ? Status() : store_->Flush();
}

std::size_t EvidenceCache::size() {
  const MutexLock lock(mutex_);
  return entries_.size();
}

Result<std::vector<store::EvidenceStore::Subject>> EvidenceCache::List(std::size_t most) {
  std::vector<store::EvidenceStore::Subject> out;
  std::set<std::string> seen;
  {
    const MutexLock lock(mutex_);
    entries_.ForEach([&](const std::string& key, const std::shared_ptr<Entry>& entry) {
      if (out.size() >= most) return;
      seen.insert(key);
      out.push_back(
          {entry->subject.text(), entry->name.MatchName(), entry->signatures->size(), NewestOf(*entry->signatures)});
    });
  }
  if (store_ == nullptr) return out;
  auto stored = store_->List(most);
  if (!stored) return stored.error();
  for (store::EvidenceStore::Subject& one : *stored) {
    if (out.size() < most && !seen.contains(one.digest + "|" + one.repository)) out.push_back(std::move(one));
  }
  return out;
}

}  // namespace pullseal::gate
