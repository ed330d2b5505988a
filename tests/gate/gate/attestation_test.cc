// SPDX-License-Identifier: Apache-2.0
// What a registry has beside an image, asked for by rules about attestations.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>

#include "fakes/fake_clock.h"
#include "fakes/fake_registry.h"
#include "fakes/test_authority.h"
#include "gate/gate/gate.h"
#include "gate/gate/search_mark.h"
#include "gate/gate/snapshot.h"
#include "image/store/evidence_store.h"
#include "policy/file/parse.h"

namespace pullseal::gate {
namespace {

using fakes::FakeRegistry;

const std::string kConfig = "sha256:" + std::string(64, 'c');
constexpr const char* kApproval = "https://acme.example/approval/v1";

class AttestationGateTest : public ::testing::Test {
 protected:
  AttestationGateTest()
      : client_(http_, clock_, registry::Config{}),
        gate_(client_, clock_, oci::Platform{"linux", "amd64", ""}, Options{}) {
    digest_ = http_.PutManifest("reg.io", "app", "1", fakes::ImageManifest(kConfig), fakes::kImageType);
    SetPolicy("any");
  }
  void SetPolicy(const std::string& which, const std::string& signatures = "") {
    const std::string text =
        "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: t}\nkeys:\n  - {name: release, file: x}\n"
        "rules:\n  - name: app\n    match: {images: [\"reg.io/*\"]}\n    require:\n" +
        signatures + "      attestations:\n        - {name: approved, type: custom, predicateType: \"" + kApproval +
        "\", by: [{key: release}], time: /at, which: " + which + ", where: [{at: /approved, is: true}]}\n";
    auto policy =
        policy::ParsePolicy(text, [&](const std::string&) { return Result<std::string>(release_.PublicPem()); });
    ASSERT_TRUE(policy.ok()) << policy.error().message;
    snapshot_ = Snapshot{std::move(*policy), std::map<std::string, std::string>{}};
  }
  static std::string Statement(const std::string& digest, bool approved, const std::string& at,
                               const std::string& type = kApproval) {
    return R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"_","digest":{"sha256":")" +
           digest.substr(7) + R"("}}],"predicateType":")" + type + R"(","predicate":{"approved":)" +
           (approved ? "true" : "false") + R"(,"at":")" + at + R"("}})";
  }
  // A referrer around a bundle, as cosign 3 writes it; its descriptor.
  std::string Bundle(const std::string& statement, const fakes::TestAuthority& by) {
    return http_.PutReferrer("reg.io", "app", digest_,
                             fakes::KeyBundle(statement, by.Sign(fakes::EnvelopeBytes(statement))), true);
  }
  void PutLegacy(const std::string& statement) {
    const std::string envelope = R"({"payloadType":"application/vnd.in-toto+json","payload":")" +
                                 Base64Encode(AsBytes(statement)) + R"(","signatures":[{"keyid":"","sig":")" +
                                 release_.SignBase64(fakes::EnvelopeBytes(statement)) + R"("}]})";
    const std::string blob = http_.PutBlob("reg.io", "app", envelope);
    const std::string manifest =
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":)"
        R"("application/vnd.oci.image.config.v1+json","digest":")" +
        kConfig +
        R"(","size":2},"layers":[{"mediaType":)"
        R"("application/vnd.dsse.envelope.v1+json","digest":")" +
        blob + R"(","size":)" + std::to_string(envelope.size()) +
        R"(,"annotations":{"dev.cosignproject.cosign/signature":""}}]})";
    http_.PutManifest("reg.io", "app", "sha256-" + digest_.substr(7) + ".att", manifest, fakes::kImageType);
  }
  Question Ask(const oci::Reference& name) {
    return Question{name, "default", {}, {}, clock_.Steady() + std::chrono::seconds(20)};
  }
  Decision DecidePull() {
    const auto name = oci::Reference::Parse("reg.io/app:1");
    return gate_.DecidePull(snapshot_, Ask(*name)).decision;
  }
  Decision DecideContent() {
    const auto name = oci::Reference::Parse("reg.io/app:1");
    Question question = Ask(*name);
    question.candidates.push_back(*oci::Digest::Parse(digest_));
    return gate_.DecideContent(snapshot_, question);
  }
  void TakeTheRegistryDown() {
    http_.On("https://reg.io", [](const http::HttpRequest&) -> Result<http::HttpResponse> {
      return Error{ErrorCode::kUnreachable, "connect: refused"};
    });
  }

  fakes::FakeClock clock_;
  FakeRegistry http_;
  fakes::TestAuthority release_;
  fakes::TestAuthority stranger_;
  registry::Client client_;
  Gate gate_;
  Snapshot snapshot_;
  std::string digest_;
};

