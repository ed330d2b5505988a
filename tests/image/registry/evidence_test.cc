// SPDX-License-Identifier: Apache-2.0
// Where signatures are looked for, in which order, and when a look says nothing for certain.
#include "image/registry/evidence.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "fakes/fake_clock.h"
#include "fakes/fake_registry.h"
#include "fakes/test_authority.h"
#include "image/oci/limits.h"
#include "image/registry/limits.h"

namespace pullseal::registry {
namespace {

using fakes::FakeRegistry;

const std::string kConfig = "sha256:" + std::string(64, 'c');

class EvidenceTest : public ::testing::Test {
 protected:
  EvidenceTest() : client_(http_, clock_, Config{}), finder_(client_) {
    digest_ = http_.PutManifest("reg.io", "app", "1", fakes::ImageManifest(kConfig), fakes::kImageType);
  }
  void Answer(const std::string& part, long status, std::multimap<std::string, std::string> headers = {},
              std::string body = "") {
    http_.On(part, [=](const http::HttpRequest&) { return FakeRegistry::Response(status, body, headers); });
  }
  Search Find(const EvidenceFinder::Enough& enough = [](const Search&) { return false; }) {
    clock_.Advance(2 * limits::kRestMost);  // what failed before does not speak for this search
    return finder_.Find(*oci::Reference::Parse("reg.io/app:1"), *oci::Digest::Parse(digest_), {},
                        clock_.Steady() + std::chrono::seconds(20), enough);
  }
  static bool AnyIsEnough(const Search& search) { return !search.signatures.empty(); }
  std::string Referrer(const std::string& layer, bool mislabelled = false, const std::string& annotations = "{}") {
    return http_.PutReferrer("reg.io", "app", digest_, layer, mislabelled, annotations);
  }
  std::size_t RequestsOf(const std::string& part) {
    const auto all = http_.Requests();
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [&](const auto& one) { return one.find(part) != std::string::npos; }));
  }

  fakes::FakeClock clock_;
  FakeRegistry http_;
  Client client_;
  EvidenceFinder finder_;
  std::string digest_;
};

TEST_F(EvidenceTest, NothingAnywhereIsCertain) {
  const Search none = Find();
  EXPECT_TRUE(none.signatures.empty());
  EXPECT_FALSE(none.trouble);
  EXPECT_TRUE(none.complete);
  EXPECT_EQ(3U, http_.Requests().size()) << "the signature tag, the referrers API, the referrers tag";
}

TEST_F(EvidenceTest, FindsSignaturesAndTellsAbsenceFromTrouble) {
  http_.PutSignatures("reg.io", "app", digest_, {{"one", "c2ln"}, {"two", "c2ln"}});
  EXPECT_EQ(2U, Find().signatures.size());
  for (const char* place : {".sig", "referrers/", "manifests/sha256-"}) {
    for (const long status : {401L, 403L, 429L, 500L, 502L}) {
      Answer(place, status, {{"retry-after", "60"}});
      const Search search = Find();
      ASSERT_TRUE(search.trouble) << place << status;
      const std::string said = status == 401 ? "credentials" : std::to_string(status);
      EXPECT_NE(std::string::npos, search.trouble->message.find(said)) << search.trouble->message;
      http_.Clear(place);
    }
  }
  Answer(".sig", 200, {{"content-type", fakes::kIndexType}}, fakes::ImageIndex({}));
  EXPECT_TRUE(Find().trouble);
  http_.Clear(".sig");
  Answer("blobs/", 404);
  const Search gone = Find();
  ASSERT_TRUE(gone.trouble) << "named, but not there";
  EXPECT_EQ(ErrorCode::kRemote, gone.trouble->code);
}

TEST_F(EvidenceTest, TooManySignaturesAreTrouble) {
  std::vector<std::pair<std::string, std::string>> layers(limits::kSignatures + 1, {"payload", "c2ln"});
  http_.PutSignatures("reg.io", "app", digest_, layers);
  const Search search = Find();
  EXPECT_EQ(limits::kSignatures, search.signatures.size());
  EXPECT_EQ(ErrorCode::kLimit, search.trouble->code);
}

TEST_F(EvidenceTest, ReferrersApiIsReadPageByPage) {
  const std::string one = Referrer("one");
  http_.On("referrers/" + digest_, [this, one](const http::HttpRequest& request) {
    const bool next = request.url.path_and_query.ends_with("?next=1");
    const std::string body = R"({"schemaVersion":2,"manifests":[)" + (next ? Referrer("two") : one) + "]}";
    std::multimap<std::string, std::string> headers = {{"content-type", fakes::kIndexType}};
    if (!next) headers.emplace("link", "</v2/app/referrers/" + digest_ + "?next=1>; rel=\"next\"");
    return FakeRegistry::Response(200, body, headers);
  });
  const Search search = Find();
  EXPECT_FALSE(search.trouble) << search.trouble->message;
  EXPECT_EQ(2U, search.signatures.size());
}

