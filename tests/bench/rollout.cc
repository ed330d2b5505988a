// SPDX-License-Identifier: Apache-2.0
// Many nodes start many images at once against one Azure container registry, in virtual time: the gate and the registry
// client are the real ones, one of each per node; the registry is a fake that counts, throttles and fails as ACR does.
// Prints a table; tests/rollout-simulation builds and runs it.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <queue>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/base/log.h"
#include "core/base/mutex.h"
#include "fakes/fake_registry.h"
#include "fakes/test_authority.h"
#include "gate/gate/gate.h"
#include "gate/gate/snapshot.h"
#include "image/oci/platform.h"
#include "image/registry/client.h"
#include "policy/file/parse.h"

namespace pullseal {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// VirtualClock lets time pass only when every thread that takes part sleeps: then it is the time of the one that wakes
// first. So a simulated hour costs what its work costs, and no more threads run at once than have the same time.
class VirtualClock final : public Clock {
 public:
  WallTime Now() const override { return *ParseTime("2026-11-22T12:00:00Z") + (Steady() - SteadyTime{}); }
  SteadyTime Steady() const override {
    const MutexLock lock(mutex_);
    return now_;
  }
  void SleepFor(milliseconds time) const override {
    MutexLock lock(mutex_);
    Sleeper self{now_ + std::max(time, milliseconds(0)), next_++};
    sleepers_.push(&self);
    --running_;
    WakeNext();
    while (!self.awake) self.wake.Wait(lock);
  }
  void Join(std::size_t threads) {
    const MutexLock lock(mutex_);
    running_ += threads;
  }
  void Leave() {
    const MutexLock lock(mutex_);
    --running_;
    WakeNext();
  }

 private:
  struct Sleeper {
    SteadyTime until;
    std::uint64_t order;
    Condition wake;
    bool awake = false;
  };
  struct Later {
    bool operator()(const Sleeper* a, const Sleeper* b) const {
      return std::tie(a->until, a->order) > std::tie(b->until, b->order);
    }
  };
  void WakeNext() const PULLSEAL_REQUIRES(mutex_) {
    if (running_ != 0 || sleepers_.empty()) return;
    Sleeper* first = sleepers_.top();
    sleepers_.pop();
    now_ = first->until;
    ++running_;
    first->awake = true;
    first->wake.NotifyOne();
  }

