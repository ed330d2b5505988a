// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_HTTP_LIMITS_H_
#define PULLSEAL_CORE_HTTP_LIMITS_H_

#include <chrono>
#include <cstddef>

#include "core/base/units.h"

// What core/http reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

inline constexpr std::size_t kResponseHeaderBytes = 64 * kKiB;  // all headers of one response
inline constexpr seconds kConnectTime{3};                       // a reachable registry answers SYN in milliseconds
inline constexpr long kSlowBytesPerSecond = 1024;               // a slower body than this for kSlowTime is given up
inline constexpr seconds kSlowTime{10};
// Handles kept with their connections for the next request; each has buffers and, by TLS, a set of roots.
inline constexpr std::size_t kIdleConnections = 4;
inline constexpr std::size_t kRootsBytes = 4 * kMiB;  // a system's certificate authorities: 220 KiB
inline constexpr std::size_t kRootsFiles = 2'000;     // in the folders of authorities: Debian's has 290
// Hosts remembered for having failed.
inline constexpr std::size_t kRestingHosts = 256;
inline constexpr std::size_t kNoProxyEntries = 1024;  // of NO_PROXY; clouds' lists have about 30

}  // namespace pullseal::limits

#endif  // PULLSEAL_CORE_HTTP_LIMITS_H_
