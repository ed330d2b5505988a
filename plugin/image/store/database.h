// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_STORE_DATABASE_H_
#define PULLSEAL_IMAGE_STORE_DATABASE_H_

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace pullseal::store {

// Statement is one prepared SQL statement with its parameters, numbered from 1. Not thread-safe.
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  Statement& Text(int index, std::string_view value);
  Statement& Blob(int index, ByteView value);
  Statement& Number(int index, std::int64_t value);
  // One step: true if there is a row. kInvalid for a damaged database, kUnavailable for anything else that is wrong.
  Result<bool> Step();
  // Steps once and expects no row.
  Status Run();

  // Columns of the row, numbered from 0. Views hold until the next step.
  std::string_view TextAt(int column) const;
  ByteView BlobAt(int column) const;
  std::int64_t NumberAt(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// Database is a SQLite connection set up to read a file that somebody may have tampered with: no triggers, no views, no
// functions from the schema, bounded lengths, no waiting for locks. Not thread-safe.
class Database {
 public:
  // kInvalid if the file is no sound database, kUnavailable if it cannot be opened now.
  static Result<Database> Open(const std::string& path);

  // Runs statements without parameters.
  Status Execute(const char* sql);
  Result<Statement> Prepare(const char* sql);
  // The single number that `sql` asks for.
  Result<std::int64_t> Number(const char* sql);

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
  };
  explicit Database(sqlite3* database) : database_(database) {}
  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace pullseal::store

#endif  // PULLSEAL_IMAGE_STORE_DATABASE_H_
