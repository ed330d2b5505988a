// SPDX-License-Identifier: Apache-2.0
// Image volumes of a create.
#include "adapters/cri/judged_calls_fixture.h"

namespace pullseal::cri {
namespace {

// containerd mounts what the record named by the image string points at: the one that was judged, by its digest.
TEST_F(JudgedCallsTest, AVolumeGoesOnAsTheRecordThatWasJudged) {
  const std::string good = runtime_.ManifestOf("reg.io/app:1");
  ASSERT_EQ(id_, runtime_.AddImage("reg.io/tenant/y:1", kLayer, R"(,"annotations":{"other":"layers"})"));
  ASSERT_NE(good, runtime_.records[id_]) << "a pull of the same config moved the ID's record";
  for (const std::string& image : {std::string("reg.io/app:1"), id_}) {
    auto request = CreateRequest(id_);
    request.mutable_config()->add_mounts()->mutable_image()->set_image(image);
    request.mutable_config()->mutable_mounts(0)->mutable_image()->set_user_specified_image("reg.io/app:1");
    const Ruling ruling = NewCreate()->Before(request.SerializeAsString(), Deadline());
    ASSERT_EQ("forward", Slug(ruling));
    v1::CreateContainerRequest forwarded;
    ASSERT_TRUE(forwarded.ParseFromString(std::get<Forward>(ruling).message));
    EXPECT_EQ("reg.io/app@" + good, forwarded.config().mounts(0).image().image());
  }
  EXPECT_EQ(good, runtime_.records["reg.io/app@" + good]) << "made where the store had only a tag";
  EXPECT_EQ(std::vector<std::string>{"reg.io/app@" + good}, runtime_.tagged) << "once";
}

TEST_F(JudgedCallsTest, AVolumesRecordThatLeadsElsewhereIsUnproven) {
  auto request = CreateRequest(id_);
  request.mutable_config()->add_mounts()->mutable_image()->set_image("reg.io/app:1");
  runtime_.AddImage("reg.io/evil:1", kOtherLayer);
  runtime_.records["reg.io/app@" + runtime_.ManifestOf("reg.io/app:1")] = runtime_.ManifestOf("reg.io/evil:1");
  EXPECT_EQ("image-link-unproven", Create(request));
}

TEST_F(JudgedCallsTest, AVolumeThatNobodyNamesIsNotGuessed) {
  auto request = CreateRequest(id_);
  request.mutable_config()->add_mounts()->mutable_image()->set_image(id_);
  EXPECT_EQ("runtime-unreachable", Create(request));
}

// What the runtime is too slow to tell is not known: neither "leads elsewhere" nor "leads there".
TEST_F(JudgedCallsTest, AVolumesRecordThatCannotBeReadIsCouldNotDecide) {
  auto request = CreateRequest(id_);
  request.mutable_config()->add_mounts()->mutable_image()->set_image("reg.io/volume:1");
  ASSERT_NE(id_, runtime_.AddImage("reg.io/volume:1", kOtherLayer));
  const std::string manifest = runtime_.ManifestOf("reg.io/volume:1");
  Sign("volume", manifest);
  for (const ErrorCode code : {ErrorCode::kTimeout, ErrorCode::kUnreachable, ErrorCode::kRemote}) {
    runtime_.trouble.insert_or_assign(manifest, Error{code, "slow"});
    EXPECT_EQ("runtime-unreachable", Create(request)) << static_cast<int>(code);
  }
  for (const ErrorCode code : {ErrorCode::kLimit, ErrorCode::kMismatch}) {
    runtime_.trouble.insert_or_assign(manifest, Error{code, "certain"});
    EXPECT_EQ("image-link-unproven", Create(request)) << static_cast<int>(code);
  }
  runtime_.trouble.clear();
  EXPECT_EQ("forward", Create(request));
}

}  // namespace
}  // namespace pullseal::cri
