// SPDX-License-Identifier: Apache-2.0
#include "image/credentials/credentials.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "core/base/bytes.h"
#include "fakes/fake_clock.h"
#include "fakes/fake_registry.h"
#include "image/credentials/azure_identity.h"
#include "image/credentials/credential_provider.h"
#include "image/credentials/docker_config.h"
#include "image/credentials/token.h"
#include "image/registry/client.h"

namespace pullseal::credentials {
namespace {

using fakes::FakeRegistry;

TEST(MatchesImageTest, AsKubeletMatches) {
  const std::tuple<const char*, const char*, const char*, bool> cases[] = {
      {"*.azurecr.io", "acme.azurecr.io", "app", true},
      {"*.azurecr.io", "acme.geo.azurecr.io", "app", false},
      {"*.azurecr.io", "azurecr.io", "app", false},
      {"*.azurecr.io", "acme.azurecr.io.evil.com", "app", false},
      {"*.*.geo.azurecr.io", "a.westeurope.geo.azurecr.io", "app", true},
      {"reg.io", "reg.io:5000", "app", false},
      {"reg.io:5000", "reg.io:5000", "app", true},
      {"reg.io:5000", "reg.io", "app", false},
      {"reg.io/team", "reg.io", "team/app", true},
      {"reg.io/team", "reg.io", "teams/app", true},
      {"reg.io/team", "reg.io", "other/team", false},
      {"app*.k8s.io", "app1.k8s.io", "x", true},
      {"*.io", "a.k8s.io", "x", false},
      {"https://reg.io", "reg.io", "app", true},
  };
  for (const auto& [pattern, host, path, matches] : cases)
    EXPECT_EQ(matches, MatchesImage(pattern, host, path)) << pattern << " " << host;
}

TEST(IsAzureRegistryTest, LookAlikesAreNone) {
  for (const char* host : {"acme.azurecr.io", "acme-a1b2c3.azurecr.io", "acme.azurecr.cn", "acme.azurecr.us",
                           "acme.westeurope.geo.azurecr.io"}) {
    EXPECT_TRUE(IsAzureRegistry(host)) << host;
  }
  for (const char* host : {"azurecr.io", ".azurecr.io", "acme.azurecr.io.evil.com", "acme.azurecr.io.",
                           "acmeazurecr.io", "acme.azurecr.io:443", "evil.com/acme.azurecr.io", "a.b.azurecr.io",
                           "acme.evil.azurecr.io", "x@acme.azurecr.io", "ACME.azurecr.io", "acme.azurecr.io%00",
                           "-acme.azurecr.io", "acme..geo.azurecr.io", "acme.geo.azurecr.io",
                           "\xd0\xb0"
                           "cme.azurecr.io",
                           "acme.azurecr.com", "acme.privatelink.azurecr.io", ""}) {
    EXPECT_FALSE(IsAzureRegistry(host)) << host;
  }
}

TEST(TokenTest, LifeOfATokenAndItsBounds) {
  const WallTime now = *ParseTime("2026-11-22T12:00:00Z");
  const auto life = [&](const std::string& body) {
    const auto token = ReadToken(body, {"token", "access_token"}, now);
    return token ? token->life.count() : -1;
  };
  EXPECT_EQ(300, life(R"({"token":"a","expires_in":300})"));
  EXPECT_EQ(300, life(R"({"access_token":"a","expires_in":"300"})"));
  EXPECT_EQ(60, life(R"({"token":"a"})"));
  EXPECT_EQ(60, life(R"({"token":"a","expires_in":-5})"));
  EXPECT_EQ(3600, life(R"({"token":"a","expires_in":999999999})"));
  const auto jwt = [](const std::string& claims) {
    std::string text = Base64Encode(AsBytes(claims));
    while (text.ends_with('=')) text.pop_back();
    return R"({"token":"e30.)" + text + R"(.sig"})";
  };
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  EXPECT_EQ(1800, life(jwt("{\"exp\":" + std::to_string(seconds + 1800) + "}")));
  EXPECT_EQ(60, life(jwt("{\"exp\":\"x\"}")));
  EXPECT_EQ(60, life(R"({"token":"a.b.c"})"));
  for (const char* bad : {"", "[]", "{}", R"({"token":1})", R"({"token":""})", R"({"token":"a\r\nb"})"})
    EXPECT_EQ(-1, life(bad)) << bad;
}

TEST(DockerConfigTest, ReadsWhatDockerWrites) {
  const auto auths = ParseDockerConfig(
      R"({"auths":{"https://index.docker.io/v1/":{"auth":"dTpw"},"reg.io":{"username":"a","password":"b"},)"
      R"("reg.io/team":{"identitytoken":"t"},"empty.io":{}},"credHelpers":{"x":"y"}})");
  ASSERT_TRUE(auths.ok());
  ASSERT_EQ(3U, auths->size());
  EXPECT_EQ("reg.io/team", (*auths)[0].first) << "the longer first";
  EXPECT_EQ("t", (*auths)[0].second.identity_token.text());
  EXPECT_EQ("docker.io", (*auths)[2].first);
  EXPECT_EQ("u", (*auths)[2].second.username);
  EXPECT_FALSE(ParseDockerConfig("{").ok());
  EXPECT_TRUE(ParseDockerConfig("{}")->empty());
}

// Real programs as plugins, in a folder of their own.
class ProviderTest : public ::testing::Test {
 protected:
  ProviderTest() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    Configure("[\"*.reg.io\"]");
  }
  ~ProviderTest() override { std::filesystem::remove_all(folder_); }
  void Configure(const std::string& images, const std::string& more = "") {
    std::ofstream(folder_ + "/config.yaml")
        << "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders:\n- name: plugin\n  "
           "matchImages: "
        << images
        << "\n  defaultCacheDuration: 1m30s\n  apiVersion: credentialprovider.kubelet.k8s.io/v1\n  args: [one, two]\n"
        << "  env: [{name: FROM_CONFIG, value: told}]\n"
        << more;
  }
  // A plugin that counts its calls, keeps its input and prints `answer`.
  void Plugin(const std::string& answer, const std::string& before = "") {
    std::ofstream(folder_ + "/plugin") << "#!/bin/sh\necho x >> " << folder_ << "/calls\ncat > " << folder_
                                       << "/input\n"
                                       << before << "\ncat <<'END'\n"
                                       << answer << "\nEND\n";
    ::chmod((folder_ + "/plugin").c_str(), 0755);
  }
  std::string Answer(const std::string& cache = "\"10m\"", const std::string& type = "Registry") {
    return R"({"apiVersion":"credentialprovider.kubelet.k8s.io/v1","kind":"CredentialProviderResponse","cacheKeyType":")" +
           type + R"(","cacheDuration":)" + cache +
           R"(,"auth":{"*.reg.io":{"username":"wide","password":"w"},"a.reg.io":{"username":"user","password":"pass"},)"
           R"("none.reg.io":{"username":"","password":""}}})";
  }
  Result<std::vector<Credentials>> Find(const std::string& host = "a.reg.io") {
    return source_.Find(host, "team/app", clock_.Steady() + std::chrono::seconds(20));
  }
  std::string Text(const std::string& name) {
    std::ifstream file(folder_ + "/" + name);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  std::size_t Calls() { return Text("calls").size() / 2; }

  const std::string folder_ = ::testing::TempDir() + "/pullseal_providers";
  fakes::FakeClock clock_;
  std::vector<std::string> warnings_;
  ProviderSource source_{folder_ + "/config.yaml", folder_, clock_,
                         [this](const std::string& text) { warnings_.push_back(text); }};
};

