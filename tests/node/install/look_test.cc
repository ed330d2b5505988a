// SPDX-License-Identifier: Apache-2.0
// A node that is a folder: what `pullseal node install` and its watch make of it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "fakes/h2.h"
#include "node/doctor/doctor.h"
#include "node/install/kubelet.h"
#include "node/install/plan.h"
#include "node/install/watch.h"

namespace pullseal::install {
namespace {

namespace fs = std::filesystem;

class LookTest : public ::testing::Test {
 protected:
  LookTest() {
    char name[] = "/tmp/pullseal_look_XXXXXX";
    folder_ = ::mkdtemp(name);
    fs::create_directories(folder_ + "/run/containerd");
    containerd_.emplace(folder_ + std::string(kContainerdSocket), [this](const fakes::H2Request&) {
      fakes::H2Script out;
      out.body = Version();
      return out;
    });
    Kubelet(100, {});
  }
  ~LookTest() override {
    containerd_.reset();
    fs::remove_all(folder_);
  }

  void Write(const std::string& path, const std::string& text) const {
    fs::create_directories(fs::path(folder_ + path).parent_path());
    std::ofstream(folder_ + path) << text;
  }
  // A kubelet process with these flags behind its configuration file, which says `config`.
  void Kubelet(int pid, const std::vector<std::string>& flags, const std::string& config = "") const {
    const std::string proc = "/proc/" + std::to_string(pid);
    std::string line = "/usr/bin/kubelet";
    line += '\0';
    for (const std::string& flag : flags) line += flag + '\0';
    line += std::string("--config=/kubelet.yaml") + '\0';
    Write(proc + "/comm", "kubelet\n");
    Write(proc + "/cmdline", line);
    // Nothing listens on port 1.
    Write(proc + "/root/kubelet.yaml", "kind: KubeletConfiguration\nhealthzPort: 1\n" + config);
  }
  // A VersionResponse of four strings, behind gRPC's five bytes.
  std::string Version() const {
    std::string message;
    char tag = 0x0a;
    for (const std::string& text : {std::string("0.1.0"), runtime_, std::string("1.7.24"), std::string("v1")}) {
      message += tag;
      message += static_cast<char>(text.size());
      message += text;
      tag = static_cast<char>(tag + 8);
    }
    return std::string(4, '\0') + static_cast<char>(message.size()) + message;
  }
  Host Node() const {
    return Host(folder_, [this](const std::vector<std::string>& words, std::chrono::seconds) -> Result<std::string> {
      if (words.at(1) == "--version") return "systemd " + systemd_ + " (" + systemd_ + "-1)\n+PAM\n";
      if (words.at(1) == "cat") return std::string("[Service]\nExecStart=/usr/bin/kubelet --config=/kubelet.yaml\n");
      if (words.at(1) == "show") return std::string(words.at(4) == "MainPID" ? "100\n" : "active\n");
      return Error{ErrorCode::kNotFound, "no such command"};
    });
  }
  // Why the node is not understood; empty if it is.
  std::string Refusal() const {
    const auto facts = Look(Node(), Mode::kProxy);
    return facts ? "" : facts.error().message;
  }
  std::string Watched(std::string_view socket) const {
    const Status well = WatchKubelet(Node(), std::string(socket), std::chrono::seconds(1));
    return well ? "" : well.error().message;
  }
  std::string DoctorSays() const {
    for (const doctor::Finding& one : doctor::Examine(Node(), {}).findings) {
      if (one.check == "kubelet") return std::string(doctor::Text(one.grade)) + ": " + one.text;
    }
    return "";
  }

  std::string folder_;
  std::string systemd_ = "252";
  std::string runtime_ = "containerd";
  std::optional<fakes::FakeH2Runtime> containerd_;
};

testing::AssertionResult Has(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "\"" << text << "\" lacks \"" << part << "\"";
}

TEST_F(LookTest, ANodeAsItShouldBeIsUnderstood) {
  EXPECT_EQ("", Refusal());
  Kubelet(100, {"--container-runtime-endpoint=unix:///var/run/containerd/containerd.sock"});
  EXPECT_EQ("", Refusal());
}

TEST_F(LookTest, AnOldSystemdIsRefused) {
  systemd_ = "247";
  EXPECT_EQ("", Refusal());
  systemd_ = "246";
  EXPECT_TRUE(Has(Refusal(), "its systemd is older than 247"));
}

TEST_F(LookTest, AnotherRuntimeIsRefused) {
  runtime_ = "cri-o";
  EXPECT_TRUE(Has(Refusal(), "its runtime is cri-o"));
  runtime_ = "containerd";
  Kubelet(100, {"--container-runtime-endpoint=unix:///run/crio/crio.sock"});
  EXPECT_TRUE(Has(Refusal(), "kubelet's runtime endpoint is unix:///run/crio/crio.sock"));
  Kubelet(100, {}, "imageServiceEndpoint: unix:///run/stargz.sock\n");
  EXPECT_TRUE(Has(Refusal(), "kubelet's image service endpoint is unix:///run/stargz.sock"));
}

TEST_F(LookTest, SeveralKubeletsAreRefused) {
  Kubelet(101, {});
  EXPECT_TRUE(Has(Refusal(), "several kubelets run on it"));
}

// Taken for a first installation, a failure would take the drop-in away and leave kubelet without us.
TEST_F(LookTest, OurDropInWithoutItsNoteIsRefused) {
  Write(std::string(kKubeletDropIn), "[Service]\n");
  EXPECT_TRUE(Has(Refusal(), "but no note of what was before it"));
}

TEST_F(LookTest, TheWatchWantsBothEndpointsAndHealth) {
  const std::string ours = "unix://" + std::string(kCriSocket);
  Kubelet(100, {"--container-runtime-endpoint=" + ours});
  EXPECT_TRUE(Has(Watched(kCriSocket), "nothing answers at 127.0.0.1:1/healthz"));
  EXPECT_TRUE(Has(Watched(kContainerdSocket), "kubelet uses " + ours));
  Kubelet(100, {"--container-runtime-endpoint=" + ours}, "imageServiceEndpoint: unix:///run/stargz.sock\n");
  EXPECT_TRUE(Has(Watched(kCriSocket), "kubelet uses unix:///run/stargz.sock for images"));
}

TEST_F(LookTest, TheDoctorWantsBothEndpoints) {
  const std::string ours = "--container-runtime-endpoint=unix://" + std::string(kCriSocket);
  EXPECT_TRUE(Has(DoctorSays(), "does not use pullseal but unix:///run/containerd/containerd.sock"));
  Kubelet(100, {ours});
  EXPECT_TRUE(Has(DoctorSays(), "good: kubelet (pid 100) uses pullseal"));
  Kubelet(100, {ours}, "imageServiceEndpoint: unix:///run/containerd/containerd.sock\n");
  EXPECT_TRUE(Has(DoctorSays(), "does not use pullseal but unix:///run/containerd/containerd.sock"));
}

}  // namespace
}  // namespace pullseal::install