TEST_F(AttestationGateTest, MissingAndStrangersAreRefused) {
  EXPECT_EQ(Reason::kAttestationMissing, DecidePull().reason);
  const std::size_t asked = http_.Requests().size();
  EXPECT_EQ(Reason::kAttestationMissing, DecidePull().reason);
  EXPECT_GE(asked + 2, http_.Requests().size()) << "a denial is remembered for a while: the tag and the manifest alone";
  clock_.Advance(std::chrono::seconds(31));
  http_.PutReferrersTag("reg.io", "app", digest_,
                        {Bundle(Statement(digest_, true, "2026-01-01T00:00:00Z"), stranger_)});
  const Decision decision = DecidePull();
  EXPECT_EQ(Reason::kAttestationUntrusted, decision.reason);
  EXPECT_EQ("attestation \"approved\"", decision.detail);
}

TEST_F(AttestationGateTest, ABundleUnderTheReferrersTagCounts) {
  http_.PutReferrersTag("reg.io", "app", digest_, {Bundle(Statement(digest_, true, "2026-01-01T00:00:00Z"), release_)});
  const Decision decision = DecidePull();
  EXPECT_EQ(Reason::kSigned, decision.reason) << decision.detail;
  EXPECT_EQ(std::vector<std::string>{"approved"}, decision.attestations);
  EXPECT_EQ(1U, decision.evidence.size());
}

TEST_F(AttestationGateTest, ALegacyAttestationCounts) {
  PutLegacy(Statement(digest_, true, "2026-01-01T00:00:00Z"));
  EXPECT_EQ(Reason::kSigned, DecidePull().reason);
}

// An attestation makes no image signed, and a signature attests nothing.
TEST_F(AttestationGateTest, NeitherStandsForTheOther) {
  PutLegacy(Statement(digest_, true, "2026-01-01T00:00:00Z"));
  SetPolicy("any", "      signatures: {anyOf: [{key: release}]}\n");
  EXPECT_EQ(Reason::kSignatureMissing, DecidePull().reason);
  const std::string payload = fakes::SimpleSigningPayload("reg.io/app", digest_);
  http_.PutSignatures("reg.io", "app", digest_, {{payload, release_.SignBase64(payload)}});
  clock_.Advance(std::chrono::seconds(31));
  const Decision decision = DecidePull();
  EXPECT_EQ(Reason::kSigned, decision.reason) << decision.detail;
  EXPECT_EQ(2U, decision.evidence.size());
}

// The newest decides, wherever it lies: cosign 3 stops at bundles and never sees the tag.
TEST_F(AttestationGateTest, EveryPlaceIsSearchedForTheNewest) {
  SetPolicy("newest");
  PutLegacy(Statement(digest_, true, "2026-01-01T00:00:00Z"));
  EXPECT_EQ(Reason::kSigned, DecidePull().reason);
  clock_.Advance(std::chrono::minutes(11));
  http_.PutReferrersTag("reg.io", "app", digest_,
                        {Bundle(Statement(digest_, false, "2026-01-02T00:00:00Z"), release_)});
  EXPECT_EQ(Reason::kAttestationMismatch, DecidePull().reason);
}

