// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <deque>
#include <functional>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "core/base/log.h"
#include "core/base/mutex.h"
#include "core/json/value.h"
#include "image/oci/limits.h"
#include "image/store/database.h"
#include "image/store/evidence_store.h"
#include "image/store/limits.h"

namespace pullseal::store {
namespace {

constexpr std::int64_t kSchemaVersion = 1;

// blobs: bytes by digest. subjects: what is known about, and when it was last used. evidence: one signature each.
constexpr const char* kSchema =
    "BEGIN;"
    "CREATE TABLE blobs(digest TEXT PRIMARY KEY, bytes BLOB NOT NULL);"
    "CREATE TABLE subjects(subject TEXT NOT NULL, repository TEXT NOT NULL, used_at INTEGER NOT NULL,"
    " PRIMARY KEY(subject, repository)) WITHOUT ROWID;"
    "CREATE TABLE evidence(subject TEXT NOT NULL, repository TEXT NOT NULL, ordinal INTEGER NOT NULL,"
    " blob TEXT NOT NULL, media_type TEXT NOT NULL, annotations TEXT NOT NULL, fetched_at INTEGER NOT NULL,"
    " PRIMARY KEY(subject, repository, ordinal)) WITHOUT ROWID;"
    "CREATE INDEX subjects_used ON subjects(used_at);"
    "CREATE INDEX evidence_blob ON evidence(blob);"
    "PRAGMA user_version=1;"
    "COMMIT;";

// Of one connection: subjects to forget, and blobs that may be needed no more.
constexpr const char* kTemporary =
    "CREATE TEMP TABLE old(subject TEXT, repository TEXT); CREATE TEMP TABLE gone(blob TEXT);";
constexpr const char* kDropGone =
    "DELETE FROM blobs WHERE digest IN (SELECT blob FROM temp.gone)"
    " AND NOT EXISTS (SELECT 1 FROM evidence e WHERE e.blob = blobs.digest);";

std::int64_t ToSeconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}
// A time that the file claims, brought into the range that a clock can hold.
WallTime ToTime(std::int64_t seconds) {
  constexpr std::int64_t kMost = 9'000'000'000;  // the year 2255
  return WallTime(std::chrono::seconds(seconds < 0 || seconds > kMost ? 0 : seconds));
}

std::string AnnotationsText(const std::map<std::string, std::string>& annotations) {
  json::Writer out;
  for (const auto& [name, value] : annotations) out.Text(name, value);
  return out.Finish();
}

std::optional<std::map<std::string, std::string>> ParseAnnotations(std::string_view text) {
  const auto parsed = json::Parse(text);
  if (!parsed || parsed->object() == nullptr) return std::nullopt;
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : *parsed->object()) {
    if (value.string() == nullptr) return std::nullopt;
    out.emplace(name, *value.string());
  }
  return out;
}

// The database and what is asked of it. Used by the store's thread only.
class Tables {
 public:
  Tables(std::string path, std::size_t most_bytes, const Clock& clock)
      : path_(std::move(path)), most_bytes_(most_bytes), clock_(clock) {}

  // Runs `work` on the open database, opening it first if need be. What cannot be done is not done. A damaged file is
  // put aside and `work` done on a new one: what that does not hold is not known, for certain.
  template <typename Work>
  Status With(const Work& work) {
    for (const bool again : {true, false}) {
      Status opened = Open();
      if (!opened) return opened;
      Status done = work(*database_);
      const bool damaged = !done && done.error().code == ErrorCode::kInvalid;
      if (!damaged) return done;
      PutAside(done.error().message);
      if (!again) return Error{ErrorCode::kUnavailable, done.error().message};
    }
    return {};
  }

  Status Find(const std::string& subject, const std::string& repository, std::vector<StoredSignature>& out) {
    return With([&](Database& database) {
      out.clear();
      return Read(database, subject, repository, out);
    });
  }

  Status Put(const std::string& subject, const std::string& repository,
             const std::vector<StoredSignature>& signatures) {
    return With([&](Database& database) {
      Status begun = database.Execute("BEGIN IMMEDIATE");
      if (!begun) return begun;
      Status done = Write(database, subject, repository, signatures);
      if (done) done = Shrink(database);
      if (done) done = database.Execute("COMMIT");
      if (!done) (void)database.Execute("ROLLBACK");
      return done;
    });
  }

  Status List(std::size_t most, std::vector<EvidenceStore::Subject>& out) {
    return With([&](Database& database) -> Status {
      out.clear();
      auto statement = database.Prepare(
          "SELECT s.subject, s.repository, COUNT(e.ordinal), COALESCE(MAX(e.fetched_at), 0) FROM"
          " (SELECT subject, repository, used_at FROM subjects ORDER BY used_at DESC LIMIT ?) s"
          " LEFT JOIN evidence e ON e.subject = s.subject AND e.repository = s.repository"
          " GROUP BY s.subject, s.repository ORDER BY s.used_at DESC");
      if (!statement) return statement.error();
      statement->Number(1, static_cast<std::int64_t>(most));
      while (true) {
        const auto row = statement->Step();
        if (!row) return row.error();
        if (!*row) return {};
        out.push_back({std::string(statement->TextAt(0)), std::string(statement->TextAt(1)),
                       static_cast<std::size_t>(statement->NumberAt(2)), ToTime(statement->NumberAt(3))});
      }
    });
  }

