// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_SIGSTORE_DEMANDS_H_
#define PULLSEAL_VERIFY_SIGSTORE_DEMANDS_H_

#include <cstddef>

namespace pullseal::sigstore {

// Demands is how much evidence a signature needs. Each counts distinct logs or authorities, never entries.
struct Demands {
  friend bool operator==(const Demands&, const Demands&) = default;
  std::size_t logs = 1;              // transparency logs with an entry
  std::size_t timestamps = 0;        // timestamp authorities
  std::size_t certificate_logs = 1;  // certificate logs that promised to log the certificate
};

}  // namespace pullseal::sigstore

#endif  // PULLSEAL_VERIFY_SIGSTORE_DEMANDS_H_