// A place that could not be searched could hold a newer one: neither yes nor no.
TEST_F(AttestationGateTest, TroubleIsNoYesForTheNewest) {
  SetPolicy("newest");
  PutLegacy(Statement(digest_, true, "2026-01-01T00:00:00Z"));
  http_.On("/manifests/sha256-" + digest_.substr(7) + " ",
           [](const http::HttpRequest&) { return FakeRegistry::Response(500); });
  http_.On("referrers", [](const http::HttpRequest&) {
    return FakeRegistry::Response(429, "", {{"retry-after", "60"}});
  });
  EXPECT_EQ(judge::Outcome::kUnavailable, DecidePull().outcome());
  SetPolicy("any");
  clock_.Advance(std::chrono::seconds(61));
  EXPECT_EQ(Reason::kSigned, DecidePull().reason);
}

// What was searched once on this node runs on, with the registry away, however much later.
TEST_F(AttestationGateTest, WhatRanYesterdayRunsTodayWithoutTheRegistry) {
  for (const char* which : {"any", "newest", "all"}) {
    SetPolicy(which);
    PutLegacy(Statement(digest_, true, "2026-01-01T00:00:00Z"));
    EXPECT_EQ(Reason::kSigned, DecidePull().reason) << which;
  }
  TakeTheRegistryDown();
  clock_.Advance(std::chrono::hours(24 * 100));
  for (const char* which : {"any", "newest", "all"}) {
    SetPolicy(which);
    const Decision decision = DecideContent();
    EXPECT_EQ(Reason::kSigned, decision.reason) << which << decision.detail;
    EXPECT_EQ(CacheUse::kEvidence, decision.cache) << which;
  }
}

// Content that came in another way runs on no old report that was never compared with newer ones.
TEST_F(AttestationGateTest, WhatWasNeverSearchedForIsSearchedForAtACreate) {
  SetPolicy("any");
  PutLegacy(Statement(digest_, true, "2026-01-01T00:00:00Z"));
  EXPECT_EQ(Reason::kSigned, DecidePull().reason) << "settled by one, so no search to the end";
  SetPolicy("newest");
  TakeTheRegistryDown();
  EXPECT_EQ(judge::Outcome::kUnavailable, DecideContent().outcome());
}

// Keeps rows as a store does, and loses none.
class RowStore final : public store::EvidenceStore {
 public:
  Result<std::vector<oci::SignatureEvidence>> Find(const oci::Digest& subject, const std::string& repository,
                                                   std::chrono::milliseconds) override {
    return rows[subject.text() + "|" + repository];
  }
  void Add(const oci::Digest& subject, const std::string& repository, const std::string&,
           std::vector<oci::SignatureEvidence> signatures) override {
    auto& row = rows[subject.text() + "|" + repository];
    store::Merge(signatures, std::move(row));
    row = std::move(signatures);
  }
  void AddSpare(const oci::Digest&, const std::string&, const std::string&,
                std::vector<oci::SignatureEvidence>) override {}
  void NoteUse(const oci::Digest&, const std::string&, const std::string&) override {}
  Result<std::vector<Subject>> List(std::size_t) override { return std::vector<Subject>(); }
  Status Flush() override { return {}; }

  std::map<std::string, std::vector<oci::SignatureEvidence>> rows;
};

