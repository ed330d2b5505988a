// SPDX-License-Identifier: Apache-2.0
// A stand-in for the kubelet, for nodes in a box: it takes the flags and the configuration file that decide where a
// kubelet finds its runtime, ends where it cannot reach it, keeps calling it over one connection, answers /healthz, and
// runs the pods that files in /etc/kubernetes/manifests ask for ("NAMESPACE IMAGE" in a file named as the pod). What it
// met is in /var/lib/kubelet: calls.json, and a file a pod with "Running" or the message a developer would read.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "core/base/mutex.h"
#include "lab/node.h"

namespace {

namespace fs = std::filesystem;
using pullseal::lab::Cri;
using std::chrono::milliseconds;

const fs::path kState = "/var/lib/kubelet";
const fs::path kManifests = "/etc/kubernetes/manifests";

struct Counts {
  std::atomic<long> calls{0};
  std::atomic<long> failed{0};
  pullseal::Mutex mutex;
  std::string last PULLSEAL_GUARDED_BY(mutex);
};

std::string Flag(int argc, char** argv, const std::string& name, std::string usual) {
  for (int i = 1; i < argc; ++i) {
    const std::string one = argv[i];
    if (one.starts_with("--" + name + "=")) usual = one.substr(name.size() + 3);
    if (one == "--" + name && i + 1 < argc) usual = argv[i + 1];
  }
  return usual;
}

std::string ReadWord(const fs::path& path) {
  std::ifstream in(path);
  std::string word;
  in >> word;
  return word;
}

void Write(const fs::path& path, const std::string& text) {
  const fs::path beside = path.string() + ".new";
  std::ofstream(beside) << text;
  fs::rename(beside, path);
}

// Calls as a kubelet does, all day; the rate is what the file `rate` says, a second.
void KeepCalling(Cri& cri, Counts& counts) {
  while (true) {
    const std::string rate = ReadWord(kState / "rate");
    const int each = std::max(1, rate.empty() ? 10 : std::atoi(rate.c_str()) / 4);
    const auto status = counts.calls % 2 == 0 ? cri.Version() : [&] {
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(120));
      pullseal::lab::cri::ListContainersResponse response;
      return cri.runtime().ListContainers(&context, {}, &response);
    }();
    ++counts.calls;
    if (!status.ok()) {
      ++counts.failed;
      const pullseal::MutexLock lock(counts.mutex);
      counts.last = status.error_message();
    }
    std::this_thread::sleep_for(milliseconds(1000 / each));
  }
}

void KeepReporting(Counts& counts) {
  while (true) {
    {
      const pullseal::MutexLock lock(counts.mutex);
      std::string last = counts.last;
      for (char& c : last) c = c == '"' || c == '\\' || c == '\n' ? '\'' : c;
      Write(kState / "calls.json",
            "{\"pid\":" + std::to_string(::getpid()) + ",\"calls\":" + std::to_string(counts.calls) +
                ",\"failed\":" + std::to_string(counts.failed) + ",\"last\":\"" + last + "\"}\n");
    }
    std::this_thread::sleep_for(milliseconds(100));
  }
}

void AnswerHealth(int port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(listener, 8) != 0) {
    std::perror("healthz");
    std::exit(1);
  }
  while (true) {
    const int peer = ::accept(listener, nullptr, nullptr);
    char request[1024];
    (void)!::recv(peer, request, sizeof request, 0);
    const std::string answer = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok";
    (void)!::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL);
    ::close(peer);
  }
}

// One pod from its file: pulled unless it is there, then sandbox, container, start. The message if that failed.
std::string RunPod(Cri& runtime, Cri& images, const std::string& name, std::string& pod) {
  std::ifstream in(kManifests / name);
  std::string pod_namespace;
  std::string image;
  in >> pod_namespace >> image;
  std::string id = images.ImageId(image);
  if (id.empty()) {
    const auto pulled = images.Pull(image, pod_namespace, &id);
    if (!pulled.ok()) return pulled.error_message();
  }
  grpc::Status status;
  if (pod.empty()) status = runtime.RunPod(name, pod_namespace, &pod);
  std::string container;
  if (status.ok()) status = runtime.Create(pod, id, image, &container);
  if (status.ok()) status = runtime.Start(container);
  return status.ok() ? "Running" : status.error_message();
}

[[noreturn]] void SyncPods(Cri& runtime, Cri& images) {
  std::map<std::string, std::string> pods;
  std::map<std::string, std::string> states;
  for (const auto& pod : runtime.Pods()) {
    if (fs::exists(kManifests / pod.metadata().name())) pods[pod.metadata().name()] = pod.id();
  }
  for (const auto& one : runtime.Containers()) {
    for (const auto& [name, id] : pods) {
      if (one.pod_sandbox_id() == id && one.state() == 1) states[name] = "Running";
    }
  }
  while (true) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(kManifests, error)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with('.') || states[name] == "Running") continue;
      states[name] = RunPod(runtime, images, name, pods[name]);
      Write(kState / ("pod-" + name), states[name] + "\n");
    }
    for (auto one = states.begin(); one != states.end();) {
      if (fs::exists(kManifests / one->first)) {
        ++one;
        continue;
      }
      if (!pods[one->first].empty()) runtime.RemovePod(pods[one->first]);
      pods.erase(one->first);
      fs::remove(kState / ("pod-" + one->first), error);
      one = states.erase(one);
    }
    std::this_thread::sleep_for(milliseconds(500));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string usual = "unix:///run/containerd/containerd.sock";
  const std::string endpoint = Flag(argc, argv, "container-runtime-endpoint", usual);
  const std::string images = Flag(argc, argv, "image-service-endpoint", endpoint);
  const auto path = [](const std::string& text) { return text.starts_with("unix://") ? text.substr(7) : text; };
  fs::create_directories(kState);
  fs::create_directories(kManifests);
  Cri runtime_client(path(endpoint), true);
  Cri image_client(path(images), true);
  if (const auto status = runtime_client.Version(); !status.ok()) {
    std::fprintf(stderr, "kubelet: cannot reach the runtime at %s: %s\n", endpoint.c_str(),
                 status.error_message().c_str());
    return 1;
  }
  std::printf("kubelet: runtime %s, images %s\n", endpoint.c_str(), images.c_str());
  std::fflush(stdout);
  Counts counts;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { KeepCalling(runtime_client, counts); });
  threads.emplace_back([&] { KeepReporting(counts); });
  threads.emplace_back([&] { AnswerHealth(std::atoi(Flag(argc, argv, "healthz-port", "10248").c_str())); });
  SyncPods(runtime_client, image_client);
}
