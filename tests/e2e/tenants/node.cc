// SPDX-License-Identifier: Apache-2.0
#include "e2e/tenants/node.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace pullseal::tenants {
namespace {

constexpr std::size_t kHosts = 48;

std::string Env(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set");
  return value;
}

double Seconds(std::chrono::steady_clock::duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

Watchdog::Watchdog(const std::string& socket) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket.data(), std::min(socket.size(), sizeof address.sun_path - 1));
  if (::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("no socket for the watchdog at " + socket);
  }
  Begin();
  thread_ = std::thread([this] {
    while (!closing_) {
      pollfd poll{fd_.get(), POLLIN, 0};
      if (::poll(&poll, 1, 100) <= 0) continue;
      char text[4096];
      const ssize_t got = ::recv(fd_.get(), text, sizeof text, 0);
      if (got <= 0 || std::string(text, static_cast<std::size_t>(got)).find("WATCHDOG=1") == std::string::npos)
        continue;
      const auto now = std::chrono::steady_clock::now();
      const MutexLock lock(mutex_);
      longest_ = std::max(longest_, Seconds(now - last_));
      last_ = now;
    }
  });
}

Watchdog::~Watchdog() {
  closing_ = true;
  thread_.join();
}

void Watchdog::Begin() {
  const MutexLock lock(mutex_);
  last_ = std::chrono::steady_clock::now();
  longest_ = 0;
}

double Watchdog::LongestSilence() const {
  const MutexLock lock(mutex_);
  return std::max(longest_, Seconds(std::chrono::steady_clock::now() - last_));
}

Node::Node()
    : registry(folder.path() + "/registry"),
      cosign(Env("PULLSEAL_PEERS") + "/cosign-2/usr/bin/cosign", folder.path() + "/release"),
      pause(lab::MakeImage("pause")) {
  for (std::size_t i = 0; i < kHosts; ++i) hosts.push_back(std::make_unique<Misbehaving>());
  Push("infra/pause", "pause", true);
  const std::string line = Env("PULLSEAL_CONTAINERD");
  containerd =
      std::make_unique<lab::Containerd>(Env("PULLSEAL_PEERS") + "/" + line + "/usr/bin", line == "containerd-2" ? 2 : 1,
                                        folder.path() + "/containerd", Ref("infra/pause"));
  watchdog = std::make_unique<Watchdog>(folder.path() + "/notify");
  ::setenv("NOTIFY_SOCKET", (folder.path() + "/notify").c_str(), 1);
  ::setenv("WATCHDOG_USEC", "30000000", 1);  // the unit's
  daemon = std::make_unique<lab::Daemon>(Env("PULLSEAL_BUILD") + "/plugin/pullseald", folder.path() + "/pullseald",
                                         *containerd, Policy());
  ::unsetenv("NOTIFY_SOCKET");
  kubelet = std::make_unique<lab::Cri>(daemon->socket());
  Push("app/known", "known", true);
  for (const char* space : {"kube-system", "shop"}) {
    const grpc::Status pulled = kubelet->Pull(Ref("app/known"), space);
    if (!pulled.ok()) throw std::runtime_error("the known image cannot be pulled: " + pulled.error_message());
    if (const Pod pod = RunKnown(space); !pod.wrong.empty()) throw std::runtime_error(pod.wrong);
  }
}

Node::~Node() { Join(); }

std::string Node::Policy() const {
  std::string theirs;
  for (const auto& host : hosts) theirs += (theirs.empty() ? "\"" : ", \"") + host->host() + "/**\"";
  return "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: tenants, version: 1}\nmode: enforce\n"
         "keys:\n  - {name: release, file: " +
         cosign.public_key_file() +
         "}\nrules:\n  - {name: lax, mode: allow, match: {namespaces: [lax], unsafe: true}}\n"
         "  - name: signed\n    match: {images: [\"" +
         registry.host() + "/**\", " + theirs + "]}\n    require: {signatures: {anyOf: [{key: release}]}}\n";
}

