// SPDX-License-Identifier: Apache-2.0
// Debian's real notation against verify/notary: what notation signs is verified by us, in both envelopes and with every
// kind of key; and a grid of envelopes of the test authority, good ones and ones that are wrong in one thing, is judged
// by both under the same trust store and policy. So the authority's signatures are not merely consistent with
// ourselves. Where notation's answer differs, docs/notation.md says why, and this test fails if it does not.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <iostream>
#include <stdexcept>

#include "e2e/notation_desk.h"
#include "fakes/notary_authority.h"
#include "lab/process.h"
#include "verify/notary/verify.h"

namespace pullseal {
namespace {

using fakes::CborArray;
using fakes::CborInteger;
using fakes::CborPairs;
using fakes::CborText;
using fakes::CertificatePlan;
using fakes::NotaryAuthority;
using fakes::NotaryPlan;
using fakes::NotarySetup;
using fakes::TokenPlan;
using lab::Desk;
using lab::Rfc3339;

std::string Replace(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  if (at == text.npos) throw std::runtime_error("not there: " + from);
  return text.replace(at, from.size(), to);
}
std::function<void(std::string&)> Replacing(const std::string& from, const std::string& to) {
  return [=](std::string& text) { text = Replace(text, from, to); };
}

WallTime Now() { return lab::ThisSecond(); }
NotarySetup Current(NotarySetup setup) { return lab::Current(std::move(setup)); }

notary::Trust TrustIn(const NotaryAuthority& authority, bool stamped, bool own_time, const std::string& subject) {
  const auto store = [](notary::StoreKind kind, const Bytes& der) {
    return std::make_shared<const notary::TrustStore>(
        *notary::TrustStore::Make("acme", kind, {*crypto::Certificate::ParseDer(der)}));
  };
  notary::Trust out;
  out.store = store(own_time ? notary::StoreKind::kSigningAuthority : notary::StoreKind::kCa, authority.root().der);
  if (subject == "*") {
    out.identities = {notary::Identity::UnsafeAnybody()};
  } else {
    out.identities = {*notary::Identity::ParseSubject(subject)};
  }
  if (stamped && !own_time) out.timestamps = store(notary::StoreKind::kTsa, authority.tsa_root().der);
  return out;
}

TEST(NotationTest, WhatNotationSignsIsVerified) {
  for (const char* key : {"RSA-2048", "RSA-3072", "RSA-4096", "P-256", "P-384", "P-521"}) {
    const NotaryAuthority authority(Current({.leaf_key = key}));
    for (const char* form : {"jws", "cose"}) {
      Desk desk;
      const auto [type, envelope] = desk.Sign(authority, form);
      const auto opened = notary::SignedPayload::Open(type, envelope);
      ASSERT_TRUE(std::holds_alternative<notary::SignedPayload>(opened))
          << key << form << std::get<notary::Fault>(opened).detail;
      const auto& signature = std::get<notary::SignedPayload>(opened);
      EXPECT_EQ(desk.digest(), signature.payload.digest.text());
      EXPECT_EQ("prod", signature.payload.annotations.at("env"));
      EXPECT_TRUE(signature.envelope.agent.starts_with("notation-go/")) << signature.envelope.agent;
      const auto trust = TrustIn(authority, false, false, NotaryAuthority::kSubject);
      const auto verified = notary::Verify(signature, trust, std::chrono::system_clock::now());
      EXPECT_TRUE(std::holds_alternative<notary::Proof>(verified)) << key << form;
      std::cout << "  " << key << " " << form << ": " << envelope.size() << " bytes, verified" << std::endl;
    }
  }
}

// `answers` are ours and notation's: y verified, n refused.
struct Case {
  std::string name;
  const char* answers;
  NotaryPlan plan;
  NotarySetup setup = {};
  bool stamped = false;
  std::string form = "jws";
  std::string subject = NotaryAuthority::kSubject;
};

void Check(const Case& one) {
  Desk desk;
  const NotaryAuthority authority(Current(one.setup));
  NotaryPlan plan = one.plan;
  if (plan.payload.empty()) plan.payload = desk.Payload();
  if (plan.signing_time == NotaryPlan().signing_time) plan.signing_time = Rfc3339(Now());
  const bool jws = one.form == "jws";
  const std::string_view type = jws ? notary::kJwsType : notary::kCoseType;
  const Bytes envelope = jws ? authority.Jws(plan) : authority.Cose(plan);
  std::string ours = "n";
  std::string why;
  const auto opened = notary::SignedPayload::Open(type, envelope);
  if (const auto* signature = std::get_if<notary::SignedPayload>(&opened); signature != nullptr) {
    const bool own_time = signature->envelope.scheme == notary::Scheme::kSigningAuthority;
    const auto trust = TrustIn(authority, one.stamped, own_time, one.subject);
    const auto verified = notary::Verify(*signature, trust, std::chrono::system_clock::now());
    const bool good = std::holds_alternative<notary::Proof>(verified);
    if (good && signature->payload.digest.text() == desk.digest()) ours = "y";
    if (!good) why = std::get<notary::Fault>(verified).detail;
  } else {
    why = std::get<notary::Fault>(opened).detail;
  }
  const std::string identity = one.subject == "*" ? "*" : "x509.subject: " + one.subject;
  const std::string answers = ours + desk.Verify(authority, type, envelope, one.stamped, identity);
  std::cout << "  " << one.name << ": " << answers << std::endl;
  EXPECT_EQ(one.answers, answers) << one.name << "\n" << why << "\n" << desk.last();
  if (answers == "yy" || answers == "nn") return;
  static const std::string docs = lab::ReadText(lab::EnvOf("PULLSEAL_TOP") + "/docs/notation.md");
  EXPECT_NE(std::string::npos, docs.find("| " + one.name + " |")) << "docs/notation.md does not explain: " << one.name;
}

NotaryPlan Protected(const std::string& from, const std::string& to) {
  NotaryPlan out;
  out.protected_json = Replacing(from, to);
  return out;
}
NotaryPlan Result(const std::string& from, const std::string& to) {
  NotaryPlan out;
  out.result = Replacing(from, to);
  return out;
}
NotaryPlan Pairs(std::function<void(CborPairs&)> change) {
  NotaryPlan out;
  out.protected_pairs = std::move(change);
  return out;
}
NotarySetup Leaf(NotarySetup::Change change) { return {.leaf = std::move(change)}; }
NotarySetup Ca(NotarySetup::Change change) { return {.ca = std::move(change)}; }
NotarySetup::Change Usage(const std::string& usage) {
  return [usage](CertificatePlan& plan) { plan.key_usage = usage; };
}
NotarySetup::Change Extended(const std::string& usages) {
  return [usages](CertificatePlan& plan) { plan.extended_key_usage = usages; };
}

TEST(NotationTest, Jws) {
  const std::string scheme = "io.cncf.notary.signingScheme\"]";
  const std::vector<Case> cases = {
      {"good", "yy", {}},
      {"expiry in the future", "yy", {.expiry = Rfc3339(Now() + std::chrono::hours(1))}},
      {"own time", "yy", {.scheme = "notary.x509.signingAuthority"}},
      {"unknown attribute", "yy", Protected("{\"alg\"", "{\"x\":1,\"alg\"")},
      {"algorithm of another hash", "nn", {.algorithm = "ES384"}},
      {"DER signature", "nn", {.der = true}},
      {"crit empty", "nn", Protected("[\"" + scheme, "[]")},
      {"crit twice", "nn", Protected("[\"" + scheme, "[\"" + scheme.substr(0, 28) + "\",\"" + scheme)},
      {"crit names alg", "nn", Protected(scheme, scheme.substr(0, 28) + "\",\"alg\"]")},
      {"other content type", "nn", Protected("vnd.cncf.notary.payload.v1+json", "json")},
      {"unknown scheme", "nn", Protected("\"notary.x509\"", "\"notary.x510\"")},
      {"no signing time", "nn", {.signing_time = ""}},
      {"trailing bytes", "nn", {.result = [](std::string& text) { text += "x"; }}},
      {"byte order mark", "nn", {.result = [](std::string& text) { text = "\xEF\xBB\xBF" + text; }}},
      {"signatures beside the flattened form", "ny", Result("{\"payload\"", "{\"signatures\":[],\"payload\"")},
      {"payload of another image", "nn", {.payload = NotaryAuthority::Payload(NotaryAuthority::kDigest)}},
      {"other identity", "nn", {}, {}, false, "jws", "C=US, ST=WA, O=Acme, CN=other"},
      {"PSS salt of another length", "ny", {.salt = 20}, {.leaf_key = "RSA-2048"}},
      {"PKCS 1 signature", "nn", {.pkcs1 = true}, {.leaf_key = "RSA-2048"}},
      {"unknown critical attribute",
       "ny",
       {.protected_json =
            [](std::string& text) {
              text = Replace(Replace(text, "Scheme\"]", "Scheme\",\"x\"]"), "{\"alg\"", "{\"x\":1,\"alg\"");
            }}},
      {"attribute twice", "ny", Protected("{\"alg\"", "{\"alg\":\"none\",\"alg\"")},
      {"name in capitals", "ny", Protected("\"cty\"", "\"CTY\"")},
      {"line end in base64", "ny", Result("\"signature\":\"", "\"signature\":\"\\n")},
  };
  for (const Case& one : cases) Check(one);
}

TEST(NotationTest, Cose) {
  const auto add = [](const Bytes& label, const Bytes& value) {
    return Pairs([=](CborPairs& pairs) { pairs.emplace_back(label, value); });
  };
  const auto set = [](std::size_t at, const Bytes& value) {
    return Pairs([=](CborPairs& pairs) { pairs[at].second = value; });
  };
  const Bytes scheme = CborText("io.cncf.notary.signingScheme");
  const std::vector<Case> cases = {
      {"good", "yy", {}},
      {"own time", "yy", {.scheme = "notary.x509.signingAuthority"}},
      {"keys unsorted", "yy", Pairs([](CborPairs& pairs) { std::reverse(pairs.begin(), pairs.end()); })},
      {"unknown attribute", "yy", add(CborText("x"), CborInteger(1))},
      {"algorithm of another hash", "nn", {.algorithm = "ES384"}},
      {"algorithm as text", "nn", set(0, CborText("ES256"))},
      {"crit empty", "nn", set(1, CborArray({}))},
      {"key twice", "nn", add(CborInteger(1), CborInteger(-7))},
      {"time without tag", "nn", set(4, CborInteger(1'790'000'000))},
      {"trailing bytes inside", "nn", {.protected_bytes = [](Bytes& bytes) { bytes.push_back(0); }}},
      {"five parts", "nn", {.parts = [](std::vector<Bytes>& parts) { parts.push_back(CborInteger(0)); }}},
      {"certificates as one string",
       "nn",
       {.unprotected_pairs = [](CborPairs& pairs) { pairs[0].second = fakes::CborBytes({1}); }}},
      {"countersignature malformed", "nn", add(CborInteger(11), CborInteger(1))},
      {"PSS salt of another length in COSE", "nn", {.salt = 20}, {.leaf_key = "RSA-2048"}},
      {"unknown critical attribute", "ny", Pairs([=](CborPairs& pairs) {
         pairs[1].second = CborArray({scheme, CborText("x")});
         pairs.emplace_back(CborText("x"), CborInteger(1));
       })},
      {"crit names alg in COSE", "ny", set(1, CborArray({scheme, CborInteger(1)}))},
      {"number not in its shortest form", "ny", add(CborText("x"), {0x18, 0x01})},
      {"negative time", "ny", set(4, {0xc1, 0x20})},
  };
  for (Case one : cases) {
    one.form = "cose";
    Check(one);
  }
}

TEST(NotationTest, Certificates) {
  const std::vector<Case> cases = {
      {"usage not critical", "nn", {}, Leaf(Usage("digitalSignature"))},
      {"usage with key agreement", "nn", {}, Leaf(Usage("critical,digitalSignature,keyAgreement"))},
      {"usage with non-repudiation", "yy", {}, Leaf(Usage("critical,digitalSignature,nonRepudiation"))},
      {"server's certificate", "nn", {}, Leaf(Extended("serverAuth"))},
      {"timestamp authority's certificate", "nn", {}, Leaf(Extended("timeStamping"))},
      {"private usage alone", "yy", {}, Leaf(Extended("1.3.6.1.4.1.311.76.59.1.2"))},
      {"no extended usage", "yy", {}, Leaf(Extended(""))},
      {"any extended usage", "ny", {}, Leaf(Extended("anyExtendedKeyUsage"))},
      {"signer is an authority", "nn", {}, Leaf([](CertificatePlan& plan) {
         plan.basic_constraints = "critical,CA:TRUE";
       })},
      {"authority may not sign certificates", "nn", {}, Ca(Usage("critical,cRLSign"))},
      {"authority's constraints not critical", "ny", {}, Ca([](CertificatePlan& plan) {
         plan.basic_constraints = "CA:TRUE";
       })},
      {"authority signed with SHA-1", "nn", {}, Ca([](CertificatePlan& plan) { plan.hash = "SHA1"; })},
      {"authority of another trade", "ny", {}, Ca(Extended("serverAuth"))},
      {"path too long", "nn", {}, {.root = [](CertificatePlan& plan) { plan.path_length = 0; }}},
      {"weak authority", "ny", {}, {.ca_key = "RSA-1024"}},
      {"signer's certificate has ended", "nn", {}, Leaf([](CertificatePlan& plan) {
         plan.to = Now() - std::chrono::hours(1);
       })},
      {"unknown critical extension", "ny", {}, Ca([](CertificatePlan& plan) {
         plan.extensions.push_back({"1.2.3.4", {5, 0}, true});
       })},
      {"two units, none asked for", "yn", {}, Leaf([](CertificatePlan& plan) {
         plan.subject.emplace_back("OU", "a");
         plan.subject.emplace_back("OU", "b");
       })},
      {"two common names", "ny", {}, Leaf([](CertificatePlan& plan) { plan.subject.emplace_back("CN", "evil"); })},
      {"anybody", "yy", {}, {}, false, "jws", "*"},
  };
  for (const Case& one : cases) Check(one);
}

// Timestamps: the token is made by the authority of the case.
TEST(NotationTest, Timestamps) {
  struct Stamp {
    std::string name;
    const char* answers;
    TokenPlan token;
    NotarySetup setup = {};
  };
  const std::vector<Stamp> stamps = {
      {"timestamp", "yy", {}},
      {"timestamp by SHA-384", "yy", {.imprint_hash = "SHA384", .digest = "SHA384"}},
      {"timestamp version of SignedData", "nn", {.data_version = 1}},
      {"timestamp version of SignerInfo", "nn", {.signer_version = 3}},
      {"timestamp version of TSTInfo", "nn", {.info_version = 2}},
      {"timestamp content type attribute", "nn", {.content_type_said = "1.2.840.113549.1.7.1"}},
      {"timestamp ESS version 1", "nn", {.ess_hash = "SHA1-v1"}},
      {"timestamp ESS by SHA-1", "nn", {.ess_hash = "SHA1"}},
      {"timestamp without ESS", "nn", {.ess_hash = ""}},
      {"timestamp imprint by SHA-1", "nn", {.imprint_hash = "SHA1"}},
      {"timestamp broken", "nn", {.broken = true}},
      {"timestamp trailing byte", "nn", {.behind = {0}}},
      {"timestamp of indefinite length", "nn", {.indefinite = true}},
      {"timestamp without intermediate", "nn", {.with_intermediate = false}},
      {"timestamp with bytes behind its content", "ny", {.behind_info = {5, 0}}},
      {"timestamp by two signers", "ny", {.signers = 2}},
      {"timestamp from the future", "ny", {.time = Now() + std::chrono::hours(2)}},
      {"timestamp usage not critical", "nn", {}, {.tsa = Extended("timeStamping")}},
      {"timestamp and code signing", "nn", {}, {.tsa = Extended("critical,timeStamping,codeSigning")}},
      {"timestamp and another usage", "nn", {}, {.tsa = Extended("critical,timeStamping,1.2.3.4")}},
      {"timestamp usage with encipherment", "nn", {}, {.tsa = Usage("critical,digitalSignature,keyEncipherment")}},
      {"timestamp by code signing authority", "nn", {}, {.tsa_ca = Extended("codeSigning")}},
      {"signer's certificate has ended since",
       "yy",
       {.time = Now() - std::chrono::hours(2)},
       Leaf([](CertificatePlan& plan) { plan.to = Now() - std::chrono::hours(1); })},
      {"timestamp after the certificate's end",
       "nn",
       {.time = Now() - std::chrono::minutes(30)},
       Leaf([](CertificatePlan& plan) { plan.to = Now() - std::chrono::hours(1); })},
  };
  for (const Stamp& one : stamps) {
    TokenPlan token = one.token;
    if (token.time == WallTime{}) token.time = Now();
    Desk desk;
    const NotaryAuthority authority(Current(one.setup));
    NotaryPlan plan{.payload = desk.Payload(), .signing_time = Rfc3339(Now())};
    plan.timestamp = authority.Stamps(token);
    const Bytes envelope = authority.Cose(plan);
    const auto opened = notary::SignedPayload::Open(notary::kCoseType, envelope);
    ASSERT_TRUE(std::holds_alternative<notary::SignedPayload>(opened)) << one.name;
    const auto trust = TrustIn(authority, true, false, NotaryAuthority::kSubject);
    const auto verified =
        notary::Verify(std::get<notary::SignedPayload>(opened), trust, std::chrono::system_clock::now());
    const std::string ours = std::holds_alternative<notary::Proof>(verified) ? "y" : "n";
    const std::string answers = ours + desk.Verify(authority, notary::kCoseType, envelope, true,
                                                   std::string("x509.subject: ") + NotaryAuthority::kSubject);
    std::cout << "  " << one.name << ": " << answers << std::endl;
    EXPECT_EQ(one.answers, answers) << one.name << "\n" << desk.last();
    if (answers == "yy" || answers == "nn") continue;
    EXPECT_NE(std::string::npos,
              lab::ReadText(lab::EnvOf("PULLSEAL_TOP") + "/docs/notation.md").find("| " + one.name + " |"))
        << "docs/notation.md does not explain: " << one.name;
  }
}

}  // namespace
}  // namespace pullseal
