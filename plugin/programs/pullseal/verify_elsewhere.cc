// SPDX-License-Identifier: Apache-2.0
// `pullseal verify`, `pullseal policy`, `pullseal key` and what of `pullseal trust` fetches, in the programs that have
// them not.
#include "programs/pullseal/hand_over.h"
#include "programs/pullseal/key_commands.h"
#include "programs/pullseal/policy_commands.h"
#include "programs/pullseal/trust_renewal.h"
#include "programs/pullseal/verify.h"

namespace pullseal::cli {
namespace {
constexpr char kProgram[] = "pullseal-verify";
}  // namespace

int Verify(const VerifyOptions&) { return HandOver(kProgram); }
int KeyFetch(const KeyFetchOptions&) { return HandOver(kProgram); }
int TrustUpdate(const RenewalOptions&) { return HandOver(kProgram); }
int TrustImport(const RenewalOptions&) { return HandOver(kProgram); }
int TrustClientInit(const ClientOptions&) { return HandOver(kProgram); }
int TrustClientRefresh(const ClientOptions&) { return HandOver(kProgram); }
int TrustClientDownload(const ClientOptions&) { return HandOver(kProgram); }
int PolicyCheck(const std::string&, bool) { return HandOver(kProgram); }
int PolicyTest(const std::string&, const std::string&, const std::optional<std::string>&,
               const std::vector<std::string>&, bool, bool) {
  return HandOver(kProgram);
}

}  // namespace pullseal::cli
