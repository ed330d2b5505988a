// SPDX-License-Identifier: Apache-2.0
#include "verify/tuf/trusted_set.h"

#include <gtest/gtest.h>

#include "fakes/tuf_repository.h"
#include "verify/tuf/limits.h"
#include "verify/tuf/target_search.h"

namespace pullseal::tuf {
namespace {

using fakes::TufRepository;
using fakes::TufSigner;
using nlohmann::json;

// What a check came to, in one word.
std::string Word(const Verdict& verdict) {
  return verdict ? "trusted" : verdict.refusal().role + " " + std::string(Text(verdict.refusal().reason));
}

class TrustedSetTest : public ::testing::Test {
 protected:
  TrustedSet Started(Ends ends = Ends::kRefuse) const {
    auto set = TrustedSet::Start(repository_.File("root", 1), TufRepository::kNow, ends);
    if (!set) throw std::runtime_error(set.error().message);
    return std::move(set).value();
  }
  // All steps with the newest files; the word of the first that refuses.
  std::string Walk(TrustedSet& set) {
    for (int version = static_cast<int>(set.root().version) + 1; version <= repository_.version("root"); ++version) {
      if (const auto verdict = set.TakeRoot(repository_.File("root", version)); !verdict) return Word(verdict);
    }
    if (const auto verdict = set.EndRoots(); !verdict) return Word(verdict);
    if (const auto verdict = set.TakeTimestamp(repository_.File("timestamp"), Origin::kMirror); !verdict) {
      return Word(verdict);
    }
    if (const auto verdict = set.TakeSnapshot(repository_.File("snapshot"), Origin::kMirror); !verdict) {
      return Word(verdict);
    }
    return Word(set.TakeTargets(repository_.File("targets")));
  }
  std::string Walk() {
    TrustedSet set = Started();
    return Walk(set);
  }
  json& role(const std::string& name) { return repository_.signed_part("root")["roles"][name]; }