  Status Flush() {
    return With([](Database& database) {
      return database.Execute("BEGIN; DELETE FROM evidence; DELETE FROM subjects; DELETE FROM blobs; COMMIT;");
    });
  }

 private:
  Status Open() {
    if (database_) return {};
    for (const bool again : {true, false}) {
      Status done = OpenOnce();
      if (done || done.error().code != ErrorCode::kInvalid) return Report(std::move(done));
      PutAside(done.error().message);
      if (!again) return Report(Error{ErrorCode::kUnavailable, done.error().message});
    }
    return {};
  }

  Status OpenOnce() {
    auto opened = Database::Open(path_);
    if (!opened) return opened.error();
    const auto version = opened->Number("PRAGMA user_version");
    if (!version) return version.error();
    const auto tables = opened->Number("SELECT COUNT(*) FROM sqlite_master");
    if (!tables) return tables.error();
    if (*version == 0 && *tables == 0) {
      if (auto made = opened->Execute(kSchema); !made) return made;
    } else if (*version != kSchemaVersion) {
      return Error{ErrorCode::kInvalid, "database: schema version " + std::to_string(*version) + " is not ours"};
    }
    if (auto made = opened->Execute(kTemporary); !made) return made;
    database_.emplace(std::move(*opened));
    return {};
  }

  // Told once until it works again: a full disk would fill the log too.
  Status Report(Status status) {
    if (status) {
      told_ = false;
    } else if (!told_) {
      log::Warn("evidence store " + path_ + ": " + status.error().message +
                "; signatures are fetched from registries instead");
      told_ = true;
    }
    return status;
  }

  void PutAside(const std::string& why) {
    database_.reset();
    log::Warn("evidence store " + path_ + " cannot be used (" + why + "); kept as " + path_ + ".aside, begun anew");
    for (const char* suffix : {"", "-wal", "-shm"}) {
      (void)std::rename((path_ + suffix).c_str(), (path_ + ".aside" + suffix).c_str());
    }
  }

  Status Read(Database& database, const std::string& subject, const std::string& repository,
              std::vector<StoredSignature>& out) {
    auto statement = database.Prepare(
        "SELECT e.blob, e.media_type, e.annotations, e.fetched_at, b.bytes FROM evidence e"
        " JOIN blobs b ON b.digest = e.blob WHERE e.subject = ? AND e.repository = ? ORDER BY e.ordinal LIMIT ?");
    if (!statement) return statement.error();
    statement->Text(1, subject).Text(2, repository).Number(3, static_cast<std::int64_t>(limits::kSignatures));
    while (true) {
      const auto row = statement->Step();
      if (!row) return row.error();
      if (!*row) break;
      const ByteView bytes = statement->BlobAt(4);
      const auto digest = oci::Digest::Parse(statement->TextAt(0));
      auto annotations = ParseAnnotations(statement->TextAt(2));
      // A row that was changed is no evidence; what is missing is fetched again.
      if (!digest || !annotations || oci::Digest::Of(bytes) != *digest) continue;
      out.push_back(StoredSignature{*digest, std::string(statement->TextAt(1)), Bytes(bytes.begin(), bytes.end()),
                                    std::move(*annotations), ToTime(statement->NumberAt(3))});
    }
    return out.empty() ? Status() : Touch(database, subject, repository);
  }

  // Notes the use, at most once an hour: reading must not mean writing.
  Status Touch(Database& database, const std::string& subject, const std::string& repository) {
    auto statement = database.Prepare(
        "UPDATE subjects SET used_at = ?1 WHERE subject = ?2 AND repository = ?3 AND used_at < ?1 - 3600");
    if (!statement) return statement.error();
    (void)statement->Number(1, ToSeconds(clock_.Now())).Text(2, subject).Text(3, repository).Run();
    return {};
  }

