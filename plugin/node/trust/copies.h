// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_TRUST_COPIES_H_
#define PULLSEAL_NODE_TRUST_COPIES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "core/base/result.h"

namespace pullseal::trust {

// Copies are the files of a repository that were trusted before. They are verified again whenever they are used.
class Copies {
 public:
  virtual ~Copies() = default;
  // The file kept for a role, of at most `most` bytes; absent if there is none. kLimit, kUnavailable.
  virtual Result<std::optional<std::string>> Load(const std::string& role, std::size_t most) = 0;
  // Keeps what was just trusted. kUnavailable.
  virtual Status Save(const std::string& role, const std::string& bytes) = 0;
  // Forgets what is kept for a role. kUnavailable.
  virtual Status Forget(const std::string& role) = 0;
};

// FolderCopies keeps one file for each role, "root.json" and so on, each written as a whole or not at all, as soon as
// it is trusted: the specification's own way (section 5.3.8 and its like), and the conformance suite's.
class FolderCopies final : public Copies {
 public:
  explicit FolderCopies(std::string folder) : folder_(std::move(folder)) {}
  Result<std::optional<std::string>> Load(const std::string& role, std::size_t most) override;
  Status Save(const std::string& role, const std::string& bytes) override;
  Status Forget(const std::string& role) override;

 private:
  std::string Path(const std::string& role) const;
  std::string folder_;
};

// ReadOnlyCopies reads a folder in a mirror's layout, in which each role but root has one file, and writes nothing:
// what is trusted is put there later, all at once.
class ReadOnlyCopies final : public Copies {
 public:
  explicit ReadOnlyCopies(std::string folder) : folder_(std::move(folder)) {}
  Result<std::optional<std::string>> Load(const std::string& role, std::size_t most) override;
  Status Save(const std::string&, const std::string&) override { return {}; }
  Status Forget(const std::string& role) override;

 private:
  std::string folder_;
  std::set<std::string> forgotten_;
};

}  // namespace pullseal::trust

#endif  // PULLSEAL_NODE_TRUST_COPIES_H_
