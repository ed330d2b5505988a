// SPDX-License-Identifier: Apache-2.0
#include "image/oci/manifest.h"

#include <gtest/gtest.h>

#include "fakes/fake_registry.h"
#include "image/oci/limits.h"

namespace pullseal::oci {
namespace {

using fakes::ImageIndex;
using fakes::ImageManifest;

const std::string kDigest = "sha256:" + std::string(64, 'a');

bool Parses(const std::string& text, const std::string& media_type = "") {
  return Manifest::Parse(AsBytes(text), media_type).ok();
}

TEST(ManifestTest, ReadsImageAndIndex) {
  const auto image = Manifest::Parse(AsBytes(ImageManifest(kDigest)), "application/vnd.oci.image.manifest.v1+json");
  ASSERT_TRUE(image.ok()) << image.error().message;
  EXPECT_EQ(kDigest, image->config->digest.text());
  const auto index = Manifest::Parse(AsBytes(ImageIndex({{kDigest, "amd64"}})), "");
  ASSERT_TRUE(index.ok()) << index.error().message;
  EXPECT_EQ("amd64", index->manifests.at(0).platform->architecture);
}

TEST(ManifestTest, RefusesConfusedDocuments) {
  EXPECT_FALSE(Parses(ImageManifest(kDigest, R"(,"manifests":[])")));
  EXPECT_FALSE(Parses(ImageManifest(kDigest), "application/vnd.oci.image.index.v1+json"));
  EXPECT_FALSE(Parses(ImageIndex({}), "application/vnd.oci.image.manifest.v1+json"));
  EXPECT_FALSE(Parses(ImageManifest(kDigest), "text/html"));
  EXPECT_FALSE(Parses(ImageManifest(kDigest, R"(,"layers":[])")));
  EXPECT_FALSE(Parses(R"({"schemaVersion":1,"name":"x","fsLayers":[],"history":[]})"));
  EXPECT_FALSE(
      Parses(R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","config":{},"layers":[]})"));
  EXPECT_FALSE(Parses(R"({"schemaVersion":2})"));
  EXPECT_FALSE(Parses("[]"));
  EXPECT_FALSE(Parses(""));
  EXPECT_FALSE(Parses(ImageManifest("sha256:short")));
  EXPECT_FALSE(Parses(ImageManifest("sha512:" + std::string(128, 'a'))));
}

// Each of them is good but for one thing.
TEST(ManifestTest, IsOfSchemaTwoAndOneThingAlone) {
  const std::string image = R"("config":{"digest":")" + kDigest + R"(","size":1},"layers":[])";
  ASSERT_TRUE(Parses(R"({"schemaVersion":2,)" + image + "}"));
  EXPECT_FALSE(Parses(R"({"schemaVersion":1,)" + image + "}"));
  EXPECT_FALSE(Parses("{" + image + "}"));
  EXPECT_FALSE(Parses(R"({"schemaVersion":2,"fsLayers":[],)" + image + "}"));
  EXPECT_FALSE(Parses(R"({"schemaVersion":2,"history":[],)" + image + "}"));
  ASSERT_TRUE(Parses(R"({"schemaVersion":2,"manifests":[]})"));
  EXPECT_FALSE(Parses(R"({"schemaVersion":2,"manifests":[],)" + image + "}"));
  EXPECT_FALSE(Parses(R"({"schemaVersion":2,"config":{"digest":")" + kDigest + R"(","size":1}})"));
  EXPECT_FALSE(Parses(R"({"schemaVersion":2,"layers":[]})"));
}

TEST(ImageConfigTest, IsBounded) {
  const auto with = [](std::size_t layers, const std::string& more) {
    std::string ids;
    for (std::size_t i = 0; i < layers; ++i) ids += (i == 0 ? "\"" : ",\"") + kDigest + "\"";
    const std::string text = R"({"rootfs":{"type":"layers","diff_ids":[)" + ids + "]}" + more + "}";
    return ImageConfig::Parse(AsBytes(text));
  };
  EXPECT_TRUE(with(limits::kLayers, "").ok());
  EXPECT_EQ(ErrorCode::kLimit, with(limits::kLayers + 1, "").error().code);
  const std::string large = R"(,"x":")" + std::string(limits::kImageConfigBytes, 'x') + R"(")";
  EXPECT_EQ(ErrorCode::kLimit, with(1, large).error().code);
}

TEST(ManifestTest, BoundsItsLists) {
  std::vector<std::pair<std::string, std::string>> many(limits::kIndexManifests + 1, {kDigest, "amd64"});
  EXPECT_EQ(ErrorCode::kLimit, Manifest::Parse(AsBytes(ImageIndex(many)), "").error().code);
  EXPECT_EQ(ErrorCode::kLimit, Manifest::Parse(AsBytes(std::string(limits::kManifestBytes + 1, ' ')), "").error().code);
}

const std::string kOther = "sha512:" + std::string(128, 'a');

// What containerd would read otherwise than we do decides nothing: it is refused whole.
TEST(ManifestTest, RefusesOtherSpellingsOfItsMembers) {
  const std::string mark = R"({"org.criu.checkpoint.container.name":"x"})";
  EXPECT_TRUE(Parses(ImageManifest(kDigest, R"(,"annotations":)" + mark)));
  EXPECT_FALSE(Parses(ImageManifest(kDigest, R"(,"Annotations":)" + mark)));
  EXPECT_FALSE(Parses(ImageManifest(kDigest, ",\"annotation\u017f\":" + mark)));
  EXPECT_FALSE(ImageConfig::Parse(AsBytes(R"({"rootfs":{"diff_ids":[]},"RootFS":{}})")).ok());
}

TEST(ManifestTest, NullAnnotationsAreEmptyOnes) {
  const auto manifest = Manifest::Parse(AsBytes(ImageManifest(kDigest, R"(,"annotations":{"a":null})")), "");
  ASSERT_TRUE(manifest.ok());
  EXPECT_EQ(1, manifest->annotations.count("a"));
}

// An index may name what we cannot follow, beside what we can; an image may not be made of it.
TEST(ManifestTest, OtherAlgorithmsAreSetAside) {
  const auto index = Manifest::Parse(AsBytes(ImageIndex({{kOther, "amd64"}, {kDigest, "arm64"}})), "");
  ASSERT_TRUE(index.ok()) << index.error().message;
  EXPECT_EQ(kDigest, index->manifests.at(0).digest.text());
  EXPECT_EQ(kOther, index->unread.at(0).digest);
  EXPECT_EQ("amd64", index->unread.at(0).platform->architecture);
  EXPECT_FALSE(Parses(ImageIndex({{"sha256:short", "amd64"}, {kDigest, "arm64"}})));
  const std::string layers = R"({"schemaVersion":2,"config":{"digest":")" + kDigest +
                             R"(","size":1},"layers":[{"digest":")" + kOther + R"(","size":1},{"digest":")" + kDigest +
                             R"(","size":1},5]})";
  EXPECT_FALSE(Parses(layers));
  const auto list = Manifest::ParseList(AsBytes(layers), "");
  ASSERT_TRUE(list.ok()) << list.error().message;
  EXPECT_EQ(1, list->layers.size());
  EXPECT_EQ(2, list->unread.size());
}

TEST(ImageConfigTest, ChainIdFollowsTheSpecification) {
  const std::string a = "sha256:" + std::string(64, 'a');
  const std::string b = "sha256:" + std::string(64, 'b');
  const auto one = ImageConfig::Parse(AsBytes(R"({"rootfs":{"type":"layers","diff_ids":[")" + a + "\"]}}"));
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(a, one->ChainId());
  const auto two = ImageConfig::Parse(AsBytes(R"({"rootfs":{"diff_ids":[")" + a + "\",\"" + b + "\"]}}"));
  EXPECT_EQ(Digest::Of(AsBytes(a + " " + b)).text(), two->ChainId());
  EXPECT_FALSE(ImageConfig::Parse(AsBytes("{}")).ok());
  EXPECT_FALSE(ImageConfig::Parse(AsBytes(R"({"rootfs":{"diff_ids":[1]}})")).ok());
}

}  // namespace
}  // namespace pullseal::oci