std::string Node::Ref(const std::string& repository, const std::string& tag) const {
  return registry.host() + "/" + repository + ":" + tag;
}

std::string Node::Theirs(std::size_t host, const std::string& repository) const {
  return hosts[host % hosts.size()]->host() + "/" + repository + ":1";
}

lab::Image Node::Push(const std::string& repository, const std::string& text, bool sign,
                      const std::map<std::string, std::string>& annotations) {
  lab::Image image = lab::MakeImage(text, annotations);
  registry.PushImage(repository, "1", image);
  if (!sign) return image;
  const std::string wrong = cosign.Sign(registry.host() + "/" + repository + "@" + image.manifest.digest);
  if (!wrong.empty()) throw std::runtime_error(wrong);
  return image;
}

void Node::Plant(const lab::Image& image, const std::string& name) {
  const std::string archive = folder.path() + "/plant.tar";
  lab::SaveArchive(image, name, archive);
  const lab::Output imported = containerd->Ctr({"images", "import", archive});
  if (imported.status != 0) throw std::runtime_error(imported.text);
  lab::Cri raw(containerd->socket());
  if (!lab::WaitFor([&] { return raw.ImageId(name) == image.config.digest; })) {
    throw std::runtime_error(name + " does not show");
  }
}

Pod Node::RunKnown(const std::string& space) {
  lab::Cri client(daemon->socket());
  (void)client.Version();  // connected
  Pod out;
  std::string pod;
  const auto began = std::chrono::steady_clock::now();
  grpc::Status status = client.RunPod("known" + std::to_string(++number_), space, &pod);
  std::string id;
  if (status.ok()) status = client.Create(pod, Ref("app/known"), Ref("app/known"), &id);
  if (status.ok()) status = client.Start(id);
  out.millis = static_cast<long>(Seconds(std::chrono::steady_clock::now() - began) * 1000);
  if (!status.ok()) out.wrong = space + ": " + status.error_message();
  if (!pod.empty()) lab::Cri(containerd->socket()).RemovePod(pod);
  return out;
}

Pod Node::RunOthers() {
  Pod one;
  Pod other;
  std::thread thread([&] { other = RunKnown("shop"); });
  one = RunKnown("kube-system");
  thread.join();
  if (one.wrong.empty()) one.wrong = other.wrong;
  one.millis = std::max(one.millis, other.millis);
  return one;
}

bool Node::Runs(const std::string& space, const std::string& image, const std::string& claimed, std::string* said) {
  const std::string pod = TenantsPod(space);
  std::string id;
  grpc::Status status = kubelet->Create(pod, image, claimed, &id);
  if (status.ok()) status = kubelet->Start(id);
  if (said != nullptr) *said = status.ok() ? "ran" : status.error_message();
  lab::Cri(containerd->socket()).RemovePod(pod);
  return status.ok();
}

std::string Node::TenantsPod(const std::string& space) {
  std::string pod;
  const grpc::Status status = kubelet->RunPod("tenant" + std::to_string(++number_), space, &pod);
  if (!status.ok()) throw std::runtime_error("the tenant's pod: " + status.error_message());
  return pod;
}

void Node::Begin(int count, const std::function<void(lab::Cri& client, int number)>& one) {
  for (int i = 0; i < count; ++i) {
    threads_.emplace_back([this, one, i] {
      lab::Cri client(daemon->socket());
      one(client, i);
    });
  }
}

void Node::Join() {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void Node::Together(int count, const std::function<void(lab::Cri& client, int number)>& one) {
  Begin(count, one);
  Join();
}

long Node::PeakMiB() const {
  std::ifstream status("/proc/" + std::to_string(daemon->pid()) + "/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("VmHWM:")) return std::atol(line.c_str() + 6) / 1024;
  }
  return -1;
}

void Node::ForgetPeak() const { std::ofstream("/proc/" + std::to_string(daemon->pid()) + "/clear_refs") << "5"; }

}  // namespace pullseal::tenants
