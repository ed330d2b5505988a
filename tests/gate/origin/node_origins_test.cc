// SPDX-License-Identifier: Apache-2.0
// What the node's store proves of where content came from, and what it does not.
#include "gate/origin/node_origins.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "fakes/fake_clock.h"
#include "fakes/fake_origin_store.h"
#include "fakes/fake_registry.h"
#include "fakes/fake_runtime.h"
#include "gate/origin/limits.h"
#include "gate/origin/source_label.h"

namespace pullseal::origin {
namespace {

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/pullseal-origins-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

const std::string kIndex = "sha256:" + std::string(64, '1');
const std::string kManifest = "sha256:" + std::string(64, '2');
const std::string kOther = "sha256:" + std::string(64, '3');

class NodeOriginsTest : public testing::Test {
 protected:
  NodeOriginsTest()
      : client_(http_, clock_,
                registry::Config{.plain_http = {},
                                 .certs_dirs = registry::Hosts::Always({folder_.path()}),
                                 .sources = {},
                                 .peer_mirrors = {"10.9.8.7:5000"}}),
        origins_(store_, runtime_, client_, clock_, [this](SteadyTime) -> Result<std::string> { return pause_; }) {
    store_.blobs[kIndex];
    store_.blobs[kManifest];
  }
  static oci::Reference Name(const std::string& text) { return *oci::Reference::Parse(text); }
  // "yes", "no" or the trouble.
  std::string Prove(const std::string& image, const std::vector<std::string>& sources = {},
                    policy::Action action = policy::Action::kContainer) {
    const oci::Reference name = Name(image);
    std::vector<policy::ImageGlob> globs;
    for (const std::string& one : sources) globs.push_back(*policy::ImageGlob::Parse(one, false));
    const std::vector<oci::Digest> candidates = {*oci::Digest::Parse(kIndex), *oci::Digest::Parse(kManifest)};
    const auto proven = origins_.IsProven(gate::OriginClaim{.name = name,
                                                            .candidates = candidates,
                                                            .sources = globs,
                                                            .action = action,
                                                            .deadline = clock_.Steady() + std::chrono::seconds(9)});
    return !proven ? proven.error().message : *proven ? "yes" : "no";
  }
  std::string Sandbox(const std::string& image) { return Prove(image, {}, policy::Action::kSandbox); }
  void Mirror(const std::string& host, const std::string& url) {
    std::filesystem::create_directories(folder_.path() + "/" + host);
    std::ofstream(folder_.path() + "/" + host + "/hosts.toml")
        << "server = \"https://" << host << "\"\n[host.\"" << url << "\"]\ncapabilities = [\"pull\", \"resolve\"]\n";
  }
  SteadyTime Deadline() { return clock_.Steady() + std::chrono::seconds(9); }

