// SPDX-License-Identifier: Apache-2.0
// Attacks by hosts that do not answer as a registry should.
#include <utility>

#include "e2e/tenants/node.h"

namespace pullseal::tenants {
namespace {

constexpr int kCalls = 64;  // of one tenant at once

std::string Short(const grpc::Status& status) { return status.ok() ? "ok" : status.error_message(); }

// What the tenant's calls were told last.
struct Told {
  Mutex mutex;
  std::string text PULLSEAL_GUARDED_BY(mutex) = "nothing";
  bool ran PULLSEAL_GUARDED_BY(mutex) = false;
  void Note(const grpc::Status& status) {
    std::string said = Short(status);
    const MutexLock lock(mutex);
    ran = ran || status.ok();
    // Names differ, the slug does not.
    if (const auto at = said.find("signed\": "); at != std::string::npos) said.erase(0, at + 9);
    text = said.substr(0, said.find(": "));
  }
};

// Each attack has hosts of its own: what rests after one is no help against the next.
std::size_t NextHosts(std::size_t count) {
  static std::size_t next = 1;
  return std::exchange(next, next + count);
}

void Wait(int millis) { std::this_thread::sleep_for(std::chrono::milliseconds(millis)); }

// Containers of an image that is on the node, and whose signatures only the tenant's host could have.
Attack Creates(const std::string& name, Misbehaving::Behaviour behaviour, int calls = kCalls, std::size_t hosts = 1,
               std::size_t spaces = 1) {
  const std::size_t base = NextHosts(hosts);
  auto told = std::make_shared<Told>();
  return Attack{
      name + ", creates",
      [=](Node& node) {
        const lab::Image image = lab::MakeImage("mallory's " + name);
        std::vector<std::string> pods;
        for (std::size_t i = 0; i < spaces; ++i) pods.push_back(node.TenantsPod("mallory" + std::to_string(i)));
        for (std::size_t i = 0; i < hosts; ++i) {
          node.Host(base + i).Behave(behaviour);
          node.Plant(image, node.Theirs(base + i));
        }
        node.Begin(calls, [=, &node](lab::Cri& client, int number) {
          const auto i = static_cast<std::size_t>(number);
          std::string id;
          told->Note(client.Create(pods[i % spaces], image.config.digest, node.Theirs(base + i % hosts), &id));
        });
        Wait(500);
      },
      [=](Node&) {
        const MutexLock lock(told->mutex);
        return Got{told->text, told->ran};
      }};
}

Attack Pulls(const std::string& name, Misbehaving::Behaviour behaviour, int calls = kCalls, std::size_t hosts = 1,
             std::size_t spaces = 1) {
  const std::size_t base = NextHosts(hosts);
  auto told = std::make_shared<Told>();
  return Attack{name + ", pulls",
                [=](Node& node) {
                  for (std::size_t i = 0; i < hosts; ++i) node.Host(base + i).Behave(behaviour);
                  node.Begin(calls, [=, &node](lab::Cri& client, int number) {
                    const auto i = static_cast<std::size_t>(number);
                    told->Note(client.Pull(node.Theirs(base + i % hosts, "mallory/app" + std::to_string(number)),
                                           "mallory" + std::to_string(i % spaces)));
                  });
                  Wait(500);
                },
                [=](Node&) {
                  const MutexLock lock(told->mutex);
                  return Got{told->text, told->ran};
                }};
}

}  // namespace

void AddSlowness(std::vector<Attack>& attacks) {
  const std::string drip = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";
  attacks.push_back(Creates("silent", Silent));
  attacks.push_back(Pulls("silent", Silent));
  attacks.push_back(Creates("dripping", Endless(drip, " ", 300)));
  attacks.push_back(Pulls("dripping", Endless(drip, " ", 300)));
  attacks.push_back(Creates("sixteen silent hosts", Silent, 64, 16));
  attacks.push_back(Creates("sixteen namespaces, silent", Silent, 64, 1, 16));
  attacks.push_back(Pulls("status 500", Answering(Reply("500 X", "{}"))));
  attacks.push_back(Pulls("status 429 for two minutes", Answering(Reply("429 X", "{}", "Retry-After: 120\r\n"))));
  attacks.push_back(Pulls("hanging up", Hangup));
}

}  // namespace pullseal::tenants
