// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_CREDENTIALS_LIMITS_H_
#define PULLSEAL_IMAGE_CREDENTIALS_LIMITS_H_

#include <chrono>
#include <cstddef>

#include "core/base/units.h"

// What image/credentials reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

inline constexpr std::size_t kTokenBytes = 64 * kKiB;  // token responses; JWTs with many groups reach 10 KiB
inline constexpr int kAttempts = 3;                    // per request; more would only add to an overload
// Credential provider plugins: kubelet gives them a minute; we have a decision to make.
inline constexpr seconds kProviderTime{15};
inline constexpr std::size_t kProviderOutput = 1 * kMiB;  // credentials for a few registries, JSON
inline constexpr std::size_t kProviders = 16;
inline constexpr std::size_t kProviderImages = 256;   // matchImages of one provider; AKS has ten
inline constexpr std::size_t kProviderAnswers = 256;  // cached answers of all providers
inline constexpr std::size_t kDockerConfigBytes = 1 * kMiB;
// A refusal of a provider or of the cloud's identity service is not asked for again for this long.
inline constexpr seconds kCredentialRest{10};
inline constexpr seconds kIdentityMargin{300};   // tokens of the cloud are fetched anew this long before they end
inline constexpr seconds kTokenDefaultLife{60};  // distribution token specification: 60 s where expires_in is absent
inline constexpr seconds kTokenLongestLife{3600};

}  // namespace pullseal::limits

#endif  // PULLSEAL_IMAGE_CREDENTIALS_LIMITS_H_