  Folder folder_;
  fakes::FakeClock clock_;
  fakes::FakeRegistry http_;
  fakes::FakeRuntime runtime_;
  fakes::FakeOriginStore store_;
  registry::Client client_;
  std::string pause_ = "reg.io/pause:3.10";
  NodeOrigins origins_;
  std::atomic<bool> going_{false};
};

TEST_F(NodeOriginsTest, ContainerdsNoteIsComparedItemByItem) {
  EXPECT_EQ("no", Prove("reg.io/app:1"));
  for (const char* near : {"apple", "ap", "team/app", "app/x", "x,apple,pp", "App", ""}) {
    store_.Label(kManifest, "reg.io", near);
    EXPECT_EQ("no", Prove("reg.io/app:1")) << near;
  }
  store_.Label(kManifest, "reg.io", "x,app,y");
  EXPECT_EQ("yes", Prove("reg.io/app:1"));
  EXPECT_EQ("yes", Prove("REG.io:443/app:1"));
  EXPECT_EQ("no", Prove("other.io/app:1"));
}

TEST_F(NodeOriginsTest, TheIndexsNoteCountsToo) {
  store_.Label(kIndex, "reg.io", "app");
  EXPECT_EQ("yes", Prove("reg.io/app:1"));
}

TEST_F(NodeOriginsTest, ANoteSaysNothingAboutAHostWithAPort) {
  store_.Label(kManifest, "reg.io", "app");
  store_.Label(kManifest, "reg.io:5000", "app");
  store_.Label(kManifest, "REG.IO", "other");
  EXPECT_EQ("no", Prove("reg.io:5000/app:1"));
  EXPECT_EQ("no", Prove("reg.io/other:1"));
}

TEST_F(NodeOriginsTest, LabelsTooLargeToReadAreNoNoteAndTroubleIsTrouble) {
  store_.Label(kManifest, "reg.io", "app");
  store_.labels_trouble = Error{ErrorCode::kLimit, "large"};
  EXPECT_EQ("no", Prove("reg.io/app:1"));
  store_.labels_trouble = Error{ErrorCode::kTimeout, "slow"};
  EXPECT_EQ("slow", Prove("reg.io/app:1"));
  store_.labels_trouble.reset();
  store_.notes_trouble = Error{ErrorCode::kUnreachable, "away"};
  EXPECT_EQ("yes", Prove("reg.io/app:1"));
  EXPECT_EQ("away", Prove("reg.io/none:1"));
}

TEST_F(NodeOriginsTest, WhatAnyPeerMirrorCouldHaveServedProvesNothing) {
  store_.Label(kManifest, "reg.io", "app");
  for (const char* peer :
       {"http://127.0.0.1:5000", "http://localhost:5000", "http://[::1]:5000", "http://10.9.8.7:5000"}) {
    Mirror("reg.io", peer);
    EXPECT_EQ("no", Prove("reg.io/app:1")) << peer;
    clock_.Advance(std::chrono::seconds(1));
  }
  Mirror("reg.io", "https://mirror.corp");
  EXPECT_EQ("yes", Prove("reg.io/app:1"));
  store_.Label(kManifest, "local.io", "app");
  EXPECT_EQ("yes", Prove("local.io/app:1")) << "no peers are configured for that one";
}

// Peers are passed over, other mirrors and the server that hosts.toml names are asked in containerd's order.
TEST_F(NodeOriginsTest, TheRegistryIsAskedWhereContainerdWouldResolve) {
  const std::string digest = http_.PutManifest("acr.corp", "app", "1", fakes::ImageManifest(kOther), fakes::kImageType);
  const auto resolve = [&](const std::string& image) {
    const auto out = client_.ResolveAtOrigin(Name(image), {}, Deadline());
    return out ? out->text() : out.error().code == ErrorCode::kNotFound ? std::string("no") : out.error().message;
  };
  std::filesystem::create_directories(folder_.path() + "/reg.io");
  std::ofstream(folder_.path() + "/reg.io/hosts.toml")
      << "server = \"https://acr.corp\"\n[host.\"http://127.0.0.1:5000\"]\ncapabilities = [\"pull\", \"resolve\"]\n";
  http_.On("127.0.0.1:5000", [&](const http::HttpRequest&) {
    return fakes::FakeRegistry::Response(200, "", {{"docker-content-digest", kOther}});
  });
  EXPECT_EQ(digest, resolve("reg.io/app:1"));
  EXPECT_EQ(digest, resolve("reg.io/app@" + digest));
  EXPECT_EQ("no", resolve("reg.io/app@" + kOther)) << "though any peer says yes";
  for (const std::string& request : http_.Requests()) EXPECT_EQ(std::string::npos, request.find("127.0.0.1"));
  http_.On("acr.corp", [&](const http::HttpRequest&) {
    return fakes::FakeRegistry::Response(200, "", {{"docker-content-digest", kManifest}});
  });
  EXPECT_NE(std::string::npos, resolve("reg.io/app@" + kOther).find("answers"));
  EXPECT_EQ(kManifest, resolve("reg.io/app:1"));
  // The registry that the image's own name says is no peer, wherever it runs.
  http_.On("127.0.0.1:5001", [&](const http::HttpRequest&) {
    return fakes::FakeRegistry::Response(200, "", {{"docker-content-digest", kIndex}});
  });
  EXPECT_EQ(kIndex, resolve("127.0.0.1:5001/app:1"));
}

TEST_F(NodeOriginsTest, SourcesAreOtherRepositoriesThatCount) {
  store_.Label(kManifest, "mcr.microsoft.com", "oss/kubernetes/pause");
  EXPECT_EQ("no", Prove("mcr.azure.cn/oss/kubernetes/pause:3.10"));
  EXPECT_EQ("yes", Prove("mcr.azure.cn/oss/kubernetes/pause:3.10", {"mcr.microsoft.com/**"}));
  EXPECT_EQ("no", Prove("mcr.azure.cn/oss/kubernetes/pause:3.10", {"mcr.microsoft.com/oss/*"}));
  std::string many = "x";
  for (std::size_t i = 0; i < limits::kSourceItems; ++i) many += ",x" + std::to_string(i);
  store_.Label(kManifest, "a.io", many);
  EXPECT_EQ("no", Prove("mcr.azure.cn/oss/kubernetes/pause:3.10", {"mcr.microsoft.com/**"}))
      << "labels with more items than are looked at are none";
}

TEST_F(NodeOriginsTest, OurNotesAreAskedForByTheirExactNames) {
  ASSERT_TRUE(origins_.Note(Name("reg.io:5000/app:1"), *oci::Digest::Parse(kIndex), Deadline()).ok());
  EXPECT_TRUE(store_.notes.contains("reg.io:5000/app@" + kIndex));
  EXPECT_EQ("yes", Prove("reg.io:5000/app:1"));
  EXPECT_EQ("no", Prove("reg.io/app:1"));
  EXPECT_EQ("no", Prove("reg.io:5000/apple:1"));
  EXPECT_EQ("no", Prove("other.cn/app:1"));
  EXPECT_EQ("yes", Prove("other.cn/app:1", {"reg.io:5000/app"}));
  store_.asked.clear();
  EXPECT_EQ("no", Prove("reg.io/x:1"));
  EXPECT_EQ((std::vector<std::string>{"reg.io/x@" + kIndex, "reg.io/x@" + kManifest}), store_.asked.at(0));
}

TEST_F(NodeOriginsTest, ANoteWhoseTargetIsOtherContentIsNone) {
  store_.notes["reg.io/app@" + kIndex] = kOther;
  EXPECT_EQ("no", Prove("reg.io/app:1"));
}

TEST_F(NodeOriginsTest, ThePauseImageIsWhatItsRecordWasAtFirst) {
  EXPECT_EQ("no", Sandbox("reg.io/pause:3.10")) << "it is not stored yet";
  EXPECT_TRUE(store_.notes.empty());
  runtime_.records["reg.io/pause:3.10"] = kIndex;
  EXPECT_EQ("no", Prove("reg.io/pause:3.10")) << "for containers its name proves nothing";
  EXPECT_EQ("no", Sandbox("reg.io/pause:3.9")) << "containerd is not configured for it";
  EXPECT_EQ("yes", Sandbox("reg.io/pause:3.10"));
  runtime_.records["reg.io/pause:3.10"] = kOther;
  EXPECT_EQ("yes", Sandbox("reg.io/pause:3.10")) << "its content is the one that was there at first";
  store_.notes["sandbox-image/reg.io/pause:3.10"] = kOther;
  EXPECT_EQ("no", Sandbox("reg.io/pause:3.10")) << "other content under the same name";
}

TEST_F(NodeOriginsTest, ThePauseImagesFirstDigestIsKeptWhateverElseProvesIt) {
  runtime_.records["reg.io/pause:3.10"] = kOther;
  store_.Label(kManifest, "reg.io", "pause");
  EXPECT_EQ("yes", Sandbox("reg.io/pause:3.10"));
  EXPECT_EQ(kOther, store_.notes.at("sandbox-image/reg.io/pause:3.10"));
}

TEST_F(NodeOriginsTest, APullFromAPortEarnsNoNoteOfTheHost) {
  const oci::Reference name = Name("registry.corp:30443/base/app:1");
  const oci::Digest manifest = *oci::Digest::Parse(kManifest);
  store_.Label(kManifest, "registry.corp", "other");
  origins_.BeginPull(name, manifest, Deadline());
  store_.Label(kManifest, "registry.corp", "other,base/app");  // what containerd does meanwhile
  EXPECT_EQ("no", Prove("registry.corp/base/app:1")) << "while the pull is under way";
  EXPECT_EQ("yes", Prove("registry.corp/other:1"));
  origins_.EndPull(name, {manifest, *oci::Digest::Parse(kIndex)}, Deadline());
  EXPECT_EQ("other", store_.blobs.at(kManifest).at("containerd.io/distribution.source.registry.corp"));
  EXPECT_EQ("no", Prove("registry.corp/base/app:1"));
}

TEST_F(NodeOriginsTest, WhatWasNotedBeforeAPullFromAPortStays) {
  const oci::Reference name = Name("registry.corp:30443/base/app:1");
  const oci::Digest manifest = *oci::Digest::Parse(kManifest);
  store_.Label(kManifest, "registry.corp", "base/app");
  origins_.BeginPull(name, manifest, Deadline());
  EXPECT_EQ("yes", Prove("registry.corp/base/app:1"));
  origins_.EndPull(name, {manifest}, Deadline());
  EXPECT_EQ("yes", Prove("registry.corp/base/app:1"));
}

TEST_F(NodeOriginsTest, OfTwoPullsFromAPortNeitherMakesTheOthersNoteAnOldOne) {
  const oci::Reference name = Name("registry.corp:30443/base/app:1");
  const oci::Digest manifest = *oci::Digest::Parse(kManifest);
  origins_.BeginPull(name, manifest, Deadline());
  store_.Label(kManifest, "registry.corp", "base/app");
  origins_.BeginPull(name, manifest, Deadline());
  origins_.EndPull(name, {manifest}, Deadline());
  store_.Label(kManifest, "registry.corp", "base/app");
  EXPECT_EQ("no", Prove("registry.corp/base/app:1"));
  origins_.EndPull(name, {manifest}, Deadline());
  EXPECT_EQ("no", Prove("registry.corp/base/app:1"));
  EXPECT_FALSE(store_.blobs.at(kManifest).contains("containerd.io/distribution.source.registry.corp"));
}

TEST_F(NodeOriginsTest, APullWhoseEndNobodySawIsUndoneByTheSweep) {
  const oci::Reference name = Name("registry.corp:30443/base/app:1");
  origins_.BeginPull(name, *oci::Digest::Parse(kManifest), Deadline());
  store_.Label(kManifest, "registry.corp", "base/app");
  ASSERT_TRUE(origins_.Sweep(going_).ok());
  EXPECT_TRUE(store_.blobs.at(kManifest).contains("containerd.io/distribution.source.registry.corp"));
  clock_.Advance(limits::kWatchedPullTime + std::chrono::seconds(1));
  ASSERT_TRUE(origins_.Sweep(going_).ok());
  EXPECT_FALSE(store_.blobs.at(kManifest).contains("containerd.io/distribution.source.registry.corp"));
}

TEST_F(NodeOriginsTest, WhatCannotBeTakenAwayIsNotBelieved) {
  const oci::Reference name = Name("registry.corp:30443/base/app:1");
  store_.Label(kManifest, "registry.corp", "base/app");
  store_.labels_trouble = Error{ErrorCode::kTimeout, "slow"};
  origins_.EndPull(name, {*oci::Digest::Parse(kManifest)}, Deadline());
  store_.labels_trouble.reset();
  EXPECT_EQ("no", Prove("registry.corp/base/app:1"));
}

TEST_F(NodeOriginsTest, NotesGoWithTheirContent) {
  store_.notes["reg.io/app@" + kIndex] = kIndex;
  store_.notes["reg.io/gone@" + kOther] = kOther;
  store_.notes["sandbox-image/reg.io/pause:3.10"] = kOther;
  const auto removed = origins_.Sweep(going_);
  ASSERT_TRUE(removed.ok());
  EXPECT_EQ(1, *removed);
  EXPECT_FALSE(store_.notes.contains("reg.io/gone@" + kOther));
  store_.labels_trouble = Error{ErrorCode::kUnreachable, "away"};
  EXPECT_FALSE(origins_.Sweep(going_).ok());
  EXPECT_EQ(2U, store_.notes.size()) << "trouble removes nothing";
  EXPECT_EQ(2, *origins_.RemoveAll(going_));
  EXPECT_TRUE(store_.notes.empty());
}

TEST(SourceLabelTest, OnlyNamesOfHostsInTheirOneSpellingAreNotes) {
  const std::string prefix(runtime::kSourceLabel);
  EXPECT_EQ("reg.io", HostOfLabel(prefix + "reg.io"));
  for (const char* other : {"REG.io", "reg.io.", "reg.io:443", "reg.io:80", "::1", ""}) {
    EXPECT_FALSE(HostOfLabel(prefix + other).value_or("").size() > 0) << other;
  }
  EXPECT_FALSE(HostOfLabel("containerd.io/gc.root"));
}

TEST(SourceLabelTest, ItemsAreTakenOutWhole) {
  EXPECT_EQ("a,c", Without("a,b,c", "b"));
  EXPECT_EQ("ab", Without("ab", "b"));
  EXPECT_EQ("", Without("b", "b"));
  EXPECT_EQ((std::vector<std::string>{"a", "b"}), ItemsOf("a,,b,"));
}

TEST(SourceLabelTest, ThePortedLabelIsTheHostsWithoutItsPort) {
  EXPECT_FALSE(PortedLabel(*oci::Reference::Parse("reg.io/app:1")));
  EXPECT_EQ(std::string(runtime::kSourceLabel) + "reg.io", PortedLabel(*oci::Reference::Parse("reg.io:5000/app:1")));
  EXPECT_EQ(std::string(runtime::kSourceLabel) + "::1", PortedLabel(*oci::Reference::Parse("[::1]:5000/app:1")));
}

}  // namespace
}  // namespace pullseal::origin
