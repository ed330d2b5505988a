// SPDX-License-Identifier: Apache-2.0
// The workflow as the public conformance suite looks at it: what is asked for in which order, what is kept, what fails.
#include "node/trust/client.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/base/file.h"
#include "node/trust/fake_mirror.h"
#include "node/trust/limits.h"
#include "node/trust/names.h"

namespace pullseal::trust {
namespace {

using fakes::TufRepository;
using fakes::TufSigner;
using nlohmann::json;
using Requests = std::vector<std::string>;

std::string Word(const Failure& failure) {
  if (const auto* refusal = std::get_if<tuf::Refusal>(&failure)) {
    return refusal->role + " " + std::string(tuf::Text(refusal->reason));
  }
  return "trouble: " + std::get<Error>(failure).message;
}

class ClientTest : public ::testing::Test {
 protected:
  ClientTest() {
    char name[] = "/tmp/pullseal-trust-XXXXXX";
    folder_ = ::mkdtemp(name);
    Init();
  }
  ~ClientTest() override { std::filesystem::remove_all(folder_); }

  void Init() { ASSERT_TRUE(WriteFile(folder_ + "/root.json", repository_.File("root", 1), 0644).ok()); }
  // A new process: what is trusted is what the folder has.
  std::string Run(int days, const std::function<std::string(Client&)>& more) {
    repository_.requests.clear();
    auto set = tuf::TrustedSet::Start(*ReadFile(folder_ + "/root.json", 1 << 20),
                                      TufRepository::kNow + std::chrono::days(days), tuf::Ends::kRefuse);
    if (!set) return "no root: " + set.error().message;
    FolderCopies copies(folder_);
    FakeMirror mirror(repository_);
    mirror.failures = failures_;
    Client client(std::move(set).value(), mirror, copies);
    if (const auto done = client.Refresh(); !done) return Word(done.failure());
    return more(client);
  }
  std::string Refresh(int days = 0) {
    return Run(days, [](Client&) { return std::string("updated"); });
  }
  std::string Download(const std::vector<std::string>& targets, int days = 0) {
    return Run(days, [&](Client& client) {
      std::string out;
      for (const std::string& target : targets) {
        const auto info = client.Find(target);
        if (!info) return Word(info.failure());
        const auto bytes = client.Fetch(target, *info);
        if (!bytes) return Word(bytes.failure());
        out += (out.empty() ? "" : "+") + *bytes;
      }
      return out;
    });
  }
  // The version that the folder has of a role; 0 if none.
  int Kept(const std::string& role) const {
    const auto text = ReadFile(folder_ + "/" + Quoted(role) + ".json", 1 << 20);
    return text ? json::parse(*text)["signed"]["version"].get<int>() : 0;
  }
  std::string AllKept() const {
    std::string out;
    for (const char* role : {"root", "timestamp", "snapshot", "targets"}) out += std::to_string(Kept(role)) + " ";
    return out;
  }
  std::string Content() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      files[entry.path().string()] = *ReadFile(entry.path().string(), 1 << 20);
    }
    std::string out;
    for (const auto& [name, text] : files) out += name + "\n" + text;
    return out;
  }
  json& part(const std::string& role) { return repository_.signed_part(role); }

  TufRepository repository_;
  std::map<std::string, ErrorCode> failures_;
  std::string folder_;
};

TEST_F(ClientTest, AsksInOrderAndKeepsTheBytes) {
  EXPECT_EQ("updated", Refresh());
  EXPECT_EQ((Requests{"none 2.root.json", "timestamp", "snapshot 1", "targets 1"}), repository_.requests);
  EXPECT_EQ("1 1 1 1 ", AllKept());
  for (const char* role : {"timestamp", "snapshot", "targets"}) {
    EXPECT_EQ(repository_.File(role), *ReadFile(folder_ + "/" + role + ".json", 1 << 20));
  }
  // Without news: one root that is not there, and the timestamp.
  EXPECT_EQ("updated", Refresh());
  EXPECT_EQ((Requests{"none 2.root.json", "timestamp"}), repository_.requests);
  repository_.PublishTargets();
  repository_.Publish("root");
  EXPECT_EQ("updated", Refresh());
  EXPECT_EQ((Requests{"root 2", "none 3.root.json", "timestamp", "snapshot 2", "targets 2"}), repository_.requests);
  EXPECT_EQ("2 2 2 2 ", AllKept());
}

