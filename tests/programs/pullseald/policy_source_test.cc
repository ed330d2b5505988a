// SPDX-License-Identifier: Apache-2.0
// A policy follows its files: written in place, renamed, or exchanged as a ConfigMap does.
#include "programs/pullseald/policy_source.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "fakes/fake_clock.h"
#include "fakes/test_authority.h"
#include "gate/gate/snapshot.h"
#include "programs/pullseald/limits.h"

namespace pullseal::daemon {
namespace {

namespace fs = std::filesystem;

class PolicySourceTest : public ::testing::Test {
 protected:
  PolicySourceTest() {
    char name[] = "/tmp/pullseal_policy_XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~PolicySourceTest() override { fs::remove_all(folder_); }

  static std::string Policy(const std::string& version, const std::string& rule = "mode: allow") {
    return "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: p, version: " + version +
           "}\nrules:\n  - {name: a, match: {images: [\"reg.io/*\"]}, " + rule + "}\n";
  }
  void Write(const std::string& name, const std::string& text) const { std::ofstream(folder_ + "/" + name) << text; }
  void Open(const std::string& file = "policy.yaml") {
    source_ = std::make_unique<PolicySource>(folder_ + "/" + file, std::nullopt, metrics_, clock_,
                                             [this](const Result<gate::SnapshotPtr>& outcome) {
                                               told_.push_back(outcome ? (*outcome)->policy.version : "refused");
                                             });
    (void)source_->Reload();
    source_->Follow();
  }
  // What is in force after the files have been looked at twice more.
  std::string Version() {
    for (int i = 0; i < 2; ++i) {
      clock_.Advance(limits::kPolicyRound);
      source_->Follow();
    }
    return source_->Get() != nullptr ? source_->Get()->policy.version : "none";
  }

  std::string folder_;
  fakes::FakeClock clock_;
  metrics::Metrics metrics_;
  std::vector<std::string> told_;
  std::unique_ptr<PolicySource> source_;
};

TEST_F(PolicySourceTest, FollowsAFileWrittenInPlaceOrRenamed) {
  Write("policy.yaml", Policy("1"));
  Open();
  EXPECT_EQ("1", Version());
  Write("policy.yaml", Policy("2"));
  EXPECT_EQ("2", Version());
  Write("new", Policy("3"));
  fs::rename(folder_ + "/new", folder_ + "/policy.yaml");
  EXPECT_EQ("3", Version());
  EXPECT_EQ((std::vector<std::string>{"1", "2", "3"}), told_);
}

TEST_F(PolicySourceTest, FollowsAConfigMap) {
  for (const char* number : {"1", "2"}) {
    fs::create_directories(folder_ + "/.." + number);
    Write(std::string("..") + number + "/policy.yaml", Policy(number));
  }
  fs::create_directory_symlink("..1", folder_ + "/..data");
  fs::create_symlink("..data/policy.yaml", folder_ + "/policy.yaml");
  Open();
  EXPECT_EQ("1", Version());
  fs::create_directory_symlink("..2", folder_ + "/..data_tmp");
  fs::rename(folder_ + "/..data_tmp", folder_ + "/..data");
  EXPECT_EQ("2", Version());
}

TEST_F(PolicySourceTest, ABadPolicyNeverReplacesAGoodOne) {
  Open();
  EXPECT_EQ("none", Version());
  Write("policy.yaml", Policy("1"));
  EXPECT_EQ("1", Version());
  Write("policy.yaml", "rules: [");
  EXPECT_EQ("1", Version());
  Write("policy.yaml", "");
  EXPECT_EQ("1", Version());
  fs::remove(folder_ + "/policy.yaml");
  EXPECT_EQ("1", Version());
  EXPECT_EQ("1", Version());
  Write("policy.yaml", Policy("2"));
  EXPECT_EQ("2", Version());
  EXPECT_EQ((std::vector<std::string>{"refused", "1", "refused", "refused", "refused", "2"}), told_)
      << "each refusal is told once, not each time the files are read";
}

TEST_F(PolicySourceTest, AKeyThatIsExchangedCounts) {
  fs::create_directories(folder_ + "/keys");
  Write("keys/a.pub", fakes::TestAuthority().PublicPem());
  std::string text = Policy("1", "require: {signatures: {anyOf: [{key: a}]}}");
  text.replace(text.find("rules:"), 0, "keys:\n  - {name: a, file: keys/a.pub}\n");
  Write("policy.yaml", text);
  Open();
  const std::string before = source_->Get()->policy.fingerprint;
  Write("keys/a.pub", fakes::TestAuthority().PublicPem());
  (void)Version();
  EXPECT_NE(before, source_->Get()->policy.fingerprint);
}

// Files that are written one after the other are taken up together, but not put off for ever.
TEST_F(PolicySourceTest, WaitsUntilTheFolderIsQuietButNotForEver) {
  Write("policy.yaml", Policy("1"));
  Open();
  Write("policy.yaml", Policy("2"));
  source_->Follow();
  EXPECT_EQ("1", source_->Get()->policy.version) << "just changed";
  for (int i = 0; i < 20 && source_->Get()->policy.version == "1"; ++i) {
    Write("other", std::to_string(i));
    clock_.Advance(limits::kPolicyRound);
    source_->Follow();
  }
  EXPECT_EQ("2", source_->Get()->policy.version);
}

TEST_F(PolicySourceTest, ReadsAgainWithoutNotice) {
  fs::create_directories(folder_ + "/deep/er");
  fs::create_directories(folder_ + "/top");
  std::ofstream(folder_ + "/deep/er/policy.yaml") << Policy("1");
  fs::create_symlink("../deep/er/policy.yaml", folder_ + "/top/policy.yaml");
  Open("top/policy.yaml");
  std::ofstream(folder_ + "/deep/er/policy.yaml") << Policy("2");
  EXPECT_EQ("1", Version()) << "nothing changed in the watched folder";
  clock_.Advance(limits::kPolicyPoll);
  EXPECT_EQ("2", Version());
}

}  // namespace
}  // namespace pullseal::daemon