class SealedSearchTest : public AttestationGateTest {
 protected:
  SealedSearchTest() {
    SetPolicy("newest");
    Restart("key of this node");
    PutLegacy(Statement(digest_, true, "2026-01-01T00:00:00Z"));
  }
  void Restart(const std::string& seal_key) {
    Options options;
    options.seal_key = seal_key;
    restarted_ = std::make_unique<Gate>(client_, clock_, oci::Platform{"linux", "amd64", ""}, options, &store_);
  }
  Decision Pull() {
    const auto name = oci::Reference::Parse("reg.io/app:1");
    return restarted_->DecidePull(snapshot_, Ask(*name)).decision;
  }
  Decision Create() {
    const auto name = oci::Reference::Parse("reg.io/app:1");
    Question question = Ask(*name);
    question.candidates.push_back(*oci::Digest::Parse(digest_));
    return restarted_->DecideContent(snapshot_, question);
  }
  std::vector<oci::SignatureEvidence>& Row() { return store_.rows[digest_ + "|reg.io/app attestations"]; }

  RowStore store_;
  std::unique_ptr<Gate> restarted_;
};

// A thousand restarts over two hundred days, with the registry away: none refused.
TEST_F(SealedSearchTest, WhatWasSearchedOnceRunsAfterEveryRestart) {
  ASSERT_EQ(Reason::kSigned, Pull().reason);
  TakeTheRegistryDown();
  for (int i = 0; i < 1000; ++i) {
    clock_.Advance(std::chrono::minutes(288));
    Restart("key of this node");
    ASSERT_EQ(Reason::kSigned, Create().reason) << i;
  }
}

TEST_F(SealedSearchTest, AnotherNodesSealSaysNothing) {
  ASSERT_EQ(Reason::kSigned, Pull().reason);
  TakeTheRegistryDown();
  for (const char* other : {"", "another key"}) {
    Restart(other);
    EXPECT_EQ(judge::Outcome::kUnavailable, Create().outcome()) << other;
  }
}

// Whoever writes the store can only make this node ask again.
TEST_F(SealedSearchTest, AChangedMarkOrAMissingFindingMakesItAskAgain) {
  ASSERT_EQ(Reason::kSigned, Pull().reason);
  ASSERT_EQ(2U, Row().size());
  TakeTheRegistryDown();
  const auto whole = Row();
  for (auto& one : Row()) {
    if (!one.media_type.starts_with("application/vnd.pullseal")) continue;
    std::string text(AsText(one.payload));
    text.resize(text.find("found "));
    one.payload = Bytes(text.begin(), text.end());
    one.blob = oci::Digest::Of(AsBytes(text));
  }
  Restart("key of this node");
  EXPECT_EQ(judge::Outcome::kUnavailable, Create().outcome());
  Row() = whole;
  std::erase_if(Row(), [](const auto& one) { return one.media_type.starts_with("application/vnd.dsse"); });
  Restart("key of this node");
  EXPECT_EQ(judge::Outcome::kUnavailable, Create().outcome());
  Row() = whole;
  Restart("key of this node");
  EXPECT_EQ(Reason::kSigned, Create().reason);
}

// A search for one type or signer is none for another, and one about another image none about this.
TEST(SearchMarkTest, CoversWhatItLookedFor) {
  const oci::Digest found = oci::Digest::Of(AsBytes("x"));
  SearchMark mark;
  mark.AddType("a:b");
  mark.AddSigner("key:1");
  mark.found = {found};
  const auto open = SearchMark::Open(mark.Sealed("image", "key"), "image", "key");
  ASSERT_TRUE(open);
  EXPECT_TRUE(open->Covers({"a:b"}, {"key:1"}, {found}));
  EXPECT_FALSE(open->Covers({"a:b", "a:c"}, {"key:1"}, {found}));
  EXPECT_FALSE(open->Covers({"a:b"}, {"key:2"}, {found}));
  EXPECT_FALSE(open->Covers({"a:b"}, {"key:1"}, {}));
  EXPECT_FALSE(SearchMark::Open(mark.Sealed("image", "key"), "other", "key"));
  EXPECT_FALSE(SearchMark::Open(mark.Sealed("image", "key"), "image", "other"));
  EXPECT_FALSE(SearchMark::Open(mark.Sealed("image", ""), "image", ""));
}

}  // namespace
}  // namespace pullseal::gate