TEST_F(ClientTest, WithoutConsistentSnapshotsNamesHaveNoVersions) {
  part("root")["consistent_snapshot"] = false;
  repository_.Publish("root");
  repository_.AddTarget("targets", "dir/a", "content");
  repository_.PublishTargets();
  EXPECT_EQ("content", Download({"dir/a"}));
  EXPECT_EQ((Requests{"root 2", "none 3.root.json", "timestamp", "snapshot", "targets", "targets/dir/a"}),
            repository_.requests);
}

// Only a certain no ends the walk along the roots, and trouble is told as trouble.
TEST_F(ClientTest, TroubleIsNeitherRefusalNorTheEndOfRoots) {
  for (const char* path : {"2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"}) {
    failures_ = {{path, ErrorCode::kRemote}};
    EXPECT_EQ("trouble: " + std::string(path) + " fails", Refresh());
  }
  failures_ = {{"timestamp.json", ErrorCode::kNotFound}};
  EXPECT_EQ("trouble: timestamp.json fails", Refresh());
  failures_.clear();
  EXPECT_EQ("updated", Refresh());
}

TEST_F(ClientTest, WhatIsLargerThanItMayBeIsRefused) {
  const std::pair<const char*, const char*> kCases[] = {{"2.root.json", "root limit"},
                                                        {"timestamp.json", "timestamp limit"},
                                                        {"1.snapshot.json", "snapshot limit"},
                                                        {"1.targets.json", "targets limit"}};
  for (const auto& [path, outcome] : kCases) {
    repository_.overrides = {{path, std::string(6'000'000, ' ')}};
    EXPECT_EQ(outcome, Refresh());
  }
  repository_.overrides.clear();
  repository_.promise_hashes = true;
  repository_.PublishTargets();
  repository_.overrides = {{"2.snapshot.json", repository_.File("snapshot") + " "}};
  EXPECT_EQ("snapshot length", Refresh());
}

TEST_F(ClientTest, RootsAreKeptStepByStep) {
  repository_.Publish("root");
  part("root")["expires"] = TufRepository::Days(-1);
  repository_.Publish("root");
  EXPECT_EQ("root expired", Refresh());
  EXPECT_EQ("3 0 0 0 ", AllKept());
  EXPECT_EQ("none 4.root.json", repository_.requests.back());
  part("root")["expires"] = TufRepository::Days(1);
  repository_.Publish("root");
  EXPECT_EQ("updated", Refresh());
  EXPECT_EQ("4 1 1 1 ", AllKept());
}

TEST_F(ClientTest, ARootThatIsRefusedLeavesTheLastOne) {
  repository_.Publish("root");
  repository_.Rotate("root");
  repository_.signers("root").erase(repository_.signers("root").begin());
  repository_.Publish("root");
  EXPECT_EQ("root signature", Refresh());
  EXPECT_EQ("2 0 0 0 ", AllKept());
}

TEST_F(ClientTest, RootStepsHaveABound) {
  for (int i = 0; i < limits::kTrustRootSteps + 3; ++i) repository_.Publish("root");
  EXPECT_EQ("updated", Refresh());
  EXPECT_EQ(limits::kTrustRootSteps + 1, Kept("root"));
  EXPECT_EQ("updated", Refresh());
  EXPECT_EQ(limits::kTrustRootSteps + 4, Kept("root"));
}

// CVE-2022-29173 and its like: nothing is written before it is trusted.
TEST_F(ClientTest, WhatIsRefusedIsNotKept) {
  repository_.PublishTargets();
  ASSERT_EQ("updated", Refresh());
  const std::string before = Content();
  const std::vector<std::pair<std::string, std::function<void(TufRepository&)>>> cases = {
      {"timestamp rollback",
       [](TufRepository& r) {
         r.signed_part("timestamp")["version"] = 1;
         r.Publish("timestamp", false);
       }},
      {"timestamp rollback",
       [](TufRepository& r) {
         r.signed_part("snapshot")["version"] = 1;
         r.PublishTimestamp();
         r.signed_part("timestamp")["meta"]["snapshot.json"]["version"] = 1;
         r.Publish("timestamp");
       }},
      {"timestamp expired",
       [](TufRepository& r) {
         r.signed_part("timestamp")["expires"] = TufRepository::Days(-5);
         r.PublishTimestamp();
       }},
      {"timestamp signature",
       [](TufRepository& r) {
         r.signers("timestamp") = {TufSigner()};
         r.PublishTimestamp();
       }},
      {"timestamp malformed", [](TufRepository& r) { r.overrides["timestamp.json"] = "{}"; }},
  };
  for (const auto& [outcome, change] : cases) {
    const TufRepository was = repository_;
    change(repository_);
    EXPECT_EQ(outcome, Refresh());
    EXPECT_EQ(before, Content()) << outcome;
    repository_ = was;
  }
}