  mutable Mutex mutex_;
  mutable SteadyTime now_ PULLSEAL_GUARDED_BY(mutex_){};
  mutable std::size_t running_ PULLSEAL_GUARDED_BY(mutex_) = 0;
  mutable std::uint64_t next_ PULLSEAL_GUARDED_BY(mutex_) = 0;
  mutable std::priority_queue<Sleeper*, std::vector<Sleeper*>, Later> sleepers_ PULLSEAL_GUARDED_BY(mutex_);
};

// What a tier of ACR allows in a minute (Azure documentation, "Registry rate limits"), to the registry and to one
// identity, which all nodes of a cluster share.
struct Tier {
  const char* name;
  int reads, reads_identity, referrers, referrers_identity, tokens;
};
constexpr Tier kPremium{"Premium", 20'000, 10'000, 2'000, 1'000, 20'000};
constexpr Tier kBasic{"Basic", 10'000, 5'000, 500, 250, 10'000};

struct Plan {
  const char* name;
  Tier tier;
  int nodes;
  bool referrers = false;  // signatures by the referrers API, not by tag
  minutes outage_from{0};  // the registry cannot be reached
  minutes outage_to{0};
};

constexpr int kImages = 50;
constexpr minutes kStart{10};  // all images of all nodes are asked for within it

// AcrFront is the fake registry behind tokens, quotas and outages. Quotas are counted in windows of a minute, harsher
// than a bucket that refills: who comes too late waits for the next one, as Retry-After then says.
class AcrFront final : public http::Http {
 public:
  AcrFront(fakes::FakeRegistry& registry, const Plan& plan, const VirtualClock& clock)
      : registry_(registry), plan_(plan), clock_(clock) {}

  Result<http::HttpResponse> Do(const http::HttpRequest& request) override {
    clock_.SleepFor(milliseconds(15 + trip_++ % 20));  // there and back
    const auto now = clock_.Steady() - SteadyTime{};
    const std::string kind = request.operation;
    ++counts[kind];
    if (now >= plan_.outage_from && now < plan_.outage_to) {
      return Error{ErrorCode::kUnreachable, "the registry is down"};
    }
    using fakes::FakeRegistry;
    if (kind == "token") {
      if (!Allowed("token", plan_.tier.tokens, now)) return Throttled(kind, now);
      return FakeRegistry::Response(200, R"({"access_token":")" + NewToken() + "\"}");
    }
    if (request.authorization.empty()) {
      ++counts["challenge"];
      --counts[kind];
      return FakeRegistry::Response(
          401, "",
          {{"www-authenticate", R"(Bearer realm="https://acme.azurecr.io/oauth2/token",service="acme.azurecr.io")"}});
    }
    const bool referrers = kind == "referrers";
    if (referrers && !Allowed("referrers", std::min(plan_.tier.referrers, plan_.tier.referrers_identity), now)) {
      return Throttled(kind, now);
    }
    if (!Allowed("reads", std::min(plan_.tier.reads, plan_.tier.reads_identity), now)) return Throttled(kind, now);
    return registry_.Do(request);
  }

  std::map<std::string, long> counts;     // requests by kind
  std::map<std::string, long> throttled;  // of them answered 429

 private:
  bool Allowed(const std::string& quota, int most, SteadyTime::duration now) {
    auto& [window, used] = windows_[quota];
    const auto current = std::chrono::duration_cast<minutes>(now).count();
    if (window != current) used = 0;
    window = current;
    return ++used <= most;
  }
  // As ACR's: no expires_in, but a JWT of 75 minutes.
  std::string NewToken() const {
    const auto end = std::chrono::duration_cast<seconds>((clock_.Now() + seconds(4500)).time_since_epoch()).count();
    const std::string claims = "{\"exp\":" + std::to_string(end) + "}";
    std::string text = Base64Encode(AsBytes(claims));
    while (text.ends_with('=')) text.pop_back();
    return "e30." + text + ".c2ln";
  }
  http::HttpResponse Throttled(const std::string& kind, SteadyTime::duration now) {
    ++throttled[kind];
    const auto left = seconds(60) - std::chrono::duration_cast<seconds>(now % minutes(1));
    return fakes::FakeRegistry::Response(429, "", {{"retry-after", std::to_string(left.count())}});
  }

  fakes::FakeRegistry& registry_;
  const Plan& plan_;
  const VirtualClock& clock_;
  std::atomic<unsigned> trip_{0};
  std::map<std::string, std::pair<long, long>> windows_;
};

struct Results {
  Mutex mutex;                    // for the threads of the nodes; read without it once they have ended
  std::vector<double> decisions;  // seconds of one question
  std::vector<double> waits;      // seconds from asking for an image to its allow
  std::map<std::string, long> refused;
  double last = 0;  // minute of the last allow
};

std::string Name(int image) { return "acme.azurecr.io/app" + std::to_string(image) + ":1"; }

// One node: its kubelet pulls one image after the other, and comes back to what was refused as kubelet does.
void RunNode(int number, AcrFront& front, VirtualClock& clock, const gate::Snapshot& snapshot, Results& results) {
  std::minstd_rand random(static_cast<unsigned>(number) + 1);
  registry::Client client(front, clock, registry::Config{});
  gate::Gate gate(client, clock, oci::NodePlatform(), gate::Options{});
  struct Wanted {
    SteadyTime from;  // asked for first
    SteadyTime next;
    int image;
    seconds pause{10};
  };
  const auto later = [](const Wanted& a, const Wanted& b) { return a.next > b.next; };
  std::priority_queue<Wanted, std::vector<Wanted>, decltype(later)> wanted(later);
  for (int image = 0; image < kImages; ++image) {
    const auto at = SteadyTime{} + milliseconds(random() % static_cast<unsigned>(milliseconds(kStart).count()));
    wanted.push({at, at, image});
  }
  credentials::Credentials credentials{"00000000-0000-0000-0000-000000000000", "refresh-token"};
  while (!wanted.empty()) {
    Wanted one = wanted.top();
    wanted.pop();
    if (one.next > clock.Steady()) clock.SleepFor(std::chrono::ceil<milliseconds>(one.next - clock.Steady()));
    const SteadyTime begin = clock.Steady();
    const auto name = *oci::Reference::Parse(Name(one.image));
    const gate::Pull pull =
        gate.DecidePull(snapshot, gate::Question{name, "default", {}, credentials, begin + seconds(20)});
    const SteadyTime end = clock.Steady();
    const auto in_seconds = [](SteadyTime::duration time) { return std::chrono::duration<double>(time).count(); };
    const MutexLock lock(results.mutex);
    results.decisions.push_back(in_seconds(end - begin));
    if (pull.decision.outcome() == gate::Outcome::kAllow) {
      results.waits.push_back(in_seconds(end - one.from));
      results.last = std::max(results.last, in_seconds(end - SteadyTime{}) / 60);
      continue;
    }
    ++results.refused[std::string(judge::Slug(pull.decision.reason))];
    one.next = end + one.pause;
    one.pause = std::min(one.pause * 2, seconds(300));
    wanted.push(one);
  }
  clock.Leave();
}

double Quantile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

// Runs a plan; returns how many questions were refused because the registry throttled.
long Run(const Plan& plan) {
  fakes::FakeRegistry registry;
  registry.KeepNoRecord();
  fakes::TestAuthority authority;
  for (int image = 0; image < kImages; ++image) {
    const std::string repository = "app" + std::to_string(image);
    const std::string digest = registry.PutManifest(
        "acme.azurecr.io", repository, "1", fakes::ImageManifest("sha256:" + std::string(64, 'c')), fakes::kImageType);
    if (plan.referrers) {
      const std::string statement = fakes::SignStatement(digest);
      const std::string bundle = fakes::KeyBundle(statement, authority.Sign(fakes::EnvelopeBytes(statement)));
      registry.PutReferrersApi("acme.azurecr.io", repository, digest,
                               {registry.PutReferrer("acme.azurecr.io", repository, digest, bundle)});
    } else {
      const std::string payload = fakes::SimpleSigningPayload("acme.azurecr.io/" + repository, digest);
      registry.PutSignatures("acme.azurecr.io", repository, digest, {{payload, authority.SignBase64(payload)}});
    }
  }
  const auto policy = policy::ParsePolicy(
      "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: rollout}\nkeys:\n  - {name: k, file: "
      "k}\nrules:\n"
      "  - name: all\n    match: {images: [\"acme.azurecr.io/**\"]}\n    require: {signatures: {anyOf: [{key: k}]}}\n",
      [&](const std::string&) { return Result<std::string>(authority.PublicPem()); });
  if (!policy) {
    std::fprintf(stderr, "policy: %s\n", policy.error().message.c_str());
    std::exit(2);
  }
  const gate::Snapshot snapshot{*policy, std::nullopt};
  VirtualClock clock;
  AcrFront front(registry, plan, clock);
  Results results;
  clock.Join(static_cast<std::size_t>(plan.nodes));
  std::vector<std::thread> threads;
  for (int node = 0; node < plan.nodes; ++node) {
    threads.emplace_back([&, node] { RunNode(node, front, clock, snapshot, results); });
  }
  for (std::thread& one : threads) one.join();

  std::printf("\n%s: %s, %d nodes x %d images in %ld minutes\n", plan.name, plan.tier.name, plan.nodes, kImages,
              static_cast<long>(kStart.count()));
  long requests = 0;
  std::string kinds;
  for (const auto& [kind, count] : front.counts) {
    requests += count;
    kinds += "  " + kind + " " + std::to_string(count);
    if (front.throttled[kind] > 0) kinds += " (429: " + std::to_string(front.throttled[kind]) + ")";
  }
  long refused = 0;
  std::string reasons;
  for (const auto& [reason, count] : results.refused) {
    refused += count;
    reasons += ", " + reason + " " + std::to_string(count);
  }
  const double images = static_cast<double>(plan.nodes) * kImages;
  std::printf("  requests   %ld, %.2f an image:%s\n", requests, static_cast<double>(requests) / images, kinds.c_str());
  std::printf("  questions  %zu: allowed %zu, could not decide %ld%s\n", results.decisions.size(), results.waits.size(),
              refused, reasons.c_str());
  std::printf("  decision   p50 %.2f s, p99 %.2f s; from the first asking to the allow p50 %.2f s, p99 %.2f s\n",
              Quantile(results.decisions, 0.5), Quantile(results.decisions, 0.99), Quantile(results.waits, 0.5),
              Quantile(results.waits, 0.99));
  std::printf("  all images allowed after %.1f minutes\n", results.last);
  std::fflush(stdout);
  return results.refused["registry-throttled"];
}

}  // namespace
}  // namespace pullseal

int main(int argc, char** argv) {
  using namespace pullseal;
  log::SetLevel(log::Level::kError);
  const bool small = argc > 1 && std::strcmp(argv[1], "small") == 0;
  const int nodes = small ? 100 : 1000;
  const long denied = Run({"signatures by tag", kPremium, nodes});
  if (!small) {
    Run({"growth: a tenth of the nodes", kPremium, nodes / 10});
    Run({"growth: a third of the nodes", kPremium, nodes / 3});
  }
  Run({"signatures by tag", kBasic, nodes});
  Run({"signatures by the referrers API", kPremium, nodes, true});
  Run({"registry away from minute 3 to 18", kPremium, nodes, false, minutes(3), minutes(18)});
  std::printf("\nat Premium %ld questions were refused because of throttling (target: 0): %s\n", denied,
              denied == 0 ? "met" : "missed");
  return denied == 0 ? 0 : 1;
}
