// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_REPORTS_AUDIT_LIMITS_H_
#define PULLSEAL_REPORTS_AUDIT_LIMITS_H_

#include <cstddef>

#include "core/base/units.h"

// What reports/audit reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

// A field of an audit record: longer text is cut. Escaped it can be six times as long, and some twenty fields still fit
// into what is read of the log's end to take up its chain.
inline constexpr std::size_t kAuditFieldBytes = 1 * kKiB;
inline constexpr std::size_t kAuditTailBytes = 256 * kKiB;
// Room on disk that only the audit log can use: some 1,500 records, an hour of a busy node, to notice a full disk in.
inline constexpr std::size_t kAuditReserve = 1 * kMiB;

}  // namespace pullseal::limits

#endif  // PULLSEAL_REPORTS_AUDIT_LIMITS_H_
