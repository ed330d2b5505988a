// SPDX-License-Identifier: Apache-2.0
#include "node/trust/update.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/file.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/base/file.h"
#include "node/trust/fake_mirror.h"
#include "node/trust/trusted_folder.h"

namespace pullseal::trust {
namespace {

namespace fs = std::filesystem;
using fakes::TufRepository;
using nlohmann::json;

class UpdateTest : public ::testing::Test {
 protected:
  UpdateTest() {
    char name[] = "/tmp/pullseal-trust-XXXXXX";
    top_ = ::mkdtemp(name);
    out_ = top_ + "/out";
    repository_.AddTarget("targets", "trusted_root.json", "{}");
    repository_.AddTarget("targets", "dir/more", "more");
    repository_.PublishTargets();
    EXPECT_TRUE(WriteFile(top_ + "/root.json", repository_.File("root", 1), 0644).ok());
  }
  ~UpdateTest() override { fs::remove_all(top_); }

  std::string Run(Mirror& mirror, const std::vector<std::string>& targets = {}, tuf::Ends ends = tuf::Ends::kRefuse,
                  int days = 0, std::string out = "") {
    const auto report = Update(UpdateRequest{.root = top_ + "/root.json",
                                             .out = out.empty() ? out_ : out,
                                             .targets = targets,
                                             .ends = ends,
                                             .now = TufRepository::kNow + std::chrono::days(days)},
                               mirror);
    if (report) {
      ended_ = report->ended.size();
      return report->changed ? "updated" : "unchanged";
    }
    if (const auto* refusal = std::get_if<tuf::Refusal>(&report.failure())) {
      return refusal->role + " " + std::string(tuf::Text(refusal->reason));
    }
    return "trouble: " + std::get<Error>(report.failure()).message;
  }
  std::string Run() {
    FakeMirror mirror(repository_);
    return Run(mirror);
  }
  static std::map<std::string, std::string> Content(const std::string& folder) {
    std::map<std::string, std::string> out;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file()) {
        out[fs::relative(entry.path(), folder).string()] = *ReadFile(entry.path().string(), 1 << 20);
      }
    }
    return out;
  }

  TufRepository repository_;
  std::string top_;
  std::string out_;
  std::size_t ended_ = 0;
};

TEST_F(UpdateTest, TheFolderHoldsWhatIsTrustedTheTargetsAmongIt) {
  EXPECT_EQ("updated", Run());
  auto content = Content(out_);
  EXPECT_EQ("{}", content["targets/trusted_root.json"]);
  EXPECT_EQ("{}", content["targets/" + fakes::Sha256Of("{}") + ".trusted_root.json"]);
  EXPECT_EQ("more", content["targets/dir%2Fmore"]);
  EXPECT_EQ(repository_.File("root"), content["1.root.json"]);
  EXPECT_EQ(repository_.File("timestamp"), content["timestamp.json"]);
  EXPECT_EQ(repository_.File("snapshot"), content["2.snapshot.json"]);
  EXPECT_EQ(repository_.File("targets"), content["2.targets.json"]);
  EXPECT_EQ(9U, content.size());
  EXPECT_EQ("unchanged", Run());
  EXPECT_EQ(2, std::distance(fs::directory_iterator(top_), {})) << "nothing beside it";
}

TEST_F(UpdateTest, NewsReplaceTheFolderAndNothingIsFetchedTwice) {
  ASSERT_EQ("updated", Run());
  repository_.Publish("root");
  repository_.AddTarget("targets", "dir/more", "other");
  repository_.PublishTargets();
  repository_.requests.clear();
  EXPECT_EQ("updated", Run());
  EXPECT_EQ((std::vector<std::string>{"root 2", "none 3.root.json", "timestamp", "snapshot 3", "targets 3",
                                      "targets/dir/" + fakes::Sha256Of("other") + ".more"}),
            repository_.requests);
  auto content = Content(out_);
  EXPECT_EQ("other", content["targets/dir%2Fmore"]);
  EXPECT_TRUE(content.contains("1.root.json") && content.contains("2.root.json"));
  EXPECT_FALSE(content.contains("2.targets.json"));
}

TEST_F(UpdateTest, OnAnyFailureTheFolderIsAsItWas) {
  ASSERT_EQ("updated", Run());
  const auto before = Content(out_);
  repository_.Publish("root");
  repository_.AddTarget("targets", "trusted_root.json", "{1}");
  repository_.PublishTargets();
  const std::string target = "targets/" + fakes::Sha256Of("{1}") + ".trusted_root.json";
  for (const std::string path :
       {"2.root.json", "3.root.json", "timestamp.json", "3.snapshot.json", "3.targets.json", target.c_str()}) {
    FakeMirror mirror(repository_);
    mirror.failures = {{path, ErrorCode::kTimeout}};
    EXPECT_EQ("trouble: " + path + " fails", Run(mirror));
    EXPECT_EQ(before, Content(out_)) << path;
    if (path == "3.root.json") continue;
    repository_.overrides = {{path, "{}"}};
    const std::string word = Run();
    EXPECT_TRUE(word.ends_with(" malformed") || word == "targets length") << path << word;
    EXPECT_EQ(before, Content(out_)) << path;
    repository_.overrides.clear();
  }
  EXPECT_EQ("updated", Run());
}

TEST_F(UpdateTest, WhatTheFolderHasGuardsAgainstOlderVersions) {
  repository_.PublishTargets();
  const TufRepository old = repository_;
  repository_.Publish("root");
  repository_.PublishTargets();
  ASSERT_EQ("updated", Run());
  const auto before = Content(out_);
  // The mirror has older files, and the root that is given is the old one: what the folder has goes on from it.
  repository_ = old;
  EXPECT_EQ("timestamp rollback", Run());
  EXPECT_EQ(before, Content(out_));
}

