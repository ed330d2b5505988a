// SPDX-License-Identifier: Apache-2.0
// `pullseal trust update`, `import` and `client` as a person and the conformance suite use them: exit statuses, what is
// said, what the folder holds. A web server on this machine is the mirror.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "fakes/tuf_repository.h"
#include "lab/process.h"

namespace pullseal {
namespace {

namespace fs = std::filesystem;
using lab::Execute;
using lab::Output;

class TrustTest : public ::testing::Test {
 protected:
  TrustTest() : port_(std::to_string(lab::FreePort())) {
    for (const char* role : {"root", "timestamp", "snapshot", "targets"}) {
      repository_.signed_part(role)["expires"] = "2200-01-01T00:00:00Z";
    }
    repository_.AddTarget("targets", "trusted_root.json", "{}");
    repository_.signed_part("root")["version"] = 1;
    repository_.Publish("root", false);
    lab::WriteFile(Path("root.json"), repository_.File("root"));
    PublishAll();
  }
  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  std::string Url() const { return "http://127.0.0.1:" + port_ + "/mirror"; }

  // Writes what the repository publishes next into the folder that is served.
  void PublishAll() {
    repository_.PublishTargets();
    fs::create_directories(Path("served/mirror/targets"));
    for (const char* role : {"root", "timestamp", "snapshot", "targets"}) {
      const std::string file = repository_.File(role);
      const std::string version = std::to_string(nlohmann::json::parse(file)["signed"]["version"].get<int>());
      lab::WriteFile(Path("served/mirror/" + (role == std::string("timestamp") ? "" : version + ".") + role + ".json"),
                     file);
    }
    for (const auto& [name, info] : repository_.signed_part("targets")["targets"].items()) {
      const std::string path = "targets/" + info["hashes"]["sha256"].get<std::string>() + "." + name;
      lab::WriteFile(Path("served/mirror/" + path), *repository_.Get(path));
    }
  }
  std::unique_ptr<lab::Process> Serve() const {
    auto server = std::make_unique<lab::Process>(
        std::vector<std::string>{"python3", "-m", "http.server", port_, "--bind", "127.0.0.1", "-d", Path("served")},
        Path("server.log"));
    EXPECT_TRUE(lab::WaitFor(
        [&] {
          return Execute({"bash", "-c", ": < /dev/tcp/127.0.0.1/" + port_}).status == 0;
        },
        20));
    return server;
  }
  static Output Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {std::string(std::getenv("PULLSEAL_BUILD")) + "/plugin/pullseal", "trust"});
    return Execute(arguments);
  }
  Output Update(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all{"update", "--mirror", Url(), "--root", Path("root.json"), "--out", Path("out")};
    all.insert(all.end(), more.begin(), more.end());
    return Run(all);
  }

  fakes::TufRepository repository_;
  lab::TempFolder folder_;
  std::string port_;
};

TEST_F(TrustTest, UpdateFollowsTheMirror) {
  const auto server = Serve();
  const Output first = Update();
  ASSERT_EQ(0, first.status) << first.text;
  EXPECT_NE(std::string::npos, first.text.find("updated: root 1, timestamp 2, snapshot 2, targets 2")) << first.text;
  EXPECT_EQ("{}", lab::ReadText(Path("out/targets/trusted_root.json")));
  EXPECT_NE(std::string::npos, Update().text.find("unchanged: "));
  repository_.Rotate("root");
  repository_.Publish("root");
  repository_.AddTarget("targets", "trusted_root.json", "{2}");
  PublishAll();
  const Output second = Update({"-o", "json"});
  ASSERT_EQ(0, second.status) << second.text;
  const auto said = nlohmann::json::parse(second.text);
  EXPECT_EQ("updated", said["outcome"]);
  EXPECT_EQ(2, said["root"]);
  EXPECT_EQ("targets/trusted_root.json", said["files"][0]["file"]);
  EXPECT_EQ("{2}", lab::ReadText(Path("out/targets/trusted_root.json")));
}

