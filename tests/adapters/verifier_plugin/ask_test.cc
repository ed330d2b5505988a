// SPDX-License-Identifier: Apache-2.0
// The plugin allows for the daemon's plain allow alone (docs/attacks.md, the verifier plugin).
#include "adapters/verifier_plugin/ask.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <functional>
#include <thread>

#include "core/base/file.h"
#include "core/base/limits.h"

namespace pullseal::verifier {
namespace {

using std::chrono::milliseconds;

class AskTest : public ::testing::Test {
 protected:
  AskTest() {
    char name[] = "/tmp/pullseal_ask_XXXXXX";
    folder_ = ::mkdtemp(name);
    socket_ = folder_ + "/admin.sock";
  }
  ~AskTest() override {
    if (server_.joinable()) server_.join();
    std::filesystem::remove_all(folder_);
  }
  // Somebody who answers one connection with `reply` and closes it, unless he `waits`.
  void Serve(const std::string& reply, bool waits = false) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socket_.data(), socket_.size());
    listener_ = OwnedFd(::socket(AF_UNIX, SOCK_STREAM, 0));
    ASSERT_EQ(0, ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
    ASSERT_EQ(0, ::listen(listener_.get(), 1));
    server_ = std::thread([this, reply, waits] {
      const OwnedFd peer(::accept(listener_.get(), nullptr, nullptr));
      char chunk[4096];
      const ssize_t got = ::recv(peer.get(), chunk, sizeof chunk, 0);
      asked_.assign(chunk, got > 0 ? static_cast<std::size_t>(got) : 0);
      (void)::send(peer.get(), reply.data(), reply.size(), MSG_NOSIGNAL);
      if (waits) (void)::recv(peer.get(), chunk, sizeof chunk, 0);
    });
  }
  Result<Answer> AskIt(milliseconds time = milliseconds(30'000)) {
    return Ask(socket_, Question{"reg.io/app:1", "sha256:x"}, std::chrono::steady_clock::now() + time);
  }

  std::string folder_;
  std::string socket_;
  OwnedFd listener_;
  std::thread server_;
  std::string asked_;
};

TEST_F(AskTest, TheDaemonsAllowIsOne) {
  Serve("{\"allow\":true,\"outcome\":\"allow\",\"reason\":\"signed\",\"done\":true}\n");
  const auto answer = AskIt();
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_TRUE(answer->allow);
  EXPECT_EQ("{\"command\":\"image-verifier\",\"name\":\"reg.io/app:1\",\"digest\":\"sha256:x\"}\n", asked_);
}

TEST_F(AskTest, ARefusalHasItsSentence) {
  Serve("{\"allow\":false,\"reason\":\"no-rule\",\"rule\":\"\",\"message\":\"add a rule\"}\n");
  const auto answer = AskIt();
  ASSERT_TRUE(answer.ok());
  EXPECT_FALSE(answer->allow);
  EXPECT_EQ("SignatureValidationFailed: reg.io/app:1: no-rule: add a rule", answer->message);
}

TEST_F(AskTest, NothingElseIsAnAllow) {
  for (const std::string reply : {"", "\n", "yes\n", "{}\n", "[true]\n", "{\"allow\":\"true\"}\n", "{\"allow\":1}\n",
                                  "{\"error\":\"x\",\"allow\":true}\n", "{\"allow\":true}",
                                  "{\"allow\":true,\"allow\":true}\n", "{\"allow\":true}x\n"}) {
    Serve(reply);
    EXPECT_FALSE(AskIt().ok()) << reply;
    server_.join();
    ::unlink(socket_.c_str());
  }
  const std::string endless(2 * limits::kAdminLineBytes, ' ');
  Serve(endless);
  EXPECT_FALSE(AskIt().ok());
}

TEST_F(AskTest, NobodyAndSilenceAreErrors) {
  EXPECT_FALSE(AskIt().ok()) << "no socket";
  Serve("", true);
  // The server waits for as long as we do: that this ends at all is the time's doing.
  EXPECT_EQ(ErrorCode::kTimeout, AskIt(milliseconds(200)).error().code);
}

TEST_F(AskTest, AFolderThatOthersCanWriteToProvesNothing) {
  if (::geteuid() != 0) GTEST_SKIP() << "folders of root's take root";
  Serve("{\"allow\":true}\n");
  ::chmod(folder_.c_str(), 0777);
  EXPECT_EQ(ErrorCode::kUnauthorized, AskIt().error().code);
  ::chmod(folder_.c_str(), 0700);
  EXPECT_TRUE(AskIt().ok());
}

// Another user's program behind the very socket.
TEST_F(AskTest, ADaemonThatIsNotRootProvesNothing) {
  if (::geteuid() != 0) GTEST_SKIP() << "becoming another user takes root";
  ::chmod(folder_.c_str(), 0755);
  int ready[2];
  ASSERT_EQ(0, ::pipe(ready));
  const pid_t child = ::fork();
  if (child == 0) {
    // The credentials a peer sees are those of the moment it listened (unix(7)).
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socket_.data(), socket_.size());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    const bool bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                       ::seteuid(1000) == 0 && ::listen(fd, 1) == 0;
    (void)!::write(ready[1], bound ? "y" : "n", 1);
    const int peer = ::accept(fd, nullptr, nullptr);
    char chunk[4096];
    (void)!::recv(peer, chunk, sizeof chunk, 0);
    const char reply[] = "{\"allow\":true}\n";
    (void)!::send(peer, reply, sizeof reply - 1, MSG_NOSIGNAL);
    ::_exit(0);
  }
  char word = 0;
  ASSERT_EQ(1, ::read(ready[0], &word, 1));
  ASSERT_EQ('y', word);
  EXPECT_EQ(ErrorCode::kUnauthorized, AskIt().error().code);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
}

}  // namespace
}  // namespace pullseal::verifier
