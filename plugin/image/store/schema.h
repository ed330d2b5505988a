// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_STORE_SCHEMA_H_
#define PULLSEAL_IMAGE_STORE_SCHEMA_H_

#include <cstdint>

#include "image/oci/limits.h"

// The SQL texts that make the database of evidence, bring it to the version of today, and forget what is too much.
namespace pullseal::store {

inline constexpr std::int64_t kSchemaVersion = 2;

// blobs: bytes by digest. subjects: what is known about, when it was last used, how many bytes its signatures take.
// evidence: one signature each. users: the namespaces that use a subject.
inline constexpr const char* kSchema =
    "BEGIN;"
    "CREATE TABLE blobs(digest TEXT PRIMARY KEY, bytes BLOB NOT NULL);"
    "CREATE TABLE subjects(subject TEXT NOT NULL, repository TEXT NOT NULL, used_at INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(subject, repository)) WITHOUT ROWID;"
    "CREATE TABLE evidence(subject TEXT NOT NULL, repository TEXT NOT NULL, ordinal INTEGER NOT NULL,"
    " blob TEXT NOT NULL, media_type TEXT NOT NULL, annotations TEXT NOT NULL, fetched_at INTEGER NOT NULL,"
    " PRIMARY KEY(subject, repository, ordinal)) WITHOUT ROWID;"
    "CREATE TABLE users(subject TEXT NOT NULL, repository TEXT NOT NULL, namespace TEXT NOT NULL,"
    " PRIMARY KEY(subject, repository, namespace)) WITHOUT ROWID;"
    "CREATE INDEX subjects_used ON subjects(used_at);"
    "CREATE INDEX evidence_blob ON evidence(blob);"
    "PRAGMA user_version=2;"
    "COMMIT;";

// Version 1 had neither bytes nor users, and kept whatever a registry had, up to 16 MiB each. Who used it is not known.
inline constexpr const char* kFromVersion1 =
    "BEGIN IMMEDIATE;"
    "ALTER TABLE subjects ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE users(subject TEXT NOT NULL, repository TEXT NOT NULL, namespace TEXT NOT NULL,"
    " PRIMARY KEY(subject, repository, namespace)) WITHOUT ROWID;"
    "DELETE FROM evidence WHERE blob IN (SELECT digest FROM blobs WHERE length(bytes) > 262144);"
    "DELETE FROM blobs WHERE NOT EXISTS (SELECT 1 FROM evidence e WHERE e.blob = blobs.digest);"
    "UPDATE subjects SET bytes = (SELECT COALESCE(SUM(length(b.bytes) + length(e.annotations)), 0) FROM evidence e"
    " JOIN blobs b ON b.digest = e.blob WHERE e.subject = subjects.subject AND e.repository = subjects.repository);"
    "INSERT INTO users SELECT subject, repository, '' FROM subjects;"
    "PRAGMA user_version=2;"
    "COMMIT;";
static_assert(limits::kSignatureBytes == 262144);

// Of one connection: subjects to forget, and blobs that may be needed no more.
inline constexpr const char* kTemporary =
    "CREATE TEMP TABLE old(subject TEXT, repository TEXT); CREATE TEMP TABLE gone(blob TEXT);";
inline constexpr const char* kDropGone =
    "DELETE FROM blobs WHERE digest IN (SELECT blob FROM temp.gone)"
    " AND NOT EXISTS (SELECT 1 FROM evidence e WHERE e.blob = blobs.digest);";

// What nobody asked for yet counts for its namespace's spare share. No namespace's name has a blank.
inline constexpr const char* kSpareUser = "spare ";

// Whom to forget next: what only spare shares hold, those of the largest one first; then subjects all of whose users
// have at least an equal share, those of the largest namespace first, of these the least recently used. There always is
// one: count each subject for its smallest user, then some namespace has at least the mean, and so have all other users
// of what was counted for it. Subjects without a user go first.
inline constexpr const char* kChooseOld =
    "DELETE FROM temp.old;"
    "INSERT INTO temp.old WITH totals AS MATERIALIZED (SELECT u.namespace AS namespace, SUM(s.bytes) AS total"
    " FROM users u JOIN subjects s ON s.subject = u.subject AND s.repository = u.repository GROUP BY u.namespace),"
    " smallest AS (SELECT s.subject AS subject, s.repository AS repository, s.used_at AS used_at,"
    " (SELECT MIN(t.total) FROM users u JOIN totals t ON t.namespace = u.namespace"
    " WHERE u.subject = s.subject AND u.repository = s.repository) AS total,"
    " NOT EXISTS (SELECT 1 FROM users u WHERE u.subject = s.subject AND u.repository = s.repository"
    " AND u.namespace NOT LIKE 'spare %') AS spare FROM subjects s)"
    " SELECT subject, repository FROM smallest WHERE total IS NULL OR spare OR"
    " total * (SELECT COUNT(*) FROM totals) >= (SELECT SUM(bytes) FROM subjects)"
    " ORDER BY total IS NULL DESC, spare DESC, total DESC, used_at LIMIT (SELECT COUNT(*) / 50 + 1 FROM subjects);";

inline constexpr const char* kForgetOld =
    "DELETE FROM temp.gone;"
    "INSERT INTO temp.gone SELECT DISTINCT e.blob FROM temp.old o JOIN evidence e"
    " ON e.subject = o.subject AND e.repository = o.repository;"
    "DELETE FROM evidence WHERE (subject, repository) IN (SELECT subject, repository FROM temp.old);"
    "DELETE FROM users WHERE (subject, repository) IN (SELECT subject, repository FROM temp.old);"
    "DELETE FROM subjects WHERE (subject, repository) IN (SELECT subject, repository FROM temp.old);";

}  // namespace pullseal::store

#endif  // PULLSEAL_IMAGE_STORE_SCHEMA_H_
