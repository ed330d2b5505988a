// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_CRYPTO_PATH_SEARCH_H_
#define PULLSEAL_CORE_CRYPTO_PATH_SEARCH_H_

#include <functional>
#include <vector>

#include "core/base/result.h"
#include "core/crypto/certificate.h"

namespace pullseal::crypto {

// SearchPath looks for certificates above `leaf` that lead through any of `untrusted` to one of `anchors`, depth first.
// Names alone lead it and prove nothing: each way that it finds, the issuer first and the anchor last, is handed to
// `accept`, which verifies it whole. Ends with the first that is accepted; else with what `accept` said last, or
// kInvalid if there is no way. At most limits::kPathDepth certificates, limits::kPathTries ways and limits::kPathSteps
// comparisons of names. Thread-safe.
Status SearchPath(const Certificate& leaf, const std::vector<Certificate>& untrusted,
                  const std::vector<Certificate>& anchors,
                  const std::function<Status(const std::vector<Certificate>& above)>& accept);

}  // namespace pullseal::crypto

#endif  // PULLSEAL_CORE_CRYPTO_PATH_SEARCH_H_
