// SPDX-License-Identifier: Apache-2.0
#include "image/store/database.h"

#include <fcntl.h>
#include <unistd.h>

#include "image/oci/limits.h"
#include "image/store/limits.h"

namespace pullseal::store {
namespace {

// Damage is told apart from what passes by itself: a lock, a full disk, no memory.
Error ToError(int code, const char* message) {
  const int primary = code & 0xFF;
  const bool damaged = primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || primary == SQLITE_SCHEMA ||
                       primary == SQLITE_TOOBIG || primary == SQLITE_ERROR || primary == SQLITE_MISMATCH ||
                       primary == SQLITE_CONSTRAINT || primary == SQLITE_FORMAT;
  return Error{damaged ? ErrorCode::kInvalid : ErrorCode::kUnavailable,
               std::string("database: ") + (message != nullptr ? message : "unknown")};
}

}  // namespace

Statement& Statement::Text(int index, std::string_view value) {
  sqlite3_bind_text(statement_.get(), index, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::Blob(int index, ByteView value) {
  sqlite3_bind_blob(statement_.get(), index, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::Number(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
  return *this;
}

Result<bool> Statement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return ToError(code, sqlite3_errmsg(sqlite3_db_handle(statement_.get())));
}

Status Statement::Run() {
  const auto row = Step();
  if (!row) return row.error();
  return {};
}

std::string_view Statement::TextAt(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

ByteView Statement::BlobAt(int column) const {
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::int64_t Statement::NumberAt(int column) const { return sqlite3_column_int64(statement_.get(), column); }

Result<Database> Database::Open(const std::string& path) {
  // Made here first, so that nobody else can read it, whatever the umask.
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return Error{ErrorCode::kUnavailable, "database: " + path + " cannot be opened for writing"};
  ::close(fd);
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  Database out(raw);
  if (code != SQLITE_OK) return ToError(code, raw != nullptr ? sqlite3_errmsg(raw) : nullptr);
  sqlite3_limit(raw, SQLITE_LIMIT_LENGTH, static_cast<int>(limits::kRowBytes));
  for (const int off : {SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW, SQLITE_DBCONFIG_TRUSTED_SCHEMA}) {
    sqlite3_db_config(raw, off, 0, nullptr);
  }
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_busy_timeout(raw, 0);
  if (auto s = out.Execute(
          "PRAGMA cache_size=-256; PRAGMA temp_store=MEMORY; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; "
          "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA journal_size_limit=1048576;");
      !s) {
    return s.error();
  }
  return out;
}

Status Database::Execute(const char* sql) {
  const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return ToError(code, sqlite3_errmsg(database_.get()));
  return {};
}

Result<Statement> Database::Prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(database_.get(), sql, -1, &statement, nullptr);
  if (code != SQLITE_OK) return ToError(code, sqlite3_errmsg(database_.get()));
  return Statement(statement);
}

Result<std::int64_t> Database::Number(const char* sql) {
  auto statement = Prepare(sql);
  if (!statement) return statement.error();
  const auto row = statement->Step();
  if (!row) return row.error();
  if (!*row) return Error{ErrorCode::kInvalid, "database: no answer"};
  return statement->NumberAt(0);
}

}  // namespace pullseal::store
