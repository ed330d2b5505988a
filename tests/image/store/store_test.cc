// SPDX-License-Identifier: Apache-2.0
// Whatever happens to the file costs a fetch, never a wrong answer, and never much time.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>

#include "core/base/file.h"
#include "core/base/mutex.h"
#include "core/base/units.h"
#include "fakes/fake_clock.h"
#include "image/oci/limits.h"
#include "image/store/evidence_store.h"
#include "image/store/limits.h"

namespace pullseal::store {
namespace {

namespace fs = std::filesystem;

const std::string kRepository = "reg.io/app";
// No test ends because the machine is busy: answers are waited for until the test's own time is over.
constexpr std::chrono::minutes kPatient{2};

oci::Digest DigestOf(const std::string& text) { return oci::Digest::Of(AsBytes(text)); }

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() {
    char name[] = "/tmp/pullseal_store_XXXXXX";
    folder_ = ::mkdtemp(name);
    path_ = folder_ + "/evidence.db";
  }
  ~StoreTest() override { fs::remove_all(folder_); }

  std::unique_ptr<EvidenceStore> Open(std::size_t most = limits::kStoreBytes) {
    return OpenSqliteStore(path_, most, clock_);
  }
  oci::SignatureEvidence Signature(const std::string& text) const {
    const ByteView bytes = AsBytes(text);
    return {oci::Digest::Of(bytes), "type/x", {bytes.begin(), bytes.end()}, {{"a", "b\"\n"}}, clock_.Now()};
  }
  void PutOne(EvidenceStore& store, const std::string& text, const std::string& user = "default") const {
    store.Add(DigestOf("subject " + text), kRepository, user, {Signature(text)});
  }
  static std::vector<oci::SignatureEvidence> Find(EvidenceStore& store, const oci::Digest& subject,
                                                  const std::string& repository = kRepository) {
    auto found = store.Find(subject, repository, kPatient);
    EXPECT_TRUE(found.ok()) << found.error().message;
    return found ? std::move(*found) : std::vector<oci::SignatureEvidence>();
  }
  static bool Has(EvidenceStore& store, const std::string& text) {
    const auto found = Find(store, DigestOf("subject " + text));
    return found.size() == 1 && AsText(found[0].payload) == text;
  }
  // Why the store does not say what it knows.
  static ErrorCode Trouble(EvidenceStore& store, const std::string& text) {
    const auto found = store.Find(DigestOf("subject " + text), kRepository, kPatient);
    EXPECT_FALSE(found.ok()) << found->size();
    return found ? ErrorCode::kInvalid : found.error().code;
  }
  // Waits until what was put is there.
  static void Settle(EvidenceStore& store) { (void)store.Find(DigestOf("nothing"), kRepository, kPatient); }
  // Runs SQL on the file as somebody else would.
  void Sql(const std::string& sql) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(SQLITE_OK, sqlite3_open(path_.c_str(), &database));
    char* message = nullptr;
    EXPECT_EQ(SQLITE_OK, sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &message)) << message;
    sqlite3_close(database);
  }

  fakes::FakeClock clock_;
  std::string folder_;
  std::string path_;
};

TEST_F(StoreTest, KeepsEvidenceAcrossRestarts) {
  {
    auto store = Open();
    PutOne(*store, "one");
    store->Add(DigestOf("two"), kRepository, "default", {Signature("x"), Signature("y")});
    EXPECT_TRUE(Find(*store, DigestOf("two"), "reg.io/other").empty());
  }
  auto store = Open();
  EXPECT_TRUE(Has(*store, "one"));
  const auto found = Find(*store, DigestOf("two"));
  ASSERT_EQ(2U, found.size());
  EXPECT_EQ("b\"\n", found[0].annotations.at("a"));
  EXPECT_EQ("type/x", found[0].media_type);
  EXPECT_EQ(clock_.Now(), found[0].fetched);
  EXPECT_EQ(2U, store->List(10)->size());
  EXPECT_TRUE(store->Flush().ok());
  EXPECT_TRUE(store->List(10)->empty());
  EXPECT_EQ(fs::perms::owner_read | fs::perms::owner_write, fs::status(path_).permissions());
}

