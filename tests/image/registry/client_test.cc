// SPDX-License-Identifier: Apache-2.0
#include "image/registry/client.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/http/address.h"
#include "fakes/fake_clock.h"
#include "fakes/fake_registry.h"
#include "image/registry/limits.h"

namespace pullseal::registry {
namespace {

using fakes::FakeRegistry;

const std::string kConfig = "sha256:" + std::string(64, 'c');

class ClientTest : public ::testing::Test {
 protected:
  ClientTest() : client_(http_, clock_, Config{}) {
    body_ = fakes::ImageManifest(kConfig);
    digest_ = http_.PutManifest("reg.io", "app", "1", body_, fakes::kImageType);
  }
  oci::Reference Ref(const std::string& text = "reg.io/app:1") { return *oci::Reference::Parse(text); }
  oci::Digest Digest() { return *oci::Digest::Parse(digest_); }
  SteadyTime Deadline() { return clock_.Steady() + std::chrono::seconds(20); }
  ErrorCode ResolveError() {
    const auto digest = client_.Resolve(Ref(), credentials_, Deadline());
    EXPECT_FALSE(digest.ok());
    return digest.ok() ? ErrorCode::kInvalid : digest.error().code;
  }
  // One blob from the first place of the repository.
  Result<Bytes> Blob(const oci::Digest& digest, std::int64_t size, std::size_t most) {
    const oci::Reference repository = Ref();
    const Endpoints places = *client_.Places(repository);
    return client_.FetchBlob(Where{places->front(), repository, credentials_, Deadline()}, digest, size, most);
  }
  void Answer(const std::string& part, long status, std::multimap<std::string, std::string> headers = {},
              std::string body = "") {
    http_.On(part, [=](const http::HttpRequest&) { return FakeRegistry::Response(status, body, headers); });
  }
  bool Sent(const std::string& part, const std::string& header) {
    for (const std::string& one : http_.HeadersOf(part)) {
      if (one.find(header) != std::string::npos) return true;
    }
    return false;
  }

