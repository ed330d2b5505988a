// SPDX-License-Identifier: Apache-2.0
// How requests are made: waiting, trying again, credentials in turn, where a registry may send us.
#include "image/registry/requester.h"

#include <gtest/gtest.h>

#include <thread>

#include "core/http/address.h"
#include "fakes/fake_clock.h"
#include "fakes/fake_registry.h"
#include "fakes/threads.h"
#include "image/credentials/limits.h"
#include "image/registry/client.h"
#include "image/registry/limits.h"

namespace pullseal::registry {
namespace {

using fakes::FakeRegistry;
using std::chrono::seconds;

// A source with credentials for everything.
class FixedSource final : public credentials::CredentialSource {
 public:
  explicit FixedSource(std::vector<credentials::Credentials> credentials) : credentials_(std::move(credentials)) {}
  std::string_view name() const override { return "fixed"; }
  Result<std::vector<credentials::Credentials>> Find(const std::string& host, const std::string&, SteadyTime) override {
    asked.push_back(host);
    return credentials_;
  }
  std::vector<std::string> asked;

 private:
  const std::vector<credentials::Credentials> credentials_;
};

class RequesterTest : public ::testing::Test {
 protected:
  RequesterTest() {
    http_.PutManifest("reg.io", "app", "1", fakes::ImageManifest("sha256:" + std::string(64, 'c')), fakes::kImageType);
  }
  void Use(credentials::CredentialSources sources) {
    client_ = std::make_unique<Client>(http_, clock_, Config{{}, {}, false, std::move(sources)});
  }
  Result<oci::Digest> Resolve(const credentials::Credentials& credentials = {},
                              const std::string& name = "reg.io/app:1", seconds time = seconds(20)) {
    return client_->Resolve(*oci::Reference::Parse(name), credentials, clock_.Steady() + time);
  }
  // 429 with this Retry-After, `times` times.
  void Throttle(const std::string& part, const std::string& retry_after, int times) {
    left_ = times;
    http_.On(part, [this, retry_after](const http::HttpRequest&) {
      if (left_-- > 0) return FakeRegistry::Response(429, "", {{"retry-after", retry_after}});
      return FakeRegistry::Response(200, "", {{"docker-content-digest", "sha256:" + std::string(64, 'a')}});
    });
  }
  double SecondsFor(const std::function<void()>& work) {
    const SteadyTime begin = clock_.Steady();
    work();
    return std::chrono::duration<double>(clock_.Steady() - begin).count();
  }

