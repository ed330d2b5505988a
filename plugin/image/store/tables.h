// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_STORE_TABLES_H_
#define PULLSEAL_IMAGE_STORE_TABLES_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "image/oci/signature_evidence.h"
#include "image/store/database.h"
#include "image/store/evidence_store.h"

namespace pullseal::store {

// Tables are the evidence in one database file, and what is asked of them. Subjects and repositories are texts as the
// file has them. Errors are kUnavailable: what cannot be done is not done. Not thread-safe.
class Tables {
 public:
  Tables(std::string path, std::size_t most_bytes, const Clock& clock)
      : path_(std::move(path)), most_bytes_(most_bytes), clock_(clock) {}

  Result<std::vector<oci::SignatureEvidence>> Find(const std::string& subject, const std::string& repository);
  Status Add(const std::string& subject, const std::string& repository, const std::string& user,
             std::vector<oci::SignatureEvidence> signatures);
  Status AddSpare(const std::string& subject, const std::string& repository, const std::string& user,
                  std::vector<oci::SignatureEvidence> signatures);
  Status NoteUse(const std::string& subject, const std::string& repository, const std::string& user);
  Result<std::vector<EvidenceStore::Subject>> List(std::size_t most);
  Status Flush();

 private:
  // Runs `work` on the open database, opening it first if need be. A damaged file is put aside and `work` done on a new
  // one: what that does not hold is not known, for certain.
  template <typename Work>
  Status With(const Work& work);
  // The same as one transaction.
  template <typename Work>
  Status Change(const Work& work);
  Status Open();
  Status OpenOnce();
  Status Prepare(Database& database, std::int64_t version);
  Status Report(Status status);
  void PutAside(const std::string& suffix, const std::string& why);
  void TakeUpOwn() const;

  Status Read(Database& database, const std::string& subject, const std::string& repository,
              std::vector<oci::SignatureEvidence>& out);
  Status Touch(Database& database, const std::string& subject, const std::string& repository);
  Status Write(Database& database, const std::string& subject, const std::string& repository,
               const std::vector<oci::SignatureEvidence>& signatures);
  Status WriteOne(Database& database, const std::string& subject, const std::string& repository, std::int64_t ordinal,
                  const oci::SignatureEvidence& signature);
  Status AddUser(Database& database, const std::string& subject, const std::string& repository,
                 const std::string& user);
  Status Shrink(Database& database);

  const std::string path_;
  const std::size_t most_bytes_;
  const Clock& clock_;
  std::optional<Database> database_;
  bool told_ = false;
};

}  // namespace pullseal::store

#endif  // PULLSEAL_IMAGE_STORE_TABLES_H_
