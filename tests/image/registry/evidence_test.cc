// SPDX-License-Identifier: Apache-2.0
// Where signatures are looked for, in which order, and when a look says nothing for certain.
#include "image/registry/evidence.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "fakes/fake_clock.h"
#include "fakes/fake_registry.h"
#include "fakes/look_for.h"
#include "fakes/test_authority.h"
#include "image/oci/limits.h"
#include "image/registry/limits.h"

namespace pullseal::registry {
namespace {

using fakes::FakeRegistry;
using fakes::Looked;

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
  Search Begin() {
    clock_.Advance(2 * limits::kRestMost);  // what failed before does not speak for this search
    return finder_.Begin(*oci::Reference::Parse("reg.io/app:1"), *oci::Digest::Parse(digest_), {},
                         clock_.Steady() + std::chrono::seconds(20));
  }
  Looked Find(const std::function<bool(const Looked&)>& enough = [](const Looked&) { return false; }) {
    return fakes::LookFor(Begin(), enough);
  }
  static bool AnyIsEnough(const Looked& so_far) { return !so_far.signatures.empty(); }
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
  const Looked none = Find();
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
      const Looked search = Find();
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
  const Looked gone = Find();
  ASSERT_TRUE(gone.trouble) << "named, but not there";
  EXPECT_EQ(ErrorCode::kRemote, gone.trouble->code);
}

TEST_F(EvidenceTest, TooManySignaturesAreTrouble) {
  std::vector<std::pair<std::string, std::string>> layers;
  for (std::size_t i = 0; i <= limits::kSignatures; ++i) layers.emplace_back("payload " + std::to_string(i), "c2ln");
  http_.PutSignatures("reg.io", "app", digest_, layers);
  const Looked search = Find();
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
  const Looked search = Find();
  EXPECT_FALSE(search.trouble) << search.trouble->message;
  EXPECT_EQ(2U, search.signatures.size());
}

// Whoever may push may attach what is named by another algorithm: what stands beside it is found. Alone it is no proof
// that there is no signature, unless it says that it is none.
TEST_F(EvidenceTest, ReferrersByOtherAlgorithmsHurtNobody) {
  const std::string other = R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","size":7,"digest":"sha512:)" +
                            std::string(128, 'a') + "\",\"artifactType\":\"";
  const std::string sbom = other + "application/spdx+json\"}";
  const std::string bundle = other + fakes::kBundleType + "\"}";
  const std::string good = Referrer("one");
  for (const bool tag : {false, true}) {
    const auto put = [&](const std::vector<std::string>& list) {
      if (tag) {
        http_.PutReferrersTag("reg.io", "app", digest_, list);
      } else {
        http_.PutReferrersApi("reg.io", "app", digest_, list);
      }
    };
    put({sbom, bundle, good});
    EXPECT_EQ(1U, Find().signatures.size());
    put({sbom});
    EXPECT_FALSE(Find().trouble);
    put({bundle});
    const Looked search = Find();
    EXPECT_TRUE(search.signatures.empty());
    ASSERT_TRUE(search.trouble);
    EXPECT_EQ(ErrorCode::kRemote, search.trouble->code);
    put({});
  }
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
  const Looked search = Find();
  ASSERT_TRUE(search.trouble);
  EXPECT_EQ(ErrorCode::kRemote, search.trouble->code);
}

