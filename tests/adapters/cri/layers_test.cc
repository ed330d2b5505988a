// SPDX-License-Identifier: Apache-2.0
// What the snapshots that a container stands on, and those that it mounts, must be: by snapshotter, layer by layer.
#include <filesystem>
#include <fstream>

#include "adapters/cri/judged_calls_fixture.h"
#include "image/containerd/snapshot_annotations.h"
#include "image/runtime/snapshot_chain.h"

namespace pullseal::cri {
namespace {

using Labels = std::map<std::string, std::string>;

const std::string kPrefix = "containerd.io/snapshot/";
const std::string kBlob = "sha256:" + std::string(64, '7');
const std::string kOtherBlob = "sha256:" + std::string(64, '8');

std::string DigestOf(const std::string& text) { return oci::Digest::Of(AsBytes(text)).text(); }

// Signed images of two layers, whose diff IDs are kLayer and kOtherLayer, on a snapshotter that pulls lazily.
class LayersTest : public JudgedCallsTest {
 protected:
  LayersTest() {
    UseContainerd("disable_snapshot_annotations = false");
    chain_ = DigestOf(kLayer + " " + kOtherLayer);
    id_ = AddImage("app:1", kBlob, kOtherBlob, {});
  }
  ~LayersTest() override { std::filesystem::remove(config_); }

  void UseContainerd(const std::string& line) {
    std::ofstream(config_) << "version = 3\n[plugins.'io.containerd.cri.v1.images']\n" << line << "\n";
    settings_.containerd = std::make_shared<containerd::Configuration>(config_, "");
    Make();
  }
  // The record reg.io/NAME; `annotations` stand on the upper layer's descriptor. Returns the ID.
  std::string AddImage(const std::string& name, const std::string& lower, const std::string& upper,
                       const Labels& annotations) {
    std::string written;
    for (const auto& [key, value] : annotations) {
      written += (written.empty() ? "" : ",") + ("\"" + key + "\":\"" + value + "\"");
    }
    const std::string config = R"({"name":")" + name + R"(","rootfs":{"type":"layers","diff_ids":[")" + kLayer +
                               "\",\"" + kOtherLayer + "\"]}}";
    const auto descriptor = [](const std::string& digest, const std::string& more) {
      return R"({"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","size":1,"digest":")" + digest + "\"" +
             more + "}";
    };
    const std::string manifest =
        R"({"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":1,"digest":")" +
        DigestOf(config) + R"("},"layers":[)" + descriptor(lower, "") + "," +
        descriptor(upper, R"(,"annotations":{)" + written + "}") + "]}";
    const std::string id = DigestOf(config);
    runtime_.content[id] = config;
    runtime_.content[DigestOf(manifest)] = manifest;
    runtime_.records["reg.io/" + name] = DigestOf(manifest);
    runtime_.images["reg.io/" + name] = runtime::Image{id, {"reg.io/" + name}, {}};
    Sign(name.substr(0, name.find(':')), DigestOf(manifest));
    return id;
  }
  // What the CRI makes of a layer's descriptor, and `more`.
  static Labels Written(const std::string& chain, const std::string& blob, const Labels& more = {}) {
    Labels out = {{"containerd.io/snapshot.ref", chain},
                  {kPrefix + "cri.image-ref", "reg.io/whoever/was:first"},
                  {kPrefix + "cri.manifest-digest", "sha256:" + std::string(64, '9')},
                  {kPrefix + "cri.image-layers", blob},
                  {kPrefix + "cri.layer-digest", blob}};
    out.insert(more.begin(), more.end());
    return out;
  }
  void SetSnapshots(const Labels& lower, const Labels& upper) {
    runtime_.snapshots[kLayer] = runtime::Snapshot{"", lower};
    runtime_.snapshots[chain_] = runtime::Snapshot{kLayer, upper};
  }
  std::string Conclude(const v1::CreateContainerRequest& request, const std::string& snapshotter,
                       const std::string& parent) {
    const auto call = NewCreate();
    const Ruling ruling = call->Before(request.SerializeAsString(), Deadline());
    if (Slug(ruling) != "forward") return Slug(ruling);
    const auto& image = request.config().image();
    runtime_.containers[kContainer] =
        runtime::Container{kContainer, snapshotter, parent, image.image(), "pod", image.user_specified_image(), "c"};
    v1::CreateContainerResponse response;
    response.set_container_id(kContainer);
    const auto answer = call->After(response.SerializeAsString(), Deadline());
    return answer ? Slug(*answer) : "released";
  }
  std::string Run(const std::string& snapshotter, const std::string& id, const std::string& claimed) {
    return Conclude(CreateRequest(id, claimed), snapshotter, chain_);
  }
  std::string Run(const std::string& snapshotter) { return Run(snapshotter, id_, "reg.io/app:1"); }

  const std::string config_ = ::testing::TempDir() + "/containerd-" + std::to_string(::getpid()) + ".toml";
  std::string chain_;
};