TEST_F(TrustTest, RefusalsAndTroubleAreToldApart) {
  Output away = Update();
  EXPECT_EQ(2, away.status) << away.text;
  EXPECT_FALSE(fs::exists(Path("out")));
  const auto server = Serve();
  ASSERT_EQ(0, Update().status);
  lab::WriteFile(Path("served/mirror/timestamp.json"), repository_.File("timestamp", 1));
  const Output back = Update();
  EXPECT_EQ(1, back.status);
  EXPECT_NE(std::string::npos, back.text.find("refused (rollback): timestamp 1: is version 1, trusted is 2"))
      << back.text;
  repository_.signed_part("timestamp")["expires"] = "2020-01-01T00:00:00Z";
  PublishAll();
  const Output ended = Update({"-o", "json"});
  EXPECT_EQ(1, ended.status);
  EXPECT_EQ("expired", nlohmann::json::parse(ended.text)["reason"]);
  EXPECT_EQ("{}", lab::ReadText(Path("out/targets/trusted_root.json")));
  EXPECT_EQ(64, Run({"update", "--mirror", Url()}).status);
}

// The real repository of August 2026, whose timestamp has ended since.
TEST_F(TrustTest, ImportsThePublicMirror) {
  const std::string mirror = std::string(std::getenv("PULLSEAL_TESTDATA")) + "/sigstore-tuf-mirror";
  ASSERT_EQ(0, Execute({"tar", "-C", mirror + "/..", "-cf", Path("mirror.tar"), "sigstore-tuf-mirror"}).status);
  for (const std::string& source : {mirror, Path("mirror.tar")}) {
    fs::remove_all(Path("out"));
    const Output ended = Run({"import", source, "--root", mirror + "/1.root.json", "--out", Path("out")});
    EXPECT_EQ(1, ended.status);
    EXPECT_NE(std::string::npos, ended.text.find("refused (expired): ")) << ended.text;
    EXPECT_FALSE(fs::exists(Path("out")));
    const Output taken =
        Run({"import", source, "--root", mirror + "/1.root.json", "--out", Path("out"), "--allow-expired-timestamp"});
    ASSERT_EQ(0, taken.status) << taken.text;
    EXPECT_NE(std::string::npos, taken.text.find("updated: root 16, timestamp 762, snapshot 165, targets 14"))
        << taken.text;
    EXPECT_NE(std::string::npos, taken.text.find("has ended: timestamp, on 2026-08-28T19:25:56Z")) << taken.text;
    EXPECT_EQ(0, Run({"check", Path("out/targets/trusted_root.json")}).status);
  }
  EXPECT_EQ(2, Run({"import", Path("none"), "--root", mirror + "/1.root.json", "--out", Path("out2")}).status);
}

TEST_F(TrustTest, TheConformanceClient) {
  const auto server = Serve();
  fs::create_directory(Path("d"));
  fs::create_directory(Path("t"));
  const auto client = [&](const std::vector<std::string>& words) {
    std::vector<std::string> all{"client", "--metadata-dir", Path("d")};
    all.insert(all.end(), words.begin(), words.end());
    return Run(all).status;
  };
  EXPECT_EQ(1, client({"--metadata-url", Url(), "refresh"}));
  EXPECT_EQ(1, client({"init", Path("served/mirror/timestamp.json")}));
  EXPECT_EQ(0, client({"init", Path("root.json")}));
  EXPECT_EQ(0, client({"--metadata-url", Url(), "refresh"}));
  for (const char* role : {"root", "timestamp", "snapshot", "targets"}) {
    EXPECT_EQ(repository_.File(role), lab::ReadText(Path("d/" + std::string(role) + ".json")));
  }
  const auto download = [&](const std::vector<std::string>& names) {
    std::vector<std::string> all{"--metadata-url", Url() + "/"};
    for (const std::string& name : names) all.insert(all.end(), {"--target-name", name});
    all.insert(all.end(), {"--target-base-url", Url() + "/targets", "--target-dir", Path("t"), "download"});
    return client(all);
  };
  EXPECT_EQ(1, download({"missing"}));
  EXPECT_EQ(0, download({"trusted_root.json", "trusted_root.json"}));
  EXPECT_EQ("{}", lab::ReadText(Path("t/trusted_root.json")));
  EXPECT_EQ(1, download({"../d/root.json"}));
}

}  // namespace
}  // namespace pullseal
