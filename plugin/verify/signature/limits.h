// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_SIGNATURE_LIMITS_H_
#define PULLSEAL_VERIFY_SIGNATURE_LIMITS_H_

#include <cstddef>

// What verify/signature reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

// Statements name one image or the files of one release; a list of a thousand is none of a container's.
inline constexpr std::size_t kStatementSubjects = 1024;
inline constexpr std::size_t kSubjectDigests = 32;  // algorithms by which one subject is named; two are usual

}  // namespace pullseal::limits

#endif  // PULLSEAL_VERIFY_SIGNATURE_LIMITS_H_