// containerd applied each layer and compared it with its diff ID, so nothing is asked of labels, whatever they say.
TEST_F(LayersTest, WhereLayersAreComparedLabelsAreNotLookedAt) {
  for (const char* checked : {"overlayfs", "native", "btrfs", "zfs", "devmapper", "blockfile"}) {
    EXPECT_EQ("released", Run(checked)) << checked;
  }
  UseContainerd("disable_snapshot_annotations = true");
  SetSnapshots(Written(kLayer, kOtherBlob), {});
  EXPECT_EQ("released", Run("erofs")) << "it has nothing to take layers from elsewhere by";
  UseContainerd("disable_snapshot_annotations = false");
  EXPECT_EQ("image-link-unproven", Run("erofs"));
}

TEST_F(LayersTest, RecordedLabelSetsOfLazySnapshottersRun) {
  SetSnapshots(Written(kLayer, kBlob, {{kPrefix + "remote", "remote snapshot"}}),
               Written(chain_, kOtherBlob, {{kPrefix + "remote", "remote snapshot"}}));
  EXPECT_EQ("released", Run("stargz"));
  const Labels toc = {{kPrefix + "stargz/toc.digest", kOtherBlob}};
  const std::string estargz = AddImage("stargz:1", kBlob, kOtherBlob, toc);
  EXPECT_EQ("image-link-unproven", Run("stargz", estargz, "reg.io/stargz:1")) << "the snapshot lacks its annotation";
  runtime_.snapshots[chain_].labels.insert(toc.begin(), toc.end());
  EXPECT_EQ("released", Run("stargz", estargz, "reg.io/stargz:1"));
  EXPECT_EQ("image-link-unproven", Run("stargz")) << "which another image's descriptor has not";

  const Labels blob = {{kPrefix + "overlaybd/blob-digest", kOtherBlob}, {kPrefix + "overlaybd/blob-size", "4096"}};
  const std::string overlaybd = AddImage("overlaybd:1", kBlob, kOtherBlob, blob);
  Labels labels = Written(chain_, kOtherBlob, blob);
  labels[kPrefix + "image-ref"] = "reg.io/overlaybd:1";
  labels[kPrefix + "remote"] = "remote snapshot";
  // From containerd 2.3.3 on.
  labels[kPrefix + "diff-id"] = kOtherLayer;
  labels[kPrefix + "parent-chain-id"] = kLayer;
  SetSnapshots(Written(kLayer, kBlob), labels);
  EXPECT_EQ("released", Run("overlaybd", overlaybd, "reg.io/overlaybd:1"));
  EXPECT_EQ("image-link-unproven", Run("stargz", overlaybd, "reg.io/overlaybd:1")) << "image-ref is overlaybd's own";
}

