// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEALD_LIMITS_H_
#define PULLSEAL_PROGRAMS_PULLSEALD_LIMITS_H_

#include <chrono>
#include <cstddef>

#include "core/base/units.h"

// What programs/pullseald reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

inline constexpr std::size_t kWatchedFolders = 64;  // folders of keys and roots beside the policy
// How often the policy's folder is looked at. A change is taken up once it has been quiet for that long, and at the
// latest after kPolicySettleMost; without any notice the files are read again each kPolicyPoll.
inline constexpr milliseconds kPolicyRound{500};
inline constexpr seconds kPolicySettleMost{5};
inline constexpr seconds kPolicyPoll{60};
inline constexpr seconds kErrandRound{2};  // between looks for images that are worth another search
inline constexpr seconds kRefreshRound{60};
inline constexpr seconds kAuditSyncRound{1};
inline constexpr std::size_t kAdminList = 10'000;  // subjects told by `cache list`
inline constexpr std::size_t kWarmImages = 1'000;  // images in one request to warm
// containerd kills a verifier after 10 s by default; the daemon answers before that.
inline constexpr seconds kPluginDecisionTime{8};
inline constexpr std::size_t kMetricsChunkBytes = 32 * kKiB;  // of the metrics told in one line, half of which escapes
inline constexpr std::size_t kCanaries = 16;  // canaries whose outcome is remembered: one asker a minute
// Opening the gate: long enough for a night's incident, too short to be forgotten for days.
inline constexpr seconds kBreakGlassMost{24 * 3600};
inline constexpr std::size_t kBreakGlassReason = 500;  // one audit record holds it
inline constexpr std::size_t kBreakGlassBytes = 8 * kKiB;
// Containers remembered as created by calls that came through us; more than run on a node, with room for restarts.
inline constexpr std::size_t kCreatedContainers = 8'192;
inline constexpr seconds kCreatedLately{600};               // a container that was created and has not been started yet
inline constexpr std::size_t kCreatedFileBytes = 2 * kMiB;  // twice that many lines of 65 bytes
inline constexpr seconds kSelfTestRound{10};                // where systemd does not say
inline constexpr int kNoteSweepRounds = 20;  // of kRefreshRound: notes of content that is gone cost room only

}  // namespace pullseal::limits

#endif  // PULLSEAL_PROGRAMS_PULLSEALD_LIMITS_H_