TEST_F(EvidenceTest, ARegistryWithoutTheApiSaysSoInManyWays) {
  http_.PutReferrersTag("reg.io", "app", digest_, {Referrer("one", true)});
  for (const long status : {400L, 404L, 405L, 406L}) {
    Answer("referrers/", status);
    const Looked search = Find();
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
  const Looked search = Find();
  ASSERT_EQ(1U, search.signatures.size());
  EXPECT_EQ("signature", AsText(search.signatures[0].payload));
}

// How a signature's manifest says that it is the Notary Project's.
struct NotaryManifest {
  std::string artifact_type = "application/vnd.cncf.notary.signature";
  std::string config_type = "application/vnd.oci.empty.v1+json";
  std::string layer_type = "application/cose";
  int layers = 1;
  std::string annotations = "{}";
};

class NotaryEvidenceTest : public EvidenceTest {
 protected:
  // Puts it there; its descriptor, which says `said` of its type.
  std::string Put(const std::string& envelope, const NotaryManifest& plan,
                  const std::string& said = "application/vnd.cncf.notary.signature") {
    const std::string blob = http_.PutBlob("reg.io", "app", envelope);
    std::string layers;
    for (int i = 0; i < plan.layers; ++i) {
      layers += std::string(i == 0 ? "" : ",") + R"({"mediaType":")" + plan.layer_type + R"(","digest":")" + blob +
                R"(","size":)" + std::to_string(envelope.size()) + R"(,"annotations":)" + plan.annotations + "}";
    }
    const std::string type = plan.artifact_type.empty() ? "" : R"("artifactType":")" + plan.artifact_type + "\",";
    const std::string manifest = R"({"schemaVersion":2,)" + type + R"("config":{"mediaType":")" + plan.config_type +
                                 R"(","digest":")" + kConfig + R"(","size":2},"layers":[)" + layers +
                                 R"(],"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
                                 digest_ + R"(","size":1}})";
    const std::string own = http_.PutManifest("reg.io", "app", "", manifest, fakes::kImageType);
    return R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" + own + R"(","size":)" +
           std::to_string(manifest.size()) + (said.empty() ? "}" : R"(,"artifactType":")" + said + "\"}");
  }
  std::vector<oci::SignatureEvidence> FoundOf(const NotaryManifest& plan) {
    http_.PutReferrersApi("reg.io", "app", digest_, {Put("envelope " + std::to_string(number_++), plan)});
    return Find().signatures;
  }
  int number_ = 0;
};

TEST_F(NotaryEvidenceTest, BothFormsOfManifestAreTaken) {
  for (const char* type : {"application/cose", "application/jose+json"}) {
    const auto with_type = FoundOf({.layer_type = type});
    ASSERT_EQ(1U, with_type.size()) << type;
    EXPECT_EQ(type, with_type[0].media_type);
    EXPECT_EQ(1U,
              FoundOf({.artifact_type = "", .config_type = "application/vnd.cncf.notary.signature", .layer_type = type})
                  .size());
  }
}

TEST_F(NotaryEvidenceTest, WhatIsOfAnotherFormIsPassedOver) {
  EXPECT_EQ(0U, FoundOf({.artifact_type = "", .config_type = "application/vnd.oci.image.config.v1+json"}).size());
  EXPECT_EQ(0U,
            FoundOf({.artifact_type = "application/spdx+json", .config_type = "application/vnd.cncf.notary.signature"})
                .size());
  EXPECT_EQ(0U, FoundOf({.layer_type = "application/cose;charset=utf-8"}).size());
  EXPECT_EQ(0U, FoundOf({.layers = 0}).size());
  EXPECT_EQ(0U, FoundOf({.layers = 2}).size());
}

// In the index of the referrers tag tools say of it what they like.
TEST_F(NotaryEvidenceTest, UnnamedReferrersAreOpened) {
  for (const char* said : {"", "application/vnd.oci.empty.v1+json"}) {
    http_.PutReferrersTag("reg.io", "app", digest_, {Put("envelope", {}, said)});
    EXPECT_EQ(1U, Find().signatures.size()) << said;
  }
}

// Nobody signed them: they neither count nor make two of one.
TEST_F(NotaryEvidenceTest, AnnotationsAreLeftBehind) {
  http_.PutReferrersApi("reg.io", "app", digest_,
                        {Put("envelope", {.annotations = R"({"a":"b"})"}), Put("envelope", {})});
  const Looked search = Find();
  ASSERT_EQ(1U, search.signatures.size());
  EXPECT_TRUE(search.signatures[0].annotations.empty());
}

TEST_F(NotaryEvidenceTest, OneThatIsGoneHurtsNoneBesideIt) {
  const std::string gone = R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:)" +
                           std::string(64, 'e') +
                           R"(","size":3,"artifactType":"application/vnd.cncf.notary.signature"})";
  http_.PutReferrersApi("reg.io", "app", digest_, {gone, Put("two", {.layers = 2}), Put("good", {})});
  const Looked search = Find(AnyIsEnough);
  ASSERT_EQ(1U, search.signatures.size());
  EXPECT_EQ("good", AsText(search.signatures[0].payload));
}

