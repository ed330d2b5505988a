// SPDX-License-Identifier: Apache-2.0
// Each attack of a tenant on a node of real parts: what the tenant got, how long pods of others took to start
// meanwhile, how much memory pullseald used, and whether it fed its watchdog. tests/tenants builds and runs it.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "e2e/tenants/node.h"

namespace pullseal::tenants {
namespace {

constexpr long kPeakMiB = 96;            // what pullseald may ever hold resident
constexpr double kWatchdogSeconds = 30;  // the unit's: then systemd kills
constexpr long kSlower = 3;              // others' pods against an idle node, before it counts as stopping them:
constexpr long kSlowerMillis = 1500;     // the machine runs the attack, its servers and containerd as well

struct Tally {
  int ran = 0;
  int stopped = 0;
  int over = 0;
  int hungry = 0;
  int failed = 0;
};

long Idle(Node& node) {
  std::vector<long> times;
  for (int i = 0; i < 5; ++i) {
    const Pod pod = node.RunOthers();
    if (!pod.wrong.empty()) throw std::runtime_error(pod.wrong);
    times.push_back(pod.millis);
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

void Run(Node& node, const Attack& attack, long idle, Tally& tally) {
  node.ForgetPeak();
  node.watchdog->Begin();
  attack.act(node);
  Pod others = node.RunOthers();
  const Pod again = node.RunOthers();
  if (others.wrong.empty()) others.wrong = again.wrong;
  others.millis = std::max(others.millis, again.millis);
  node.Join();
  Got got = attack.after(node);
  // The slug says it all; what stands before it differs.
  for (const char* prefix : {"SignatureValidationFailed: ", "RegistryUnavailable: "}) {
    if (got.text.starts_with(prefix)) got.text = got.text.substr(std::string(prefix).size());
  }
  for (auto& host : node.hosts) host->Behave(Hangup);
  const long peak = node.PeakMiB();
  const double silence = node.watchdog->LongestSilence();
  const bool slow = others.millis > idle * kSlower + kSlowerMillis;
  if (got.ran) ++tally.ran;
  if (!others.wrong.empty() || slow) ++tally.stopped;
  if (peak > kPeakMiB || peak < 0) ++tally.over;
  if (silence > kWatchdogSeconds) ++tally.hungry;
  std::printf("%-34s %-44.44s %6ld ms (%ld idle)%s %5ld MiB%s  watchdog %s%s\n", attack.name.c_str(), got.text.c_str(),
              others.millis, idle, slow ? " SLOW" : "", peak, peak > kPeakMiB ? " OVER" : "",
              silence > kWatchdogSeconds ? "STARVED" : "fed", got.ran ? "  RAN" : "");
  if (!others.wrong.empty()) std::printf("    STOPPED: %.200s\n", others.wrong.c_str());
  std::fflush(stdout);
}

int Main(const std::vector<std::string>& names) {
  std::vector<Attack> attacks;
  AddNames(attacks);
  AddMemory(attacks);
  AddSlowness(attacks);
  if (!names.empty()) {
    std::erase_if(attacks, [&](const Attack& attack) {
      return std::none_of(names.begin(), names.end(),
                          [&](const std::string& name) { return attack.name.find(name) != std::string::npos; });
    });
  }
  Node node;
  const long idle = Idle(node);
  Tally tally;
  for (const Attack& attack : attacks) {
    try {
      Run(node, attack, idle, tally);
    } catch (const std::exception& error) {
      ++tally.failed;
      node.Join();
      std::printf("%-34s DID NOT HAPPEN: %.200s\n", attack.name.c_str(), error.what());
    }
  }
  if (tally.hungry > 0) std::printf("%d starved the watchdog\n", tally.hungry);
  if (tally.failed > 0) std::printf("%d could not be carried out\n", tally.failed);
  std::printf("%zu attacks: %d ran, %d stopped others, %d over memory\n", attacks.size(), tally.ran, tally.stopped,
              tally.over);
  const bool good = tally.ran + tally.stopped + tally.over + tally.hungry + tally.failed == 0 && !attacks.empty();
  return good ? 0 : 1;
}

}  // namespace
}  // namespace pullseal::tenants

int main(int argc, char** argv) {
  try {
    return pullseal::tenants::Main({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::printf("no node to attack: %s\n", error.what());
    return 1;
  }
}