  FakeRegistry http_;
  fakes::FakeClock clock_;
  std::unique_ptr<Client> client_ = std::make_unique<Client>(http_, clock_, Config{});
  int left_ = 0;
};

TEST_F(RequesterTest, RetryAfterIsWaitedForWithinTheTime) {
  Throttle("HEAD ", "5", 2);
  const double took = SecondsFor([&] { EXPECT_TRUE(Resolve().ok()); });
  EXPECT_LE(10.0, took);
  EXPECT_GE(12.6, took) << "with a quarter more by chance at most";
  EXPECT_EQ(3U, http_.Requests().size());
  Throttle("HEAD ", "Sun, 22 Nov 2026 12:00:19 GMT", 1);  // the fake clock began at 12:00:00
  EXPECT_TRUE(Resolve().ok());
  EXPECT_LE(*ParseTime("2026-11-22T12:00:18Z"), clock_.Now());
}

TEST_F(RequesterTest, AWaitThatDoesNotFitIsNoWait) {
  Throttle("HEAD ", "30", 1000);
  EXPECT_EQ(0.0, SecondsFor([&] { EXPECT_EQ(ErrorCode::kThrottled, Resolve().error().code); }));
  EXPECT_EQ(1U, http_.Requests().size());
  EXPECT_EQ(ErrorCode::kThrottled, Resolve().error().code);
  EXPECT_EQ(1U, http_.Requests().size()) << "the host asked for half a minute";
  left_ = 0;
  clock_.Advance(seconds(20));
  EXPECT_TRUE(Resolve().ok()) << "ten seconds are left to wait, and there is time for them";
}

// What one repository or one account costs is not what others pay.
TEST_F(RequesterTest, TroubleOfOneRepositoryIsNotThatOfItsHost) {
  for (const long status : {408L, 429L, 500L, 502L, 503L}) {
    http_.On("/v2/tenant/", [status](const http::HttpRequest&) {
      return FakeRegistry::Response(status, "", {{"retry-after", "120"}});
    });
    EXPECT_FALSE(Resolve({}, "reg.io/tenant/x:1").ok());
    EXPECT_FALSE(Resolve({}, "reg.io/tenant/x:1").ok());
    EXPECT_EQ(0.0, SecondsFor([&] { EXPECT_TRUE(Resolve().ok()) << status; }));
    http_.ForgetRequests();
    EXPECT_FALSE(Resolve({}, "reg.io/tenant/x:1").ok());
    EXPECT_EQ(0U, http_.Requests().size()) << status;
    clock_.Advance(std::chrono::minutes(3));
  }
}

TEST_F(RequesterTest, OtherStatusesStartNoRest) {
  for (const long status : {400L, 401L, 403L, 405L, 409L, 412L, 418L, 451L}) {
    http_.On("reg.io:443/v2/", [status](const http::HttpRequest&) { return FakeRegistry::Response(status); });
    for (int i = 0; i < 5; ++i) {
      const auto resolved = Resolve();
      ASSERT_FALSE(resolved.ok());
      EXPECT_NE(ErrorCode::kNotFound, resolved.error().code) << status;
      EXPECT_NE(std::string::npos,
                resolved.error().message.find(status == 401 ? "credentials" : std::to_string(status)));
    }
    EXPECT_LE(5U, http_.Requests().size()) << status;
    http_.ForgetRequests();
  }
}

TEST_F(RequesterTest, RefusalsThatSayLaterAreThrottling) {
  left_ = 1;
  http_.On("HEAD ", [this](const http::HttpRequest&) {
    if (left_-- > 0) return FakeRegistry::Response(403, "rate limit", {{"retry-after", "1"}});
    return FakeRegistry::Response(200, "", {{"docker-content-digest", "sha256:" + std::string(64, 'a')}});
  });
  EXPECT_LE(1.0, SecondsFor([&] { EXPECT_TRUE(Resolve().ok()); }));
  left_ = 1000;
  EXPECT_EQ(ErrorCode::kThrottled, Resolve({}, "reg.io/app:1", seconds(2)).error().code);
}

TEST_F(RequesterTest, WithoutAConnectionTheWholeHostRests) {
  http_.On("reg.io:443/v2/tenant/", [](const http::HttpRequest&) -> Result<http::HttpResponse> {
    return Error{ErrorCode::kUnreachable, "no route"};
  });
  EXPECT_FALSE(Resolve({}, "reg.io/tenant/x:1").ok());
  EXPECT_FALSE(Resolve({}, "reg.io/tenant/y:1").ok());
  http_.ForgetRequests();
  const auto rests = Resolve();
  EXPECT_EQ(ErrorCode::kUnreachable, rests.error().code);
  EXPECT_EQ(std::string::npos, rests.error().message.find("tenant")) << rests.error().message;
  EXPECT_EQ(0U, http_.Requests().size());
  // Where the registry sends a tenant to is not the registry.
  clock_.Advance(std::chrono::minutes(3));
  http_.Clear("reg.io:443/v2/tenant/");
  http_.On("reg.io:443/v2/tenant/", [](const http::HttpRequest&) {
    return FakeRegistry::Response(307, "", {{"location", "https://storage.io/x"}});
  });
  http_.On("storage.io", [](const http::HttpRequest&) -> Result<http::HttpResponse> {
    return Error{ErrorCode::kUnreachable, "no route"};
  });
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(Resolve({}, "reg.io/tenant/x:1").ok());
  EXPECT_TRUE(Resolve().ok());
}

class BackoffTest : public ::testing::Test {
 protected:
  static Asker At(const std::string& host, const std::string& repository, const std::string& credential = "c") {
    return Asker{host, "", repository, credential};
  }
  void FailTwice(const Asker& asker) {
    for (int i = 0; i < 2; ++i) backoff_.Failed(asker, Error{ErrorCode::kRemote, "502"});
  }
  fakes::FakeClock clock_;
  Backoff backoff_{clock_};
};

TEST_F(BackoffTest, AnswersToEarlierRequestsDoNotEndTheWait) {
  backoff_.Failed(At("h", "r"), Error{ErrorCode::kThrottled, "later"}, seconds(10));
  backoff_.Succeeded(At("h", "r"));
  EXPECT_TRUE(backoff_.Resting(At("h", "r")));
  clock_.Advance(seconds(11));
  EXPECT_FALSE(backoff_.Resting(At("h", "r")));
  backoff_.Failed(At("h", "r"), Error{ErrorCode::kThrottled, "much later"}, std::chrono::hours(1000));
  clock_.Advance(std::chrono::minutes(3));
  EXPECT_FALSE(backoff_.Resting(At("h", "r"))) << "nobody can have us wait for ever";
}

TEST_F(BackoffTest, RestsAreTheAskers) {
  FailTwice(At("h", "r"));
  EXPECT_TRUE(backoff_.Resting(At("h", "r")));
  EXPECT_FALSE(backoff_.Resting(At("h", "r", "other")));
  EXPECT_FALSE(backoff_.Resting(At("h", "r2")));
  EXPECT_FALSE(backoff_.Resting(Asker{"h", "referrers", "r", "c"}));
  EXPECT_FALSE(backoff_.Resting(At("h2", "r")));
  backoff_.Succeeded(At("h", "r2"));
  EXPECT_TRUE(backoff_.Resting(At("h", "r"))) << "another's answer";
  backoff_.Succeeded(At("h", "r"));
  EXPECT_FALSE(backoff_.Resting(At("h", "r")));
}

TEST_F(BackoffTest, WhereManyFailNewcomersTakeTurns) {
  for (std::size_t i = 0; i < limits::kFailingAskers; ++i) {
    EXPECT_FALSE(backoff_.Resting(At("h", "team/new" + std::to_string(i))));
    FailTwice(At("h", "team/" + std::to_string(i)));
  }
  EXPECT_FALSE(backoff_.Resting(At("h", "team/x"))) << "the first one in this second";
  const auto rest = backoff_.Resting(At("h", "team/y"));
  ASSERT_TRUE(rest);
  EXPECT_EQ(std::string::npos, rest->error.message.find("502"));
  EXPECT_FALSE(backoff_.Resting(At("h", "victim/app"))) << "a turn of its own";
  clock_.Advance(limits::kRestFirst);
  EXPECT_FALSE(backoff_.Resting(At("h", "team/y")));
  EXPECT_TRUE(backoff_.Resting(At("h", "team/z")));
  backoff_.Succeeded(At("h", "victim/app"));
  EXPECT_FALSE(backoff_.Resting(At("h", "team/z"))) << "the host answers";
}

// Nobody's failures push out what is known of others.
TEST_F(BackoffTest, MemoryIsSharedByHostAndDomain) {
  backoff_.Failed(At("reg.io", "victim"), Error{ErrorCode::kThrottled, "later"}, seconds(100));
  backoff_.Failed(At("shared.io", "victim"), Error{ErrorCode::kThrottled, "later"}, seconds(100));
  for (std::size_t i = 0; i < 3 * limits::kTroubledHosts; ++i) {
    FailTwice(At("h" + std::to_string(i) + ".evil.com:5000", "x"));
  }
  EXPECT_LE(backoff_.hosts(), limits::kTroubledHosts);
  EXPECT_TRUE(backoff_.Resting(At("reg.io", "victim")));
  for (std::size_t i = 0; i < 3 * limits::kRestingAskers; ++i)
    FailTwice(At("shared.io", "tenant/" + std::to_string(i)));
  EXPECT_TRUE(backoff_.Resting(At("shared.io", "victim")));
}

TEST_F(RequesterTest, ThrottledReferrersDoNotHoldUpManifests) {
  http_.On("/referrers/", [](const http::HttpRequest&) {
    return FakeRegistry::Response(429, "", {{"retry-after", "60"}});
  });
  const auto repository = *oci::Reference::Parse("reg.io/app:1");
  const credentials::Credentials nobody;
  const Endpoints places = *client_->Places(repository);
  const Where where{places->front(), repository, nobody, clock_.Steady() + seconds(20)};
  const auto subject = *oci::Digest::Parse("sha256:" + std::string(64, 'a'));
  EXPECT_EQ(ErrorCode::kThrottled,
            client_->FetchReferrersPage(where, "referrers/" + subject.text(), true).error().code);
  EXPECT_EQ(0.0, SecondsFor([&] { EXPECT_TRUE(Resolve().ok()); }));
  EXPECT_EQ(ErrorCode::kThrottled,
            client_->FetchReferrersPage(where, "referrers/" + subject.text(), true).error().code);
  EXPECT_EQ(2U, http_.Requests().size());
}

TEST_F(RequesterTest, ManyQuestionsAboutOneTagAreOneRequest) {
  std::atomic<int> heads{0};
  fakes::Threads askers;
  http_.On("HEAD ", [&](const http::HttpRequest&) {
    ++heads;
    EXPECT_TRUE(askers.AwaitAsleep(8));
    return FakeRegistry::Response(200, "", {{"docker-content-digest", "sha256:" + std::string(64, 'a')}});
  });
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      askers.Enter();
      EXPECT_TRUE(Resolve().ok());
    });
  }
  for (std::thread& one : threads) one.join();
  EXPECT_EQ(1, heads);
}