TEST_F(EvidenceTest, ReferrersOfSomethingElseArePassedOver) {
  const std::string own = Referrer("own");
  const std::string foreign = http_.PutReferrer("reg.io", "app", kConfig, "foreign");
  const std::string other = R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:)" +
                            std::string(64, 'e') + R"(","size":3,"artifactType":"application/spdx+json"})";
  http_.PutReferrersApi("reg.io", "app", digest_, {other, foreign, own});
  const Looked search = Find();
  EXPECT_FALSE(search.trouble);
  ASSERT_EQ(1U, search.signatures.size());
  EXPECT_EQ("own", AsText(search.signatures[0].payload));
}

TEST_F(EvidenceTest, AReferrerThatIsListedButGoneIsTrouble) {
  const std::string gone = R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:)" +
                           std::string(64, 'e') + R"(","size":3})";
  http_.PutReferrersApi("reg.io", "app", digest_, {gone});
  const Looked search = Find();
  ASSERT_TRUE(search.trouble);
  EXPECT_EQ(ErrorCode::kRemote, search.trouble->code);
}

// What cosign signs without annotations is known; what only looks like it is fetched.
TEST_F(EvidenceTest, CosignsUsualPayloadNeedsNoRequest) {
  std::string payload = fakes::SimpleSigningPayload("reg.io/app", digest_);
  http_.PutSignatures("reg.io", "app", digest_, {{payload, "c2ln"}});
  const Looked usual = Find(AnyIsEnough);
  ASSERT_EQ(1U, usual.signatures.size());
  EXPECT_EQ(payload, AsText(usual.signatures[0].payload));
  EXPECT_EQ(0U, RequestsOf("blobs/"));
  payload.replace(payload.find("reg.io/app"), 10, "reg.io/axx");
  http_.PutSignatures("reg.io", "app", digest_, {{payload, "c2ln"}});
  const Looked other = Find(AnyIsEnough);
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
  const Looked search = Find(AnyIsEnough);
  EXPECT_EQ(1U, search.signatures.size());
  EXPECT_FALSE(search.trouble);
  EXPECT_LE(std::chrono::milliseconds(1500), clock_.Steady() - begin);
}

// At a mirror and at the registry, by tag and by the API: it is one.
TEST_F(EvidenceTest, TheSameSignatureIsGivenOnce) {
  const std::string referrer = Referrer("one");
  http_.PutReferrersApi("reg.io", "app", digest_, {referrer, referrer});
  http_.PutReferrersTag("reg.io", "app", digest_, {referrer});
  http_.PutSignatures("reg.io", "app", digest_, {{"two", "c2ln"}, {"two", "c2ln"}, {"two", "b3RoZXI="}});
  const Looked search = Find();
  EXPECT_EQ(3U, search.signatures.size()) << "one; two by one signature and by another";
  EXPECT_EQ(1U, RequestsOf("manifests/sha256:"));
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
}

// However many attestations lie beside a signature, in whatever form, they neither hide it nor cost what they are.
TEST_F(EvidenceTest, AttestationsDoNotHideASignature) {
  std::vector<std::string> list(
      1'200, R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:)" + std::string(64, 'e') +
                 R"(","size":3,"artifactType":"application/spdx+json"})");
  list.push_back(Referrer("good"));
  http_.PutReferrersApi("reg.io", "app", digest_, list);
  http_.ForgetRequests();
  const Looked labelled = Find();
  EXPECT_EQ(1U, labelled.signatures.size());
  EXPECT_TRUE(labelled.complete);
  EXPECT_EQ(5U, http_.Requests().size()) << "three places, one manifest, one blob";
}

