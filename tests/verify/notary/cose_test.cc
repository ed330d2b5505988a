// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <vector>

#include "verify/notary/notary_fixture.h"

namespace pullseal::notary {
namespace {

using fakes::CborArray;
using fakes::CborBytes;
using fakes::CborInteger;
using fakes::CborMap;
using fakes::CborPairs;
using fakes::CborText;
using fakes::NotaryAuthority;
using fakes::NotaryPlan;

constexpr auto kGood = std::nullopt;

// COSE: changes of the protected pairs, with the flaw each makes.
class CoseTest : public EnvelopeTest {
 protected:
  static std::optional<Flaw> Protected(std::function<void(CborPairs&)> change) {
    NotaryPlan plan;
    plan.protected_pairs = std::move(change);
    return OpenCose(plan);
  }
  static std::optional<Flaw> Set(std::size_t at, const Bytes& value) {
    return Protected([&](CborPairs& pairs) { pairs[at].second = value; });
  }
  static std::optional<Flaw> Add(const Bytes& label, const Bytes& value) {
    return Protected([&](CborPairs& pairs) { pairs.emplace_back(label, value); });
  }
  static std::optional<Flaw> AddUnprotected(const Bytes& label, const Bytes& value) {
    NotaryPlan plan;
    plan.unprotected_pairs = [&](CborPairs& pairs) { pairs.emplace_back(label, value); };
    return OpenCose(plan);
  }
  static std::optional<Flaw> Parts(std::function<void(std::vector<Bytes>&)> change) {
    NotaryPlan plan;
    plan.parts = std::move(change);
    return OpenCose(plan);
  }
};

TEST_F(CoseTest, WhatMayBeOtherwise) {
  EXPECT_EQ(kGood, Protected([](CborPairs& pairs) { std::reverse(pairs.begin(), pairs.end()); }));
  EXPECT_EQ(kGood, Add(CborText("com.acme.x"), CborInteger(1)));
  EXPECT_EQ(kGood, Add(CborInteger(1000), {0xf9, 0x3c, 0x00}));
  EXPECT_EQ(kGood, Add(CborInteger(4), CborBytes({1})));
  EXPECT_EQ(kGood, AddUnprotected(CborInteger(4), CborBytes({1})));
  EXPECT_EQ(kGood, AddUnprotected(CborInteger(1), CborInteger(-8)));
  EXPECT_EQ(kGood, AddUnprotected(CborText("x"), CborMap({{CborInteger(1), CborInteger(2)}})));
}

TEST_F(CoseTest, ProtectedHeaderIsReadStrictly) {
  EXPECT_EQ(Flaw::kMalformed, Set(0, CborText("ES256")));
  EXPECT_EQ(Flaw::kMalformed, Set(0, {0xfb, 0xc0, 0x1c, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(Flaw::kMalformed, Set(0, CborInteger(-9)));
  EXPECT_EQ(Flaw::kMalformed, Set(0, CborInteger(-8)));
  EXPECT_EQ(Flaw::kMalformed, Protected([](CborPairs& pairs) { pairs.erase(pairs.begin()); }));
  EXPECT_EQ(Flaw::kMalformed, Set(2, CborInteger(50)));
  EXPECT_EQ(Flaw::kMalformed, Set(2, CborText("application/json")));
  EXPECT_EQ(Flaw::kMalformed, Set(3, CborText("notary.x510")));
  EXPECT_EQ(Flaw::kMalformed, Set(3, CborBytes({1})));
  EXPECT_EQ(Flaw::kMalformed, Protected([](CborPairs& pairs) { pairs.erase(pairs.begin() + 3); }));
  EXPECT_EQ(Flaw::kMalformed, Add(CborInteger(1), CborInteger(-7)));
  EXPECT_EQ(Flaw::kMalformed, Add({0x18, 0x01}, CborInteger(-7)));
  EXPECT_EQ(Flaw::kMalformed, Add(CborInteger(4), CborText("x")));
  EXPECT_EQ(Flaw::kMalformed, Protected([](CborPairs& pairs) {
              pairs.emplace_back(CborInteger(5), CborBytes({1}));
              pairs.emplace_back(CborInteger(6), CborBytes({1}));
            }));
  EXPECT_EQ(Flaw::kMalformed, Add(CborInteger(11), CborBytes({1})));
  EXPECT_EQ(Flaw::kMalformed, Add(CborInteger(33), CborArray({CborBytes(authority_->leaf().der)})));
  EXPECT_EQ(Flaw::kMalformed, Add(CborText("x"), {0xc2, 0x41, 0x01}));
  EXPECT_EQ(kGood, Add(CborText("x"), {0xc1, 0x01}));
}

TEST_F(CoseTest, Times) {
  const std::size_t kTime = 4;
  EXPECT_EQ(kGood, Set(kTime, {0xc1, 0x00}));
  EXPECT_EQ(kGood, Set(kTime, {0xc1, 0x1b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}));
  const std::vector<Bytes> bad = {
      CborInteger(1780000000),                  // no tag
      {0xc0, 0x61, 'x'},                        // tag 0
      {0xc1, 0x61, 'x'},                        // text
      {0xc1, 0xc1, 0x00},                       // twice
      {0xc1, 0x20},                             // negative
      {0xc1, 0xf9, 0x3c, 0x00},                 // a float
      {0xc1, 0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0},  // too large
      {0xf6},                                   // null
      CborText("2026-06-01T12:00:00Z"),
  };
  for (const Bytes& one : bad) EXPECT_EQ(Flaw::kMalformed, Set(kTime, one)) << HexEncode(one);
  const Bytes expiry = CborText("io.cncf.notary.expiry");
  EXPECT_EQ(Flaw::kMalformed, Add(expiry, fakes::CborTime(At("2026-07-01T00:00:00Z"))));          // not critical
  EXPECT_EQ(Flaw::kMalformed, Add(expiry, {0xc1, 0x3b, 0, 0, 0, 0x0e, 0x77, 0x91, 0xf6, 0xff}));  // year 1
  NotaryPlan plan;
  plan.expiry = "2026-06-01T12:00:00Z";
  EXPECT_EQ(Flaw::kMalformed, OpenCose(plan));
}

TEST_F(CoseTest, CriticalNames) {
  const Bytes scheme = CborText("io.cncf.notary.signingScheme");
  for (const Bytes& list : {CborArray({}), scheme, CborArray({CborBytes({1})}), CborArray({scheme, scheme}),
                            CborArray({scheme, CborInteger(1)}), CborArray({CborInteger(2), scheme}),
                            CborArray({scheme, CborText("absent")}), CborArray({scheme, CborInteger(1000)}),
                            CborArray({scheme, CborText("io.cncf.notary.signingTime")})}) {
    EXPECT_EQ(Flaw::kMalformed, Set(1, list)) << HexEncode(list);
  }
  EXPECT_EQ(Flaw::kMalformed, Protected([](CborPairs& pairs) { pairs.erase(pairs.begin() + 1); }));
  for (const Bytes& label :
       {CborText("com.acme.x"), CborInteger(1000), CborText("io.cncf.notary.verificationPlugin")}) {
    EXPECT_EQ(Flaw::kAttributeUnknown, Protected([&](CborPairs& pairs) {
                pairs[1].second = CborArray({scheme, label});
                pairs.emplace_back(label, CborText("y"));
              }))
        << HexEncode(label);
  }
  EXPECT_EQ(Flaw::kAttributeUnknown, Add(CborText("io.cncf.notary.verificationPlugin"), CborText("aws")));
}

TEST_F(CoseTest, UnprotectedHeaderIsReadStrictly) {
  EXPECT_EQ(Flaw::kMalformed, AddUnprotected(CborInteger(2), CborArray({CborText("x")})));
  EXPECT_EQ(Flaw::kMalformed, AddUnprotected(CborText("x"), {0xc1, 0x00}));
  EXPECT_EQ(Flaw::kMalformed, AddUnprotected(CborText("x"), CborArray({{0xc1, 0x00}})));
  EXPECT_EQ(Flaw::kMalformed, AddUnprotected(CborInteger(33), CborArray({})));
  EXPECT_EQ(Flaw::kMalformed, AddUnprotected(CborInteger(7), CborArray({})));
  EXPECT_EQ(Flaw::kMalformed, AddUnprotected(CborText("io.cncf.notary.timestampSignature"), CborText("x")));
  for (const Bytes& chain : {CborBytes(authority_->leaf().der), CborArray({}), CborText("x"),
                             CborArray({CborText("x")}), CborArray({CborBytes({})})}) {
    NotaryPlan plan;
    plan.unprotected_pairs = [&](CborPairs& pairs) { pairs[0].second = chain; };
    EXPECT_EQ(Flaw::kMalformed, OpenCose(plan));
  }
}

TEST_F(CoseTest, MessageIsReadStrictly) {
  EXPECT_EQ(Flaw::kMalformed, Parts([](std::vector<Bytes>& parts) { parts.pop_back(); }));
  EXPECT_EQ(Flaw::kMalformed, Parts([](std::vector<Bytes>& parts) { parts.push_back(CborInteger(0)); }));
  EXPECT_EQ(Flaw::kMalformed, Parts([](std::vector<Bytes>& parts) { parts[2] = {0xf6}; }));
  EXPECT_EQ(Flaw::kMalformed, Parts([](std::vector<Bytes>& parts) { parts[3] = CborBytes({}); }));
  EXPECT_EQ(Flaw::kMalformed, Parts([](std::vector<Bytes>& parts) { parts[3] = CborText("x"); }));
  EXPECT_EQ(Flaw::kMalformed, Parts([](std::vector<Bytes>& parts) { parts[0] = CborBytes({}); }));
  EXPECT_EQ(Flaw::kMalformed, Parts([](std::vector<Bytes>& parts) { parts[0] = parts[1]; }));
  EXPECT_EQ(Flaw::kMalformed, Parts([](std::vector<Bytes>& parts) { parts[1] = CborBytes(parts[1]); }));
  EXPECT_EQ(Flaw::kSignature, Parts([](std::vector<Bytes>& parts) { parts[3].back() ^= 1; }));
  EXPECT_EQ(Flaw::kSignature, Parts([](std::vector<Bytes>& parts) { parts[2].back() ^= 1; }));
  NotaryPlan trailing;
  trailing.protected_bytes = [](Bytes& bytes) { bytes.push_back(0); };
  EXPECT_EQ(Flaw::kMalformed, OpenCose(trailing));
  const Bytes good = authority_->Cose();
  Bytes changed = good;
  changed.push_back(0);
  EXPECT_EQ(Flaw::kMalformed, FlawOf(kCoseType, changed));
  changed = Bytes(good.begin() + 1, good.end());  // untagged
  EXPECT_EQ(Flaw::kMalformed, FlawOf(kCoseType, changed));
  changed.insert(changed.begin(), {0xd8, 0x62});  // COSE_Sign
  EXPECT_EQ(Flaw::kMalformed, FlawOf(kCoseType, changed));
  changed = good;
  changed.insert(changed.begin(), {0xd9, 0xd9, 0xf7});
  EXPECT_EQ(Flaw::kMalformed, FlawOf(kCoseType, changed));
  changed = good;
  changed[0] = 0xd8;
  changed.insert(changed.begin() + 1, 0x12);
  EXPECT_EQ(Flaw::kMalformed, FlawOf(kCoseType, changed));
}

}  // namespace
}  // namespace pullseal::notary
