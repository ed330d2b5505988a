// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_INSTALL_TRANSACTION_H_
#define PULLSEAL_NODE_INSTALL_TRANSACTION_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "node/install/host.h"

namespace pullseal::install {

// Change is one path and what it shall be.
struct Change {
  std::string path;
  FileState after;
};

// Record is what was at paths before a change, and which folders were not there.
struct Record {
  std::map<std::string, FileState> before;
  std::vector<std::string> folders;  // made by us, outermost first
};

// Transaction is one change to a node, all or nothing. All it replaces is written down, in one file, before anything is
// touched; so whoever finds that file can put everything back, as often as it takes, whatever was done in between. The
// change is made the moment that file is gone. The lock must be held.
class Transaction {
 public:
  // The file that says that a change is under way.
  static constexpr std::string_view kFile = "/opt/pullseal/node/transaction.json";

  // Writes down what is at the paths of `changes`. `from` and `to` are versions, empty for none.
  static Result<Transaction> Begin(const Host& host, std::string kind, std::string from, std::string to,
                                   std::vector<Change> changes);
  // The one under way, if there is one. kInvalid if its file cannot be read.
  static Result<std::optional<Transaction>> Find(const Host& host);

  const std::string& kind() const { return kind_; }
  const std::string& from() const { return from_; }
  const std::string& to() const { return to_; }
  const std::string& step() const { return step_; }
  const Record& record() const { return record_; }
  // Whether a path that begins with `prefix` was other than it shall be.
  bool Touches(std::string_view prefix) const;

  // Writes down what is done next, for those who look.
  Status Enter(const Host& host, std::string step);
  // Makes those changes whose path is `wanted` and that are not made yet, in the order they were given.
  Status Apply(const Host& host, const std::function<bool(const std::string& path)>& wanted);
  // Puts all paths back and removes the folders that were made for them, if they are empty.
  Status PutBack(const Host& host) const;
  // Ends it: from now on the change, or what was put back, stands.
  Status End(const Host& host) const;

 private:
  Status Save(const Host& host) const;

  std::string kind_;
  std::string from_;
  std::string to_;
  std::string step_;
  std::vector<Change> changes_;  // empty in one that was found
  Record record_;
};

// A record as JSON text, and back. kInvalid.
std::string ToJson(const Record& record);
Result<Record> RecordFromJson(std::string_view text);

// PutBack restores what `record` says.
Status PutBack(const Host& host, const Record& record);

}  // namespace pullseal::install

#endif  // PULLSEAL_NODE_INSTALL_TRANSACTION_H_