TEST_F(ClientTest, SnapshotsAndTargetsThatAreRefusedAreNotKept) {
  repository_.Publish("targets");
  repository_.Publish("targets");
  repository_.PublishSnapshot();
  ASSERT_EQ("updated", Refresh());
  EXPECT_EQ("1 2 2 3 ", AllKept());
  const TufRepository was = repository_;
  // The snapshot has ended.
  part("snapshot")["expires"] = TufRepository::Days(-5);
  repository_.PublishSnapshot();
  EXPECT_EQ("snapshot expired", Refresh());
  EXPECT_EQ("1 3 2 3 ", AllKept());
  repository_ = was;
  // Targets go back.
  part("snapshot")["meta"]["targets.json"]["version"] = 1;
  repository_.Publish("snapshot");
  repository_.PublishTimestamp();
  EXPECT_EQ("snapshot rollback", Refresh());
  EXPECT_EQ(2, Kept("snapshot"));
  repository_ = was;
  // Targets have ended.
  part("targets")["expires"] = TufRepository::Days(-5);
  repository_.PublishTargets();
  EXPECT_EQ("targets expired", Refresh());
  EXPECT_EQ(3, Kept("targets"));
  EXPECT_EQ(3, Kept("snapshot"));
}

TEST_F(ClientTest, AnEndedTimestampStillGuardsAndGivesWay) {
  part("timestamp")["expires"] = TufRepository::Days(7);
  repository_.PublishTimestamp();
  ASSERT_EQ("updated", Refresh());
  EXPECT_EQ("timestamp expired", Refresh(18));
  part("timestamp")["expires"] = TufRepository::Days(21);
  repository_.PublishTargets();
  EXPECT_EQ("updated", Refresh(18));
  EXPECT_EQ("1 3 2 2 ", AllKept());
  part("timestamp")["version"] = 1;
  repository_.Publish("timestamp", false);
  EXPECT_EQ("timestamp rollback", Refresh(18));
}

TEST_F(ClientTest, TheSameVersionWithOtherContentIsNotTaken) {
  ASSERT_EQ("updated", Refresh());
  const std::string before = Content();
  part("timestamp")["meta"]["snapshot.json"]["version"] = 100;
  repository_.Publish("timestamp", false);
  EXPECT_EQ("updated", Refresh());
  EXPECT_EQ(before, Content());
}

TEST_F(ClientTest, FastForwardedVersionsAreForgottenWithTheirKeys) {
  for (const char* role : {"timestamp", "snapshot"}) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
    repository_ = TufRepository();
    Init();
    part(role)["version"] = 99'999;
    if (std::string(role) == "snapshot") {
      repository_.Publish("snapshot", false);
      repository_.PublishTimestamp();
    } else {
      repository_.Publish("timestamp", false);
    }
    ASSERT_EQ("updated", Refresh());
    EXPECT_EQ(99'999, Kept(role));
    part(role)["version"] = 5;
    repository_.Publish(role, false);
    repository_.PublishTimestamp();
    EXPECT_EQ("timestamp rollback", Refresh());
    repository_.Rotate(role);
    repository_.Publish("root");
    repository_.Publish("snapshot");
    repository_.PublishTimestamp();
    EXPECT_EQ("updated", Refresh()) << role;
    EXPECT_LT(Kept(role), 100);
  }
}

// Targets' versions are recovered by a new key of the snapshot role.
TEST_F(ClientTest, FastForwardedTargetsAreForgottenWithTheSnapshotsKey) {
  part("targets")["version"] = 99'999;
  repository_.Publish("targets", false);
  repository_.PublishSnapshot();
  ASSERT_EQ("updated", Refresh());
  part("targets")["version"] = 2;
  repository_.Publish("targets", false);
  repository_.PublishSnapshot();
  EXPECT_EQ("snapshot rollback", Refresh());
  repository_.Rotate("snapshot");
  repository_.Publish("root");
  repository_.PublishSnapshot();
  EXPECT_EQ("updated", Refresh());
  EXPECT_EQ(2, Kept("targets"));
}

