// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>
#include <functional>
#include <future>
#include <thread>
#include <utility>

#include "core/base/log.h"
#include "core/base/mutex.h"
#include "image/oci/limits.h"
#include "image/store/evidence_store.h"
#include "image/store/limits.h"
#include "image/store/tables.h"

namespace pullseal::store {
namespace {

// Does everything on one thread, so that no disk can hold up a caller for longer than it chooses to wait.
class SqliteStore final : public EvidenceStore {
 public:
  SqliteStore(const std::string& path, std::size_t most_bytes, const Clock& clock) : tables_(path, most_bytes, clock) {
    thread_ = std::thread([this] { Work(); });
  }
  ~SqliteStore() override {
    {
      const MutexLock lock(mutex_);
      stopping_ = true;
    }
    wake_.NotifyAll();
    thread_.join();
  }

  Result<std::vector<oci::SignatureEvidence>> Find(const oci::Digest& subject, const std::string& repository,
                                                   std::chrono::milliseconds patience) override {
    return Ask([this, subject, repository] { return tables_.Find(subject.text(), repository); }, patience);
  }
  void Add(const oci::Digest& subject, const std::string& repository, const std::string& user,
           std::vector<oci::SignatureEvidence> signatures) override {
    (void)Post([this, subject, repository, user, signatures = std::move(signatures)] {
      const Status done = tables_.Add(subject.text(), repository, user, signatures);
      if (!done) log::Debug("evidence not stored: " + done.error().message);
    });
  }
  void AddSpare(const oci::Digest& subject, const std::string& repository, const std::string& user,
                std::vector<oci::SignatureEvidence> signatures) override {
    (void)Post([this, subject, repository, user, signatures = std::move(signatures)] {
      const Status done = tables_.AddSpare(subject.text(), repository, user, signatures);
      if (!done) log::Debug("spare evidence not stored: " + done.error().message);
    });
  }
  void NoteUse(const oci::Digest& subject, const std::string& repository, const std::string& user) override {
    (void)Post([this, subject, repository, user] {
      const Status done = tables_.NoteUse(subject.text(), repository, user);
      if (!done) log::Debug("use of evidence not noted: " + done.error().message);
    });
  }
  Result<std::vector<Subject>> List(std::size_t most) override {
    return Ask([this, most] { return tables_.List(most); }, limits::kStoreAdminTime);
  }
  Status Flush() override {
    return Ask([this] { return tables_.Flush(); }, limits::kStoreAdminTime);
  }

 private:
  // False if too much is waiting already.
  bool Post(std::function<void()> job) {
    {
      const MutexLock lock(mutex_);
      if (jobs_.size() >= limits::kStoreQueue) return false;
      jobs_.push_back(std::move(job));
    }
    wake_.NotifyOne();
    return true;
  }

  // What `question` answers on the store's thread, or why there is no answer.
  template <typename Question>
  auto Ask(Question question, std::chrono::milliseconds patience) -> decltype(question()) {
    const auto promise = std::make_shared<std::promise<decltype(question())>>();
    auto future = promise->get_future();
    const bool posted = Post([promise, question = std::move(question)]() mutable { promise->set_value(question()); });
    if (!posted) return Error{ErrorCode::kUnavailable, "evidence store: too much is waiting for the disk"};
    if (future.wait_for(patience) != std::future_status::ready) {
      return Error{ErrorCode::kTimeout, "evidence store: no answer within " + std::to_string(patience.count()) + " ms"};
    }
    try {
      return future.get();
    } catch (const std::future_error&) {  // the job was lost: no memory
      return Error{ErrorCode::kUnavailable, "evidence store: the question was lost"};
    }
  }

  void Work() {
    MutexLock lock(mutex_);
    while (true) {
      while (!stopping_ && jobs_.empty()) wake_.Wait(lock);
      if (jobs_.empty()) return;
      std::function<void()> job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.Unlock();
      try {
        job();
      } catch (const std::exception& error) {  // no memory: the job is lost, the store is not
        log::Failure(std::string("evidence store: ") + error.what());
      }
      lock.Lock();
    }
  }

  Tables tables_;
  Mutex mutex_;
  Condition wake_;
  std::deque<std::function<void()>> jobs_ PULLSEAL_GUARDED_BY(mutex_);
  bool stopping_ PULLSEAL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace

std::size_t SizeOf(const oci::SignatureEvidence& signature) {
  std::size_t size = signature.payload.size() + signature.media_type.size();
  for (const auto& [name, value] : signature.annotations) size += name.size() + value.size() + 8;
  return size;
}

void Merge(std::vector<oci::SignatureEvidence>& signatures, std::vector<oci::SignatureEvidence> known,
           std::size_t most) {
  std::vector<oci::SignatureEvidence> out;
  std::size_t bytes = 0;
  const auto add = [&](oci::SignatureEvidence& one) {
    const bool there = std::any_of(out.begin(), out.end(), [&](const auto& other) { return other.IsSame(one); });
    const std::size_t size = SizeOf(one);
    if (there || out.size() >= limits::kSignatures || size > most - bytes) return;
    bytes += size;
    out.push_back(std::move(one));
  };
  for (oci::SignatureEvidence& one : signatures) add(one);
  for (oci::SignatureEvidence& one : known) add(one);
  signatures = std::move(out);
}

std::unique_ptr<EvidenceStore> OpenSqliteStore(const std::string& path, std::size_t most_bytes, const Clock& clock) {
  return std::make_unique<SqliteStore>(path, most_bytes, clock);
}

}  // namespace pullseal::store
