// SPDX-License-Identifier: Apache-2.0
#include "gate/gate/evidence_cache.h"

#include <algorithm>
#include <utility>

#include "gate/gate/limits.h"
#include "image/oci/limits.h"
#include "image/store/limits.h"

namespace pullseal::gate {
namespace {

using oci::SignatureEvidence;

std::size_t CostOf(const std::vector<SignatureEvidence>& signatures) {
  std::size_t cost = 1024;
  for (const SignatureEvidence& one : signatures) cost += store::SizeOf(one) + 512;
  return cost;
}

WallTime NewestOf(const std::vector<SignatureEvidence>& signatures) {
  WallTime newest{};
  for (const SignatureEvidence& one : signatures) newest = std::max(newest, one.fetched);
  return newest;
}

}  // namespace

std::string EvidenceCache::KeyOf(const oci::Digest& subject, const oci::Reference& name) {
  return subject.text() + "|" + name.MatchName();
}

void EvidenceCache::Keep(const oci::Digest& subject, const oci::Reference& name, const std::string& user,
                         Signatures signatures, bool partial) {
  const std::size_t cost = CostOf(*signatures);
  auto entry = std::make_shared<Entry>(Entry{subject, name, std::move(signatures), partial, {user}});
  const MutexLock lock(mutex_);
  const std::string key = KeyOf(subject, name);
  if (const auto old = entries_.Find(key)) entry->users.insert((*old)->users.begin(), (*old)->users.end());
  entries_.Put(key, std::move(entry), cost);
}

EvidenceCache::Known EvidenceCache::FromMemory(const oci::Digest& subject, const oci::Reference& name,
                                               const std::string& user, bool& partial) {
  Known known;
  bool is_new = false;
  {
    const MutexLock lock(mutex_);
    const auto found = entries_.Find(KeyOf(subject, name));
    if (!found) return known;
    known.signatures = (*found)->signatures;
    partial = (*found)->partial;
    is_new = (*found)->users.size() < limits::kSubjectUsers && (*found)->users.insert(user).second;
  }
  if (is_new && store_ != nullptr) store_->NoteUse(subject, StoredName(name), user);
  return known;
}

EvidenceCache::Known EvidenceCache::Find(const oci::Digest& subject, const oci::Reference& name,
                                         const std::string& user, std::chrono::milliseconds patience) {
  bool partial = false;
  Known known = FromMemory(subject, name, user, partial);
  if (store_ == nullptr || (known.signatures != nullptr && !partial)) return known;
  auto stored = store_->Find(subject, StoredName(name), patience);
  if (!stored) {
    known.trouble = stored.error();
    return known;
  }
  std::vector<SignatureEvidence> all =
      known.signatures != nullptr ? *known.signatures : std::vector<SignatureEvidence>();
  store::Merge(all, std::move(*stored));
  if (all.empty()) return {};
  store_->NoteUse(subject, StoredName(name), user);
  known.signatures = std::make_shared<const std::vector<SignatureEvidence>>(std::move(all));
  Keep(subject, name, user, known.signatures, false);
  return known;
}

void EvidenceCache::Add(const oci::Digest& subject, const oci::Reference& name, const std::string& user,
                        const std::vector<SignatureEvidence>& fetched) {
  if (fetched.empty()) return;
  const Known known = Find(subject, name, user, limits::kStoreReadTime);
  std::vector<SignatureEvidence> merged = fetched;
  if (known.signatures != nullptr) store::Merge(merged, *known.signatures);
  if (store_ != nullptr) store_->Add(subject, StoredName(name), user, fetched);
  Keep(subject, name, user, std::make_shared<const std::vector<SignatureEvidence>>(std::move(merged)),
       known.trouble.has_value());
}

void EvidenceCache::AddSpare(const oci::Digest& subject, const oci::Reference& name, const std::string& user,
                             const std::vector<oci::SignatureEvidence>& fetched) {
  if (fetched.empty() || store_ == nullptr) return;
  store_->AddSpare(subject, StoredName(name), user, fetched);
  // The disk knows more now than memory does.
  const MutexLock lock(mutex_);
  entries_.Erase(KeyOf(subject, name));
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