  fakes::FakeClock clock_;
  FakeRegistry http_;
  Client client_;
  credentials::Credentials credentials_;
  std::string body_;
  std::string digest_;
};

TEST_F(ClientTest, ResolvesATagWithOneHead) {
  EXPECT_EQ(digest_, client_.Resolve(Ref(), {}, Deadline())->text());
  EXPECT_EQ(std::vector<std::string>{"HEAD https://reg.io:443/v2/app/manifests/1"}, http_.Requests());
}

TEST_F(ClientTest, ADigestNeedsNoRequest) {
  EXPECT_EQ(digest_, client_.Resolve(Ref("reg.io/app@" + digest_), {}, Deadline())->text());
  EXPECT_TRUE(http_.Requests().empty());
}

TEST_F(ClientTest, HeadWithoutDigestFallsBackToHashing) {
  Answer("HEAD ", 200);
  EXPECT_EQ(digest_, client_.Resolve(Ref(), {}, Deadline())->text());
  http_.Clear("HEAD ");
  Answer("HEAD ", 405);
  EXPECT_EQ(digest_, client_.Resolve(Ref(), {}, Deadline())->text());
}

TEST_F(ClientTest, StatusesKeepTheirMeaning) {
  const std::pair<long, ErrorCode> cases[] = {{404, ErrorCode::kNotFound},     {403, ErrorCode::kUnauthorized},
                                              {401, ErrorCode::kUnauthorized}, {429, ErrorCode::kThrottled},
                                              {500, ErrorCode::kRemote},       {503, ErrorCode::kRemote},
                                              {418, ErrorCode::kRemote}};
  for (const auto& [status, code] : cases) {
    clock_.Advance(std::chrono::minutes(2));  // what failed before does not speak for this
    Answer("manifests/1", status, {{status >= 429 ? "retry-after" : "x", "60"}});
    EXPECT_EQ(code, ResolveError()) << status;
    http_.Clear("manifests/1");
  }
}

TEST_F(ClientTest, RetriesWhatMayPass) {
  int calls = 0;
  http_.On("manifests/1", [&](const http::HttpRequest&) -> Result<http::HttpResponse> {
    if (++calls < 3) return Error{ErrorCode::kUnreachable, "reset"};
    return FakeRegistry::Response(200, "", {{"docker-content-digest", digest_}});
  });
  EXPECT_TRUE(client_.Resolve(Ref(), {}, Deadline()).ok());
  EXPECT_EQ(3, calls);
}

TEST_F(ClientTest, WrongBytesAreNeverReturned) {
  Answer("manifests/sha256:", 200, {}, fakes::ImageManifest("sha256:" + std::string(64, 'd')));
  EXPECT_EQ(ErrorCode::kMismatch, client_.FetchManifest(Ref(), Digest(), {}, Deadline()).error().code);
  const std::string blob = http_.PutBlob("reg.io", "app", "payload");
  Answer("blobs/", 200, {}, "payloaD");
  EXPECT_EQ(ErrorCode::kMismatch, Blob(*oci::Digest::Parse(blob), 7, 100).error().code);
}

TEST_F(ClientTest, BlobSizesAreChecked) {
  const auto blob = *oci::Digest::Parse(http_.PutBlob("reg.io", "app", "payload"));
  EXPECT_TRUE(Blob(blob, 7, 100).ok());
  EXPECT_EQ(ErrorCode::kMismatch, Blob(blob, 6, 100).error().code);
  EXPECT_EQ(ErrorCode::kLimit, Blob(blob, 7, 6).error().code);
  const std::size_t asked = http_.Requests().size();
  EXPECT_EQ(ErrorCode::kLimit, Blob(blob, 7, 6).error().code);
  EXPECT_EQ(ErrorCode::kLimit, Blob(blob, -1, 100).error().code);
  EXPECT_EQ(asked, http_.Requests().size()) << "what is too large is not asked for";
}

TEST_F(ClientTest, BearerTokenIsFetchedOnceAndRemembered) {
  credentials_ = credentials::Credentials{"user", "secret", ""};
  http_.On("https://reg.io", [&](const http::HttpRequest& request) {
    for (const std::string& header : request.headers) {
      if (header == "Authorization: Bearer t0k")
        return FakeRegistry::Response(200, "", {{"docker-content-digest", digest_}});
    }
    return FakeRegistry::Response(
        401, "",
        {{"www-authenticate",
          R"(Bearer realm="https://auth.io/token",service="reg",scope="repository:app:pull,push")"}});
  });
  Answer("https://auth.io", 200, {}, R"({"token":"t0k","expires_in":300})");
  EXPECT_TRUE(client_.Resolve(Ref(), credentials_, Deadline()).ok());
  EXPECT_TRUE(client_.Resolve(Ref(), credentials_, Deadline()).ok());
  int tokens = 0;
  for (const std::string& line : http_.Requests()) {
    tokens += line.find("auth.io") != std::string::npos ? 1 : 0;
    if (line.find("auth.io") != std::string::npos) {
      EXPECT_NE(std::string::npos, line.find("scope=repository%3Aapp%3Apull&")) << line;
    }
  }
  EXPECT_EQ(1, tokens);
  EXPECT_TRUE(Sent("auth.io", "Authorization: Basic"));
  EXPECT_FALSE(Sent("https://reg.io", "Authorization: Basic"));
  // Other credentials do not share the token.
  EXPECT_FALSE(client_.Resolve(Ref(), {}, Deadline()).ok() && tokens > 1);
  clock_.Advance(std::chrono::seconds(400));
  EXPECT_TRUE(client_.Resolve(Ref(), credentials_, Deadline()).ok());
}

TEST_F(ClientTest, BasicChallengeGetsTheCredentials) {
  credentials_ = credentials::Credentials{"user", "secret", ""};
  http_.On("https://reg.io", [&](const http::HttpRequest& request) {
    for (const std::string& header : request.headers) {
      if (header == "Authorization: Basic dXNlcjpzZWNyZXQ=")
        return FakeRegistry::Response(200, "", {{"docker-content-digest", digest_}});
    }
    return FakeRegistry::Response(401, "", {{"www-authenticate", "Basic realm=\"x\""}});
  });
  EXPECT_TRUE(client_.Resolve(Ref(), credentials_, Deadline()).ok());
  credentials_ = {};
  EXPECT_EQ(ErrorCode::kUnauthorized, ResolveError());
}

// A registry on a private network may name others there, by name or by number (MinIO behind it, a token service).
TEST_F(ClientTest, PrivateRegistriesMayNamePrivateAddresses) {
  struct Case {
    const char* peer;
    const char* named;
    bool good;
  };
  for (const Case& one :
       {Case{"10.9.8.1", "10.9.8.2", true}, Case{"10.9.8.1", "[fd00::2]", true},
        Case{"fd00::1", "192.168.1.1:9000", true}, Case{"10.9.8.1", "127.0.0.1", false},
        Case{"10.9.8.1", "169.254.169.254", false}, Case{"8.8.8.8", "10.9.8.2", false}, Case{"", "10.9.8.2", false}}) {
    SCOPED_TRACE(std::string(one.peer) + " " + one.named);
    const std::string named = std::string("https://") + one.named;
    for (const bool realm : {false, true}) {
      clock_.Advance(std::chrono::minutes(2));
      http_.On("https://reg.io", [&](const http::HttpRequest& request) {
        http::HttpResponse out =
            !realm ? FakeRegistry::Response(307, "", {{"location", named + "/x"}})
            : request.authorization.empty()
                ? FakeRegistry::Response(401, "", {{"www-authenticate", "Bearer realm=\"" + named + "/t\""}})
                : FakeRegistry::Response(200, "", {{"docker-content-digest", digest_}});
        out.peer = one.peer;
        return out;
      });
      http_.On(named, [&](const http::HttpRequest&) {
        return FakeRegistry::Response(200, R"({"token":"t"})", {{"docker-content-digest", digest_}});
      });
      EXPECT_EQ(one.good, client_.Resolve(Ref(), {}, Deadline()).ok()) << realm;
      http_.Clear("https://reg.io");
      http_.Clear(named);
    }
  }
}

TEST_F(ClientTest, TokenRealmsThatLeadInsideAreRefused) {
  credentials_ = credentials::Credentials{"user", "secret", ""};
  for (const char* realm : {"http://auth.io/token", "https://169.254.169.254/token", "https://127.0.0.1/token",
                            "https://10.0.0.1/t", "https://[::1]/t", "https://[::ffff:127.0.0.1]/t", "https://0x7f.1/t",
                            "file:///etc/passwd", "", "https://u:p@auth.io/t"}) {
    Answer("https://reg.io", 401, {{"www-authenticate", std::string("Bearer realm=\"") + realm + "\",service=\"x\""}});
    clock_.Advance(std::chrono::minutes(2));  // what failed before does not speak for this
    http_.ForgetRequests();
    EXPECT_FALSE(client_.Resolve(Ref(), credentials_, Deadline()).ok()) << realm;
    for (const std::string& line : http_.Requests()) EXPECT_NE(std::string::npos, line.find("reg.io")) << line;
    http_.Clear("https://reg.io");
  }
}

TEST_F(ClientTest, RedirectsDropCredentialsAndStayOutside) {
  credentials_ = credentials::Credentials{"user", "secret", ""};
  const auto blob = *oci::Digest::Parse(http_.PutBlob("reg.io", "app", "payload"));
  http_.On("https://reg.io", [&](const http::HttpRequest& request) {
    for (const std::string& header : request.headers) {
      if (header.starts_with("Authorization: "))
        return FakeRegistry::Response(307, "", {{"location", "https://storage.io/x?sig=1"}});
    }
    return FakeRegistry::Response(401, "", {{"www-authenticate", "Basic realm=\"x\""}});
  });
  Answer("https://storage.io", 200, {}, "payload");
  EXPECT_TRUE(Blob(blob, 7, 100).ok());
  EXPECT_FALSE(Sent("storage.io", "Authorization"));
  // Whoever answers there would be believed if we went.
  http_.Clear("https://reg.io");
  Answer("/x", 200, {}, "payload");
  for (const char* location : {"http://storage.io/x", "https://127.0.0.1/x", "https://169.254.169.254/x",
                               "https://[::1]/x", "ftp://storage.io/x", ""}) {
    http_.Clear("https://reg.io");
    clock_.Advance(std::chrono::minutes(2));
    Answer("https://reg.io", 307, {{"location", location}});
    EXPECT_FALSE(Blob(blob, 7, 100).ok()) << location;
  }
}

// Where a registry redirects to gets no say in where credentials go.
// It may name a token service of its own: that one gets nothing of ours.
TEST_F(ClientTest, AChallengeOfAnotherHostGetsNoCredentials) {
  credentials_ = credentials::Credentials{"user", "secret", ""};
  const auto blob = *oci::Digest::Parse(http_.PutBlob("reg.io", "app", "payload"));
  Answer("https://reg.io", 307, {{"location", "https://storage.io/x"}});
  Answer("https://storage.io", 401, {{"www-authenticate", R"(Bearer realm="https://evil.io/token",service="x")"}});
  const auto refused = Blob(blob, 7, 100);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(ErrorCode::kUnauthorized, refused.error().code);
  for (const char* host : {"evil.io", "storage.io"}) {
    for (const std::string& header : http_.HeadersOf(host)) {
      EXPECT_EQ(std::string::npos, header.find("Authorization")) << header;
    }
  }
  // Also where it refuses the token that it gave: its challenge is not the registry's.
  Answer("evil.io", 200, {}, R"({"token":"t"})");
  EXPECT_EQ(ErrorCode::kUnauthorized, Blob(blob, 7, 100).error().code);
  for (const std::string& header : http_.HeadersOf("evil.io")) EXPECT_EQ(std::string::npos, header.find("Basic"));
}

TEST_F(ClientTest, AHostBehindARedirectMayGiveATokenToNobody) {
  credentials_ = credentials::Credentials{"user", "secret", ""};
  const auto blob = *oci::Digest::Parse(http_.PutBlob("reg.io", "app", "payload"));
  Answer("https://vanity.io", 307, {{"location", "https://real.io/v2/org/app/blobs/x"}});
  http_.On("https://real.io:443/v2/", [](const http::HttpRequest& request) {
    for (const std::string& header : request.headers) {
      if (header == "Authorization: Bearer t") return FakeRegistry::Response(200, "payload");
    }
    return FakeRegistry::Response(401, "", {{"www-authenticate", R"(Bearer realm="https://auth.real.io/token")"}});
  });
  http_.On("https://auth.real.io", [](const http::HttpRequest& request) {
    EXPECT_EQ("/token?scope=repository%3Aorg%2Fapp%3Apull&client_id=pullseal", request.url.path_and_query);
    EXPECT_TRUE(request.authorization.empty());
    EXPECT_EQ(http::Reach::kPublic, request.reach);
    return FakeRegistry::Response(201, R"({"token":"","access_token":"t"})");
  });
  const Endpoints places = *client_.Places(Ref("vanity.io/app:1"));
  const auto repository = Ref("vanity.io/app:1");
  const Where where{places->front(), repository, credentials_, Deadline()};
  EXPECT_TRUE(client_.FetchBlob(where, blob, 7, 100).ok());
}

TEST_F(ClientTest, EndlessRedirectsEnd) {
  Answer("reg.io", 302, {{"location", "https://reg.io/again"}});
  EXPECT_EQ(ErrorCode::kLimit, ResolveError());
  EXPECT_EQ(static_cast<std::size_t>(limits::kRedirects) + 1, http_.Requests().size());
}

TEST_F(ClientTest, LoopbackIsPlainAndDockerHasItsHost) {
  (void)client_.Resolve(Ref("127.0.0.1:5000/a:1"), {}, Deadline());
  (void)client_.Resolve(Ref("busybox"), {}, Deadline());
  (void)client_.Resolve(Ref("127.0.0.1.evil.io/a:1"), {}, Deadline());
  EXPECT_EQ("HEAD http://127.0.0.1:5000/v2/a/manifests/1", http_.Requests().at(0));
  EXPECT_EQ("HEAD https://registry-1.docker.io:443/v2/library/busybox/manifests/latest", http_.Requests().at(1));
  EXPECT_EQ("HEAD https://127.0.0.1.evil.io:443/v2/a/manifests/1", http_.Requests().at(2));
}

TEST(ChallengeTest, ReadsSeveralAndStopsAtNonsense) {
  http::HttpResponse response;
  response.headers.emplace("www-authenticate",
                           R"(Basic realm="a, b", Bearer realm="https://x/\"y",service=s , Digest)");
  const auto challenges = credentials::ParseChallenges(response);
  ASSERT_EQ(3U, challenges.size());
  EXPECT_EQ("a, b", challenges[0].parameters.at("realm"));
  EXPECT_EQ("https://x/\"y", challenges[1].parameters.at("realm"));
  EXPECT_EQ("s", challenges[1].parameters.at("service"));
  for (const char* text : {"", "=", "\"", "Bearer realm=\"", ",,,,", "Bearer =x", "\xff"}) {
    http::HttpResponse bad;
    bad.headers.emplace("www-authenticate", text);
    (void)credentials::ParseChallenges(bad);
  }
}

TEST(UrlTest, InternalAddressesInAllSpellings) {
  for (const char* host : {"127.0.0.1", "127.1", "0177.0.0.1", "2130706433", "0x7f000001", "10.1.2.3", "172.16.0.1",
                           "192.168.1.1", "169.254.169.254", "168.63.129.16", "0.0.0.0", "100.64.0.1", "[::1]", "[::]",
                           "[fe80::1]", "[fd00::1]", "[::ffff:10.0.0.1]", "localhost"}) {
    EXPECT_FALSE(http::MayName("8.8.8.8", host)) << host;
  }
  for (const char* host : {"8.8.8.8", "172.32.0.1", "reg.io", "[2001:db8::1]", "10.example.com"})
    EXPECT_TRUE(http::MayName("8.8.8.8", host)) << host;
}

}  // namespace
}  // namespace pullseal::registry
