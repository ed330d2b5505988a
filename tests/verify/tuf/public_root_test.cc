// SPDX-License-Identifier: Apache-2.0
// The real repository: https://tuf-repo-cdn.sigstore.dev/ as it was in August 2026, roots 1 to 16.
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/base/file.h"
#include "core/crypto/sha256.h"
#include "verify/tuf/canonical_json.h"
#include "verify/tuf/target_search.h"
#include "verify/tuf/threshold.h"

namespace pullseal::tuf {
namespace {

using nlohmann::json;

std::string Mirror(const std::string& name) {
  const char* folder = std::getenv("PULLSEAL_TESTDATA");
  const auto text = ReadFile(std::string(folder != nullptr ? folder : "") + "/sigstore-tuf-mirror/" + name, 1 << 20);
  if (!text) throw std::runtime_error(text.error().message);
  return *text;
}
std::string RootFile(int version) { return Mirror(std::to_string(version) + ".root.json"); }

const WallTime kAugust = *ReadTime("2026-08-25T00:00:00Z");

TrustedSet At(int version, WallTime now = kAugust) {
  auto set = TrustedSet::Start(RootFile(1), now, Ends::kRefuse);
  if (!set) throw std::runtime_error(set.error().message);
  for (int next = 2; next <= version; ++next) {
    const Verdict verdict = set->TakeRoot(RootFile(next));
    EXPECT_TRUE(verdict.trusted()) << next << ": " << (verdict ? "" : verdict.refusal().message);
  }
  return std::move(set).value();
}

TEST(PublicRootTest, CanonicalBytesAreTheKnownOnes) {
  const auto hash = [](int version) {
    const auto envelope = Envelope::Parse(RootFile(version));
    return envelope ? crypto::Sha256Hex(AsBytes(envelope->signed_bytes)) + " " +
                          std::to_string(envelope->signed_bytes.size())
                    : envelope.error().message;
  };
  EXPECT_EQ("eca99c3f26949ca734fc4c03ef2a128736158b2f76868773b0334974cc1f3470 3273", hash(1));
  EXPECT_EQ("cab3eaf1fe33bbae925e1ee1afbec52dce58b290a035858074e7a9a998ae9a64 3722", hash(16));
}

TEST(PublicRootTest, TheWholeChainAndWhatItNamesVerify) {
  TrustedSet set = At(16);
  EXPECT_EQ(16, set.root().version);
  ASSERT_TRUE(set.EndRoots());
  ASSERT_TRUE(set.TakeTimestamp(Mirror("timestamp.json"), Origin::kMirror));
  ASSERT_TRUE(set.TakeSnapshot(Mirror("165.snapshot.json"), Origin::kMirror));
  ASSERT_TRUE(set.TakeTargets(Mirror("14.targets.json")));
  const auto& delegated = std::get<std::vector<Delegation>>(set.targets("targets")->delegations->roles);
  ASSERT_EQ(1U, delegated.size());
  const std::string& role = delegated.front().name;
  ASSERT_TRUE(set.TakeDelegated(Mirror("8." + role + ".json"), role, "targets"));
  int found = 0;
  for (const auto& [name, info] : set.targets("targets")->targets) {
    const std::string hash = HexEncode(info.hashes.at(crypto::Hash::kSha256));
    EXPECT_TRUE(CheckTarget(Mirror("targets/" + hash + "." + name), info, name).trusted()) << name;
    ++found;
  }
  EXPECT_EQ(11, found);
}

// Any trusted root from 1 on gets there, whichever it is.
TEST(PublicRootTest, EachRootStartsAChain) {
  for (int first = 1; first <= 16; ++first) {
    auto set = TrustedSet::Start(RootFile(first), kAugust, Ends::kRefuse);
    ASSERT_TRUE(set.ok()) << first << set.error().message;
    for (int next = first + 1; next <= 16; ++next) EXPECT_TRUE(set->TakeRoot(RootFile(next)).trusted()) << next;
  }
}

TEST(PublicRootTest, EndsAreKept) {
  TrustedSet late = At(15, *ReadTime("2026-11-21T00:00:00Z"));
  EXPECT_EQ(Reason::kExpired, late.EndRoots().refusal().reason);
  TrustedSet november = At(16, *ReadTime("2026-11-21T00:00:00Z"));
  ASSERT_TRUE(november.EndRoots());
  EXPECT_EQ(Reason::kExpired, november.TakeTimestamp(Mirror("timestamp.json"), Origin::kMirror).refusal().reason);
}

// Each of the values below `value`, replaced by another of its kind.
void ForEachChange(json& value, const std::function<void()>& check,
                   const json::json_pointer& at = json::json_pointer()) {
  const json was = value[at];
  if (was.is_structured()) {
    if (was.is_object()) {
      json& here = value[at];
      here["zzz"] = 1;
      check();
      here = was;
      if (!was.empty()) {
        here.erase(was.begin().key());
        check();
        here = was;
      }
      for (const auto& [name, ignored] : was.items()) ForEachChange(value, check, at / name);
    } else {
      for (std::size_t i = 0; i < was.size(); ++i) ForEachChange(value, check, at / i);
    }
    return;
  }
  if (was.is_string()) {
    std::string text = was.get<std::string>();
    for (const std::size_t place : {std::size_t{0}, text.size() - 1}) {
      std::string changed = text;
      changed[place] = changed[place] == 'a' ? 'b' : 'a';
      value[at] = changed;
      check();
    }
  } else {
    value[at] = was.is_number() ? json(was.get<std::int64_t>() + 1) : json(!was.get<bool>());
    check();
  }
  value[at] = was;
}

TEST(PublicRootTest, EachChangedValueOfWhatIsSignedIsRefused) {
  for (const int version : {5, 12, 16}) {
    const TrustedSet before = At(version - 1);
    json file = json::parse(RootFile(version));
    const json whole = file;
    int changes = 0;
    ForEachChange(file["signed"], [&] {
      TrustedSet set = before;
      EXPECT_FALSE(set.TakeRoot(file.dump()).trusted()) << "root " << version << " change " << changes;
      ++changes;
    });
    EXPECT_EQ(whole, file);
    EXPECT_GT(changes, 100);
    TrustedSet set = before;
    EXPECT_TRUE(set.TakeRoot(file.dump()).trusted()) << "other white space";
  }
}

// With exactly the threshold left, each digit of each signature counts; beyond it, none does.
TEST(PublicRootTest, EachDigitOfTheLastSignaturesCounts) {
  const TrustedSet before = At(15);
  json file = json::parse(RootFile(16));
  // The first three that the old and the new root both know, one of which each digit is taken from.
  const auto good = [&](const json& one) {
    json alone = file;
    alone["signatures"] = json::array({one});
    const auto envelope = Envelope::Parse(alone.dump());
    const auto body = ReadRoot(envelope->content);
    return CountSigners(*envelope, before.root().keys, before.root().For(Role::kRoot)).good == 1 &&
           CountSigners(*envelope, body->keys, body->For(Role::kRoot)).good == 1;
  };
  json kept = json::array();
  for (const json& one : file["signatures"]) {
    if (kept.size() < 3 && good(one)) kept.push_back(one);
  }
  ASSERT_EQ(3U, kept.size());
  file["signatures"] = kept;
  const auto trusted = [&] {
    TrustedSet set = before;
    return set.TakeRoot(file.dump()).trusted();
  };
  ASSERT_TRUE(trusted());
  for (std::size_t which = 0; which < 3; ++which) {
    const std::string sig = kept[which]["sig"];
    for (std::size_t at = 0; at < sig.size(); ++at) {
      std::string changed = sig;
      changed[at] = changed[at] == '0' ? '1' : '0';
      file["signatures"][which]["sig"] = changed;
      EXPECT_FALSE(trusted()) << which << " digit " << at;
    }
    file["signatures"][which]["sig"] = sig;
  }
  file["signatures"].push_back({{"keyid", "x"}, {"sig", "00"}});
  EXPECT_TRUE(trusted());
  file["signatures"].erase(2);
  EXPECT_FALSE(trusted());
}

}  // namespace
}  // namespace pullseal::tuf
