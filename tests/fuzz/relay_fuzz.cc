// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>

#include "adapters/relay/relay.h"
#include "core/base/log.h"
#include "core/base/mutex.h"
#include "core/base/unix_listen.h"

// The relay between a client and a runtime that both send arbitrary bytes. The first byte of an input chooses whether
// each side begins as HTTP/2 does; the next two say how much of the rest the client sends.
namespace {

using namespace pullseal;

constexpr std::string_view kClientHello("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", 33);
constexpr std::string_view kServerHello("\0\0\0\x04\0\0\0\0\0", 9);
constexpr int kQuietMs = 2;

class PassingCall final : public relay::JudgedCall {
  relay::Ruling Before(const std::string& bytes, SteadyTime) override { return relay::Forward{bytes}; }
  std::optional<relay::GrpcStatus> After(const std::string&, SteadyTime) override { return std::nullopt; }
  void Observe(const std::string&, const std::optional<std::string>&, SteadyTime) override {}
  relay::GrpcStatus Failed(const std::string& why) override { return {relay::GrpcCode::kUnknown, why}; }
};

class HeldCalls final : public relay::JudgedCalls {
  const relay::Method* Find(std::string_view path) const override {
    static constexpr relay::Method kHeld{.path = "/runtime.v1.RuntimeService/StartContainer", .judged = true};
    static constexpr relay::Method kPassing{.path = "/runtime.v1.RuntimeService/Version"};
    return path == kHeld.path ? &kHeld : path == kPassing.path ? &kPassing : nullptr;
  }
  relay::Handling HandlingOf(const relay::Method&) const override { return relay::Handling::kHold; }
  std::shared_ptr<relay::JudgedCall> New(const relay::Method&) override { return std::make_shared<PassingCall>(); }
  relay::GrpcStatus Overloaded(const relay::Method&, std::string_view) override {
    return {relay::GrpcCode::kUnknown, "overloaded"};
  }
  relay::GrpcStatus Malformed(const relay::Method&, const std::string& why, std::string_view) override {
    return {relay::GrpcCode::kInvalidArgument, why};
  }
};

// Reads until the other side is quiet or gone.
void Drain(int fd) {
  char chunk[4096];
  pollfd poll{fd, POLLIN, 0};
  while (::poll(&poll, 1, kQuietMs) > 0 && ::recv(fd, chunk, sizeof chunk, MSG_DONTWAIT) > 0) {
  }
}

class Stage {
 public:
  Stage() {
    log::SetLevel(log::Level::kError);
    char name[] = "/tmp/pullseal_relay_fuzz_XXXXXX";
    folder_ = ::mkdtemp(name);
    auto runtime = Listen(folder_ + "/runtime/runtime.sock");
    auto listener = Listen(folder_ + "/cri/cri.sock");
    if (!runtime || !listener) __builtin_trap();
    runtime_ = std::move(*runtime);
    std::thread([this] { ServeRuntime(); }).detach();
    relay_ = std::make_unique<relay::Relay>(
        std::move(*listener), relay::RelayOptions{folder_ + "/runtime/runtime.sock", 2, 16, std::chrono::seconds(1)},
        calls_, [](std::string_view, std::string_view) {});
    std::thread([this] { relay_->Run(); }).detach();
  }

  void Play(std::string_view client, std::string runtime) {
    {
      const MutexLock lock(mutex_);
      answer_ = std::move(runtime);
    }
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = folder_ + "/cri/cri.sock";
    std::memcpy(address.sun_path, path.data(), path.size());
    const OwnedFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return;
    (void)::send(fd.get(), client.data(), client.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    Drain(fd.get());
  }

 private:
  void ServeRuntime() {
    while (true) {
      pollfd poll{runtime_.get(), POLLIN, 0};
      ::poll(&poll, 1, -1);
      const OwnedFd fd(::accept4(runtime_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!fd.valid()) continue;
      std::string answer;
      {
        const MutexLock lock(mutex_);
        answer = answer_;
      }
      (void)::send(fd.get(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      Drain(fd.get());
    }
  }

  std::string folder_;
  OwnedFd runtime_;
  HeldCalls calls_;
  std::unique_ptr<relay::Relay> relay_;
  Mutex mutex_;
  std::string answer_ PULLSEAL_GUARDED_BY(mutex_);
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto* stage = new Stage;
  if (size < 3) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 3, size - 3);
  const std::size_t split = std::min<std::size_t>(rest.size(), static_cast<std::size_t>(data[1]) << 8 | data[2]);
  const bool hello = (data[0] & 1) == 0;
  stage->Play((hello ? std::string(kClientHello) : std::string()) + std::string(rest.substr(0, split)),
              ((data[0] & 2) == 0 ? std::string(kServerHello) : std::string()) + std::string(rest.substr(split)));
  return 0;
}
