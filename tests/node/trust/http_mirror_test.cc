// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "fakes/fake_clock.h"
#include "fakes/fake_registry.h"
#include "node/trust/limits.h"
#include "node/trust/mirror.h"
#include "node/trust/names.h"

namespace pullseal::trust {
namespace {

using fakes::FakeRegistry;

class HttpMirrorTest : public ::testing::Test {
 protected:
  std::unique_ptr<HttpMirror> Made(const std::string& url, const std::string& targets = "") {
    auto mirror = HttpMirror::Make(http_, clock_, url, targets);
    if (!mirror) throw std::runtime_error(mirror.error().message);
    return std::move(mirror).value();
  }
  void Answer(const std::string& part, long status, const std::string& body = "",
              const std::multimap<std::string, std::string>& headers = {}) {
    http_.On(part, [=, this](const http::HttpRequest& request) -> Result<http::HttpResponse> {
      most_ = request.most;
      left_ = request.deadline - clock_.Steady();
      return FakeRegistry::Response(status, body, headers);
    });
  }
  FakeRegistry http_;
  fakes::FakeClock clock_;
  std::size_t most_ = 0;
  SteadyTime::duration left_{};
};

TEST_F(HttpMirrorTest, AsksWithBoundsAndQuotes) {
  Answer("GET", 200, "x");
  const auto mirror = Made("https://example.org/tuf");
  EXPECT_EQ("x", *mirror->Metadata("2.root.json", 77));
  EXPECT_EQ(77U, most_);
  EXPECT_LE(left_, limits::kTrustRequestTime);
  EXPECT_EQ("x", *mirror->Target("a b/c?.json", 5));
  const auto other = Made("https://example.org/tuf/", "http://files.example.org:8080/t");
  EXPECT_TRUE(other->Metadata("%3F.json", 1).ok());
  EXPECT_TRUE(other->Target("x", 1).ok());
  const std::vector<std::string> wanted = {
      "GET https://example.org:443/tuf/2.root.json", "GET https://example.org:443/tuf/targets/a%20b/c%3F.json",
      "GET https://example.org:443/tuf/%3F.json", "GET http://files.example.org:8080/t/x"};
  auto requests = http_.Requests();
  for (std::string& one : requests) {
    if (const auto at = one.find("example.org/"); at != std::string::npos) one.insert(at + 11, ":443");
  }
  EXPECT_EQ(wanted, requests);
}

TEST_F(HttpMirrorTest, OnlyNotFoundIsACertainNo) {
  const auto mirror = Made("https://example.org");
  for (const long status : {404L, 403L, 401L, 410L, 204L, 206L, 500L, 503L}) {
    http_.Clear("GET");
    Answer("GET", status);
    const auto answer = mirror->Metadata("2.root.json", 10);
    ASSERT_FALSE(answer.ok()) << status;
    EXPECT_EQ(status == 404 ? ErrorCode::kNotFound : ErrorCode::kRemote, answer.error().code) << status;
  }
}

TEST_F(HttpMirrorTest, FollowsRedirectsNeverDownNorForEver) {
  const auto mirror = Made("https://example.org");
  Answer("example.org", 302, "", {{"location", "https://cdn.example.net/x"}});
  Answer("cdn.example.net", 200, "y");
  EXPECT_EQ("y", *mirror->Metadata("2.root.json", 10));
  http_.Clear("example.org");
  Answer("example.org", 302, "", {{"location", "http://cdn.example.net/x"}});
  EXPECT_EQ(ErrorCode::kRemote, mirror->Metadata("2.root.json", 10).error().code);
  http_.Clear("example.org");
  Answer("example.org", 302, "", {{"location", "/again"}});
  EXPECT_EQ(ErrorCode::kLimit, mirror->Metadata("2.root.json", 10).error().code);
}

TEST_F(HttpMirrorTest, UrlsThatAreNoFolders) {
  for (const char* url :
       {"", "ftp://example.org", "https://example.org/?a=b", "https://example.org/#a", "example.org"}) {
    EXPECT_FALSE(HttpMirror::Make(http_, clock_, url, "").ok()) << url;
  }
}

TEST(NamesTest, NothingButUnreservedCharactersStays) {
  EXPECT_EQ("a-._~Z9", Quoted("a-._~Z9"));
  EXPECT_EQ("%2F..%2F%3F%23%25%00%C3%A9%20%5C", Quoted(std::string("/../?#%\0é \\", 12)));
  EXPECT_EQ("a%20b/c", QuotedPath("a b/c"));
  EXPECT_EQ("7.a%2Fb.json", MetadataFile("a/b", 7));
  EXPECT_EQ("timestamp.json", MetadataFile("timestamp", 0));
  EXPECT_EQ("a/b/h.c", TargetPath("a/b/c", "h"));
  EXPECT_EQ("h.c", TargetPath("c", "h"));
}

}  // namespace
}  // namespace pullseal::trust
