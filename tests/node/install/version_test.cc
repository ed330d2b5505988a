// SPDX-License-Identifier: Apache-2.0
#include "node/install/version.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/base/bytes.h"
#include "core/crypto/hash.h"
#include "node/install/settings.h"

namespace pullseal::install {
namespace {

namespace fs = std::filesystem;

std::string Sha256(const std::string& text) { return HexEncode(crypto::Digest(crypto::Hash::kSha256, AsBytes(text))); }

class VersionTest : public ::testing::Test {
 protected:
  VersionTest() {
    char name[] = "/tmp/pullseal_version_XXXXXX";
    folder_ = ::mkdtemp(name);
    Write("/image/usr/bin/pullseald", "daemon");
    Write("/image/usr/share/pullseal/links", "");
    List({{"./usr/bin/pullseald", Sha256("daemon")}, {"./usr/share/pullseal/links", Sha256("")}});
  }
  ~VersionTest() override { fs::remove_all(folder_); }
  void Write(const std::string& path, const std::string& text) const {
    fs::create_directories(fs::path(folder_ + path).parent_path());
    std::ofstream(folder_ + path) << text;
  }
  void List(const std::vector<std::pair<std::string, std::string>>& files) const {
    std::string sums;
    for (const auto& [path, sum] : files) sums += sum + "  " + path + "\n";
    Write("/image/usr/share/pullseal/SHA256SUMS", sums);
    Write("/image/usr/share/pullseal/version", "0.1.0-" + Sha256(sums).substr(0, 12) + "\n");
  }

  std::string folder_;
};

TEST_F(VersionTest, IsCopiedWholeAndChecked) {
  const Host host(folder_ + "/node");
  const auto version = Stage(host, folder_ + "/image");
  ASSERT_TRUE(version.ok()) << version.error().message;
  const std::string copy = host.Path(VersionFolder(*version));
  EXPECT_TRUE(CheckVersion(copy).ok());
  EXPECT_TRUE(Stage(host, folder_ + "/image").ok()) << "again";
  std::ofstream(copy + "/usr/bin/pullseald") << "other";
  EXPECT_EQ(ErrorCode::kMismatch, CheckVersion(copy).error().code);
  ASSERT_TRUE(Stage(host, folder_ + "/image").ok()) << "a damaged copy is replaced";
  EXPECT_TRUE(CheckVersion(copy).ok());
  fs::remove(copy + "/usr/bin/pullseald");
  EXPECT_FALSE(CheckVersion(copy).ok());
}

TEST_F(VersionTest, AListThatIsNotTheVersionsOrLeadsOutIsRefused) {
  const Host host(folder_ + "/node");
  Write("/image/usr/bin/pullseald", "changed on its way");
  EXPECT_FALSE(Stage(host, folder_ + "/image").ok());
  // With a list that fits the change, the version's name no longer fits the list.
  Write("/image/usr/share/pullseal/SHA256SUMS", Sha256("changed on its way") + "  ./usr/bin/pullseald\n");
  EXPECT_FALSE(Stage(host, folder_ + "/image").ok());
  for (const char* path : {"./../../etc/passwd", "/etc/passwd", "./usr/..", "usr/bin/pullseald"}) {
    List({{path, Sha256("x")}});
    EXPECT_FALSE(Stage(host, folder_ + "/image").ok()) << path;
  }
  EXPECT_FALSE(fs::exists(folder_ + "/node/etc"));
  // One that is there, and has the sum the list says.
  Write("/outside", "x");
  List({{"./../outside", Sha256("x")}});
  EXPECT_FALSE(Stage(host, folder_ + "/image").ok());
  EXPECT_FALSE(fs::exists(host.Path("/opt/pullseal/versions/outside")));
  for (const char* version : {"", "..", "a/b", "../../x"}) {
    Write("/image/usr/share/pullseal/version", version);
    EXPECT_FALSE(VersionOf(folder_ + "/image").ok()) << version;
  }
}

TEST_F(VersionTest, SettingsAreReadAsAConfigMapIsMounted) {
  Write("/map/..2026/policy.yaml", "rules");
  Write("/map/..2026/key.pub", "key");
  fs::create_directory_symlink("..2026", folder_ + "/map/..data");
  fs::create_symlink("..data/policy.yaml", folder_ + "/map/policy.yaml");
  fs::create_symlink("..data/key.pub", folder_ + "/map/key.pub");
  const auto settings = ReadSettings(folder_ + "/map");
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ((SettingsFiles{{"policy.yaml", "rules"}, {"key.pub", "key"}}), *settings);
  EXPECT_FALSE(ReadSettings(folder_ + "/none").ok());
  EXPECT_FALSE(CheckSettings({{"config.yaml", "log: {level: info}\n"}}, folder_ + "/scratch").ok()) << "no policy";
  const std::string policy =
      "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: p}\nrules:\n"
      "  - {name: a, match: {images: [\"reg.io/*\"]}, mode: deny}\n";
  EXPECT_TRUE(
      CheckSettings({{"config.yaml", "log: {level: info}\n"}, {"policy.yaml", policy}}, folder_ + "/scratch").ok());
  // A configuration that the units would not follow.
  for (const char* config : {"listen: {cri: /elsewhere/cri.sock}\n", "state: /tmp/x\n", "policy: /tmp/p.yaml\n",
                             "audit: {file: /tmp/a}\n", "runtime: {socket: /tmp/c.sock}\n", "nonsense: 1\n"}) {
    EXPECT_FALSE(CheckSettings({{"config.yaml", config}, {"policy.yaml", policy}}, folder_ + "/scratch").ok())
        << config;
  }
}

}  // namespace
}  // namespace pullseal::install