TEST_F(LayersTest, ForgedLabelsAreRefused) {
  const Labels good = Written(chain_, kOtherBlob);
  const auto with = [&](const std::string& label, const std::string& value) {
    Labels out = good;
    out[kPrefix + label] = value;
    SetSnapshots(Written(kLayer, kBlob), out);
    return Run("stargz");
  };
  EXPECT_EQ("released", with("cri.image-ref", "x")) << "tells of whoever was first";
  EXPECT_EQ("image-link-unproven", with("cri.layer-digest", kBlob));
  EXPECT_EQ("image-link-unproven", with("overlaybd/blob-digest", kBlob));
  EXPECT_EQ("image-link-unproven", with("remote", "something else"));
  EXPECT_EQ("released", with("diff-id", kOtherLayer));
  EXPECT_EQ("image-link-unproven", with("diff-id", kLayer));
  EXPECT_EQ("image-link-unproven", with("parent-chain-id", chain_));
  SetSnapshots(good, good);
  EXPECT_EQ("image-link-unproven", Run("unheard-of")) << "every layer is looked at";
  SetSnapshots(Written(kLayer, kBlob), good);
  EXPECT_EQ("released", Run("unheard-of"));
  runtime_.snapshots[chain_].parent = chain_;
  EXPECT_EQ("image-link-unproven", Run("unheard-of"));
}

TEST_F(LayersTest, AManifestWithoutTheLayersOfItsConfigIsUnproven) {
  id_ = runtime_.AddImage("reg.io/bare:1", kLayer);
  Sign("bare", runtime_.ManifestOf("reg.io/bare:1"));
  runtime_.snapshots[kLayer] = runtime::Snapshot{"", {}};
  EXPECT_EQ("image-link-unproven", Conclude(CreateRequest(id_, "reg.io/bare:1"), "stargz", kLayer));
}

// Where the CRI hands nothing on, the labels that it would write can only be the author's.
TEST_F(LayersTest, LabelsCountOnlyWhereTheCriWritesThem) {
  SetSnapshots(Written(kLayer, kBlob), Written(chain_, kOtherBlob));
  for (const char* line : {"disable_snapshot_annotations = true", "", "disable_snapshot_annotations = "}) {
    UseContainerd(line);
    EXPECT_EQ("image-link-unproven", Run("stargz")) << line;
  }
  SetSnapshots({{"containerd.io/snapshot.ref", kLayer}}, {{"containerd.io/snapshot.ref", chain_}});
  EXPECT_EQ("released", Run("stargz")) << "there is nothing to take content from";
  EXPECT_EQ(
      true,
      *containerd::SnapshotAnnotations(
          "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd]\ndisable_snapshot_annotations = false\n"));
  EXPECT_FALSE(containerd::SnapshotAnnotations("version = 2\n")->has_value());
}

// As 1.7 leaves what it unpacks for a create or an image volume.
TEST_F(LayersTest, LayersThatContainerdAppliedCount) {
  SetSnapshots({}, {{"containerd.io/gc.root", "x"}});
  EXPECT_EQ("released", Run("unheard-of"));
  const std::string annotated = AddImage("y:1", kBlob, kOtherBlob, {{kPrefix + "overlaybd/blob-digest", kBlob}});
  EXPECT_EQ("released", Run("unheard-of", annotated, "reg.io/y:1")) << "its own annotation was not used";
  runtime_.snapshots[chain_].labels["containerd.io/snapshot.ref"] = chain_;
  EXPECT_EQ("image-link-unproven", Run("unheard-of", annotated, "reg.io/y:1"));
}

// The labels of a common base layer are those of whoever pulled it first.
TEST_F(LayersTest, TwoTenantsImagesOnOneBaseLayerBothRun) {
  const std::string theirs = AddImage("theirs:1", kBlob, kOtherBlob, {});
  SetSnapshots(Written(kLayer, kBlob), Written(chain_, kOtherBlob));
  EXPECT_EQ("released", Run("stargz"));
  EXPECT_EQ("released", Run("stargz", theirs, "reg.io/theirs:1"));
  const std::string forged = AddImage("forged:1", kOtherBlob, kOtherBlob, {});
  EXPECT_EQ("image-link-unproven", Run("stargz", forged, "reg.io/forged:1")) << "other bytes under the same diff IDs";
}

TEST_F(LayersTest, WhatTheRuntimeDoesNotTellOfSnapshotsIsNotKnown) {
  EXPECT_EQ("image-link-unproven", Run("stargz")) << "surely not there";
  SetSnapshots(Written(kLayer, kBlob), Written(chain_, kOtherBlob));
  ASSERT_EQ("released", Run("stargz"));
  linker_.Forget();
  runtime_.trouble.insert_or_assign(runtime_.ManifestOf("reg.io/app:1"), Error{ErrorCode::kTimeout, "slow"});
  EXPECT_EQ("runtime-unreachable", Start());
}