TEST_F(ProviderTest, SpeaksKubeletsProtocolAndKeepsTheAnswer) {
  Plugin(Answer(), "echo \"$@ $FROM_CONFIG\" > " + folder_ + "/seen");
  const auto found = Find();
  ASSERT_TRUE(found.ok()) << found.error().message;
  ASSERT_EQ(2U, found->size());
  EXPECT_EQ("user", (*found)[0].username) << "the plainer pattern first";
  EXPECT_EQ("pass", (*found)[0].password.text());
  EXPECT_EQ("credential provider plugin", (*found)[0].source);
  EXPECT_EQ("wide", (*found)[1].username);
  EXPECT_EQ("one two told\n", Text("seen"));
  EXPECT_NE(std::string::npos, Text("input").find(R"("image":"a.reg.io/team/app")")) << Text("input");
  EXPECT_NE(std::string::npos, Text("input").find(R"("kind":"CredentialProviderRequest")"));
  EXPECT_TRUE(Find().ok());
  EXPECT_EQ(1U, Calls());
  EXPECT_EQ(1U, Find("b.reg.io")->size()) << "kept for its registry, not for another";
  EXPECT_EQ(2U, Calls());
  clock_.Advance(std::chrono::minutes(11));
  EXPECT_TRUE(Find().ok());
  EXPECT_EQ(3U, Calls());
}

