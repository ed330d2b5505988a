// SPDX-License-Identifier: Apache-2.0
#include "image/registry/hosts.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "fakes/fake_clock.h"
#include "fakes/fake_registry.h"
#include "fakes/look_for.h"
#include "image/registry/client.h"
#include "image/registry/evidence.h"
#include "image/registry/hosts_file.h"
#include "image/registry/limits.h"

namespace pullseal::registry {
namespace {

using fakes::FakeRegistry;

class HostsTest : public ::testing::Test {
 protected:
  HostsTest() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~HostsTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder_ + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  // "scheme://host:port/path rp" of each endpoint, "m" for mirrors.
  std::vector<std::string> Places(const std::string& host) {
    const auto endpoints = hosts_.For(host);
    EXPECT_TRUE(endpoints.ok()) << endpoints.error().message;
    std::vector<std::string> out;
    if (!endpoints) return out;
    for (const Endpoint& one : **endpoints) {
      out.push_back(one.base.Text() + " " + (one.resolve ? "r" : "") + (one.pull ? "p" : "") + (one.mirror ? "m" : ""));
    }
    return out;
  }

  const std::string folder_ = ::testing::TempDir() + "/pullseal_hosts";
  std::vector<std::string> warnings_;
  Hosts hosts_{Hosts::Always({folder_ + "/a", folder_ + "/b"}), {"plain.io:5000"}, [this](const std::string& text) {
                 warnings_.push_back(text);
               }};
};

using Lines = std::vector<std::string>;

TEST_F(HostsTest, WithoutFilesTheRegistryItself) {
  EXPECT_EQ(Lines{"https://reg.io:443/v2 rp"}, Places("reg.io"));
  EXPECT_EQ(Lines{"https://registry-1.docker.io:443/v2 rp"}, Places("docker.io"));
  EXPECT_EQ(Lines{"http://plain.io:5000/v2 rp"}, Places("plain.io:5000"));
  EXPECT_EQ(Lines{"https://localhost:443/v2 rp"}, Places("localhost"));
  EXPECT_EQ(Lines{"http://127.0.0.1:5000/v2 rp"}, Places("127.0.0.1:5000"));
  EXPECT_TRUE((*hosts_.For("127.0.0.1:5000"))->front().transport->tls_first);
  EXPECT_TRUE((*hosts_.For("127.0.0.1:5000"))->front().transport->skip_verify);
  EXPECT_FALSE((*hosts_.For("127.0.0.1:80"))->front().transport->skip_verify);
}

TEST_F(HostsTest, FoldersInOrderAndNamesInOrder) {
  const auto server = [](const std::string& host) { return "server = \"https://" + host + "\"\n"; };
  Write("b/reg.io_5000_/hosts.toml", server("one"));
  EXPECT_EQ(Lines{"https://one:443/v2 rpm"}, Places("reg.io:5000"));
  Write("a/_default/hosts.toml", server("two"));
  EXPECT_EQ(Lines{"https://two:443/v2 rpm"}, Places("reg.io:5000")) << "the first folder's default goes first";
  Write("a/reg.io:5000/hosts.toml", server("three"));
  EXPECT_EQ(Lines{"https://three:443/v2 rpm"}, Places("reg.io:5000"));
  Write("a/reg.io_5000_/hosts.toml", server("four"));
  EXPECT_EQ(Lines{"https://four:443/v2 rpm"}, Places("reg.io:5000"));
  EXPECT_EQ(Lines{"https://two:443/v2 rpm"}, Places("other.io"));
}

TEST_F(HostsTest, AFileIsReadAgainWhenItChanges) {
  Write("a/reg.io/hosts.toml", "server = \"https://one\"\n");
  EXPECT_EQ(Lines{"https://one:443/v2 rpm"}, Places("reg.io"));
  Write("a/reg.io/hosts.toml", "server = \"https://another\"\n");
  EXPECT_EQ(Lines{"https://another:443/v2 rpm"}, Places("reg.io"));
  std::filesystem::remove_all(folder_ + "/a/reg.io");
  EXPECT_EQ(Lines{"https://reg.io:443/v2 rp"}, Places("reg.io"));
}

TEST_F(HostsTest, HostsInTheOrderOfTheFile) {
  Write("a/reg.io/hosts.toml", R"(
[host."https://z.io"]
  capabilities = ["pull"]
[host."https://m.io".header]
  x = "1"
[host."https://a.io:5000/some/path"]
  capabilities = ["RESOLVE", "pull", "push", "referrers"]
[host."https://b.io/api/docker/repo"]
  override_path = true
[host."https://m.io"]
  skip_verify = true
[host."c.io/v2"]
)");
  EXPECT_EQ((Lines{"https://z.io:443/v2 pm", "https://m.io:443/v2 rpm", "https://a.io:5000/some/path/v2 rpm",
                   "https://b.io:443/api/docker/repo rpm", "https://c.io:443/v2 rpm", "https://reg.io:443/v2 rp"}),
            Places("reg.io"));
  const Endpoints places = *hosts_.For("reg.io");
  EXPECT_TRUE((*places)[1].transport->skip_verify);
  EXPECT_EQ(std::vector<std::string>{"x: 1"}, (*places)[1].headers);
}

TEST_F(HostsTest, WhatContainerdPassesOverIsPassedOverAndTold) {
  for (const char* text :
       {"[host.\"https://a.io\"]\ncapabilities = [\"fly\"]\n", "server = 5\n", "skip_verify = \"yes\"\n",
        "[host]\nx = 1\n", "server = \"https://a\"\nserver = \"https://b\"\n", "= nonsense\n",
        "dial_timeout = \"soon\"\n", "[!\n", "[\b]\n", "\xEF\xBA\xBF\n", "# \xFF\n", "client = [[\"one\"]]\n"}) {
    Write("a/reg.io/hosts.toml", text);
    warnings_.clear();
    EXPECT_EQ(Lines{"https://reg.io:443/v2 rp"}, Places("reg.io")) << text;
    EXPECT_EQ(1U, warnings_.size()) << text;
  }
}

// Which host containerd would go to is then not known: to go to the registry itself would be a guess.
TEST_F(HostsTest, AFileThatCannotBeReadIsTrouble) {
  std::filesystem::create_directories(folder_ + "/a/reg.io/hosts.toml");
  const auto folder = hosts_.For("reg.io");
  ASSERT_FALSE(folder.ok());
  EXPECT_EQ(ErrorCode::kUnavailable, folder.error().code);
  Write("a/large.io/hosts.toml", std::string(limits::kHostsFileBytes + 1, '#'));
  const auto large = hosts_.For("large.io");
  ASSERT_FALSE(large.ok());
  EXPECT_NE(ErrorCode::kNotFound, large.error().code);
}

TEST_F(HostsTest, TransportOfAHost) {
  Write("a/reg.io/ca.pem", "-----BEGIN CERTIFICATE-----\n");
  Write("a/reg.io/hosts.toml",
        "ca = \"ca.pem\"\nclient = [[\"ca.pem\", \"key.pem\"]]\ndial_timeout = \"1.5s\"\n[host.\"http://m.io:5000\"]\n"
        "ca = [\"ca.pem\"]\n[host.\"http://n.io:80\"]\nskip_verify = true\n");
  EXPECT_FALSE(hosts_.For("reg.io").ok()) << "the key is not there; containerd would not go either";
  Write("a/reg.io/key.pem", "x");
  const auto places = hosts_.For("reg.io");
  ASSERT_TRUE(places.ok()) << places.error().message;
  const http::Transport& own = *(*places)->back().transport;
  EXPECT_EQ(folder_ + "/a/reg.io/key.pem", own.client_key);
  EXPECT_EQ(std::chrono::milliseconds(1500), own.connect_time);
  EXPECT_NE(std::string::npos, own.more_roots.find("BEGIN CERTIFICATE"));
  EXPECT_TRUE((**places)[0].transport->tls_first) << "http with TLS configured";
  EXPECT_FALSE((**places)[1].transport->tls_first) << "port 80 is plain";
  EXPECT_EQ(nullptr, http::TransportForOthers((**places)[1].transport));
  EXPECT_TRUE(http::TransportForOthers((*places)->back().transport)->client_certificate.empty());
}

TEST_F(HostsTest, DockersOldLayout) {
  Write("a/reg.io/x.crt", "-----BEGIN CERTIFICATE-----\n");
  Write("a/reg.io/me.cert", "c");
  Write("a/reg.io/me.key", "k");
  const auto places = hosts_.For("reg.io");
  ASSERT_TRUE(places.ok()) << places.error().message;
  EXPECT_EQ(folder_ + "/a/reg.io/me.cert", (*places)->front().transport->client_certificate);
  EXPECT_EQ(folder_ + "/a/reg.io/me.key", (*places)->front().transport->client_key);
  EXPECT_FALSE((*places)->front().mirror);
  Write("a/reg.io/y.crt", "nothing");
  EXPECT_FALSE(hosts_.For("reg.io").ok());
}

TEST(HostsFileTest, AHostWithoutANameIsNoHost) {
  EXPECT_EQ(1U, ParseHostsFile("[host.\"\"]\nskip_verify = true\n")->size()) << "what stands for the registry itself";
}

TEST(HostsFileTest, HostsAreBounded) {
  std::string text;
  for (std::size_t i = 0; i < limits::kMirrors; ++i) text += "[host.\"https://m" + std::to_string(i) + ".io\"]\n";
  EXPECT_EQ(limits::kMirrors + 1, ParseHostsFile(text)->size()) << "and the registry itself";
  EXPECT_FALSE(ParseHostsFile(text + "[host.\"https://one-more.io\"]\n").ok());
}

// Where requests go.
class MirrorTest : public HostsTest {
 protected:
  MirrorTest() {
    Write("a/reg.io/hosts.toml",
          "[host.\"https://blind.io\"]\ncapabilities = [\"pull\"]\n[host.\"https://m.io/p\"]\n[host.\"https://m.io/p\"."
          "header]\nX-Key = \"s\"\n");
    digest_ = http_.PutManifest("reg.io", "app", "1", body_, fakes::kImageType);
  }
  Result<oci::Digest> Resolve(const credentials::Credentials& credentials = {}) {
    Client client(http_, clock_, Config{{}, Hosts::Always({folder_ + "/a"}), forward_});
    return client.Resolve(*oci::Reference::Parse("reg.io/app:1"), credentials,
                          clock_.Steady() + std::chrono::seconds(20));
  }
  bool Sent(const std::string& part, const std::string& header) {
    for (const std::string& one : http_.HeadersOf(part)) {
      if (one.find(header) != std::string::npos) return true;
    }
    return false;
  }