TEST_F(EvidenceTest, EndlessOrForeignPagesAreTrouble) {
  for (const std::string& link :
       {"/v2/app/referrers/" + digest_, std::string("https://evil.io/v2/app/referrers/x"),
        std::string("/v2/other/referrers/x"), std::string("http://reg.io/v2/app/referrers/x")}) {
    http_.On("referrers/", [&](const http::HttpRequest&) {
      return FakeRegistry::Response(200, fakes::ImageIndex({}),
                                    {{"content-type", fakes::kIndexType}, {"link", "<" + link + ">; rel=\"next\""}});
    });
    http_.ForgetRequests();
    EXPECT_TRUE(Find().trouble) << link;
    EXPECT_LE(RequestsOf("referrers/"), static_cast<std::size_t>(limits::kReferrerPages));
    const bool foreign = link != "/v2/app/referrers/" + digest_;
    EXPECT_EQ(foreign, RequestsOf("referrers/") == 1) << link;
    http_.Clear("referrers/");
  }
}

TEST_F(EvidenceTest, AListThatBreaksOffIsTrouble) {
  http_.On("referrers/", [&](const http::HttpRequest& request) {
    if (request.url.path_and_query.ends_with("?next=1")) return FakeRegistry::Response(404);
    return FakeRegistry::Response(
        200, fakes::ImageIndex({}),
        {{"content-type", fakes::kIndexType}, {"link", "</v2/app/referrers/" + digest_ + "?next=1>; rel=\"next\""}});
  });
  const Search search = Find();
  ASSERT_TRUE(search.trouble);
  EXPECT_EQ(ErrorCode::kRemote, search.trouble->code);
}

TEST_F(EvidenceTest, ARegistryWithoutTheApiSaysSoInManyWays) {
  http_.PutReferrersTag("reg.io", "app", digest_, {Referrer("one", true)});
  for (const long status : {400L, 404L, 405L, 406L}) {
    Answer("referrers/", status);
    const Search search = Find();
    EXPECT_FALSE(search.trouble) << status;
    EXPECT_EQ(1U, search.signatures.size()) << status;
    http_.Clear("referrers/");
  }
  Answer("referrers/", 200, {{"content-type", "text/html"}}, "<html>welcome</html>");
  EXPECT_EQ(1U, Find().signatures.size());
}

// cosign 3 labels every entry of the referrers tag as empty, attestations too: only the manifest tells.
TEST_F(EvidenceTest, MislabelledReferrersAreLookedAt) {
  http_.PutReferrersTag(
      "reg.io", "app", digest_,
      {Referrer("attestation", true, R"({"dev.sigstore.bundle.predicateType":"https://spdx.dev/Document"})"),
       Referrer("signature", true)});
  const Search search = Find();
  ASSERT_EQ(1U, search.signatures.size());
  EXPECT_EQ("signature", AsText(search.signatures[0].payload));
  EXPECT_EQ(Place::kReferrersTag, search.signatures[0].place);
}

TEST_F(EvidenceTest, ReferrersOfSomethingElseArePassedOver) {
  const std::string own = Referrer("own");
  const std::string foreign = http_.PutReferrer("reg.io", "app", kConfig, "foreign");
  const std::string other = R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:)" +
                            std::string(64, 'e') + R"(","size":3,"artifactType":"application/spdx+json"})";
  http_.PutReferrersApi("reg.io", "app", digest_, {other, foreign, own});
  const Search search = Find();
  EXPECT_FALSE(search.trouble);
  ASSERT_EQ(1U, search.signatures.size());
  EXPECT_EQ("own", AsText(search.signatures[0].payload));
}

TEST_F(EvidenceTest, AReferrerThatIsListedButGoneIsTrouble) {
  const std::string gone = R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:)" +
                           std::string(64, 'e') + R"(","size":3})";
  http_.PutReferrersApi("reg.io", "app", digest_, {gone});
  const Search search = Find();
  ASSERT_TRUE(search.trouble);
  EXPECT_EQ(ErrorCode::kRemote, search.trouble->code);
}

// What cosign signs without annotations is known; what only looks like it is fetched.
TEST_F(EvidenceTest, CosignsUsualPayloadNeedsNoRequest) {
  std::string payload = fakes::SimpleSigningPayload("reg.io/app", digest_);
  http_.PutSignatures("reg.io", "app", digest_, {{payload, "c2ln"}});
  const Search usual = Find(AnyIsEnough);
  ASSERT_EQ(1U, usual.signatures.size());
  EXPECT_EQ(payload, AsText(usual.signatures[0].payload));
  EXPECT_EQ(0U, RequestsOf("blobs/"));
  payload.replace(payload.find("reg.io/app"), 10, "reg.io/axx");
  http_.PutSignatures("reg.io", "app", digest_, {{payload, "c2ln"}});
  const Search other = Find(AnyIsEnough);
  ASSERT_EQ(1U, other.signatures.size());
  EXPECT_EQ(payload, AsText(other.signatures[0].payload));
  EXPECT_EQ(1U, RequestsOf("blobs/"));
}

