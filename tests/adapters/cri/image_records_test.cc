// SPDX-License-Identifier: Apache-2.0
// Which records of the store an image is judged by, and whose may cost or help.
#include "adapters/cri/judged_calls_fixture.h"
#include "core/crypto/sha256.h"
#include "gate/admission/limits.h"

namespace pullseal::cri {
namespace {

// A record's error counts if the record is of the claimed repository and no link was good; then it is no denial.
TEST_F(JudgedCallsTest, ARecordThatCannotBeReadIsCouldNotDecideBesideABadOneOnly) {
  ASSERT_EQ(id_, runtime_.AddImage("reg.io/app:unsigned", kLayer, R"(,"annotations":{"other":"manifest"})"));
  ASSERT_EQ("forward", Create(CreateRequest(id_)));
  const std::string good = runtime_.ManifestOf("reg.io/app:1");
  runtime_.trouble.insert_or_assign(good, Error{ErrorCode::kTimeout, "slow"});
  linker_.Forget();
  EXPECT_EQ("runtime-unreachable", Create(CreateRequest(id_)));
  runtime_.trouble.clear();
  runtime_.trouble.insert_or_assign(runtime_.ManifestOf("reg.io/app:unsigned"), Error{ErrorCode::kTimeout, "slow"});
  linker_.Forget();
  EXPECT_EQ("forward", Create(CreateRequest(id_))) << "the good link is enough";
}

TEST_F(JudgedCallsTest, AnothersRecordThatCannotBeReadCostsNothing) {
  ASSERT_EQ(id_, runtime_.AddImage("reg.io/other/tenant:1", kLayer, R"(,"annotations":{"other":"manifest"})"));
  runtime_.trouble.insert_or_assign(runtime_.ManifestOf("reg.io/other/tenant:1"), Error{ErrorCode::kTimeout, "slow"});
  EXPECT_EQ("forward", Create(CreateRequest(id_)));
  EXPECT_EQ("image-name-mismatch", Create(CreateRequest(id_, "reg.io/nothing:1"))) << "certain: no such repository";
}

// A tenant's manifest with somebody else's config, marked as a checkpoint, stops nobody.
TEST_F(JudgedCallsTest, AnothersCheckpointOfTheSameIdCostsNothing) {
  const std::string mark = R"(,"annotations":{"org.criu.checkpoint.container.name":"x"})";
  ASSERT_EQ(id_, runtime_.AddImage("reg.io/tenant/x:1", kLayer, mark));
  EXPECT_EQ("forward", Create(CreateRequest(id_)));
  runtime_.sandbox_image = "reg.io/app:1";
  EXPECT_EQ("forward", Sandbox());
  EXPECT_EQ("checkpoint-refused", Create(CreateRequest(id_, "reg.io/tenant/x:1")));
}

TEST_F(JudgedCallsTest, TheClaimedRecordMarkedAsACheckpointIsRefused) {
  const std::string mark = R"(,"annotations":{"org.criu.checkpoint.container.name":"x"})";
  ASSERT_EQ(id_, runtime_.AddImage("reg.io/app:checkpoint", kLayer, mark));
  Sign("app", runtime_.ManifestOf("reg.io/app:checkpoint"));
  EXPECT_EQ("checkpoint-refused", Create(CreateRequest(id_, "reg.io/app:checkpoint")));
  EXPECT_EQ("forward", Create(CreateRequest(id_))) << "another record of the repository is not the one that is named";
}

// However many names others have for an ID, nothing is asked whose answer grows with them, and nothing is cut.
TEST_F(JudgedCallsTest, ManyNamesOfOthersHideNothing) {
  const std::string manifest = runtime_.ManifestOf("reg.io/app:1");
  for (int i = 0; i < 3000; ++i) {
    const std::string name = "aaa.io/t/x:" + std::to_string(i);
    runtime_.records[name] = manifest;
    runtime_.images[id_].repo_tags.insert(runtime_.images[id_].repo_tags.begin(), name);
  }
  runtime_.sandbox_image = "reg.io/app:1";
  runtime_.resolved.clear();
  EXPECT_EQ("forward", Create(CreateRequest(id_)));
  EXPECT_EQ("forward", Sandbox());
  runtime_.containers[kContainer] =
      runtime::Container{kContainer, "overlayfs", kLayer, id_, "pod", "reg.io/app:1", "c", "", false};
  EXPECT_EQ("forward", Start());
  EXPECT_TRUE(runtime_.resolved.empty()) << runtime_.resolved.front();
}

// The record named by the ID is re-pointed by every pull of that config: it may lend its digest, and never refuses.
TEST_F(JudgedCallsTest, TheIdsOwnRecordHelpsAndNeverRefuses) {
  const std::string good = runtime_.ManifestOf("reg.io/app:1");
  ASSERT_EQ(id_, runtime_.AddImage("reg.io/tenant/y:1", kLayer, R"(,"annotations":{"other":"layers"})"));
  runtime_.trouble.insert_or_assign(runtime_.records[id_], Error{ErrorCode::kTimeout, "slow"});
  EXPECT_EQ("forward", Create(CreateRequest(id_)));
  runtime_.trouble.clear();
  ASSERT_EQ(id_, runtime_.AddImage("reg.io/app:1", kLayer, R"(,"annotations":{"unsigned":"manifest"})"));
  EXPECT_EQ("signature-missing", Create(CreateRequest(id_)));
  clock_.Advance(std::chrono::minutes(1));
  runtime_.records[id_] = good;
  EXPECT_EQ("forward", Create(CreateRequest(id_)));
}

// A repository with more records than are looked at is not taken for one without a good record.
TEST_F(JudgedCallsTest, MoreRecordsOfARepositoryThanAreLookedAtAreCouldNotDecide) {
  ASSERT_EQ(id_, runtime_.AddImage("reg.io/app:1", kLayer, R"(,"annotations":{"unsigned":"manifest"})"));
  EXPECT_EQ("signature-missing", Create(CreateRequest(id_)));
  for (std::size_t i = 0; i <= limits::kRepositoryTargets; ++i) {
    std::string number = std::to_string(i);
    number.insert(0, 64 - number.size(), '0');
    runtime_.records["reg.io/app:n" + number.substr(56)] = "sha256:" + number;
  }
  EXPECT_EQ("runtime-unreachable", Create(CreateRequest(id_)));
}

// Another manifest with the same config is the same content: the config's digest and the image ID deny both.
TEST_F(JudgedCallsTest, AConfigThatIsDeniedIsDeniedUnderEveryManifest) {
  ASSERT_EQ(id_, runtime_.AddImage("reg.io/app:2", kLayer, R"(,"annotations":{"packed":"again"})"));
  Publish("reg.io/app:2");
  const std::string lax = "  - {name: mine, mode: allow, match: {images: [\"reg.io/*\"]}}\n";
  for (const char* list : {"digests", "imageIds"}) {
    UsePolicy("rules:\n  - {name: bad, mode: deny, match: {" + std::string(list) + ": [\"" + id_ + "\"]}}\n" + lax);
    EXPECT_EQ("rule-denies", Create(CreateRequest(id_, "reg.io/app:2"))) << list;
  }
  UsePolicy("rules:\n" + lax);
  EXPECT_EQ("forward", Create(CreateRequest(id_, "reg.io/app:2")));
}

// The empty config of artifacts is everybody's: its digest names no image.
TEST_F(JudgedCallsTest, AConfigWithoutLayersDeniesNobody) {
  const std::string config = R"({"rootfs":{"type":"layers","diff_ids":[]}})";
  const std::string id = "sha256:" + crypto::Sha256Hex(AsBytes(config));
  const std::string manifest = fakes::ImageManifest(id);
  const std::string digest = "sha256:" + crypto::Sha256Hex(AsBytes(manifest));
  runtime_.content[id] = config;
  runtime_.content[digest] = manifest;
  runtime_.records["reg.io/artifact:1"] = digest;
  runtime_.images[id].id = id;
  Publish("reg.io/artifact:1");
  UsePolicy("rules:\n  - {name: bad, mode: deny, match: {digests: [\"" + id +
            "\"]}}\n  - {name: mine, mode: allow, match: " + "{images: [\"reg.io/*\"]}}\n");
  EXPECT_NE("rule-denies", Create(CreateRequest(id, "reg.io/artifact:1")));
}

// A deny rule for the digest that the named record leads to is not passed by another record of the repository.
TEST_F(JudgedCallsTest, ADeniedRecordIsDeniedWhateverElseTheRepositoryHas) {
  const std::string denied = runtime_.ManifestOf("reg.io/app:1");
  ASSERT_EQ(id_, runtime_.AddImage("reg.io/app:2", kLayer, R"(,"annotations":{"other":"manifest"})"));
  UsePolicy("rules:\n  - {name: bad, mode: deny, match: {digests: [\"" + denied +
            "\"]}}\n  - {name: mine, mode: allow, match: {images: [\"reg.io/*\"]}}\n");
  EXPECT_EQ("rule-denies", Create(CreateRequest(id_, "reg.io/app:1")));
  Publish("reg.io/app:2");
  EXPECT_EQ("forward", Create(CreateRequest(id_, "reg.io/app:2")));
}

}  // namespace
}  // namespace pullseal::cri