TEST_F(EvidenceTest, UnlabelledAttestationsAreReadOnce) {
  std::vector<std::string> list;
  for (int i = 0; i < 300; ++i) {
    list.push_back(Referrer("scan " + std::to_string(i), true,
                            R"({"dev.sigstore.bundle.predicateType":"https://example.com/scan/v1"})"));
  }
  list.push_back(Referrer("good", true));
  http_.PutReferrersTag("reg.io", "app", digest_, list);
  const Looked first = Find(AnyIsEnough);
  ASSERT_EQ(1U, first.signatures.size());
  EXPECT_EQ("good", AsText(first.signatures[0].payload));
  EXPECT_EQ(301U, RequestsOf("manifests/sha256:"));
  http_.ForgetRequests();
  EXPECT_EQ(1U, Find(AnyIsEnough).signatures.size());
  EXPECT_EQ(1U, RequestsOf("manifests/sha256:")) << "what the others are is known by their digests";
}

TEST_F(EvidenceTest, PagesAreReadAsFarAsTheyAreNeeded) {
  const std::string good = Referrer("good");
  http_.On("referrers/", [&, this](const http::HttpRequest& request) {
    const std::size_t at = request.url.path_and_query.find("?page=");
    const int page = at == std::string::npos ? 0 : std::stoi(request.url.path_and_query.substr(at + 6));
    const std::string next = "</v2/app/referrers/" + digest_ + "?page=" + std::to_string(page + 1) + ">; rel=\"next\"";
    std::multimap<std::string, std::string> headers = {{"content-type", fakes::kIndexType}};
    if (page < 30) headers.emplace("link", next);
    return FakeRegistry::Response(
        200, R"({"schemaVersion":2,"manifests":[)" + (page == 12 ? good : std::string()) + "]}", headers);
  });
  EXPECT_EQ(1U, Find(AnyIsEnough).signatures.size());
  EXPECT_EQ(13U, RequestsOf("referrers/"));
  const Looked whole = Find();
  EXPECT_EQ(1U, whole.signatures.size());
  EXPECT_TRUE(whole.complete) << whole.trouble->message;
}

TEST_F(EvidenceTest, AReferrerByAnotherAlgorithmHidesNothing) {
  const std::string sha512 = R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha512:)" +
                             std::string(128, 'e') + R"(","size":3)";
  http_.PutReferrersApi("reg.io", "app", digest_, {sha512 + "}", Referrer("good")});
  EXPECT_EQ(1U, Find(AnyIsEnough).signatures.size());
  EXPECT_TRUE(Find().trouble) << "what it is is not known";
  http_.PutReferrersApi("reg.io", "app", digest_,
                        {sha512 + R"(,"artifactType":"application/spdx+json"})", Referrer("good")});
  EXPECT_FALSE(Find().trouble) << "it says it is no signature";
}

// What is larger than a signature is an attestation: not read, and in nobody's way.
TEST_F(EvidenceTest, LargeBlobsAreNotRead) {
  const std::string large(limits::kSignatureBytes + 1, 'x');
  http_.PutReferrersApi("reg.io", "app", digest_, {Referrer(large), Referrer("good")});
  const Looked search = Find();
  ASSERT_EQ(1U, search.signatures.size());
  EXPECT_EQ("good", AsText(search.signatures[0].payload));
  ASSERT_TRUE(search.trouble);
  EXPECT_EQ(ErrorCode::kLimit, search.trouble->code);
  EXPECT_EQ(1U, RequestsOf("blobs/"));
}

TEST_F(EvidenceTest, OneImagesSignaturesHaveAShareOfMemory) {
  std::vector<std::string> list;
  const std::size_t fit = limits::kSearchBytes / limits::kSignatureBytes;
  for (std::size_t i = 0; i < fit + 3; ++i) {
    list.push_back(Referrer(std::string(limits::kSignatureBytes - 10, 'x') + std::to_string(i)));
  }
  http_.PutReferrersApi("reg.io", "app", digest_, list);
  const Looked search = Find();
  EXPECT_EQ(fit, search.signatures.size());
  ASSERT_TRUE(search.trouble);
  EXPECT_EQ(ErrorCode::kLimit, search.trouble->code);
  EXPECT_EQ(fit, RequestsOf("blobs/"));
}