// A key that is only added takes nothing back.
TEST_F(ClientTest, AnAddedKeyForgetsNothing) {
  repository_.PublishTimestamp();
  ASSERT_EQ("updated", Refresh());
  repository_.AddSigner("timestamp", "root", TufSigner());
  repository_.Publish("root");
  part("timestamp")["version"] = 1;
  repository_.Publish("timestamp", false);
  EXPECT_EQ("timestamp rollback", Refresh());
}

TEST_F(ClientTest, KeptFilesThatWereTamperedWithCountForNothing) {
  ASSERT_EQ("updated", Refresh());
  for (const char* role : {"timestamp", "snapshot", "targets"}) {
    json file = json::parse(repository_.File(role));
    file["signed"]["version"] = 1000;
    ASSERT_TRUE(WriteFile(folder_ + "/" + role + ".json", file.dump(), 0644).ok());
    EXPECT_EQ("updated", Refresh()) << role;
    EXPECT_EQ(1, Kept(role));
  }
  ASSERT_TRUE(WriteFile(folder_ + "/targets.json", "", 0644).ok());
  EXPECT_EQ("updated", Refresh());
}

TEST_F(ClientTest, TargetsAreFetchedAndProven) {
  const std::string content = "file contents";
  repository_.AddTarget("targets", "path/to/a b.txt", content);
  repository_.AddTarget("targets", "other", "more");
  repository_.PublishTargets();
  EXPECT_EQ(content + "+more", Download({"path/to/a b.txt", "other"}));
  const std::string path = "targets/path/to/" + fakes::Sha256Of(content) + ".a b.txt";
  EXPECT_EQ(path, repository_.requests[repository_.requests.size() - 2]);
  for (const auto& [bytes, outcome] : std::vector<std::pair<std::string, std::string>>{
           {"file content!", "targets hash"}, {content + "!", "targets length"}, {"file", "targets length"}}) {
    repository_.overrides = {{path, bytes}};
    EXPECT_EQ(outcome, Download({"path/to/a b.txt"}));
  }
  EXPECT_EQ("targets not-found", Download({"missing"}));
  EXPECT_EQ("targets malformed", Download({"../other"}));
}

TEST_F(ClientTest, TargetsOfEachHash) {
  repository_.AddTarget("targets", "a", "b");
  const auto sum = [](crypto::Hash hash) { return HexEncode(crypto::Digest(hash, AsBytes("b"))); };
  json& hashes = part("targets")["targets"]["a"]["hashes"];
  for (const auto& [given, outcome] : std::vector<std::pair<json, std::string>>{
           {{{"sha384", sum(crypto::Hash::kSha384)}}, "b"},
           {{{"sha512", sum(crypto::Hash::kSha512)}}, "b"},
           {{{"sha512", sum(crypto::Hash::kSha512)}, {"blake3", "00"}}, "b"},
           {{{"blake3", "00"}}, "targets hash"},
           {{{"sha256", sum(crypto::Hash::kSha256)}, {"sha512", std::string(128, '0')}}, "targets hash"}}) {
    hashes = given;
    repository_.PublishTargets();
    for (const auto& [name, value] : given.items()) {
      repository_.overrides["targets/" + value.get<std::string>() + ".a"] = "b";
    }
    EXPECT_EQ(outcome, Download({"a"})) << given;
  }
}

TEST_F(ClientTest, ATargetHasABound) {
  repository_.AddTarget("targets", "a", "b");
  part("targets")["targets"]["a"]["length"] = limits::kTrustTargetBytes + 1;
  repository_.PublishTargets();
  EXPECT_EQ("targets limit", Download({"a"}));
  EXPECT_EQ("targets 2", repository_.requests.back());
}

TEST_F(ClientTest, RolesNamesAreQuotedInRequestsAndFiles) {
  for (const char* name : {"?", "#", "/delegatedrole", "../delegatedrole", "a%2fb", "é"}) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
    repository_ = TufRepository();
    Init();
    repository_.Delegate("targets", name);
    repository_.Publish(name);
    repository_.PublishTargets();
    EXPECT_EQ("targets not-found", Download({"missing"}));
    EXPECT_EQ(std::string(name) + " 1", repository_.requests.back());
    EXPECT_EQ(1, Kept(name));
    EXPECT_EQ(5, std::distance(std::filesystem::directory_iterator(folder_), {})) << name;
  }
}