  Status Write(Database& database, const std::string& subject, const std::string& repository,
               const std::vector<StoredSignature>& signatures) {
    if (auto s = database.Execute("DELETE FROM temp.gone"); !s) return s;
    auto old = database.Prepare("INSERT INTO temp.gone SELECT blob FROM evidence WHERE subject = ? AND repository = ?");
    if (!old) return old.error();
    if (auto s = old->Text(1, subject).Text(2, repository).Run(); !s) return s;
    auto clear = database.Prepare("DELETE FROM evidence WHERE subject = ? AND repository = ?");
    if (!clear) return clear.error();
    if (auto s = clear->Text(1, subject).Text(2, repository).Run(); !s) return s;
    auto touch = database.Prepare("INSERT OR REPLACE INTO subjects(subject, repository, used_at) VALUES(?, ?, ?)");
    if (!touch) return touch.error();
    if (auto s = touch->Text(1, subject).Text(2, repository).Number(3, ToSeconds(clock_.Now())).Run(); !s) return s;
    std::int64_t ordinal = 0;
    for (const StoredSignature& one : signatures) {
      auto blob = database.Prepare("INSERT OR REPLACE INTO blobs(digest, bytes) VALUES(?, ?)");
      if (!blob) return blob.error();
      if (auto s = blob->Text(1, one.blob.text()).Blob(2, one.bytes).Run(); !s) return s;
      auto row = database.Prepare(
          "INSERT INTO evidence(subject, repository, ordinal, blob, media_type, annotations, fetched_at)"
          " VALUES(?, ?, ?, ?, ?, ?, ?)");
      if (!row) return row.error();
      row->Text(1, subject).Text(2, repository).Number(3, ordinal++).Text(4, one.blob.text());
      row->Text(5, one.media_type).Text(6, AnnotationsText(one.annotations)).Number(7, ToSeconds(one.fetched));
      if (auto s = row->Run(); !s) return s;
    }
    return database.Execute(kDropGone);
  }

  // Forgets the least recently used until what is kept fits again, with some room to spare.
  Status Shrink(Database& database) {
    const auto used = [&database] {
      return database.Number(
          "SELECT (SELECT page_count FROM pragma_page_count)"
          " * (SELECT page_size FROM pragma_page_size)"
          " - (SELECT freelist_count FROM pragma_freelist_count)"
          " * (SELECT page_size FROM pragma_page_size)");
    };
    auto bytes = used();
    if (!bytes) return bytes.error();
    if (static_cast<std::size_t>(*bytes) <= most_bytes_) return {};
    const auto target = static_cast<std::int64_t>(most_bytes_ - most_bytes_ / 20);
    while (*bytes > target) {
      const auto left = database.Number("SELECT COUNT(*) FROM subjects");
      if (!left) return left.error();
      // Rows that belong to no subject were not written by us.
      if (*left == 0) return database.Execute("DELETE FROM evidence; DELETE FROM blobs;");
      if (auto s = database.Execute(
              "DELETE FROM temp.old; DELETE FROM temp.gone;"
              "INSERT INTO temp.old SELECT subject, repository FROM subjects ORDER BY used_at"
              " LIMIT (SELECT COUNT(*) / 20 + 1 FROM subjects);"
              "INSERT INTO temp.gone SELECT DISTINCT e.blob FROM temp.old o JOIN evidence e"
              " ON e.subject = o.subject AND e.repository = o.repository;"
              "DELETE FROM evidence WHERE (subject, repository) IN (SELECT subject, repository FROM temp.old);"
              "DELETE FROM subjects WHERE (subject, repository) IN (SELECT subject, repository FROM temp.old);");
          !s) {
        return s;
      }
      if (auto s = database.Execute(kDropGone); !s) return s;
      bytes = used();
      if (!bytes) return bytes.error();
    }
    return {};
  }

  const std::string path_;
  const std::size_t most_bytes_;
  const Clock& clock_;
  std::optional<Database> database_;
  bool told_ = false;
};

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

  Result<std::vector<StoredSignature>> Find(const oci::Digest& subject, const std::string& repository,
                                            std::chrono::milliseconds patience) override {
    return Ask<std::vector<StoredSignature>>(
        [this, subject, repository](auto& out) { return tables_.Find(subject.text(), repository, out); }, patience);
  }
  void Put(const oci::Digest& subject, const std::string& repository,
           std::vector<StoredSignature> signatures) override {
    (void)Post([this, subject, repository, signatures = std::move(signatures)] {
      const Status done = tables_.Put(subject.text(), repository, signatures);
      if (!done) log::Debug("evidence not stored: " + done.error().message);
    });
  }
  Result<std::vector<Subject>> List(std::size_t most) override {
    return Ask<std::vector<Subject>>([this, most](auto& out) { return tables_.List(most, out); },
                                     limits::kStoreAdminTime);
  }
  Status Flush() override {
    const auto flushed = Ask<bool>([this](bool&) { return tables_.Flush(); }, limits::kStoreAdminTime);
    return flushed ? Status() : flushed.error();
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

  // What `question` fills in on the store's thread, or why there is no answer.
  template <typename Answer, typename Question>
  Result<Answer> Ask(Question question, std::chrono::milliseconds patience) {
    const auto promise = std::make_shared<std::promise<Result<Answer>>>();
    auto future = promise->get_future();
    const bool posted = Post([promise, question = std::move(question)] {
      Answer answer{};
      Status done = question(answer);
      promise->set_value(done ? Result<Answer>(std::move(answer)) : Result<Answer>(done.error()));
    });
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

std::unique_ptr<EvidenceStore> OpenSqliteStore(const std::string& path, std::size_t most_bytes, const Clock& clock) {
  return std::make_unique<SqliteStore>(path, most_bytes, clock);
}

}  // namespace pullseal::store