TEST_F(EvidenceTest, AllSearchesTogetherAreBoundedAndGiveBack) {
  std::vector<std::string> list;
  for (int i = 0; i < 16; ++i) list.push_back(Referrer(std::string(200'000, 'x') + std::to_string(i)));
  http_.PutReferrersApi("reg.io", "app", digest_, list);
  const auto none = [](const Looked&) { return false; };
  {
    std::vector<Search> held;
    std::vector<Looked> all;
    for (std::size_t i = 0; i < limits::kSearchesBytes / (16 * 200'000); ++i) {
      held.push_back(Begin());
      while (true) {
        const auto next = held.back().Next();
        ASSERT_TRUE(next.ok()) << next.error().message;
        if (!*next) break;
      }
    }
    Search late = finder_.Begin(*oci::Reference::Parse("reg.io/app:1"), *oci::Digest::Parse(digest_), {},
                                clock_.Steady() + std::chrono::milliseconds(20));
    const Looked search = fakes::LookFor(std::move(late), none);
    ASSERT_TRUE(search.trouble);
    EXPECT_EQ(ErrorCode::kLimit, search.trouble->code);
  }
  const Looked search = Find();
  EXPECT_EQ(16U, search.signatures.size());
  EXPECT_FALSE(search.trouble);
}

// A list up to its bound is read, if there is room for what that takes.
TEST_F(EvidenceTest, LargeListsAreReadInTheRoomThereIs) {
  std::vector<std::string> list(
      4'000, R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:)" + std::string(64, 'e') +
                 R"(","size":3,"artifactType":"application/spdx+json"})");
  list.push_back(Referrer("good"));
  http_.PutReferrersTag("reg.io", "app", digest_, list);
  EXPECT_EQ(1U, Find().signatures.size());
}

TEST(ByteBudgetTest, WhatIsTakenIsGivenBack) {
  const fakes::FakeClock clock;
  ByteBudget budget(100);
  const SteadyTime soon = clock.Steady() + std::chrono::milliseconds(5);
  EXPECT_EQ(ErrorCode::kLimit, budget.Take(101, soon, clock).error().code);
  {
    auto first = budget.Take(60, soon, clock);
    ASSERT_TRUE(first.ok());
    EXPECT_FALSE(budget.Take(41, soon, clock).ok());
    auto second = budget.Take(40, soon, clock);
    ASSERT_TRUE(second.ok());
    first->Join(std::move(*second));
    EXPECT_EQ(100U, first->bytes());
    EXPECT_FALSE(budget.Take(1, soon, clock).ok());
  }
  EXPECT_TRUE(budget.Take(100, soon, clock).ok());
}

// Each costs a request, also where it turns out to be nothing.
TEST_F(EvidenceTest, TooManyReferrersAreTrouble) {
  std::vector<std::string> list;
  for (std::size_t i = 0; i < limits::kReferrers + 50; ++i) {
    list.push_back(http_.PutReferrer("reg.io", "app", kConfig, "layer " + std::to_string(i)));
  }
  http_.PutReferrersApi("reg.io", "app", digest_, list);
  const Looked search = Find();
  EXPECT_TRUE(search.signatures.empty());
  ASSERT_TRUE(search.trouble);
  EXPECT_EQ(ErrorCode::kLimit, search.trouble->code);
  EXPECT_EQ(limits::kReferrers, RequestsOf("manifests/sha256:"));
  const Looked next = Find();
  EXPECT_FALSE(next.trouble) << "it goes on where it ended";
  EXPECT_TRUE(next.complete);
}

TEST_F(EvidenceTest, LooksFirstWhereItFoundLast) {
  http_.PutReferrersTag("reg.io", "app", digest_, {Referrer("one", true)});
  EXPECT_EQ(1U, Find(AnyIsEnough).signatures.size());
  EXPECT_EQ(4U, http_.Requests().size()) << "tag, tag, manifest, blob";
  http_.ForgetRequests();
  const Looked known = Find(AnyIsEnough);
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
  const Looked search = Find([](const Looked& so_far) {
    return std::any_of(so_far.signatures.begin(), so_far.signatures.end(),
                       [](const oci::SignatureEvidence& one) { return AsText(one.payload) == "good"; });
  });
  EXPECT_EQ(2U, search.signatures.size());
}

}  // namespace
}  // namespace pullseal::registry
