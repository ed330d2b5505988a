// SPDX-License-Identifier: Apache-2.0
// The real HTTP client against real sockets.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/http/http.h"
#include "core/http/roots.h"

namespace pullseal::http {
namespace {

// Answers each request on a connection with "ok" and keeps the connection.
class OkServer {
 public:
  OkServer() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(0, ::bind(fd_, reinterpret_cast<sockaddr*>(&address), size));
    EXPECT_EQ(0, ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size));
    EXPECT_EQ(0, ::listen(fd_, 8));
    port = std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { Run(); });
  }
  ~OkServer() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    for (std::thread& one : connections_) one.join();
    ::close(fd_);
  }
  std::string port;
  std::atomic<int> connected{0};
  std::atomic<int> requests{0};

 private:
  void Run() {
    while (true) {
      const int client = ::accept(fd_, nullptr, nullptr);
      if (client < 0) return;
      ++connected;
      connections_.emplace_back([this, client] {
        char buffer[4096];
        for (ssize_t got = ::read(client, buffer, sizeof buffer); got > 0;
             got = ::read(client, buffer, sizeof buffer)) {
          // A client that begins with TLS learns that this is none.
          const bool tls = buffer[0] == 0x16;
          if (!tls) ++requests;
          const std::string_view answer =
              tls ? "HTTP/1.0 400 Bad Request\r\n\r\n" : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
          if (::send(client, answer.data(), answer.size(), MSG_NOSIGNAL) < 0 || tls) break;
        }
        ::close(client);
      });
    }
  }
  const int fd_;
  std::thread thread_;
  std::vector<std::thread> connections_;
};

class CurlHttpTest : public ::testing::Test {
 protected:
  Result<HttpResponse> Get(const std::string& host, Reach reach, std::shared_ptr<const Transport> transport = nullptr) {
    HttpRequest request;
    request.url = *Url::Parse("http://" + host + ":" + server_.port + "/");
    request.reach = reach;
    request.most = 100;
    request.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    request.transport = std::move(transport);
    return http_->Do(request);
  }
  OkServer server_;
  std::unique_ptr<Http> http_ = MakeCurlHttp("");
};

// curl resolves names below localhost to this machine itself, as a rebinding DNS server would.
TEST_F(CurlHttpTest, ANameThatLeadsInsideIsRefusedBeforeItIsConnectedTo) {
  for (const Reach reach : {Reach::kPublic, Reach::kNetwork, Reach::kMetadata}) {
    const auto refused = Get("name.localhost", reach);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(ErrorCode::kRemote, refused.error().code) << refused.error().message;
  }
  const auto allowed = Get("name.localhost", Reach::kConfigured);
  ASSERT_TRUE(allowed.ok()) << allowed.error().message;
  EXPECT_EQ(1, server_.connected) << "nobody connected before";
  EXPECT_EQ("127.0.0.1", allowed->peer);
}

TEST_F(CurlHttpTest, AConnectionMadeForOneIsNotUsedForAnother) {
  ASSERT_TRUE(Get("name.localhost", Reach::kConfigured).ok());
  ASSERT_TRUE(Get("name.localhost", Reach::kConfigured).ok());
  EXPECT_EQ(1, server_.connected) << "connections are kept";
  EXPECT_EQ(ErrorCode::kRemote, Get("name.localhost", Reach::kPublic).error().code);
  EXPECT_EQ(2, server_.requests);
}

TEST_F(CurlHttpTest, TlsIsTriedFirstWhereConfiguredAndPlainRemembered) {
  auto transport = std::make_shared<Transport>();
  transport->tls_first = true;
  transport->skip_verify = true;
  EXPECT_TRUE(Get("127.0.0.1", Reach::kConfigured, transport).ok());
  EXPECT_EQ(2, server_.connected);
  EXPECT_TRUE(Get("127.0.0.1", Reach::kConfigured, transport).ok());
  EXPECT_EQ(2, server_.connected);
}

TEST(RootsTest, FilesAreAddedAndReadAgain) {
  const std::string folder = ::testing::TempDir() + "/pullseal_roots";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/own") << "OWN ONE";
  ::setenv("SSL_CERT_FILE", (folder + "/system").c_str(), 1);
  ::setenv("SSL_CERT_DIR", (folder + "/no folder").c_str(), 1);
  std::ofstream(folder + "/system") << "SYSTEM";
  EXPECT_EQ(nullptr, *Roots("").With("")) << "the system's alone need no joining";
  Roots roots(folder + "/own");
  EXPECT_EQ("SYSTEM\nOWN ONE\n", **roots.With(""));
  EXPECT_EQ("SYSTEM\nOWN ONE\nMORE", **roots.With("MORE"));
  std::ofstream(folder + "/own") << "OWN TWO!";
  EXPECT_EQ("SYSTEM\nOWN TWO!\nMORE", **roots.With("MORE"));
  EXPECT_FALSE(Roots(folder + "/none").With("").ok());
  ::unsetenv("SSL_CERT_FILE");
  ::unsetenv("SSL_CERT_DIR");
  std::filesystem::remove_all(folder);
}

// As Go finds them: every certificate of every file in the folders, each once.
TEST(RootsTest, FoldersHoldAuthoritiesToo) {
  const std::string folder = ::testing::TempDir() + "/pullseal_roots_folders";
  std::filesystem::create_directories(folder + "/a");
  std::filesystem::create_directories(folder + "/b/inner");
  const auto pem = [](const std::string& body) {
    return "-----BEGIN CERTIFICATE-----\n" + body + "\n-----END CERTIFICATE-----\n";
  };
  std::ofstream(folder + "/system") << pem("SYSTEM");
  ::setenv("SSL_CERT_FILE", (folder + "/system").c_str(), 1);
  ::setenv("SSL_CERT_DIR", (folder + "/a:" + folder + "/b:" + folder + "/none").c_str(), 1);
  Roots roots("");
  EXPECT_EQ(nullptr, *roots.With("")) << "the system's file alone needs no joining";
  std::ofstream(folder + "/a/corp") << "# of the company\n" << pem("COR\r\nP") << "-----BEGIN CERTIFICATE-----\ncut";
  std::ofstream(folder + "/b/again") << pem("CORP") << pem("SYSTEM") << pem("OTHER");
  std::ofstream(folder + "/b/inner/deep") << pem("DEEP");
  std::filesystem::create_symlink("corp", folder + "/a/hash.0");
  const auto joined = *roots.With("");
  ASSERT_NE(nullptr, joined);
  EXPECT_EQ(pem("SYSTEM") + "\n" + pem("CORP") + pem("OTHER") + "\n", *joined);
  ::unsetenv("SSL_CERT_FILE");
  ::unsetenv("SSL_CERT_DIR");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace pullseal::http