TEST_F(UpdateTest, AFolderOfAnotherRepositoryIsNotReplaced) {
  repository_.Publish("root");
  ASSERT_EQ("updated", Run());
  const auto before = Content(out_);
  repository_ = TufRepository();
  ASSERT_TRUE(WriteFile(top_ + "/root.json", repository_.File("root", 1), 0644).ok());
  EXPECT_EQ("root signature", Run());
  EXPECT_EQ(before, Content(out_));
}

TEST_F(UpdateTest, EndsAreRefusedOrTakenAndTold) {
  FakeMirror mirror(repository_);
  EXPECT_EQ("root expired", Run(mirror, {}, tuf::Ends::kRefuse, 40));
  EXPECT_FALSE(fs::exists(out_));
  EXPECT_EQ("updated", Run(mirror, {}, tuf::Ends::kTakeUnsafe, 40));
  EXPECT_EQ(4U, ended_);
  // Older versions are refused as ever.
  repository_.signed_part("timestamp")["version"] = 1;
  repository_.Publish("timestamp", false);
  EXPECT_EQ("timestamp rollback", Run(mirror, {}, tuf::Ends::kTakeUnsafe, 40));
}

TEST_F(UpdateTest, OnlyTheTargetsThatAreAskedFor) {
  repository_.Delegate("targets", "A", {"a/*"});
  repository_.AddTarget("A", "a/x", "from A");
  repository_.Publish("A");
  repository_.PublishTargets();
  FakeMirror mirror(repository_);
  EXPECT_EQ("updated", Run(mirror, {"a/x"}));
  const auto content = Content(out_);
  EXPECT_EQ("from A", content.at("targets/a%2Fx"));
  EXPECT_TRUE(content.contains("1.A.json"));
  EXPECT_FALSE(content.contains("targets/trusted_root.json"));
  EXPECT_EQ("targets not-found", Run(mirror, {"b"}));
  EXPECT_EQ("targets malformed", Run(mirror, {"../../etc/passwd"}));
  EXPECT_EQ(content, Content(out_));
}

// What was written can be carried elsewhere and is verified there again.
TEST_F(UpdateTest, TheFolderIsAMirrorItself) {
  for (const bool consistent : {true, false}) {
    repository_.signed_part("root")["consistent_snapshot"] = consistent;
    repository_.Publish("root");
    ASSERT_EQ("updated", Run());
    FolderMirror mirror(out_);
    fs::remove_all(top_ + "/copy");
    EXPECT_EQ("updated", Run(mirror, {}, tuf::Ends::kRefuse, 0, top_ + "/copy"));
    EXPECT_EQ(Content(out_), Content(top_ + "/copy"));
    std::ofstream(out_ + "/targets/" + (consistent ? fakes::Sha256Of("{}") + "." : "") + "trusted_root.json") << "{x";
    fs::remove_all(top_ + "/copy");
    EXPECT_EQ("targets hash", Run(mirror, {}, tuf::Ends::kRefuse, 0, top_ + "/copy"));
    EXPECT_FALSE(fs::exists(top_ + "/copy"));
  }
}

TEST_F(UpdateTest, NobodyElsesFolderIsReplaced) {
  fs::create_directory(out_);
  EXPECT_EQ("updated", Run()) << "an empty one is taken";
  const std::string other = top_ + "/other";
  fs::create_directory(other);
  std::ofstream(other + "/precious") << "x";
  FakeMirror mirror(repository_);
  EXPECT_TRUE(Run(mirror, {}, tuf::Ends::kRefuse, 0, other).starts_with("trouble: " + other + " has files"));
  EXPECT_TRUE(fs::exists(other + "/precious"));
  EXPECT_TRUE(Run(mirror, {}, tuf::Ends::kRefuse, 0, other + "/precious").starts_with("trouble: "));
  EXPECT_TRUE(Run(mirror, {}, tuf::Ends::kRefuse, 0, top_ + "/no/such").starts_with("trouble: open "));
  // Through a link, and with a slash at the end.
  fs::create_directory_symlink(out_, top_ + "/link");
  EXPECT_EQ("unchanged", Run(mirror, {}, tuf::Ends::kRefuse, 0, top_ + "/link/"));
  repository_.PublishTimestamp();
  EXPECT_EQ("updated", Run(mirror, {}, tuf::Ends::kRefuse, 0, top_ + "/link"));
  EXPECT_TRUE(fs::is_symlink(top_ + "/link"));
}

TEST_F(UpdateTest, OneUpdateAtATimeAndACrashLeavesNothingBehind) {
  {
    const auto held = TrustedFolder::Open(out_);
    ASSERT_TRUE(held.ok());
    EXPECT_TRUE(Run().find("another process") != std::string::npos);
  }
  fs::create_directories(top_ + "/.out.new/targets");
  std::ofstream(top_ + "/.out.new/half") << "x";
  EXPECT_EQ("updated", Run());
  EXPECT_FALSE(fs::exists(top_ + "/.out.new"));
}

// Names that would become one file decide nothing: the update is refused.
TEST_F(UpdateTest, TwoTargetsMustNotBecomeOneFile) {
  repository_.AddTarget("targets", fakes::Sha256Of("{}") + ".trusted_root.json", "something else");
  repository_.PublishTargets();
  EXPECT_EQ("targets malformed", Run());
}

TEST_F(UpdateTest, ARootThatIsNone) {
  ASSERT_TRUE(WriteFile(top_ + "/root.json", "{}", 0644).ok());
  EXPECT_EQ("root malformed", Run());
  fs::remove(top_ + "/root.json");
  EXPECT_TRUE(Run().starts_with("trouble: open "));
}

}  // namespace
}  // namespace pullseal::trust