TEST_F(ClientTest, DelegatedRolesAreKeptAndHeldToTheirEnds) {
  repository_.Delegate("targets", "A", {"a/*"});
  part("A")["expires"] = TufRepository::Days(7);
  repository_.AddTarget("A", "a/first", "1");
  repository_.AddTarget("A", "a/second", "2");
  repository_.Publish("A");
  repository_.PublishTargets();
  EXPECT_EQ("1", Download({"a/first"}));
  EXPECT_EQ(1, Kept("A"));
  EXPECT_EQ("1+2", Download({"a/first", "a/second"}));
  EXPECT_EQ(0, std::count(repository_.requests.begin(), repository_.requests.end(), "A 1"));
  EXPECT_EQ("A expired", Download({"a/second"}, 18));
  part("A")["expires"] = TufRepository::Days(21);
  repository_.PublishTargets("A");
  EXPECT_EQ("2", Download({"a/second"}, 18));
  EXPECT_EQ(2, Kept("A"));
}

// A delegated role that has ended hurts nobody who does not ask for its targets.
TEST_F(ClientTest, AnEndedDelegationHurtsItsTargetsOnly) {
  repository_.Delegate("targets", "A", {"a/*"}, true);
  part("A")["expires"] = TufRepository::Days(-7);
  repository_.AddTarget("targets", "b", "1");
  repository_.Publish("A");
  repository_.PublishTargets();
  EXPECT_EQ("1", Download({"b"}));
  EXPECT_EQ("A expired", Download({"a/x"}));
  EXPECT_EQ(0, Kept("A"));
}

// The kept file of a role, and the one that is known already, are verified by who delegates now: python-tuf and go-tuf
// both take what another delegator's keys signed.
TEST_F(ClientTest, AKnownRoleIsVerifiedByWhoDelegatesNow) {
  repository_.Delegate("targets", "A", {"a"});
  repository_.Delegate("targets", "B", {"b"});
  repository_.Delegate("A", "C");
  repository_.Delegate("B", "C");
  const TufSigner stranger;
  part("B")["delegations"]["keys"][stranger.keyid] = stranger.Key();
  repository_.DelegationOf("B", "C")["keyids"] = {stranger.keyid};
  repository_.AddTarget("C", "a", "1");
  repository_.AddTarget("C", "b", "2");
  for (const char* name : {"A", "B", "C"}) repository_.Publish(name);
  repository_.PublishTargets();
  EXPECT_EQ("1", Download({"a"}));
  EXPECT_EQ("C signature", Download({"a", "b"}));
  EXPECT_EQ("C signature", Download({"b"}));
  EXPECT_EQ("1", Download({"a"}));
}

TEST_F(ClientTest, RotationsOfTheOtherRoles) {
  struct Case {
    std::vector<int> keys;
    int threshold;
    std::vector<int> signers;
    bool good;
  };
  const std::vector<int> five{0, 1, 2, 3, 4}, later{0, 1, 3, 4, 5};
  const Case kCases[] = {{{2}, 1, {2}, true},          {{1}, 1, {3, 1, 4}, true}, {{2}, 1, {1, 3, 4}, false},
                         {later, 3, {0, 2, 4}, false}, {later, 3, {0, 4}, false}, {five, 3, {0, 2, 4}, true},
                         {five, 3, {1, 2, 3}, true},   {five, 3, {2, 3, 4}, true}};
  std::vector<TufSigner> signers;
  for (int i = 0; i < 6; ++i) signers.emplace_back("ed25519");
  for (const Case& one : kCases) {
    for (const std::string role : {"timestamp", "snapshot", "targets"}) {
      std::filesystem::remove_all(folder_);
      std::filesystem::create_directory(folder_);
      repository_ = TufRepository();
      Init();
      part("root")["roles"][role] = {{"keyids", json::array()}, {"threshold", one.threshold}};
      for (const int key : one.keys) repository_.AddSigner(role, "root", signers[static_cast<std::size_t>(key)]);
      repository_.signers(role).clear();
      for (const int key : one.signers) repository_.signers(role).push_back(signers[static_cast<std::size_t>(key)]);
      repository_.Publish("root");
      repository_.PublishTargets();
      const std::string out = Refresh();
      EXPECT_EQ(one.good, out == "updated") << role << ": " << out;
      EXPECT_TRUE(one.good || out.starts_with(role)) << out;
    }
  }
}

}  // namespace
}  // namespace pullseal::trust