// hostUsers: false, on a snapshotter that cannot map owners: containerd makes a copy and the container stands on that.
TEST_F(LayersTest, PodsWithAUserNamespaceStandOnTheCopyThatIsNamedForTheirMapping) {
  const runtime::UserNamespace mapping{{{0, 131072, 65536}}, {{0, 196608, 65536}}};
  const std::string document = R"({"Parent":")" + chain_ +
                               R"(","IDMap":{"UidMap":[{"containerID":0,"hostID":131072,"size":65536}],)"
                               R"("GidMap":[{"containerID":0,"hostID":196608,"size":65536}]})";
  const std::string newer = DigestOf(document + "}");
  const std::string older = chain_ + "-131072-196608";
  const auto stands_on = [&](const std::string& parent) {
    return Conclude(CreateRequest(id_, "reg.io/app:1"), "native", parent);
  };
  for (const std::string& name : {newer, older}) runtime_.snapshots[name] = runtime::Snapshot{chain_, {}};
  EXPECT_EQ("image-link-unproven", stands_on(newer)) << "the pod has none";
  runtime_.sandboxes["pod"].user_namespace = mapping;
  EXPECT_EQ("released", stands_on(newer));
  EXPECT_EQ("released", stands_on(older));
  EXPECT_EQ("released", stands_on(chain_)) << "where the snapshotter maps owners itself";
  EXPECT_EQ("forward", Start());
  // An image that was built on the judged one has it for a parent too.
  const std::string built_on = DigestOf(chain_ + " " + kLayer);
  runtime_.snapshots[built_on] = runtime::Snapshot{chain_, {}};
  EXPECT_EQ("image-link-unproven", stands_on(built_on));
  runtime_.snapshots[newer].parent = built_on;
  EXPECT_EQ("image-link-unproven", stands_on(newer));
  runtime_.sandboxes["pod"].user_namespace->uids[0].host_id = 1;
  EXPECT_EQ("image-link-unproven", stands_on(older)) << "another pod's mapping";
  runtime_.sandboxes["pod"].user_namespace->uids.push_back({});
  EXPECT_TRUE(runtime::RemappedNames(chain_, *runtime_.sandboxes["pod"].user_namespace).empty());
}

// An image volume is not what the container stands on: its snapshots are looked at by themselves, after the create and
// again at the start.
TEST_F(LayersTest, TheLayersOfImageVolumesAreProvenToo) {
  SetSnapshots(Written(kLayer, kBlob), Written(chain_, kOtherBlob));
  auto request = CreateRequest(id_);
  request.mutable_config()->add_mounts()->mutable_image()->set_image("reg.io/volume:1");
  AddImage("volume:1", kBlob, kOtherBlob, {});
  EXPECT_EQ("released", Conclude(request, "stargz", chain_));
  const std::string mounted = "reg.io/volume@" + runtime_.ManifestOf("reg.io/volume:1");
  runtime_.containers[kContainer].volumes = {{mounted, ""}};
  EXPECT_EQ("forward", Start());
  AddImage("volume:1", kOtherBlob, kOtherBlob, {});
  EXPECT_EQ("image-link-unproven", Conclude(request, "stargz", chain_));
  EXPECT_EQ(std::vector<std::string>{kContainer}, runtime_.removed);
  runtime_.containers[kContainer].volumes = {{"reg.io/volume:1", "reg.io/volume:1"}};
  EXPECT_EQ("image-link-unproven", Start());
  ASSERT_NE("", runtime_.AddImage("reg.io/unsigned:1", kLayer));
  runtime_.containers[kContainer].volumes = {{"reg.io/unsigned:1", ""}};
  EXPECT_EQ("signature-missing", Start());
  runtime_.containers[kContainer].volumes = {{"reg.io/gone:1", ""}};
  EXPECT_EQ("image-link-unproven", Start());
}

}  // namespace
}  // namespace pullseal::cri
