// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_E2E_TENANTS_NODE_H_
#define PULLSEAL_E2E_TENANTS_NODE_H_

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "e2e/tenants/misbehaving.h"
#include "lab/images.h"
#include "lab/node.h"

// A node that tenants share: real containerd and pullseald, a registry that works, and hosts of a tenant's that do not.
namespace pullseal::tenants {

// Watchdog hears what pullseald tells systemd.
class Watchdog {
 public:
  explicit Watchdog(const std::string& socket);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  void Begin();                   // forgets what was
  double LongestSilence() const;  // seconds since Begin without a sign of life

 private:
  OwnedFd fd_;
  std::atomic<bool> closing_{false};
  mutable Mutex mutex_;
  std::chrono::steady_clock::time_point last_ PULLSEAL_GUARDED_BY(mutex_);
  double longest_ PULLSEAL_GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

// Pod is how a pod of somebody else came up: how long it took, and what went wrong; empty if nothing did.
struct Pod {
  long millis = 0;
  std::string wrong;
};

class Node {
 public:
  Node();
  ~Node();

  std::string Ref(const std::string& repository, const std::string& tag = "1") const;
  // One of the tenant's own hosts, and the name of an image there.
  Misbehaving& Host(std::size_t number) { return *hosts[number % hosts.size()]; }
  std::string Theirs(std::size_t host, const std::string& repository = "mallory/app") const;
  // Makes an image that is pushed, signed if `sign`; made once for each name.
  lab::Image Push(const std::string& repository, const std::string& text, bool sign,
                  const std::map<std::string, std::string>& annotations = {});
  // Has an image on the node under a name of the tenant's own hosts, whose signatures nobody knows.
  void Plant(const lab::Image& image, const std::string& name);

  // A pod in `space` with a container of an image that this node knows, from nothing to running.
  Pod RunKnown(const std::string& space);
  // A pod of kube-system and one of another tenant at once: the slower one.
  Pod RunOthers();
  // Asks for a container of `image` as `claimed` in a pod of `space`, and starts it; whether it ran.
  bool Runs(const std::string& space, const std::string& image, const std::string& claimed, std::string* said);
  // A pod of the tenant's that stays.
  std::string TenantsPod(const std::string& space = "mallory");
  // Does `one` on `count` threads with clients of their own.
  void Together(int count, const std::function<void(lab::Cri& client, int number)>& one);
  // The same, not waited for until Join.
  void Begin(int count, const std::function<void(lab::Cri& client, int number)>& one);
  void Join();

  std::string Policy() const;
  long PeakMiB() const;  // of pullseald since ForgetPeak
  void ForgetPeak() const;

  lab::TempFolder folder;
  lab::Registry registry;
  lab::Cosign cosign;
  lab::Image pause;
  std::vector<std::unique_ptr<Misbehaving>> hosts;
  std::unique_ptr<lab::Containerd> containerd;
  std::unique_ptr<Watchdog> watchdog;
  std::unique_ptr<lab::Daemon> daemon;
  std::unique_ptr<lab::Cri> kubelet;

 private:
  std::atomic<int> number_{0};
  std::vector<std::thread> threads_;
};

// Attack is what one tenant does to the node. `act` may leave threads under way (Node::Begin); the others' pods start
// when it returns; then `after` says what the tenant got.
struct Got {
  std::string text;
  bool ran = false;  // content that must not run did
};
struct Attack {
  std::string name;
  std::function<void(Node& node)> act;
  std::function<Got(Node& node)> after;
};

void AddSlowness(std::vector<Attack>& attacks);
void AddMemory(std::vector<Attack>& attacks);
void AddNames(std::vector<Attack>& attacks);

}  // namespace pullseal::tenants

#endif  // PULLSEAL_E2E_TENANTS_NODE_H_