TEST_F(EvidenceTest, AReplicaThatLagsIsWaitedFor) {
  const std::string referrer = Referrer("one", false);
  http_.PutReferrersApi("reg.io", "app", digest_, {referrer});
  int missing = 2;
  http_.On("manifests/sha256:", [&](const http::HttpRequest& request) -> Result<http::HttpResponse> {
    if (missing-- > 0) return fakes::FakeRegistry::Response(404);
    http_.Clear("manifests/sha256:");
    return http_.Do(request);
  });
  const SteadyTime begin = clock_.Steady();
  const Search search = Find(AnyIsEnough);
  EXPECT_EQ(1U, search.signatures.size());
  EXPECT_FALSE(search.trouble);
  EXPECT_LE(std::chrono::milliseconds(1500), clock_.Steady() - begin);
}

TEST_F(EvidenceTest, AListFullOfWhatIsGoneIsNotWaitedForEachTime) {
  std::vector<std::string> list;
  for (int i = 0; i < 100; ++i) list.push_back(Referrer("layer " + std::to_string(i)));
  http_.PutReferrersApi("reg.io", "app", digest_, list);
  Answer("manifests/sha256:", 404);
  const SteadyTime begin = clock_.Steady();
  EXPECT_TRUE(Find().trouble);
  EXPECT_GE(2 * limits::kRestMost + std::chrono::seconds(5), clock_.Steady() - begin);
}

// A list that cannot be read does not say that the registry has no such API.
TEST_F(EvidenceTest, AnUnreadableListOfReferrersIsTrouble) {
  for (const std::string body : {"{", "", R"({"schemaVersion":2,"config":{},"layers":[]})"}) {
    http_.On("referrers/", [&](const http::HttpRequest&) {
      return fakes::FakeRegistry::Response(200, body, {{"content-type", fakes::kIndexType}});
    });
    EXPECT_TRUE(Find().trouble) << body;
    http_.On("referrers/", [&](const http::HttpRequest&) {
      return fakes::FakeRegistry::Response(200, body, {{"content-type", "text/html"}});
    });
    EXPECT_FALSE(Find().trouble) << body;
  }
  std::vector<std::string> many(limits::kIndexManifests + 1, Referrer("one", false));
  http_.Clear("referrers/");
  http_.PutReferrersApi("reg.io", "app", digest_, many);
  ASSERT_TRUE(Find().trouble);
  EXPECT_EQ(ErrorCode::kLimit, Find().trouble->code);
}

// Each costs a request, also where it turns out to be nothing.
TEST_F(EvidenceTest, TooManyReferrersAreTrouble) {
  std::vector<std::string> list;
  for (std::size_t i = 0; i < limits::kReferrers + 50; ++i) {
    list.push_back(http_.PutReferrer("reg.io", "app", kConfig, "layer " + std::to_string(i)));
  }
  http_.PutReferrersApi("reg.io", "app", digest_, list);
  const Search search = Find();
  EXPECT_TRUE(search.signatures.empty());
  ASSERT_TRUE(search.trouble);
  EXPECT_EQ(ErrorCode::kLimit, search.trouble->code);
  EXPECT_EQ(limits::kReferrers, RequestsOf("manifests/sha256:"));
}

TEST_F(EvidenceTest, LooksFirstWhereItFoundLast) {
  http_.PutReferrersTag("reg.io", "app", digest_, {Referrer("one", true)});
  EXPECT_EQ(1U, Find(AnyIsEnough).signatures.size());
  EXPECT_EQ(4U, http_.Requests().size()) << "tag, tag, manifest, blob";
  http_.ForgetRequests();
  const Search known = Find(AnyIsEnough);
  EXPECT_EQ(3U, http_.Requests().size()) << "tag, manifest, blob";
  EXPECT_FALSE(known.complete);
  // The memory only orders: a signature elsewhere is found still.
  http_.PutReferrersTag("reg.io", "app", digest_, {});
  http_.PutSignatures("reg.io", "app", digest_, {{"two", "c2ln"}});
  EXPECT_EQ(1U, Find(AnyIsEnough).signatures.size());
}

TEST_F(EvidenceTest, JunkBeforeIsNotEnough) {
  http_.PutSignatures("reg.io", "app", digest_, {{"junk", "c2ln"}});
  http_.PutReferrersApi("reg.io", "app", digest_, {Referrer("good")});
  const Search search = Find([](const Search& so_far) {
    return std::any_of(so_far.signatures.begin(), so_far.signatures.end(),
                       [](const FoundSignature& one) { return AsText(one.payload) == "good"; });
  });
  EXPECT_EQ(2U, search.signatures.size());
}

}  // namespace
}  // namespace pullseal::registry
