// SPDX-License-Identifier: Apache-2.0
#include "reports/admin/server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <vector>

#include "core/base/limits.h"
#include "core/base/unix_listen.h"
#include "reports/admin/limits.h"

namespace pullseal::admin {
namespace {

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    char name[] = "/tmp/pullseal_admin_XXXXXX";
    folder_ = ::mkdtemp(name);
    path_ = folder_ + "/admin.sock";
    auto listener = Listen(path_);
    EXPECT_TRUE(listener.ok());
    server_ = std::make_unique<Server>(
        std::move(*listener), [](const json::Value& request, const Server::Send& send, const std::atomic<bool>&) {
          const std::string* word = request.FindString("word");
          json::Writer first;
          first.Text("echo", word != nullptr ? *word : "");
          json::Writer last;
          last.Boolean("done", true);
          (void)(send(first) && send(last));
        });
  }
  ~ServerTest() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  OwnedFd Connect() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    OwnedFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
    const timeval limit{5, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    EXPECT_EQ(0, ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
    return fd;
  }
  // Sends `text` and reads until a line with "done", or the end.
  static std::string Ask(const OwnedFd& fd, const std::string& text) {
    (void)::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
    std::string out;
    char chunk[4096];
    while (out.find("done") == std::string::npos) {
      const ssize_t got = ::recv(fd.get(), chunk, sizeof chunk, 0);
      if (got <= 0) break;
      out.append(chunk, static_cast<std::size_t>(got));
    }
    return out;
  }

  std::string folder_;
  std::string path_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersLineByLine) {
  const OwnedFd fd = Connect();
  EXPECT_EQ("{\"echo\":\"a\"}\n{\"done\":true}\n", Ask(fd, "{\"word\":\"a\"}\n"));
  EXPECT_EQ("{\"echo\":\"b\"}\n{\"done\":true}\n", Ask(fd, "{\"word\":\"b\"}\n"));
}

TEST_F(ServerTest, BadRequestsAreToldAndEndNothing) {
  const OwnedFd fd = Connect();
  for (const char* bad : {"\n", "x\n", "{\n", "{\"a\":1,\"a\":2}\n", "\xff\n"}) {
    EXPECT_NE(std::string::npos, Ask(fd, bad).find("error")) << bad;
  }
  EXPECT_NE(std::string::npos, Ask(fd, "{\"word\":\"a\"}\n").find("echo"));
  const OwnedFd other = Connect();
  EXPECT_NE(std::string::npos, Ask(other, std::string(limits::kAdminLineBytes + 5000, 'x')).find("too long"));
}

TEST_F(ServerTest, ConnectionsAreBounded) {
  std::vector<OwnedFd> open;
  for (int i = 0; i < limits::kAdminConnections; ++i) {
    open.push_back(Connect());
    EXPECT_NE(std::string::npos, Ask(open.back(), "{}\n").find("done"));
  }
  const OwnedFd refused = Connect();
  EXPECT_NE(std::string::npos, Ask(refused, "").find("too many"));
}

TEST_F(ServerTest, OthersAreNotServed) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become somebody else";
  ::chmod(folder_.c_str(), 0755);
  ::chmod(path_.c_str(), 0666);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(3);
    const OwnedFd fd = Connect();
    ::_exit(Ask(fd, "{}\n").empty() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(0, WEXITSTATUS(status));
}

}  // namespace
}  // namespace pullseal::admin
