// SPDX-License-Identifier: Apache-2.0
// Which rules match by what the content is and what it is for.
#include <gtest/gtest.h>

#include "image/oci/reference.h"
#include "policy/model/match.h"

namespace pullseal::policy {
namespace {

const WallTime kNow = *ParseTime("2026-11-22T12:00:00Z");

oci::Digest D(char c) { return *oci::Digest::Parse("sha256:" + std::string(64, c)); }

Rule Allow(const char* name, Match::Parts parts) {
  parts.images = {*ImageGlob::Parse("reg.io/**", false)};
  return *Rule::UnsafeAllow({.name = name, .labels = {}, .match = *Match::Make(std::move(parts))});
}

Rule Deny(const char* name, Match::Parts parts) {
  return *Rule::Deny({.name = name, .labels = {}, .match = Match::MakeUnsafe(std::move(parts))});
}

Policy Of(const std::vector<Rule>& rules) {
  Policy out;
  for (const Rule& one : rules) out.rules.push_back(one);
  return out;
}

// The names of the rules that decide, "-" where for some case none does.
std::string Told(const Policy& policy, const Subject& subject) {
  const Selection selection = Select(policy, subject, kNow);
  std::string out;
  for (const Applicable& one : selection.all) out += one.rule->name + " ";
  return out + (selection.complete ? "" : "-");
}

class ContentTest : public testing::Test {
 protected:
  const oci::Reference name_ = *oci::Reference::Parse("reg.io/app:1");
  Subject subject_{name_, "prod", std::nullopt, std::nullopt};
};

TEST_F(ContentTest, ARuleForSandboxesIsForNothingElse) {
  const Policy policy = Of({Allow("pause", {.actions = {Action::kSandbox}})});
  EXPECT_EQ("-", Told(policy, subject_));
  subject_.action = Action::kSandbox;
  EXPECT_EQ("pause ", Told(policy, subject_));
  EXPECT_EQ("-", Told(Of({Allow("container", {.actions = {Action::kContainer}})}), subject_));
}

TEST_F(ContentTest, ADeniedDigestCountsWhereverItStandsOnThePath) {
  const Policy policy = Of({Deny("bad", {.digests = {D('1')}}), Allow("all", {})});
  subject_.digests = {D('2')};
  EXPECT_EQ("all ", Told(policy, subject_));
  subject_.path = {D('3'), D('1')};
  EXPECT_EQ("bad ", Told(policy, subject_));
}

TEST_F(ContentTest, AnAllowedDigestIsTheContentAndNotOnlyOnItsPath) {
  const Policy policy = Of({Allow("pinned", {.digests = {D('1')}})});
  subject_.digests = {D('2')};
  subject_.path = {D('1')};
  EXPECT_EQ("-", Told(policy, subject_));
  subject_.digests = {D('2'), D('1')};
  EXPECT_EQ("pinned ", Told(policy, subject_));
}

TEST_F(ContentTest, AnImageIdDeniesAsSoonAsItIsKnownAndNothingWaitsForIt) {
  const Policy policy = Of({Deny("bad", {.image_ids = {D('1')}}), Allow("all", {})});
  EXPECT_EQ("all ", Told(policy, subject_));
  subject_.digests = {D('1')};  // of a manifest: an image ID is none
  EXPECT_EQ("all ", Told(policy, subject_));
  subject_.image_id = D('2');
  EXPECT_EQ("all ", Told(policy, subject_));
  subject_.image_id = D('1');
  EXPECT_EQ("bad ", Told(policy, subject_));
}

TEST_F(ContentTest, DigestsAndImageIdsAreOneList) {
  const Policy policy = Of({Deny("bad", {.digests = {D('1')}, .image_ids = {D('2')}}), Allow("all", {})});
  subject_.digests = {D('3')};
  subject_.image_id = D('2');
  EXPECT_EQ("bad ", Told(policy, subject_));
  subject_.image_id = D('4');
  EXPECT_EQ("all ", Told(policy, subject_));
  subject_.digests = {D('1')};
  EXPECT_EQ("bad ", Told(policy, subject_));
}

}  // namespace
}  // namespace pullseal::policy