TEST_F(ProviderTest, CacheDurationsAndKeyTypes) {
  Plugin(Answer("null", "Global"));
  EXPECT_TRUE(Find().ok());
  EXPECT_TRUE(Find("b.reg.io").ok());
  EXPECT_EQ(1U, Calls()) << "the default of the configuration, for all";
  clock_.Advance(std::chrono::seconds(91));
  Plugin(Answer("\"0s\"", "Image"));
  EXPECT_TRUE(Find().ok());
  EXPECT_TRUE(Find().ok());
  EXPECT_EQ(3U, Calls()) << "not kept";
}

TEST_F(ProviderTest, OnlyForImagesItMatches) {
  Plugin(Answer());
  EXPECT_TRUE(Find("a.reg.io.evil.com")->empty());
  EXPECT_TRUE(Find("a.reg.io:5000")->empty());
  EXPECT_EQ(0U, Calls());
}

TEST_F(ProviderTest, BadAnswersAreNoCredentials) {
  std::string other = Answer();
  other.replace(other.find("v1\""), 3, "v9\"");
  for (const std::string& answer : {std::string(), std::string("{}"), other, Answer("\"soon\""), Answer("5"),
                                    Answer("null", "Universe"), Answer() + Answer()}) {
    Plugin(answer);
    clock_.Advance(std::chrono::minutes(5));
    EXPECT_FALSE(Find().ok()) << answer;
  }
  const std::size_t before = Calls();
  EXPECT_FALSE(Find().ok());
  EXPECT_EQ(before, Calls()) << "a failure is not asked for again at once";
}

TEST_F(ProviderTest, FailureTimeAndOutputAreBounded) {
  Plugin("", "exit 3");
  EXPECT_NE(std::string::npos, Find().error().message.find("status 3"));
  clock_.Advance(std::chrono::minutes(1));
  Plugin("", "kill -9 $$");
  EXPECT_NE(std::string::npos, Find().error().message.find("signal 9"));
  clock_.Advance(std::chrono::minutes(1));
  Plugin("", "yes");
  EXPECT_EQ(ErrorCode::kLimit, Find().error().code);
  std::filesystem::remove(folder_ + "/plugin");
  clock_.Advance(std::chrono::minutes(1));
  EXPECT_FALSE(Find().ok());
}

TEST_F(ProviderTest, AHangingPluginIsKilledWithItsChildren) {
  Command command;
  command.path = "/bin/sh";
  command.arguments = {"-c", "sleep 1000 & echo $!; sleep 1000"};
  command.time = std::chrono::milliseconds(300);
  command.most = 100;
  EXPECT_EQ(ErrorCode::kTimeout, RunCommand(command).error().code);
  command.arguments = {"-c", "exec >&-; sleep 1000"};
  EXPECT_EQ(ErrorCode::kTimeout, RunCommand(command).error().code) << "it says no more, but does not end";
  command.time = std::chrono::seconds(60);
  command.arguments = {"-c", "sleep 1000 >/dev/null 2>&1 & echo $!"};
  const auto left_running = RunCommand(command);
  ASSERT_TRUE(left_running.ok());
  for (int i = 0;
       i < 3000 && std::filesystem::exists("/proc/" + left_running->text().substr(0, left_running->text().find('\n')));
       ++i) {
    clock_.Advance(std::chrono::milliseconds(1));
    SystemClock().SleepFor(std::chrono::milliseconds(10));
  }
  std::ifstream state("/proc/" + left_running->text().substr(0, left_running->text().find('\n')) + "/stat");
  std::string text((std::istreambuf_iterator<char>(state)), {});
  EXPECT_TRUE(text.empty() || text.find(") Z") != std::string::npos) << text;
}