  TufRepository repository_;
};

TEST_F(TrustedSetTest, TrustsAGoodRepository) {
  EXPECT_EQ("trusted", Walk());
  repository_.promise_hashes = true;
  repository_.PublishSnapshot();
  EXPECT_EQ("trusted", Walk());
}

TEST_F(TrustedSetTest, TheFirstRootMustBeSignedByItself) {
  const auto start = [](const std::string& bytes) {
    return TrustedSet::Start(bytes, TufRepository::kNow, Ends::kRefuse).ok();
  };
  json file = json::parse(repository_.File("root"));
  EXPECT_TRUE(start(file.dump()));
  EXPECT_TRUE(start(file.dump(7)));
  json changed = file;
  changed["signed"]["version"] = 2;
  EXPECT_FALSE(start(changed.dump()));
  changed = file;
  changed["signatures"] = json::array();
  EXPECT_FALSE(start(changed.dump()));
  EXPECT_FALSE(start(repository_.File("targets")));
  EXPECT_FALSE(start(file.dump() + std::string(limits::kTrustRootMetadataBytes, ' ')));
}

TEST_F(TrustedSetTest, RootsMustFollowOneAnother) {
  repository_.Publish("root");
  repository_.Publish("root");
  TrustedSet set = Started();
  EXPECT_EQ("root version-mismatch", Word(set.TakeRoot(repository_.File("root", 1))));
  EXPECT_EQ("root version-mismatch", Word(set.TakeRoot(repository_.File("root", 3))));
  EXPECT_EQ("trusted", Word(set.TakeRoot(repository_.File("root", 2))));
  EXPECT_EQ("trusted", Word(set.TakeRoot(repository_.File("root", 3))));
  EXPECT_EQ(3, set.root().version);
}

// The public suite's table of root rotations: keys and threshold of each version, and who signs it.
struct RootVersion {
  std::vector<int> keys;
  int threshold;
  std::vector<int> signers;
};
struct Rotation {
  const char* name;
  std::vector<RootVersion> versions;
  const char* last = "trusted";
};

TEST_F(TrustedSetTest, RootRotations) {
  const std::vector<int> five{0, 1, 2, 3, 4}, later{0, 1, 3, 4, 5}, others{5, 6, 7, 8, 9};
  const Rotation kCases[] = {
      {"one key replaced", {{{1}, 1, {1}}, {{2}, 1, {2, 1}}, {{2}, 1, {2}}}},
      {"signatures of nobody", {{{1}, 1, {3, 1, 4}}, {{2}, 1, {3, 2, 1, 4}}, {{2}, 1, {3, 2, 4}}}},
      {"three of five, others each time", {{five, 3, {0, 2, 4}}, {five, 3, {0, 4, 1}}, {five, 3, {0, 1, 3}}}},
      {"three of five, one replaced", {{five, 3, {0, 2, 4}}, {later, 3, {0, 4, 1}}}},
      {"three of five, one replaced in between",
       {{five, 3, {0, 2, 4}}, {later, 3, {0, 2, 4, 5}}, {later, 3, {0, 4, 5}}}},
      {"three of five, all replaced", {{five, 3, {0, 2, 4}}, {others, 3, {0, 2, 4, 5, 6, 7}}, {others, 3, {5, 6, 7}}}},
      {"threshold raised", {{{1, 2, 3}, 1, {1}}, {{1, 2, 3}, 2, {1, 2}}}},
      {"threshold lowered", {{{1, 2, 3}, 2, {1, 2}}, {{1, 2, 3}, 1, {1, 2}}, {{1, 2, 3}, 1, {1}}}},
      {"key added, threshold raised", {{{1}, 1, {1}}, {{1, 2}, 2, {1, 2}}}},
      {"not by the old key", {{{1}, 1, {1}}, {{2}, 1, {2, 3, 4}}}, "root signature"},
      {"not by the new key", {{{1}, 1, {1}}, {{2}, 1, {1, 3, 4}}}, "root signature"},
      {"not by three new keys", {{five, 3, {0, 2, 4}}, {later, 3, {0, 2, 4}}}, "root threshold"},
      {"not by three old keys", {{five, 3, {0, 2, 4}}, {later, 3, {0, 4, 5}}}, "root threshold"},
      {"the new threshold is not reached", {{{1, 2, 3}, 1, {1}}, {{1, 2, 3}, 2, {2}}}, "root threshold"},
      {"the old threshold is not reached", {{{1, 2, 3}, 2, {1, 2}}, {{1, 2, 3}, 1, {1}}}, "root threshold"},
  };
  std::vector<TufSigner> signers;
  for (int i = 0; i < 10; ++i) signers.emplace_back("ed25519");
  for (const Rotation& one : kCases) {
    repository_ = TufRepository();
    int version = 0;
    for (const RootVersion& next : one.versions) {
      role("root") = {{"keyids", json::array()}, {"threshold", next.threshold}};
      repository_.signers("root").clear();
      for (const int key : next.keys) repository_.AddSigner("root", "root", signers[static_cast<std::size_t>(key)]);
      repository_.signers("root").clear();
      for (const int key : next.signers) repository_.signers("root").push_back(signers[static_cast<std::size_t>(key)]);
      repository_.signed_part("root")["version"] = ++version;
      repository_.Publish("root", false);
    }
    EXPECT_EQ(one.last, [&] {
      TrustedSet set = Started();
      std::string word;
      for (int at = 2; at <= version; ++at) {
        word = Word(set.TakeRoot(repository_.File("root", at)));
        EXPECT_TRUE(word == "trusted" || at == version) << one.name << at;
      }
      return word;
    }()) << one.name;
  }
}

TEST_F(TrustedSetTest, EachRolesThreshold) {
  for (const char* name : {"timestamp", "snapshot", "targets"}) {
    for (int with = 1; with <= 3; ++with) {
      repository_ = TufRepository();
      role(name)["threshold"] = 3;
      for (int i = 1; i < 3; ++i) repository_.AddSigner(name, "root", TufSigner("ed25519"));
      repository_.Publish("root");
      auto& signers = repository_.signers(name);
      signers.erase(signers.begin() + with, signers.end());
      repository_.Publish("targets");
      repository_.PublishSnapshot();
      EXPECT_EQ(with == 3 ? "trusted" : std::string(name) + " threshold", Walk()) << with;
      signers = {TufSigner()};
      repository_.Publish("targets");
      repository_.PublishSnapshot();
      EXPECT_EQ(std::string(name) + " signature", Walk());
    }
  }
}

// CVE-2020-15093 and go-tuf#733: neither a repeated signature nor another name makes two signers of one.
TEST_F(TrustedSetTest, OneKeyCountsOnce) {
  role("snapshot")["threshold"] = 2;
  TufSigner alias = repository_.signers("snapshot")[0];
  alias.keyid = "alias";
  repository_.AddSigner("snapshot", "root", alias);
  repository_.Publish("root");
  repository_.PublishSnapshot();
  EXPECT_EQ("snapshot threshold", Walk());
  // The same as RSA under two schemes.
  const TufSigner rsa("rsa-pss");
  TufSigner other = rsa;
  other.kind = "rsa-pkcs1";
  other.keyid = "other";
  role("snapshot")["keyids"] = json::array();
  repository_.signers("snapshot").clear();
  repository_.AddSigner("snapshot", "root", rsa);
  repository_.AddSigner("snapshot", "root", other);
  repository_.Publish("root");
  repository_.PublishSnapshot();
  EXPECT_EQ("snapshot threshold", Walk());
}

TEST_F(TrustedSetTest, ARepeatedSignatureCountsOnce) {
  role("timestamp")["threshold"] = 2;
  repository_.AddSigner("timestamp", "root", TufSigner());
  repository_.Publish("root");
  auto& signers = repository_.signers("timestamp");
  signers[1] = signers[0];
  repository_.PublishTimestamp();
  EXPECT_EQ("timestamp threshold", Walk());
}

TEST_F(TrustedSetTest, BadSignaturesBesideGoodOnesHurtNothing) {
  for (const json& bad : {json{{"keyid", "nobody"}, {"sig", "00"}}, json{{"keyid", "nobody"}, {"sig", ""}},
                          json{{"keyid", repository_.signers("timestamp")[0].keyid}, {"sig", "00"}},
                          json{{"keyid", repository_.signers("timestamp")[0].keyid}, {"sig", "xyz"}}}) {
    json file = json::parse(repository_.File("timestamp"));
    file["signatures"].insert(file["signatures"].begin(), bad);
    TrustedSet set = Started();
    ASSERT_TRUE(set.EndRoots());
    EXPECT_EQ("trusted", Word(set.TakeTimestamp(file.dump(), Origin::kMirror))) << bad;
  }
}

TEST_F(TrustedSetTest, KeysNobodyKnowsHarmNothing) {
  role("snapshot")["keyids"].push_back("unknown");
  role("snapshot")["keyids"].push_back("nowhere");
  repository_.signed_part("root")["keys"]["unknown"] = {{"keytype", "ml-dsa-65"}, {"scheme", "x"}, {"keyval", {}}};
  repository_.Publish("root");
  EXPECT_EQ("trusted", Walk());
}

// Another role's key does not sign for this one.
TEST_F(TrustedSetTest, KeysSignForTheirRoleOnly) {
  repository_.signers("snapshot") = repository_.signers("targets");
  repository_.PublishSnapshot();
  EXPECT_EQ("snapshot signature", Walk());
}

TEST_F(TrustedSetTest, WhatHasEndedIsRefused) {
  for (const char* name : {"root", "timestamp", "snapshot", "targets"}) {
    repository_ = TufRepository();
    // The end does not belong to the time before it.
    for (const int days : {0, -1}) {
      repository_.signed_part(name)["expires"] = TufRepository::Days(days);
      repository_.Publish(name);
      if (std::string(name) != "root") repository_.PublishSnapshot();
      EXPECT_EQ(std::string(name) + " expired", Walk()) << days;
    }
    TrustedSet set = Started(Ends::kTakeUnsafe);
    EXPECT_EQ("trusted", Walk(set));
    ASSERT_EQ(1U, set.ended().size());
    EXPECT_EQ(name, set.ended()[0].role);
    repository_.signed_part(name)["expires"] = TufRepository::Days(1);
    repository_.Publish(name);
    if (std::string(name) != "root") repository_.PublishSnapshot();
    EXPECT_EQ("trusted", Walk()) << name;
  }
}

TEST_F(TrustedSetTest, EndsOfRootsInBetweenDoNotMatter) {
  repository_.signed_part("root")["expires"] = TufRepository::Days(-100);
  repository_.Publish("root");
  repository_.signed_part("root")["expires"] = TufRepository::Days(100);
  repository_.Publish("root");
  EXPECT_EQ("trusted", Walk());
}

TEST_F(TrustedSetTest, TimestampsDoNotGoBack) {
  repository_.PublishTimestamp();
  repository_.PublishTimestamp();
  TrustedSet set = Started();
  ASSERT_TRUE(set.EndRoots());
  ASSERT_TRUE(set.TakeTimestamp(repository_.File("timestamp", 2), Origin::kStored));
  EXPECT_EQ("timestamp rollback", Word(set.TakeTimestamp(repository_.File("timestamp", 1), Origin::kMirror)));
  EXPECT_EQ("trusted", Word(set.TakeTimestamp(repository_.File("timestamp", 3), Origin::kMirror)));
  EXPECT_TRUE(set.took_timestamp());
}

TEST_F(TrustedSetTest, ATimestampOfTheSameVersionChangesNothing) {
  repository_.PublishSnapshot();
  TrustedSet set = Started();
  ASSERT_TRUE(set.EndRoots());
  ASSERT_TRUE(set.TakeTimestamp(repository_.File("timestamp"), Origin::kStored));
  repository_.signed_part("timestamp")["meta"]["snapshot.json"]["version"] = 100;
  repository_.Publish("timestamp", false);
  EXPECT_EQ("trusted", Word(set.TakeTimestamp(repository_.File("timestamp"), Origin::kMirror)));
  EXPECT_FALSE(set.took_timestamp());
  EXPECT_EQ(2, set.timestamp()->snapshot.version);
}

// A mirror that stands still is noticed by the end of what is stored, though it gives the same again.
TEST_F(TrustedSetTest, ATimestampOfTheSameVersionMustNotHaveEnded) {
  repository_.signed_part("timestamp")["expires"] = TufRepository::Days(-1);
  repository_.PublishTimestamp();
  TrustedSet set = Started();
  ASSERT_TRUE(set.EndRoots());
  EXPECT_EQ("trusted", Word(set.TakeTimestamp(repository_.File("timestamp"), Origin::kStored)));
  repository_.signed_part("timestamp")["expires"] = TufRepository::Days(10);
  repository_.Publish("timestamp", false);
  EXPECT_EQ("timestamp expired", Word(set.TakeTimestamp(repository_.File("timestamp"), Origin::kMirror)));
}

TEST_F(TrustedSetTest, ATimestampMustNotPromiseAnOlderSnapshot) {
  repository_.PublishSnapshot();
  TrustedSet set = Started();
  ASSERT_TRUE(set.EndRoots());
  ASSERT_TRUE(set.TakeTimestamp(repository_.File("timestamp"), Origin::kStored));
  repository_.signed_part("timestamp")["meta"]["snapshot.json"]["version"] = 1;
  repository_.Publish("timestamp");
  EXPECT_EQ("timestamp rollback", Word(set.TakeTimestamp(repository_.File("timestamp"), Origin::kMirror)));
}

TEST_F(TrustedSetTest, SnapshotsMustBeWhatTheTimestampPromises) {
  const auto take = [&](const std::string& bytes) {
    TrustedSet set = Started();
    if (!set.EndRoots() || !set.TakeTimestamp(repository_.File("timestamp"), Origin::kMirror)) return std::string("?");
    return Word(set.TakeSnapshot(bytes, Origin::kMirror));
  };
  repository_.PublishSnapshot();
  EXPECT_EQ("snapshot version-mismatch", take(repository_.File("snapshot", 1)));
  repository_.promise_hashes = true;
  repository_.PublishSnapshot();
  const std::string good = repository_.File("snapshot");
  EXPECT_EQ("trusted", take(good));
  EXPECT_EQ("snapshot length", take(good + " "));
  EXPECT_EQ("snapshot length", take(good.substr(1)));
  std::string changed = good;
  changed.back() = ' ';
  EXPECT_EQ("snapshot hash", take(changed));
  repository_.signed_part("timestamp")["meta"]["snapshot.json"]["hashes"] = {{"md5", "00"}};
  repository_.Publish("timestamp");
  EXPECT_EQ("snapshot hash", take(good));
  // The promised bytes, but of two hashes one is wrong.
  repository_.signed_part("timestamp")["meta"]["snapshot.json"]["hashes"] = {{"sha256", fakes::Sha256Of(good)},
                                                                             {"sha512", std::string(128, '0')}};
  repository_.Publish("timestamp");
  EXPECT_EQ("snapshot hash", take(good));
}

TEST_F(TrustedSetTest, SnapshotsForgetNothingAndListNothingOlder) {
  repository_.Publish("targets");
  repository_.PublishSnapshot();
  const auto take = [&] {
    repository_.Publish("snapshot");
    repository_.PublishTimestamp();
    TrustedSet set = Started();
    if (!set.EndRoots() || !set.TakeTimestamp(repository_.File("timestamp"), Origin::kMirror)) return std::string("?");
    EXPECT_EQ("snapshot version-mismatch", Word(set.TakeSnapshot(repository_.File("snapshot", 2), Origin::kStored)));
    return Word(set.TakeSnapshot(repository_.File("snapshot"), Origin::kMirror));
  };
  json& meta = repository_.signed_part("snapshot")["meta"];
  EXPECT_EQ("trusted", take());
  meta["more.json"] = {{"version", 1}};
  EXPECT_EQ("trusted", take());
  meta["targets.json"]["version"] = 1;
  EXPECT_EQ("snapshot rollback", take());
  meta.erase("targets.json");
  EXPECT_EQ("snapshot rollback", take());
}

TEST_F(TrustedSetTest, TargetsMustBeWhatTheSnapshotPromises) {
  const auto take = [&](const std::string& bytes) {
    TrustedSet set = Started();
    if (!set.EndRoots() || !set.TakeTimestamp(repository_.File("timestamp"), Origin::kMirror) ||
        !set.TakeSnapshot(repository_.File("snapshot"), Origin::kMirror)) {
      return std::string("?");
    }
    return Word(set.TakeTargets(bytes));
  };
  repository_.promise_hashes = true;
  repository_.Publish("targets");
  const std::string old = repository_.File("targets", 1);
  repository_.PublishSnapshot();
  const std::string good = repository_.File("targets");
  EXPECT_EQ("trusted", take(good));
  EXPECT_EQ("targets length", take(good + " "));
  std::string changed = good;
  changed.back() = ' ';
  EXPECT_EQ("targets hash", take(changed));
  repository_.promise_hashes = false;
  repository_.PublishSnapshot();
  EXPECT_EQ("targets version-mismatch", take(old));
  repository_.signed_part("snapshot")["meta"] = {{"other.json", {{"version", 1}}}};
  repository_.Publish("snapshot");
  repository_.PublishTimestamp();
  EXPECT_EQ("targets missing-in-snapshot", take(good));
}

// 5.3.11: a thief's timestamp of version 1000 is forgotten with his key, and so is not when a key is only added.
TEST_F(TrustedSetTest, TakingAKeyAwayForgetsVersions) {
  for (const char* name : {"timestamp", "snapshot", "targets"}) {
    repository_ = TufRepository();
    repository_.AddSigner(name, "root", TufSigner());
    repository_.Publish("root");
    TrustedSet set = Started();
    ASSERT_TRUE(set.TakeRoot(repository_.File("root", 2)));
    EXPECT_FALSE(set.recovered()) << name;
    repository_.Rotate(name);
    repository_.Publish("root");
    ASSERT_TRUE(set.TakeRoot(repository_.File("root", 3)));
    EXPECT_EQ(std::string(name) != "targets", set.recovered()) << name;
    repository_.Publish("root");
    ASSERT_TRUE(set.TakeRoot(repository_.File("root", 4)));
    EXPECT_FALSE(set.recovered()) << name;
  }
}

TEST_F(TrustedSetTest, StepsOutOfOrderAreRefused) {
  TrustedSet set = Started();
  EXPECT_FALSE(set.TakeTimestamp(repository_.File("timestamp"), Origin::kMirror));
  EXPECT_FALSE(set.TakeSnapshot(repository_.File("snapshot"), Origin::kMirror));
  EXPECT_FALSE(set.TakeTargets(repository_.File("targets")));
  ASSERT_TRUE(set.EndRoots());
  // A stored timestamp alone, whose end nobody asked for, opens nothing.
  ASSERT_TRUE(set.TakeTimestamp(repository_.File("timestamp"), Origin::kStored));
  EXPECT_FALSE(set.TakeSnapshot(repository_.File("snapshot"), Origin::kMirror));
  repository_.Publish("root");
  EXPECT_FALSE(set.TakeRoot(repository_.File("root", 2)));
}

TEST_F(TrustedSetTest, WhatIsRefusedChangesNothing) {
  TrustedSet set = Started();
  repository_.Rotate("root");
  repository_.signers("root").erase(repository_.signers("root").begin());
  repository_.Publish("root");
  EXPECT_EQ("root signature", Word(set.TakeRoot(repository_.File("root", 2))));
  EXPECT_EQ(1, set.root().version);
  EXPECT_FALSE(set.recovered());
}

TEST_F(TrustedSetTest, TargetsAreComparedWhole) {
  TargetInfo info{3, {{crypto::Hash::kSha256, crypto::Digest(crypto::Hash::kSha256, AsBytes("abc"))}}};
  EXPECT_EQ("trusted", Word(CheckTarget("abc", info, "t")));
  EXPECT_EQ("targets hash", Word(CheckTarget("abd", info, "t")));
  EXPECT_EQ("targets length", Word(CheckTarget("abcd", info, "t")));
  info.hashes[crypto::Hash::kSha512] = Bytes(64);
  EXPECT_EQ("targets hash", Word(CheckTarget("abc", info, "t")));
  info.hashes.clear();
  EXPECT_EQ("targets hash", Word(CheckTarget("abc", info, "t")));
}

// --- delegations ---

// Searches `target`, taking each role's newest file; the roles that were asked for, and what came of it.
std::string Search(TufRepository& repository, TrustedSet& set, const std::string& target) {
  TargetSearch search(target);
  std::string asked;
  while (const auto step = search.Next()) {
    if (!step->delegator.empty()) {
      asked += (asked.empty() ? "" : " ") + step->role;
      const auto verdict = set.TakeDelegated(repository.File(step->role), step->role, step->delegator);
      if (!verdict) return asked + ": " + std::string(Text(verdict.refusal().reason));
    }
    if (const TargetInfo* info = search.Look(set)) return asked + ": " + std::to_string(info->length);
  }
  return asked + ": " + std::string(Text(search.NotFound().reason));
}

struct Edge {
  const char* delegator;
  const char* role;
  const char* path = "*";
  bool terminating = false;
};
struct Graph {
  std::vector<Edge> edges;
  const char* asked;
};

// The public suite's table of graphs, for a target that nobody lists.
TEST_F(TrustedSetTest, DelegationGraphsAreWalkedInPreOrder) {
  const Graph kCases[] = {
      {{{"targets", "A"}}, "A"},
      {{{"targets", "A"}, {"targets", "B"}}, "A B"},
      {{{"targets", "A"}, {"targets", "B"}, {"B", "C"}}, "A B C"},
      {{{"targets", "A"}, {"targets", "B"}, {"A", "C"}, {"A", "D"}}, "A C D B"},
      {{{"targets", "A"}, {"targets", "B"}, {"A", "C"}, {"C", "D"}}, "A C D B"},
      {{{"targets", "A"}, {"targets", "B"}, {"A", "C", "*", true}, {"A", "D"}}, "A C"},
      {{{"targets", "A"}, {"targets", "B"}, {"A", "C", "*", true}, {"C", "D"}}, "A C D"},
      {{{"targets", "A", "*.py"}, {"targets", "B"}, {"A", "C"}}, "B"},
      {{{"targets", "A"}, {"targets", "B"}, {"A", "C", "*.py"}, {"C", "D"}}, "A B"},
      {{{"targets", "A"}, {"targets", "B"}, {"B", "C"}, {"C", "D"}, {"D", "B"}}, "A B C D"},
      {{{"targets", "A"}, {"targets", "B"}, {"B", "C"}, {"A", "C"}}, "A C B"},
      {{{"targets", "A"}, {"targets", "B"}, {"B", "C"}, {"A", "C", "*.py"}}, "A B C"},
      {{{"targets", "A", "*.py", true}, {"targets", "B"}}, "B"},
      {{{"targets", "A"}, {"A", "A"}}, "A"},
  };
  for (const Graph& graph : kCases) {
    repository_ = TufRepository();
    for (const Edge& edge : graph.edges) repository_.Delegate(edge.delegator, edge.role, {edge.path}, edge.terminating);
    for (const Edge& edge : graph.edges) {
      repository_.Publish(edge.delegator);
      repository_.Publish(edge.role);
    }
    repository_.PublishSnapshot();
    TrustedSet set = Started();
    ASSERT_EQ("trusted", Walk(set));
    EXPECT_EQ(std::string(graph.asked) + ": not-found", Search(repository_, set, "missing"));
  }
}

TEST_F(TrustedSetTest, PatternsHoldAlongTheWholeChain) {
  repository_.Delegate("targets", "A", {"*.doc", "*.md"});
  repository_.Delegate("targets", "B", {"releases/*/*"});
  repository_.Delegate("B", "C", {"releases/x/*"});
  repository_.Delegate("B", "D", {"releases/y/*.zip", "*.md"});
  repository_.AddTarget("targets", "file", "1");
  repository_.AddTarget("A", "README.md", "22");
  repository_.AddTarget("C", "releases/x/x_v1", "333");
  repository_.AddTarget("D", "releases/y/y_v1.zip", "4444");
  repository_.AddTarget("D", "releases/z/z_v1.zip", "55555");
  repository_.AddTarget("D", "other.md", "666666");
  for (const char* name : {"A", "B", "C", "D", "targets"}) repository_.Publish(name);
  repository_.PublishSnapshot();
  const std::pair<const char*, const char*> kCases[] = {{"file", ": 1"},
                                                        {"README.md", "A: 2"},
                                                        {"releases/x/x_v1", "B C: 3"},
                                                        {"releases/y/y_v1.zip", "B D: 4"},
                                                        {"releases/z/z_v1.zip", "B: not-found"},
                                                        {"other.md", "A: not-found"}};
  for (const auto& [target, outcome] : kCases) {
    TrustedSet set = Started();
    ASSERT_EQ("trusted", Walk(set));
    EXPECT_EQ(outcome, Search(repository_, set, target));
  }
}

// CVE-2024-47534: the first in the list wins, each time.
TEST_F(TrustedSetTest, TheFirstDelegationWins) {
  for (const char* name : {"z", "b", "m", "a"}) repository_.Delegate("targets", name, {"*"});
  repository_.AddTarget("b", "t", "22");
  repository_.AddTarget("a", "t", "1");
  for (const char* name : {"z", "b", "m", "a", "targets"}) repository_.Publish(name);
  repository_.PublishSnapshot();
  for (int i = 0; i < 100; ++i) {
    TrustedSet set = Started();
    ASSERT_EQ("trusted", Walk(set));
    ASSERT_EQ("z b: 2", Search(repository_, set, "t"));
  }
}

// CVE-2026-6967: a delegated role is held to all that the role above it is; and it ends the search where it fails.
TEST_F(TrustedSetTest, ADelegatedRoleThatFailsEndsTheSearch) {
  const auto search = [&](const std::function<void(TufRepository&)>& change) {
    repository_ = TufRepository("ed25519");  // whose signatures are of one length
    repository_.promise_hashes = true;
    repository_.Delegate("targets", "A");
    repository_.Delegate("targets", "B");
    repository_.AddTarget("B", "t", "22");
    for (const char* name : {"A", "B", "targets"}) repository_.Publish(name);
    repository_.PublishSnapshot();
    change(repository_);
    TrustedSet set = Started();
    EXPECT_EQ("trusted", Walk(set));
    return Search(repository_, set, "t");
  };
  EXPECT_EQ("A B: 2", search([](TufRepository&) {}));
  EXPECT_EQ("A: expired", search([](TufRepository& r) {
              r.signed_part("A")["expires"] = TufRepository::Days(-1);
              r.PublishTargets("A");
            }));
  EXPECT_EQ("A: length", search([](TufRepository& r) {
              r.signed_part("A")["more"] = "bytes";
              r.Publish("A");
            }));
  EXPECT_EQ("A: hash", search([](TufRepository& r) {
              r.signed_part("A")["spec_version"] = "1.1";
              r.Publish("A", false);
            }));
  EXPECT_EQ("A: version-mismatch", search([](TufRepository& r) {
              r.promise_hashes = false;
              r.PublishSnapshot();
              r.Publish("A");
            }));
  EXPECT_EQ("A: signature", search([](TufRepository& r) {
              r.signers("A") = r.signers("B");
              r.PublishTargets("A");
            }));
  EXPECT_EQ("A: malformed", search([](TufRepository& r) {
              r.signed_part("A")["_type"] = "snapshot";
              r.PublishTargets("A");
            }));
  EXPECT_EQ("A: threshold", search([](TufRepository& r) {
              r.DelegationOf("targets", "A")["threshold"] = 2;
              r.PublishTargets("targets");
            }));
  EXPECT_EQ("A: missing-in-snapshot", search([](TufRepository& r) {
              r.signed_part("snapshot")["meta"].erase("A.json");
              r.Publish("snapshot");
              r.PublishTimestamp();
            }));
}

// What one delegator's keys signed is not trusted by another's word.
TEST_F(TrustedSetTest, ARoleIsVerifiedByWhoDelegatesNow) {
  repository_.Delegate("targets", "A", {"a"});
  repository_.Delegate("targets", "B", {"b"});
  repository_.Delegate("A", "C");
  repository_.Delegate("B", "C");
  auto& entry = repository_.DelegationOf("B", "C");
  const TufSigner stranger;
  repository_.signed_part("B")["delegations"]["keys"][stranger.keyid] = stranger.Key();
  entry["keyids"] = {stranger.keyid};
  repository_.AddTarget("C", "a", "1");
  repository_.AddTarget("C", "b", "1");
  for (const char* name : {"A", "B", "C", "targets"}) repository_.Publish(name);
  repository_.PublishSnapshot();
  TrustedSet set = Started();
  ASSERT_EQ("trusted", Walk(set));
  EXPECT_EQ("A C: 1", Search(repository_, set, "a"));
  EXPECT_EQ("B C: signature", Search(repository_, set, "b"));
}

TEST_F(TrustedSetTest, ASearchHasABound) {
  std::string above = "targets";
  for (int i = 0; i < limits::kTrustRoles + 5; ++i) {
    const std::string name = "role" + std::to_string(i);
    repository_.Delegate(above, name);
    repository_.Publish(above);
    repository_.Publish(name);
    above = name;
  }
  repository_.PublishSnapshot();
  TrustedSet set = Started();
  ASSERT_EQ("trusted", Walk(set));
  const std::string out = Search(repository_, set, "t");
  EXPECT_TRUE(out.ends_with("role30: limit")) << out;
}

TEST_F(TrustedSetTest, HashBins) {
  repository_.DelegateBins("targets", "bin", 3);
  repository_.AddTarget("bin-1", "x", "1");  // SHA-256 of "x" begins with 2d
  repository_.AddTarget("bin-2", "y", "1");  // that of "y" with a1
  for (const char* name : {"bin-1", "bin-2", "targets"}) repository_.Publish(name);
  repository_.PublishSnapshot();
  TrustedSet set = Started();
  ASSERT_EQ("trusted", Walk(set));
  EXPECT_EQ("bin-1: 1", Search(repository_, set, "x"));
  EXPECT_EQ("bin-5: not-found", Search(repository_, set, "y"));
}

TEST(TargetNameTest, PathsThatLeadElsewhereAreRefused) {
  for (const char* name : {"a", "a/b", "trusted_root.json", "..a", "a..", "a b", "é", "%2e%2e", "a/.b"}) {
    EXPECT_TRUE(CheckTargetName(name).trusted()) << name;
  }
  for (const std::string& name :
       {std::string(), std::string("/a"), std::string("a/"), std::string("a//b"), std::string("."), std::string(".."),
        std::string("../x"), std::string("a/../b"), std::string("a/./b"), std::string("a\\b"), std::string("a\nb"),
        std::string("a\0b", 3), std::string(513, 'a')}) {
    EXPECT_FALSE(CheckTargetName(name).trusted()) << name;
  }
}

}  // namespace
}  // namespace pullseal::tuf