// What was fetched now stands in front of what was known, and the same signature is one.
TEST_F(StoreTest, AddsToWhatIsKnown) {
  auto store = Open();
  store->Add(DigestOf("s"), kRepository, "default", {Signature("x"), Signature("y")});
  clock_.Advance(std::chrono::hours(1));
  store->Add(DigestOf("s"), kRepository, "default", {Signature("z"), Signature("y")});
  const auto found = Find(*store, DigestOf("s"));
  ASSERT_EQ(3U, found.size());
  EXPECT_EQ("z", AsText(found[0].payload));
  EXPECT_EQ("y", AsText(found[1].payload));
  EXPECT_EQ(clock_.Now(), found[1].fetched);
  EXPECT_EQ("x", AsText(found[2].payload));
}

TEST_F(StoreTest, OneImageIsBounded) {
  auto store = Open();
  for (int i = 0; i < 40; ++i) {
    store->Add(DigestOf("s"), kRepository, "default", {Signature(std::string(20'000, 'x') + std::to_string(i))});
  }
  const auto found = Find(*store, DigestOf("s"));
  EXPECT_EQ(limits::kSubjectBytes / 20'100, found.size());
  EXPECT_TRUE(AsText(found[0].payload).ends_with("x39")) << "what was needed last";
}

// Whoever fills the store forgets its own.
TEST_F(StoreTest, ANamespaceThatFillsTheStoreForgetsItsOwn) {
  constexpr std::size_t kMost = 1 * limits::kMiB;
  auto store = Open(kMost);
  for (int i = 0; i < 10; ++i) PutOne(*store, "victim " + std::to_string(i), "victim");
  PutOne(*store, "shared", "flood");
  store->NoteUse(DigestOf("subject shared"), kRepository, "victim");
  for (int i = 0; i < 400; ++i) {
    clock_.Advance(std::chrono::hours(2));
    PutOne(*store, std::string(8'000, 'x') + std::to_string(i), "flood");
    if (i % 50 == 0) Settle(*store);
  }
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(Has(*store, "victim " + std::to_string(i))) << i;
  EXPECT_TRUE(Has(*store, "shared")) << "a namespace within its share uses it";
  EXPECT_FALSE(Has(*store, std::string(8'000, 'x') + "0"));
  EXPECT_TRUE(Has(*store, std::string(8'000, 'x') + "399"));
}

// What nobody asked for yet goes first, and stands behind what is known.
TEST_F(StoreTest, SpareEvidenceHasAShareOfItsOwn) {
  constexpr std::size_t kMost = 1 * limits::kMiB;
  auto store = Open(kMost);
  PutOne(*store, "needed");
  store->AddSpare(DigestOf("subject needed"), kRepository, "default", {Signature("spare")});
  const auto both = Find(*store, DigestOf("subject needed"));
  ASSERT_EQ(2U, both.size());
  EXPECT_EQ("needed", AsText(both[0].payload));
  store->AddSpare(DigestOf("large"), kRepository, "default",
                  {Signature(std::string(40'000, 'x')), Signature(std::string(40'000, 'y'))});
  EXPECT_EQ(1U, Find(*store, DigestOf("large")).size());
  for (int i = 0; i < 100; ++i) PutOne(*store, "kept " + std::to_string(i), "busy");
  for (int i = 0; i < 200; ++i) {
    clock_.Advance(std::chrono::hours(2));
    store->AddSpare(DigestOf("s" + std::to_string(i)), kRepository, "default",
                    {Signature(std::string(8'000, 's') + std::to_string(i))});
    if (i % 50 == 0) Settle(*store);
  }
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(Has(*store, "kept " + std::to_string(i))) << i;
  EXPECT_EQ(2U, Find(*store, DigestOf("subject needed")).size());
  EXPECT_TRUE(Find(*store, DigestOf("s0")).empty());
}

TEST_F(StoreTest, NoAgeEndsEvidence) {
  PutOne(*Open(), "one");
  clock_.Advance(std::chrono::hours(24 * 365 * 20));
  EXPECT_TRUE(Has(*Open(), "one"));
}

// As the version that had neither shares nor users wrote it.
constexpr const char* kVersion1 =
    "CREATE TABLE blobs(digest TEXT PRIMARY KEY, bytes BLOB NOT NULL);"
    "CREATE TABLE subjects(subject TEXT NOT NULL, repository TEXT NOT NULL, used_at INTEGER NOT NULL,"
    " PRIMARY KEY(subject, repository)) WITHOUT ROWID;"
    "CREATE TABLE evidence(subject TEXT NOT NULL, repository TEXT NOT NULL, ordinal INTEGER NOT NULL,"
    " blob TEXT NOT NULL, media_type TEXT NOT NULL, annotations TEXT NOT NULL, fetched_at INTEGER NOT NULL,"
    " PRIMARY KEY(subject, repository, ordinal)) WITHOUT ROWID;"
    "CREATE INDEX subjects_used ON subjects(used_at);"
    "CREATE INDEX evidence_blob ON evidence(blob);"
    "PRAGMA user_version=1;";

TEST_F(StoreTest, VersionOneIsMigratedInPlace) {
  const std::string large(limits::kSignatureBytes + 1, 'j');
  const auto row = [](const std::string& subject, int ordinal, const std::string& blob) {
    return "INSERT INTO evidence VALUES('" + DigestOf(subject).text() + "','" + kRepository + "'," +
           std::to_string(ordinal) + ",'" + DigestOf(blob).text() + "','type/x','{\"a\":\"b\"}',1790000000);";
  };
  const auto blob = [](const std::string& text) {
    return "INSERT INTO blobs VALUES('" + DigestOf(text).text() + "', CAST('" + text + "' AS BLOB));";
  };
  const std::string subjects = "INSERT INTO subjects VALUES('" + DigestOf("subject one").text() + "','" + kRepository +
                               "',1790000000),('" + DigestOf("junk").text() + "','" + kRepository + "',1790000001);";
  Sql(std::string("BEGIN;") + kVersion1 + blob("one") + blob(large) + row("subject one", 0, "one") +
      row("subject one", 1, large) + row("junk", 0, large) + subjects + "COMMIT;");
  {
    auto store = Open();
    EXPECT_TRUE(Has(*store, "one")) << "what was known is known, and what no signature can be is gone";
    EXPECT_TRUE(Find(*store, DigestOf("junk")).empty());
    PutOne(*store, "two", "someone");
    EXPECT_TRUE(Has(*store, "two"));
  }
  EXPECT_FALSE(fs::exists(path_ + ".aside"));
  Sql("SELECT bytes FROM subjects; SELECT namespace FROM users;");
  EXPECT_TRUE(Has(*Open(), "one")) << "and is read as the version it is now";
}

TEST_F(StoreTest, ANewerVersionIsKeptForItsOwnProgram) {
  PutOne(*Open(), "one");
  Sql("PRAGMA user_version = 7");
  {
    auto store = Open();
    EXPECT_FALSE(Has(*store, "one"));
    PutOne(*store, "two");
    EXPECT_TRUE(Has(*store, "two"));
  }
  EXPECT_TRUE(fs::exists(path_ + ".v7"));
  // The newer program comes back and puts ours aside as we did with its own; then we are rolled back to.
  fs::rename(path_, path_ + ".v2");
  EXPECT_TRUE(Has(*Open(), "two"));
}

TEST_F(StoreTest, ChangedBytesAreNotGivenBack) {
  PutOne(*Open(), "one");
  Sql("UPDATE blobs SET bytes = x'00'");
  EXPECT_TRUE(Find(*Open(), DigestOf("subject one")).empty());
  PutOne(*Open(), "one");
  EXPECT_TRUE(Has(*Open(), "one")) << "written anew";
  Sql("UPDATE evidence SET annotations = '[1]'");
  EXPECT_TRUE(Find(*Open(), DigestOf("subject one")).empty());
}

TEST_F(StoreTest, InsertedRowsAreBounded) {
  PutOne(*Open(), "one");
  std::string sql = "BEGIN;";
  for (int i = 1; i < 1000; ++i) {
    sql += "INSERT INTO evidence SELECT subject, repository, " + std::to_string(i) +
           ", blob, media_type, annotations, 9223372036854775807 FROM evidence WHERE ordinal = 0;";
  }
  Sql(sql + "COMMIT;");
  EXPECT_EQ(limits::kSignatures, Find(*Open(), DigestOf("subject one")).size());
}

TEST_F(StoreTest, TriggersAndViewsDoNotRun) {
  PutOne(*Open(), "one");
  Sql("CREATE TRIGGER evil AFTER INSERT ON evidence BEGIN DELETE FROM blobs; END;");
  PutOne(*Open(), "two");
  EXPECT_TRUE(Has(*Open(), "two"));
}

TEST_F(StoreTest, OtherVersionsAndFilesArePutAside) {
  PutOne(*Open(), "one");
  Sql("PRAGMA user_version = -3");
  EXPECT_FALSE(Has(*Open(), "one"));
  EXPECT_TRUE(fs::exists(path_ + ".aside"));
  PutOne(*Open(), "two");
  EXPECT_TRUE(Has(*Open(), "two"));
  std::ofstream(path_, std::ios::trunc) << std::string(10'000, 'x');
  EXPECT_FALSE(Has(*Open(), "two"));
  PutOne(*Open(), "three");
  EXPECT_TRUE(Has(*Open(), "three"));
  Sql("DROP TABLE blobs");
  EXPECT_FALSE(Has(*Open(), "three"));
  PutOne(*Open(), "four");
  EXPECT_TRUE(Has(*Open(), "four"));
}

// A byte flipped anywhere: what is found is what was stored or nothing, and the store works on.
TEST_F(StoreTest, FlippedBytesCostAFetchAtMost) {
  {
    auto store = Open();
    for (int i = 0; i < 20; ++i) PutOne(*store, "text " + std::to_string(i));
  }
  std::string good;
  {
    std::ifstream file(path_, std::ios::binary);
    good.assign(std::istreambuf_iterator<char>(file), {});
  }
  std::mt19937 random(7);
  for (int round = 0; round < 150; ++round) {
    for (const char* suffix : {"", "-wal", "-shm", ".aside"}) fs::remove(path_ + suffix);
    std::string bad = good;
    if (round % 10 == 9) {
      bad.resize(random() % bad.size());
    } else {
      bad[random() % bad.size()] ^= static_cast<char>(1 << (random() % 8));
    }
    std::ofstream(path_, std::ios::binary) << bad;
    auto store = Open();
    for (int i = 0; i < 20; ++i) {
      const std::string text = "text " + std::to_string(i);
      for (const auto& found : Find(*store, DigestOf("subject " + text))) {
        EXPECT_EQ(DigestOf(std::string(AsText(found.payload))), found.blob);
      }
    }
  }
}

TEST_F(StoreTest, ALockedFileStallsNobody) {
  PutOne(*Open(), "one");
  sqlite3* other = nullptr;
  ASSERT_EQ(SQLITE_OK, sqlite3_open(path_.c_str(), &other));
  ASSERT_EQ(SQLITE_OK,
            sqlite3_exec(other, "PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM subjects WHERE 0", nullptr,
                         nullptr, nullptr));
  auto store = Open();
  EXPECT_EQ(ErrorCode::kUnavailable, Trouble(*store, "one")) << "said at once, and not as if nothing were known";
  PutOne(*store, "two");
  EXPECT_FALSE(store->Flush().ok());
  EXPECT_FALSE(store->List(10).ok());
  sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  EXPECT_TRUE(Has(*store, "one")) << "it works again by itself, and nothing was put aside";
  EXPECT_FALSE(fs::exists(path_ + ".aside"));
}

// A clock that holds whoever asks it, as a disk that hangs holds the store's thread.
class HeldClock final : public Clock {
 public:
  WallTime Now() const override {
    MutexLock lock(mutex_);
    asked_ = true;
    changed_.NotifyAll();
    while (held_) changed_.Wait(lock);
    return {};
  }
  SteadyTime Steady() const override { return {}; }
  void SleepFor(std::chrono::milliseconds) const override {}
  void AwaitTheAsker() const {
    MutexLock lock(mutex_);
    while (!asked_) changed_.Wait(lock);
  }
  void Release() {
    const MutexLock lock(mutex_);
    held_ = false;
    changed_.NotifyAll();
  }

 private:
  mutable Mutex mutex_;
  mutable Condition changed_;
  mutable bool asked_ PULLSEAL_GUARDED_BY(mutex_) = false;
  bool held_ PULLSEAL_GUARDED_BY(mutex_) = true;
};

TEST_F(StoreTest, ABusyStoreIsNotReadAsAnEmptyOne) {
  PutOne(*Open(), "one");
  HeldClock clock;
  auto store = OpenSqliteStore(path_, limits::kStoreBytes, clock);
  PutOne(*store, "two");
  clock.AwaitTheAsker();
  const auto found = store->Find(DigestOf("subject one"), kRepository, std::chrono::milliseconds(1));
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(ErrorCode::kTimeout, found.error().code);
  for (std::size_t i = 0; i < limits::kStoreQueue; ++i) PutOne(*store, "more " + std::to_string(i));
  EXPECT_EQ(ErrorCode::kUnavailable, Trouble(*store, "one")) << "too much is waiting";
  clock.Release();
  Settle(*store);
  while (!store->Find(DigestOf("subject one"), kRepository, kPatient).ok()) Settle(*store);
  EXPECT_TRUE(Has(*store, "one"));
}

TEST_F(StoreTest, AFullDiskStallsNobody) {
  PutOne(*Open(), "one");
  // No file may grow much beyond what this one is: the same to a writer as a full disk.
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = fs::file_size(path_) + 64 * limits::kKiB;
  ASSERT_EQ(0, ::setrlimit(RLIMIT_FSIZE, &small));
  {
    auto store = Open();
    for (int i = 0; i < 50; ++i) PutOne(*store, std::string(20'000, static_cast<char>('a' + i % 26)));
    Settle(*store);
    EXPECT_TRUE(Has(*store, "one"));
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  auto store = Open();
  EXPECT_TRUE(Has(*store, "one"));
  PutOne(*store, "two");
  EXPECT_TRUE(Has(*store, "two"));
}

TEST_F(StoreTest, AFolderThatIsNotThereIsNoEnd) {
  auto store = OpenSqliteStore(folder_ + "/none/evidence.db", limits::kStoreBytes, clock_);
  PutOne(*store, "one");
  EXPECT_EQ(ErrorCode::kUnavailable, Trouble(*store, "one"));
  EXPECT_FALSE(store->Flush().ok());
}

TEST_F(StoreTest, ALinkInItsPlaceIsNotFollowed) {
  const std::string other = folder_ + "/precious";
  std::ofstream(other) << "precious";
  fs::create_symlink(other, path_);
  PutOne(*Open(), "one");
  std::ifstream file(other);
  EXPECT_EQ("precious", std::string(std::istreambuf_iterator<char>(file), {}));
}

// Killed while it writes, twenty times: what is there afterwards is whole.
TEST_F(StoreTest, KilledWhileWriting) {
  int survived = 0;
  for (int round = 0; round < 20; ++round) {
    int written[2] = {-1, -1};
    ASSERT_EQ(0, ::pipe(written));
    const pid_t child = ::fork();
    if (child == 0) {
      auto store = Open();
      for (int i = 0;; ++i) {
        PutOne(*store, "round " + std::to_string(round) + " " + std::to_string(i));
        if (i % 5 != 4) continue;
        Settle(*store);
        if (::write(written[1], "x", 1) != 1) ::_exit(1);
      }
    }
    ::close(written[1]);
    // Five are there for certain; more are being written.
    char byte = 0;
    EXPECT_EQ(1, ::read(written[0], &byte, 1));
    ::usleep(500 * static_cast<unsigned int>(round));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ::close(written[0]);
    auto store = Open();
    for (int i = 0; i < 5; ++i) survived += Has(*store, "round " + std::to_string(round) + " " + std::to_string(i));
    EXPECT_FALSE(fs::exists(path_ + ".aside")) << "a crash is no damage";
  }
  EXPECT_EQ(100, survived) << "what was known to be written is there";
}

TEST_F(StoreTest, ReplacedAndForeignRowsDoNotPileUp) {
  constexpr std::size_t kMost = 1 * limits::kMiB;
  {
    auto store = Open(kMost);
    for (int i = 0; i < 300; ++i) {
      store->Add(DigestOf("s"), kRepository, "default", {Signature(std::string(8'000, 'x') + std::to_string(i))});
      if (i % 50 == 0) Settle(*store);
    }
  }
  EXPECT_LE(fs::file_size(path_), kMost);
  Sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)"
      " INSERT INTO blobs SELECT 'sha256:junk' || i, zeroblob(8000) FROM n");
  auto store = Open(kMost);
  PutOne(*store, "one");
  PutOne(*store, "two");
  EXPECT_TRUE(Has(*store, "two"));
}

TEST_F(StoreTest, ForgetsTheLeastRecentlyUsedFirst) {
  constexpr std::size_t kMost = 1 * limits::kMiB;
  auto store = Open(kMost);
  PutOne(*store, "used");
  for (int i = 0; i < 400; ++i) {
    clock_.Advance(std::chrono::hours(2));
    PutOne(*store, std::string(8'000, static_cast<char>('a' + i % 26)) + std::to_string(i));
    EXPECT_TRUE(Has(*store, "used")) << i;
  }
  EXPECT_FALSE(Has(*store, std::string(8'000, 'a') + "0"));
  EXPECT_TRUE(Has(*store, std::string(8'000, static_cast<char>('a' + 399 % 26)) + "399"));
  EXPECT_LE(fs::file_size(path_), kMost + kMost / 2);
}

// docs/evidence-db.md shows the tables; a new file has these and no others.
TEST_F(StoreTest, TheTablesAreTheOnesOfTheDocumentation) {
  std::ifstream in(std::string(PULLSEAL_TOP) + "/docs/evidence-db.md");
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const auto begin = text.find("```sql\n") + 7;
  const auto end = text.find("```", begin);
  ASSERT_NE(std::string::npos, end);
  const auto schema_of = [](const std::string& path, const std::string& sql) {
    sqlite3* database = nullptr;
    EXPECT_EQ(SQLITE_OK, sqlite3_open(path.c_str(), &database));
    EXPECT_EQ(SQLITE_OK, sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr));
    std::string out;
    const auto add = [](void* all, int columns, char** values, char**) {
      for (int i = 0; i < columns; ++i) *static_cast<std::string*>(all) += std::string(values[i]) + "\n";
      return 0;
    };
    sqlite3_exec(database, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name", add, &out, nullptr);
    sqlite3_exec(database, "PRAGMA user_version", add, &out, nullptr);
    sqlite3_close(database);
    std::erase_if(out, [](char c) { return c == '\n' || c == ' '; });
    return out;
  };
  {
    auto store = Open();
    PutOne(*store, "x");
    EXPECT_TRUE(Has(*store, "x"));
  }
  EXPECT_EQ(schema_of(path_, ""), schema_of(":memory:", text.substr(begin, end - begin)));
}

}  // namespace
}  // namespace pullseal::store