TEST_F(ProviderTest, APluginHasFewRights) {
  Command command;
  command.path = "/bin/sh";
  command.arguments = {"-c", "grep -E 'CapEff|NoNewPrivs' /proc/self/status; ls /proc/self/fd | wc -l; pwd"};
  command.time = std::chrono::seconds(5);
  command.most = 1000;
  const auto out = RunCommand(command);
  ASSERT_TRUE(out.ok()) << out.error().message;
  EXPECT_NE(std::string::npos, out->text().find("NoNewPrivs:\t1")) << out->text();
  // Bits 1 and 2: CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH; fewer where we have fewer ourselves.
  const std::string text = out->text();
  const auto bits = std::stoull(text.substr(text.find("CapEff:") + 7, 17), nullptr, 16);
  EXPECT_EQ(0ULL, bits & ~0x6ULL) << text;
  EXPECT_NE(std::string::npos, text.find("\n/\n")) << text;
}

TEST_F(ProviderTest, BrokenConfigurationIsToldOnceAndHealsWhenItChanges) {
  Plugin(Answer());
  for (const char* broken : {"kind: x", "apiVersion: [", ""}) {
    std::ofstream(folder_ + "/config.yaml") << broken;
    EXPECT_FALSE(Find().ok());
  }
  Configure("[\"*.reg.io\"]",
            "- {name: ../evil, matchImages: [\"x\"], apiVersion: credentialprovider.kubelet.k8s.io/v1}\n");
  EXPECT_FALSE(Find().ok()) << "a name that is a path";
  EXPECT_LE(1U, warnings_.size());
  Configure("[\"*.reg.io\"]", "  tokenAttributes: {requireServiceAccount: true}\n");
  EXPECT_NE(std::string::npos, Find().error().message.find("service account"));
  Configure("[\"*.reg.io\"]");
  EXPECT_TRUE(Find().ok());
}

// Whoever reads the refusal learns that the node should have had credentials, and why it had none.
TEST_F(ProviderTest, AMissingConfigurationIsToldAndStandsInTheError) {
  std::filesystem::remove(folder_ + "/config.yaml");
  FakeRegistry http;
  http.On("a.reg.io", [](const http::HttpRequest&) {
    return FakeRegistry::Response(401, "", {{"www-authenticate", "Basic realm=\"x\""}});
  });
  const auto source = std::make_shared<ProviderSource>(folder_ + "/config.yaml", folder_, clock_,
                                                       [this](const std::string& text) { warnings_.push_back(text); });
  registry::Client client(http, clock_, registry::Config{{}, {}, false, {source}});
  for (const Credentials& own : {Credentials{}, Credentials{"user", "wrong"}}) {
    const auto refused =
        client.Resolve(*oci::Reference::Parse("a.reg.io/app:1"), own, clock_.Steady() + std::chrono::seconds(20));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(ErrorCode::kUnauthorized, refused.error().code);
    EXPECT_NE(std::string::npos, refused.error().message.find("credential provider: its configuration"))
        << refused.error().message;
  }
  EXPECT_EQ(1U, warnings_.size());
}