  FakeRegistry http_;
  fakes::FakeClock clock_;
  bool forward_ = false;
  const std::string body_ = fakes::ImageManifest("sha256:" + std::string(64, 'c'));
  std::string digest_;
};

TEST_F(MirrorTest, TheTagIsResolvedWhereContainerdWould) {
  http_.On("m.io", [](const http::HttpRequest&) {
    return FakeRegistry::Response(200, "", {{"docker-content-digest", "sha256:" + std::string(64, 'a')}});
  });
  EXPECT_EQ("sha256:" + std::string(64, 'a'), Resolve()->text());
  EXPECT_EQ(Lines{"HEAD https://m.io:443/p/v2/app/manifests/1?ns=reg.io"}, http_.Requests())
      << "not by the host that may only be pulled from";
  EXPECT_TRUE(Sent("m.io", "X-Key: s"));
}

TEST_F(MirrorTest, AMirrorThatHasNothingOrIsDownIsPassedOver) {
  EXPECT_EQ(digest_, Resolve()->text());
  EXPECT_EQ(2U, http_.Requests().size());
  http_.ForgetRequests();
  http_.On("m.io", [](const http::HttpRequest&) -> Result<http::HttpResponse> {
    return Error{ErrorCode::kUnreachable, "down"};
  });
  EXPECT_EQ(digest_, Resolve()->text());
  EXPECT_EQ(2U, http_.Requests().size()) << "a mirror is not tried twice when there is the registry";
  EXPECT_FALSE(Sent("reg.io:443/v2", "X-Key"));
}

TEST_F(MirrorTest, CredentialsAreForTheirHost) {
  http_.On("https://", [&](const http::HttpRequest& request) {
    for (const std::string& header : request.headers) {
      if (header.starts_with("Authorization: ")) {
        return FakeRegistry::Response(200, "", {{"docker-content-digest", digest_}});
      }
    }
    return FakeRegistry::Response(401, "", {{"www-authenticate", "Basic realm=\"x\""}});
  });
  credentials::Credentials mine{"user", "secret"};
  EXPECT_TRUE(Resolve(mine).ok());
  EXPECT_FALSE(Sent("m.io", "Authorization")) << "the image's own credentials are not the mirror's";
  EXPECT_TRUE(Sent("https://reg.io", "Authorization"));
  http_.ForgetRequests();
  forward_ = true;
  EXPECT_TRUE(Resolve(mine).ok());
  EXPECT_TRUE(Sent("m.io", "Authorization")) << "unless the operator says so, as containerd does";
  http_.ForgetRequests();
  forward_ = false;
  mine.server = "m.io";
  EXPECT_TRUE(Resolve(mine).ok());
  EXPECT_TRUE(Sent("m.io", "Authorization")) << "they say that they are";
  http_.ForgetRequests();
  mine.server = "reg.io.evil.com";
  EXPECT_FALSE(Resolve(mine).ok());
  EXPECT_FALSE(Sent("https://", "Authorization"));
}

// Neither headers nor certificates of a host are another's, wherever it sends us.
TEST_F(MirrorTest, WhatIsConfiguredForAHostStaysThere) {
  Write("a/reg.io/me.pem", "x");
  Write("a/reg.io/ca.pem", "-----BEGIN CERTIFICATE-----\n");
  Write("a/reg.io/hosts.toml",
        "ca = \"ca.pem\"\nclient = \"me.pem\"\nskip_verify = true\n[header]\nX-Key = "
        "\"s\"\n[host.\"https://down.io\"]\n");
  http_.On("https://reg.io", [](const http::HttpRequest& request) {
    EXPECT_TRUE(request.transport->skip_verify);
    EXPECT_FALSE(request.transport->client_certificate.empty());
    return request.authorization.empty()
               ? FakeRegistry::Response(401, "", {{"www-authenticate", "Bearer realm=\"https://auth.io/t\""}})
               : FakeRegistry::Response(307, "", {{"location", "https://storage.io/x"}});
  });
  int others = 0;
  const auto look = [&](const http::HttpRequest& request) {
    ++others;
    EXPECT_FALSE(request.transport->skip_verify) << request.url.host;
    EXPECT_TRUE(request.transport->client_certificate.empty()) << request.url.host;
    EXPECT_FALSE(request.transport->more_roots.empty()) << request.url.host;
  };
  http_.On("auth.io", [&](const http::HttpRequest& request) {
    look(request);
    return FakeRegistry::Response(200, R"({"token":"t"})");
  });
  http_.On("storage.io", [&](const http::HttpRequest& request) {
    look(request);
    return FakeRegistry::Response(200, "", {{"docker-content-digest", digest_}});
  });
  EXPECT_TRUE(Resolve().ok());
  EXPECT_EQ(2, others);
  EXPECT_TRUE(Sent("https://reg.io", "X-Key"));
  EXPECT_FALSE(Sent("auth.io", "X-Key"));
  EXPECT_FALSE(Sent("storage.io", "X-Key"));
}

// Signatures are looked for wherever the image may come from.
TEST_F(MirrorTest, EvidenceOfMirrorAndRegistry) {
  Client client(http_, clock_, Config{{}, Hosts::Always({folder_ + "/a"})});
  EvidenceFinder finder(client);
  const auto find = [&] {
    clock_.Advance(std::chrono::minutes(2));  // what failed before does not speak for this search
    return fakes::LookFor(finder.Begin(*oci::Reference::Parse("reg.io/app:1"), *oci::Digest::Parse(digest_), {},
                                       clock_.Steady() + std::chrono::seconds(20)),
                          [](const fakes::Looked&) { return true; });
  };
  const fakes::Looked nowhere = find();
  EXPECT_TRUE(nowhere.complete);
  EXPECT_FALSE(nowhere.trouble);
  EXPECT_EQ(9U, http_.Requests().size()) << "three places at each of three hosts";
  http_.On("m.io", [](const http::HttpRequest&) { return FakeRegistry::Response(500); });
  EXPECT_TRUE(find().trouble) << "a mirror that is ill might have had one";
  http_.Clear("m.io");
  http_.PutSignatures("reg.io", "app", digest_, {{"payload", "c2ln"}});
  EXPECT_EQ(1U, find().signatures.size()) << "the registry has it";
  http_.On("https://reg.io", [](const http::HttpRequest&) -> Result<http::HttpResponse> {
    return Error{ErrorCode::kUnreachable, "cut off"};
  });
  EXPECT_EQ(ErrorCode::kUnreachable, find().trouble->code);
  http_.PutSignatures("blind.io", "app", digest_, {{"payload", "c2ln"}});
  const fakes::Looked found = find();
  EXPECT_EQ(1U, found.signatures.size()) << "a mirror has it, and the registry need not be there";
  EXPECT_FALSE(found.trouble);
}

// A mirror that has a referrer but not its signature does not keep the registry's from being read.
TEST_F(MirrorTest, ASignatureTheMirrorLostIsReadAtTheRegistry) {
  for (const char* host : {"m.io", "reg.io"}) {
    http_.PutReferrersApi(host, "app", digest_, {http_.PutReferrer(host, "app", digest_, "bundle")});
  }
  http_.On("m.io", [this](const http::HttpRequest& request) {
    if (request.url.path_and_query.find("/blobs/") != std::string::npos) return FakeRegistry::Response(500);
    http::HttpRequest at_registry = request;
    at_registry.url = *http::Url::Parse("https://reg.io" + request.url.path_and_query.substr(2));
    return *http_.Do(at_registry);
  });
  Client client(http_, clock_, Config{{}, Hosts::Always({folder_ + "/a"})});
  EvidenceFinder finder(client);
  const auto found = fakes::LookFor(finder.Begin(*oci::Reference::Parse("reg.io/app:1"), *oci::Digest::Parse(digest_),
                                                 {}, clock_.Steady() + std::chrono::seconds(20)),
                                    [](const fakes::Looked& so_far) { return !so_far.signatures.empty(); });
  EXPECT_EQ(1U, found.signatures.size());
}

TEST_F(MirrorTest, MissingOnAMirrorAndTroubleUpstreamIsTrouble) {
  http_.On("https://reg.io", [](const http::HttpRequest&) { return FakeRegistry::Response(403); });
  const auto digest = Resolve();
  ASSERT_FALSE(digest.ok());
  EXPECT_EQ(ErrorCode::kUnauthorized, digest.error().code);
}

}  // namespace
}  // namespace pullseal::registry