TEST_F(RequesterTest, RequestsAtOneHostAreBounded) {
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  fakes::Threads askers;
  http_.On("HEAD ", [&](const http::HttpRequest&) {
    const int mine = ++now;
    for (int seen = most; seen < mine && !most.compare_exchange_weak(seen, mine);) {
    }
    // All that will ever ask at once do so by the time that all threads wait, here or for a place.
    EXPECT_TRUE(askers.AwaitAsleep(24));
    --now;
    return FakeRegistry::Response(200, "", {{"docker-content-digest", "sha256:" + std::string(64, 'a')}});
  });
  std::vector<std::thread> threads;
  for (int i = 0; i < 24; ++i) {
    threads.emplace_back([&, i] {
      askers.Enter();
      EXPECT_TRUE(Resolve({}, "reg.io/app:" + std::to_string(i)).ok());
    });
  }
  for (std::thread& one : threads) one.join();
  EXPECT_EQ(static_cast<int>(limits::kRequestsPerHost), most);
}

TEST_F(RequesterTest, AttemptsAreBoundedWhateverTimeIsLeft) {
  http_.On("HEAD ", [](const http::HttpRequest&) { return FakeRegistry::Response(503, ""); });
  http_.On("GET ", [](const http::HttpRequest&) { return FakeRegistry::Response(404, ""); });
  EXPECT_FALSE(Resolve({}, "reg.io/app:1", seconds(100'000)).ok());
  EXPECT_EQ(static_cast<std::size_t>(limits::kAttempts), http_.HeadersOf("HEAD ").size());
  http_.ForgetRequests();
  Throttle("HEAD ", "1", 1000);
  EXPECT_EQ(ErrorCode::kThrottled, Resolve({}, "other.io/app:1", seconds(100'000)).error().code);
  EXPECT_EQ(static_cast<std::size_t>(limits::kThrottledAttempts), http_.HeadersOf("HEAD ").size());
}

// Opens for user "right" alone.
Result<http::HttpResponse> Guard(const http::HttpRequest& request) {
  for (const std::string& header : request.headers) {
    if (header == "Authorization: Basic cmlnaHQ6cA==") {
      return FakeRegistry::Response(200, "", {{"docker-content-digest", "sha256:" + std::string(64, 'a')}});
    }
  }
  return FakeRegistry::Response(401, "", {{"www-authenticate", "Basic realm=\"x\""}});
}

TEST_F(RequesterTest, CredentialsAreTriedInTurnAndTheGoodOnesRemembered) {
  const auto empty = std::make_shared<FixedSource>(std::vector<credentials::Credentials>{});
  const auto wrong =
      std::make_shared<FixedSource>(std::vector<credentials::Credentials>{{"wrong", "p"}, {"wrong2", "p"}});
  const auto right = std::make_shared<FixedSource>(std::vector<credentials::Credentials>{{"right", "p"}});
  const auto late = std::make_shared<FixedSource>(std::vector<credentials::Credentials>{{"late", "p"}});
  Use({empty, wrong, right, late});
  http_.On("HEAD ", Guard);
  EXPECT_TRUE(Resolve({"mine", "p"}).ok());
  EXPECT_EQ(5U, http_.Requests().size()) << "without, mine, wrong, wrong2, right";
  EXPECT_TRUE(late->asked.empty());
  EXPECT_EQ(std::vector<std::string>{"reg.io"}, right->asked);
  http_.ForgetRequests();
  EXPECT_TRUE(Resolve({"mine", "p"}).ok());
  EXPECT_EQ(1U, http_.Requests().size());
  EXPECT_TRUE(Resolve({"other", "p"}).ok());
  EXPECT_EQ(6U, http_.Requests().size()) << "what one request's credentials opened is not another's";
}

TEST_F(RequesterTest, SourcesAreNotAskedWhereNothingIsWanted) {
  const auto source = std::make_shared<FixedSource>(std::vector<credentials::Credentials>{{"right", "p"}});
  Use({source});
  EXPECT_TRUE(Resolve().ok());
  EXPECT_TRUE(source->asked.empty());
  EXPECT_TRUE(http_.HeadersOf("HEAD ").size() == 1);
}

// What a registry may send us to depends on where it stands itself.
TEST_F(RequesterTest, NamedHostsMayBeWhereTheRegistryIs) {
  for (const auto& [peer, reach] : {std::pair<const char*, http::Reach>{"8.8.8.8", http::Reach::kPublic},
                                    {"10.1.2.3", http::Reach::kNetwork},
                                    {"fd00::1", http::Reach::kNetwork},
                                    {"127.0.0.1", http::Reach::kConfigured},
                                    {"", http::Reach::kPublic}}) {
    Use({});
    std::optional<http::Reach> storage;
    std::optional<http::Reach> token;
    http_.On("HEAD https://reg.io", [&, peer = peer](const http::HttpRequest& request) {
      EXPECT_EQ(http::Reach::kConfigured, request.reach);
      http::HttpResponse out =
          request.authorization.empty()
              ? FakeRegistry::Response(401, "", {{"www-authenticate", "Bearer realm=\"https://auth.io/t\""}})
              : FakeRegistry::Response(307, "", {{"location", "https://storage.io/x"}});
      out.peer = peer;
      return out;
    });
    http_.On("auth.io", [&](const http::HttpRequest& request) {
      token = request.reach;
      return FakeRegistry::Response(200, R"({"token":"t"})");
    });
    http_.On("storage.io", [&](const http::HttpRequest& request) {
      storage = request.reach;
      return FakeRegistry::Response(200, "", {{"docker-content-digest", "sha256:" + std::string(64, 'a')}});
    });
    EXPECT_TRUE(Resolve().ok());
    EXPECT_EQ(reach, storage) << peer;
    EXPECT_EQ(reach, token) << peer;
    http_.Clear("HEAD https://reg.io");
  }
}

TEST(MayReachTest, ScopesOfAddresses) {
  for (const char* never : {"169.254.169.254", "169.254.1.1", "168.63.129.16", "fe80::1", "fe80::1%eth0",
                            "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"}) {
    for (const http::Reach reach : {http::Reach::kConfigured, http::Reach::kNetwork, http::Reach::kPublic})
      EXPECT_FALSE(http::MayReach(reach, never)) << never;
  }
  EXPECT_TRUE(http::MayReach(http::Reach::kMetadata, "169.254.169.254"));
  EXPECT_FALSE(http::MayReach(http::Reach::kMetadata, "8.8.8.8"));
  EXPECT_FALSE(http::MayReach(http::Reach::kMetadata, "169.254.169.253"));
  for (const char* own : {"127.0.0.1", "::1", "0.0.0.0", "::", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(http::MayReach(http::Reach::kConfigured, own)) << own;
    EXPECT_FALSE(http::MayReach(http::Reach::kNetwork, own)) << own;
    EXPECT_FALSE(http::MayReach(http::Reach::kPublic, own)) << own;
  }
  for (const char* inside : {"10.0.0.1", "172.31.0.1", "192.168.0.1", "100.64.0.1", "fd12::1", "64:ff9b::a00:1"}) {
    EXPECT_TRUE(http::MayReach(http::Reach::kConfigured, inside)) << inside;
    EXPECT_TRUE(http::MayReach(http::Reach::kNetwork, inside)) << inside;
    EXPECT_FALSE(http::MayReach(http::Reach::kPublic, inside)) << inside;
  }
  for (const char* outside : {"8.8.8.8", "2001:db8::1"})
    EXPECT_TRUE(http::MayReach(http::Reach::kPublic, outside)) << outside;
}

}  // namespace
}  // namespace pullseal::registry
