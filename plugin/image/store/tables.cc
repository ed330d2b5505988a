// SPDX-License-Identifier: Apache-2.0
#include "image/store/tables.h"

#include <cstdio>
#include <map>

#include "core/base/log.h"
#include "core/json/value.h"
#include "image/oci/limits.h"
#include "image/store/limits.h"
#include "image/store/schema.h"

namespace pullseal::store {
namespace {

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

}  // namespace

template <typename Work>
Status Tables::With(const Work& work) {
  for (const bool again : {true, false}) {
    Status opened = Open();
    if (!opened) return opened;
    Status done = work(*database_);
    const bool damaged = !done && done.error().code == ErrorCode::kInvalid;
    if (!damaged) return done;
    PutAside(".aside", done.error().message);
    if (!again) return Error{ErrorCode::kUnavailable, done.error().message};
  }
  return {};
}

template <typename Work>
Status Tables::Change(const Work& work) {
  return With([&](Database& database) {
    Status done = database.Execute("BEGIN IMMEDIATE");
    if (!done) return done;
    done = work(database);
    if (done) done = database.Execute("COMMIT");
    if (!done) (void)database.Execute("ROLLBACK");
    return done;
  });
}

Result<std::vector<oci::SignatureEvidence>> Tables::Find(const std::string& subject, const std::string& repository) {
  std::vector<oci::SignatureEvidence> out;
  Status done = With([&](Database& database) {
    out.clear();
    Status read = Read(database, subject, repository, out);
    if (!read || out.empty()) return read;
    return Touch(database, subject, repository);
  });
  if (!done) return done.error();
  return out;
}

Status Tables::Add(const std::string& subject, const std::string& repository, const std::string& user,
                   std::vector<oci::SignatureEvidence> signatures) {
  return Change([&](Database& database) {
    std::vector<oci::SignatureEvidence> known;
    Status done = Read(database, subject, repository, known);
    if (!done) return done;
    std::vector<oci::SignatureEvidence> all = signatures;
    Merge(all, std::move(known));
    done = Write(database, subject, repository, all);
    if (done) done = AddUser(database, subject, repository, user);
    if (done) done = Shrink(database);
    return done;
  });
}

Status Tables::AddSpare(const std::string& subject, const std::string& repository, const std::string& user,
                        std::vector<oci::SignatureEvidence> signatures) {
  Merge(signatures, {}, limits::kSpareBytes);
  return Change([&](Database& database) {
    std::vector<oci::SignatureEvidence> all;
    Status done = Read(database, subject, repository, all);
    if (!done) return done;
    const bool known = !all.empty();
    Merge(all, signatures);
    done = Write(database, subject, repository, all);
    if (done && !known) done = AddUser(database, subject, repository, kSpareUser + user);
    if (done) done = Shrink(database);
    return done;
  });
}

Status Tables::NoteUse(const std::string& subject, const std::string& repository, const std::string& user) {
  return With([&](Database& database) { return AddUser(database, subject, repository, user); });
}

Result<std::vector<EvidenceStore::Subject>> Tables::List(std::size_t most) {
  std::vector<EvidenceStore::Subject> out;
  Status done = With([&](Database& database) -> Status {
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
  if (!done) return done.error();
  return out;
}

Status Tables::Flush() {
  return With([](Database& database) {
    return database.Execute(
        "BEGIN; DELETE FROM evidence; DELETE FROM users; DELETE FROM subjects; DELETE FROM blobs; COMMIT;");
  });
}

Status Tables::Open() {
  if (database_) return {};
  for (const bool again : {true, false}) {
    Status done = OpenOnce();
    if (done || done.error().code != ErrorCode::kInvalid) return Report(std::move(done));
    PutAside(".aside", done.error().message);
    if (!again) return Report(Error{ErrorCode::kUnavailable, done.error().message});
  }
  return {};
}

Status Tables::OpenOnce() {
  TakeUpOwn();
  for (const bool again : {true, false}) {
    auto opened = Database::Open(path_);
    if (!opened) return opened.error();
    const auto version = opened->Number("PRAGMA user_version");
    if (!version) return version.error();
    if (*version > kSchemaVersion && again) {
      PutAside(".v" + std::to_string(*version), "it is of a newer version");
      TakeUpOwn();
      continue;
    }
    if (auto prepared = Prepare(*opened, *version); !prepared) return prepared;
    database_.emplace(std::move(*opened));
    return {};
  }
  return {};
}

// Brings an open database to the version of today.
Status Tables::Prepare(Database& database, std::int64_t version) {
  const auto tables = database.Number("SELECT COUNT(*) FROM sqlite_master");
  if (!tables) return tables.error();
  Status done;
  if (version == 0 && *tables == 0) {
    done = database.Execute(kSchema);
  } else if (version == 1) {
    done = database.Execute(kFromVersion1);
    if (!done) (void)database.Execute("ROLLBACK");
  } else if (version != kSchemaVersion) {
    done = Error{ErrorCode::kInvalid, "database: schema version " + std::to_string(version) + " is not ours"};
  }
  if (!done) return done;
  return database.Execute(kTemporary);
}

// Where an older program was put in place of this one and then this one again, the older one has put the file aside
// under its version.
void Tables::TakeUpOwn() const {
  std::FILE* there = std::fopen(path_.c_str(), "re");
  if (there != nullptr) {
    std::fclose(there);
    return;
  }
  const std::string own = path_ + ".v" + std::to_string(kSchemaVersion);
  for (const char* suffix : {"-wal", ""}) (void)std::rename((own + suffix).c_str(), (path_ + suffix).c_str());
}

// Told once until it works again: a full disk would fill the log too.
Status Tables::Report(Status status) {
  if (status) {
    told_ = false;
  } else if (!told_) {
    log::Warn("evidence store " + path_ + ": " + status.error().message +
              "; signatures are fetched from registries instead");
    told_ = true;
  }
  return status;
}

void Tables::PutAside(const std::string& suffix, const std::string& why) {
  database_.reset();
  log::Warn("evidence store " + path_ + " cannot be used (" + why + "); kept as " + path_ + suffix + ", begun anew");
  for (const char* part : {"", "-wal", "-shm"}) {
    (void)std::rename((path_ + part).c_str(), (path_ + suffix + part).c_str());
  }
}

Status Tables::Read(Database& database, const std::string& subject, const std::string& repository,
                    std::vector<oci::SignatureEvidence>& out) {
  auto statement = database.Prepare(
      "SELECT e.blob, e.media_type, e.annotations, e.fetched_at, b.bytes FROM evidence e"
      " JOIN blobs b ON b.digest = e.blob WHERE e.subject = ? AND e.repository = ? AND length(b.bytes) <= ?"
      " ORDER BY e.ordinal LIMIT ?");
  if (!statement) return statement.error();
  statement->Text(1, subject).Text(2, repository);
  statement->Number(3, static_cast<std::int64_t>(limits::kSignatureBytes));
  statement->Number(4, static_cast<std::int64_t>(limits::kSignatures));
  while (true) {
    const auto row = statement->Step();
    if (!row) return row.error();
    if (!*row) return {};
    const ByteView bytes = statement->BlobAt(4);
    const auto digest = oci::Digest::Parse(statement->TextAt(0));
    auto annotations = ParseAnnotations(statement->TextAt(2));
    // A row that was changed is no evidence; what is missing is fetched again.
    if (!digest || !annotations || oci::Digest::Of(bytes) != *digest) continue;
    out.push_back(oci::SignatureEvidence{.blob = *digest,
                                         .media_type = std::string(statement->TextAt(1)),
                                         .payload = Bytes(bytes.begin(), bytes.end()),
                                         .annotations = std::move(*annotations),
                                         .fetched = ToTime(statement->NumberAt(3))});
  }
}

// Notes the use, at most once an hour: reading must not mean writing. That it cannot be noted is no trouble.
Status Tables::Touch(Database& database, const std::string& subject, const std::string& repository) {
  auto statement = database.Prepare(
      "UPDATE subjects SET used_at = ?1 WHERE subject = ?2 AND repository = ?3 AND used_at < ?1 - 3600");
  if (!statement) return statement.error();
  (void)statement->Number(1, ToSeconds(clock_.Now())).Text(2, subject).Text(3, repository).Run();
  return {};
}

Status Tables::AddUser(Database& database, const std::string& subject, const std::string& repository,
                       const std::string& user) {
  // Only of what is known, and no more users than make a difference.
  auto statement = database.Prepare(
      "INSERT OR IGNORE INTO users SELECT ?1, ?2, ?3 WHERE EXISTS"
      " (SELECT 1 FROM subjects WHERE subject = ?1 AND repository = ?2) AND"
      " (SELECT COUNT(*) FROM users WHERE subject = ?1 AND repository = ?2) < ?4");
  if (!statement) return statement.error();
  statement->Text(1, subject).Text(2, repository).Text(3, user);
  return statement->Number(4, static_cast<std::int64_t>(limits::kSubjectUsers)).Run();
}

Status Tables::Write(Database& database, const std::string& subject, const std::string& repository,
                     const std::vector<oci::SignatureEvidence>& signatures) {
  if (auto s = database.Execute("DELETE FROM temp.gone"); !s) return s;
  for (const char* sql : {"INSERT INTO temp.gone SELECT blob FROM evidence WHERE subject = ? AND repository = ?",
                          "DELETE FROM evidence WHERE subject = ? AND repository = ?"}) {
    auto statement = database.Prepare(sql);
    if (!statement) return statement.error();
    if (auto s = statement->Text(1, subject).Text(2, repository).Run(); !s) return s;
  }
  std::int64_t ordinal = 0;
  std::size_t bytes = 0;
  for (const oci::SignatureEvidence& one : signatures) {
    if (auto s = WriteOne(database, subject, repository, ordinal++, one); !s) return s;
    bytes += SizeOf(one);
  }
  auto touch =
      database.Prepare("INSERT OR REPLACE INTO subjects(subject, repository, used_at, bytes) VALUES(?, ?, ?, ?)");
  if (!touch) return touch.error();
  touch->Text(1, subject).Text(2, repository).Number(3, ToSeconds(clock_.Now()));
  if (auto s = touch->Number(4, static_cast<std::int64_t>(bytes)).Run(); !s) return s;
  return database.Execute(kDropGone);
}

Status Tables::WriteOne(Database& database, const std::string& subject, const std::string& repository,
                        std::int64_t ordinal, const oci::SignatureEvidence& signature) {
  auto blob = database.Prepare("INSERT OR REPLACE INTO blobs(digest, bytes) VALUES(?, ?)");
  if (!blob) return blob.error();
  if (auto s = blob->Text(1, signature.blob.text()).Blob(2, signature.payload).Run(); !s) return s;
  auto row = database.Prepare(
      "INSERT INTO evidence(subject, repository, ordinal, blob, media_type, annotations, fetched_at)"
      " VALUES(?, ?, ?, ?, ?, ?, ?)");
  if (!row) return row.error();
  row->Text(1, subject).Text(2, repository).Number(3, ordinal).Text(4, signature.blob.text());
  row->Text(5, signature.media_type).Text(6, AnnotationsText(signature.annotations));
  return row->Number(7, ToSeconds(signature.fetched)).Run();
}

// Forgets until what is kept fits again, with some room to spare.
Status Tables::Shrink(Database& database) {
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
    if (*left == 0) return database.Execute("DELETE FROM evidence; DELETE FROM users; DELETE FROM blobs;");
    for (const char* sql : {kChooseOld, kForgetOld, kDropGone}) {
      if (auto s = database.Execute(sql); !s) return s;
    }
    const auto now_left = database.Number("SELECT COUNT(*) FROM subjects");
    if (!now_left) return now_left.error();
    if (*now_left == *left) return Error{ErrorCode::kInvalid, "database: nothing can be forgotten"};
    bytes = used();
    if (!bytes) return bytes.error();
  }
  return {};
}

}  // namespace pullseal::store
