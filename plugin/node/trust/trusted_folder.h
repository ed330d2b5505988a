// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_TRUST_TRUSTED_FOLDER_H_
#define PULLSEAL_NODE_TRUST_TRUSTED_FOLDER_H_

#include <map>
#include <string>

#include "core/base/file.h"
#include "core/base/result.h"

namespace pullseal::trust {

// TrustedFolder is a folder that holds what was trusted of a repository, in a mirror's layout, so that it can be
// imported again elsewhere. It is replaced as a whole or not at all. Nobody else's folder is ever replaced: one that
// has anything in it must have our mark. One process at a time; the next one is told. Not thread-safe.
class TrustedFolder {
 public:
  // Open takes the folder at `path`, which need not be there; the folder above must be. kUnavailable if it is another
  // kind of thing, has no mark, or is being updated.
  static Result<TrustedFolder> Open(const std::string& path);

  // Where it is, links resolved.
  const std::string& path() const { return path_; }

  // Whether it holds exactly these files (by names without slashes or "targets/NAME").
  bool Holds(const std::map<std::string, std::string>& files) const;

  // Replace writes the files into a new folder beside it, syncs them, and exchanges the two in one step; then the old
  // one is removed. kUnavailable; then it is as it was.
  Status Replace(const std::map<std::string, std::string>& files);

 private:
  TrustedFolder(std::string path, OwnedFd above) : path_(std::move(path)), above_(std::move(above)) {}
  Status Exchange(const std::string& fresh);

  std::string path_;
  OwnedFd above_;  // the folder above, locked
};

// The mark's file name.
inline constexpr char kMarkFile[] = ".pullseal-trust";

}  // namespace pullseal::trust

#endif  // PULLSEAL_NODE_TRUST_TRUSTED_FOLDER_H_