class AzureTest : public ::testing::Test {
 protected:
  AzureTest() {
    http_.On("169.254.169.254", [](const http::HttpRequest& request) {
      EXPECT_EQ(http::Reach::kMetadata, request.reach);
      return FakeRegistry::Response(200, R"({"access_token":"aad","expires_in":"3600"})");
    });
    http_.On("/oauth2/exchange", [this](const http::HttpRequest& request) {
      exchanged_.push_back(request.url.host + " " + request.body.text());
      return FakeRegistry::Response(200, R"({"refresh_token":"refresh"})");
    });
    http_.On(":443/oauth2/token", [this](const http::HttpRequest& request) {
      tokens_.push_back(request.method + " " + request.body.text());
      const bool good = request.body.text().find("refresh_token=refresh&") != std::string::npos;
      return good ? FakeRegistry::Response(200, R"({"access_token":"granted"})") : FakeRegistry::Response(400);
    });
    http_.On("/v2/", [](const http::HttpRequest& request) {
      for (const std::string& header : request.headers) {
        if (header == "Authorization: Bearer granted") {
          return FakeRegistry::Response(200, "", {{"docker-content-digest", "sha256:" + std::string(64, 'a')}});
        }
      }
      return FakeRegistry::Response(401, "",
                                    {{"www-authenticate", "Bearer realm=\"https://" + request.url.host +
                                                              "/oauth2/token\",service=\"" + request.url.host + "\""}});
    });
  }
  Result<oci::Digest> Resolve(const std::string& name) {
    return client_.Resolve(*oci::Reference::Parse(name), {}, clock_.Steady() + std::chrono::seconds(20));
  }
  std::size_t Asked(const std::string& part) {
    std::size_t count = 0;
    for (const std::string& line : http_.Requests()) count += line.find(part) != std::string::npos ? 1 : 0;
    return count;
  }

  FakeRegistry http_;
  fakes::FakeClock clock_;
  std::vector<std::string> exchanged_;
  std::vector<std::string> tokens_;
  registry::Client client_{
      http_, clock_, registry::Config{{}, {}, false, {std::make_shared<AzureIdentitySource>(http_, clock_, "client")}}};
};

TEST_F(AzureTest, IdentityIsExchangedForTheRegistryAlone) {
  ASSERT_TRUE(Resolve("acme.azurecr.io/app:1").ok());
  EXPECT_EQ(1U, Asked("client_id=client"));
  ASSERT_EQ(1U, exchanged_.size());
  EXPECT_EQ("acme.azurecr.io grant_type=access_token&service=acme.azurecr.io&access_token=aad", exchanged_[0]);
  ASSERT_EQ(1U, tokens_.size());
  EXPECT_NE(std::string::npos, tokens_[0].find("scope=repository%3Aapp%3Apull"));
  ASSERT_TRUE(Resolve("acme.azurecr.io/other:1").ok());
  ASSERT_TRUE(Resolve("second.azurecr.io/app:1").ok());
  EXPECT_EQ(1U, Asked("169.254.169.254")) << "one identity for all";
  EXPECT_EQ(2U, exchanged_.size()) << "one exchange for each registry";
}

TEST_F(AzureTest, LookAlikesGetNothing) {
  for (const char* name : {"acme.azurecr.io.evil.com/app:1", "acme.azurecr.io:8443/app:1", "azurecr.io/app:1"}) {
    (void)Resolve(name);
  }
  EXPECT_EQ(0U, Asked("169.254.169.254"));
  EXPECT_TRUE(exchanged_.empty());
  for (const std::string& token : tokens_) EXPECT_EQ(std::string::npos, token.find("aad")) << token;
}

TEST_F(AzureTest, TheMetadataServiceIsAskedAgainWhereThatMayHelp) {
  int calls = 0;
  http_.On("169.254.169.254", [&](const http::HttpRequest&) {
    return ++calls < 3 ? FakeRegistry::Response(410) : FakeRegistry::Response(200, R"({"access_token":"aad"})");
  });
  EXPECT_TRUE(Resolve("acme.azurecr.io/app:1").ok());
  EXPECT_EQ(3, calls);
  http_.On("169.254.169.254", [&](const http::HttpRequest&) {
    ++calls;
    return FakeRegistry::Response(400);
  });
  clock_.Advance(std::chrono::hours(2));
  const auto refused = Resolve("third.azurecr.io/app:1");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(4, calls);
}

}  // namespace
}  // namespace pullseal::credentials
