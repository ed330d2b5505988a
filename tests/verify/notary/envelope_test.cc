// SPDX-License-Identifier: Apache-2.0
#include "verify/notary/envelope.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/crypto/limits.h"
#include "verify/notary/attributes.h"
#include "verify/notary/limits.h"
#include "verify/notary/notary_fixture.h"

namespace pullseal::notary {
namespace {

using fakes::NotaryAuthority;
using fakes::NotaryPlan;

constexpr auto kGood = std::nullopt;

TEST_F(EnvelopeTest, ReadsBothForms) {
  NotaryPlan plan;
  plan.expiry = "2026-07-01T00:00:00Z";
  for (const auto& [type, bytes] : {std::pair{kJwsType, authority_->Jws(plan)}, {kCoseType, authority_->Cose(plan)}}) {
    const auto opened = SignedPayload::Open(type, bytes);
    ASSERT_TRUE(std::holds_alternative<SignedPayload>(opened)) << type << ": " << std::get<Fault>(opened).detail;
    const auto& got = std::get<SignedPayload>(opened);
    EXPECT_EQ(NotaryAuthority::kDigest, got.payload.digest.text());
    EXPECT_EQ(524, got.payload.size);
    EXPECT_EQ("application/vnd.oci.image.manifest.v1+json", got.payload.media_type);
    EXPECT_EQ(Scheme::kX509, got.envelope.scheme);
    EXPECT_EQ(At(NotaryAuthority::kTime), got.envelope.signing_time);
    EXPECT_EQ(At("2026-07-01T00:00:00Z"), got.envelope.expiry);
    EXPECT_EQ("fake/1.0", got.envelope.agent);
    EXPECT_EQ(3U, got.chain.certificates().size());
    EXPECT_FALSE(got.envelope.timestamp);
  }
}

TEST_F(EnvelopeTest, EachKeySignsWithItsOwnAlgorithm) {
  for (const char* key : {"RSA-2048", "RSA-3072", "RSA-4096", "P-256", "P-384", "P-521"}) {
    fakes::NotarySetup setup;
    setup.leaf_key = key;
    setup.ca_key = "P-256";
    const NotaryAuthority authority(setup);
    EXPECT_EQ(kGood, FlawOf(kJwsType, authority.Jws())) << key;
    EXPECT_EQ(kGood, FlawOf(kCoseType, authority.Cose())) << key;
    // Attack: the same bytes read as another algorithm's.
    for (const char* other : {"PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}) {
      const bool own = FlawOf(kJwsType, authority.Jws({.algorithm = other})) == kGood;
      EXPECT_EQ(own, FlawOf(kCoseType, authority.Cose({.algorithm = other})) == kGood);
      const std::map<std::string, std::string> due = {{"RSA-2048", "PS256"}, {"RSA-3072", "PS384"},
                                                      {"RSA-4096", "PS512"}, {"P-256", "ES256"},
                                                      {"P-384", "ES384"},    {"P-521", "ES512"}};
      EXPECT_EQ(due.at(key) == other, own) << key << " " << other;
    }
  }
}

TEST_F(EnvelopeTest, KeysOfOtherSizesAndKindsAreRefused) {
  for (const char* key : {"RSA-2056", "RSA-1024", "P-224", "secp256k1", "ED25519"}) {
    fakes::NotarySetup setup;
    setup.leaf_key = key;
    const NotaryAuthority authority(setup);
    NotaryPlan plan;
    plan.algorithm = std::string(key).starts_with("RSA") ? "PS256" : "ES256";
    EXPECT_NE(kGood, FlawOf(kJwsType, authority.Jws(plan))) << key;
    EXPECT_NE(kGood, FlawOf(kCoseType, authority.Cose(plan))) << key;
  }
}

TEST_F(EnvelopeTest, OnlyTheFormsOfSignatureThatTheSpecificationHas) {
  fakes::NotarySetup setup;
  setup.leaf_key = "RSA-2048";
  const NotaryAuthority rsa(setup);
  for (const int salt : {0, 20, 222}) {
    EXPECT_EQ(Flaw::kSignature, FlawOf(kJwsType, rsa.Jws({.salt = salt}))) << salt;
    EXPECT_EQ(Flaw::kSignature, FlawOf(kCoseType, rsa.Cose({.salt = salt}))) << salt;
  }
  EXPECT_EQ(kGood, FlawOf(kJwsType, rsa.Jws({.salt = 32})));
  EXPECT_EQ(Flaw::kSignature, FlawOf(kJwsType, rsa.Jws({.pkcs1 = true})));
  EXPECT_EQ(Flaw::kSignature, FlawOf(kCoseType, rsa.Cose({.pkcs1 = true})));
  EXPECT_EQ(Flaw::kSignature, OpenJws({.der = true}));
  EXPECT_EQ(Flaw::kSignature, OpenCose({.der = true}));
  const fakes::TestAuthority other;
  EXPECT_EQ(Flaw::kSignature, OpenJws({.signs_with = &other}));
  EXPECT_EQ(Flaw::kSignature, OpenCose({.signs_with = &other}));
}

TEST_F(EnvelopeTest, JwsAlgorithmsThatAreNotAcceptedAreMalformed) {
  for (const char* name : {"none", "HS256", "RS256", "EdDSA", "ES256K", "es256", ""}) {
    NotaryPlan plan;
    plan.protected_json = Replacing("\"ES256\"", "\"" + std::string(name) + "\"");
    EXPECT_EQ(Flaw::kMalformed, OpenJws(plan)) << name;
  }
  EXPECT_EQ(Flaw::kMalformed, Header("\"ES256\"", "-7"));
  EXPECT_EQ(Flaw::kMalformed, Header("\"alg\":\"ES256\",", ""));
}

TEST_F(EnvelopeTest, JwsCriticalNamesAreExactlyThoseDue) {
  const std::string scheme = R"("crit":["io.cncf.notary.signingScheme"])";
  for (const char* list :
       {"\"x\":1", "\"crit\":[]", "\"crit\":\"io.cncf.notary.signingScheme\"", "\"crit\":[1]", "\"crit\":[\"alg\"]",
        R"("crit":["io.cncf.notary.signingScheme","io.cncf.notary.signingScheme"])",
        R"("crit":["io.cncf.notary.signingScheme","alg"])", R"("crit":["io.cncf.notary.signingScheme","cty"])",
        R"("crit":["io.cncf.notary.signingScheme","io.cncf.notary.signingTime"])",
        R"("crit":["io.cncf.notary.signingScheme","io.cncf.notary.expiry"])",
        R"("crit":["io.cncf.notary.signingScheme","absent"])"}) {
    EXPECT_EQ(Flaw::kMalformed, Header(scheme, list)) << list;
  }
  NotaryPlan expires;
  expires.expiry = "2026-07-01T00:00:00Z";
  EXPECT_EQ(Flaw::kMalformed, Header(",\"io.cncf.notary.expiry\"]", "]", expires));
}

TEST_F(EnvelopeTest, CriticalAttributesThatNobodyProcessesRefuse) {
  const auto with = [](const std::string& name, const std::string& member, bool critical) {
    return [=](std::string& text) {
      if (critical) text = Replace(text, "signingScheme\"]", "signingScheme\",\"" + name + "\"]");
      text = Replace(text, "{\"alg\"", "{" + member + ",\"alg\"");
    };
  };
  NotaryPlan plan;
  plan.protected_json = with("com.acme.x", R"("com.acme.x":"y")", true);
  EXPECT_EQ(Flaw::kAttributeUnknown, OpenJws(plan));
  plan.protected_json = with("com.acme.x", R"("com.acme.x":"y")", false);
  EXPECT_EQ(kGood, OpenJws(plan));
  plan.protected_json = with("b64", R"("b64":false)", true);
  EXPECT_EQ(Flaw::kAttributeUnknown, OpenJws(plan));
  const std::string plugin = "io.cncf.notary.verificationPlugin";
  for (const bool critical : {true, false}) {
    for (const char* value : {"\"aws\"", "\"\"", "1"}) {
      plan.protected_json = with(plugin, "\"" + plugin + "\":" + value, critical);
      EXPECT_EQ(Flaw::kAttributeUnknown, OpenJws(plan)) << value << critical;
    }
  }
  plan.protected_json = with(plugin + "MinVersion", "\"" + plugin + "MinVersion\":\"1.0\"", true);
  EXPECT_EQ(Flaw::kAttributeUnknown, OpenJws(plan));
}

TEST_F(EnvelopeTest, JwsHeaderIsReadStrictly) {
  const std::string cty = R"("cty":"application/vnd.cncf.notary.payload.v1+json")";
  EXPECT_EQ(Flaw::kMalformed, Header(cty, "\"cty\":\"application/json\""));
  EXPECT_EQ(Flaw::kMalformed, Header(cty, "\"x\":1"));
  EXPECT_EQ(Flaw::kMalformed, Header("\"cty\"", "\"CTY\""));
  EXPECT_EQ(Flaw::kMalformed, Header(cty, "\"cty\":\"x\"," + cty));
  EXPECT_EQ(Flaw::kMalformed, Header("\"alg\"", "\"alg\":\"none\",\"alg\""));
  EXPECT_EQ(Flaw::kMalformed, Header("\"notary.x509\"", "\"notary.x510\""));
  EXPECT_EQ(Flaw::kMalformed, Header(R"("io.cncf.notary.signingScheme":"notary.x509")", "\"x\":1"));
  EXPECT_EQ(Flaw::kMalformed, Header("\"io.cncf.notary.signingScheme\":",
                                     R"("io.cncf.notary.signingScheme":"x","io.cncf.notary.signingScheme":)"));
  NotaryPlan plan;
  plan.protected_json = [](std::string& text) { text += "x"; };
  EXPECT_EQ(Flaw::kMalformed, OpenJws(plan));
  plan.protected_json = [](std::string& text) { text = "[" + text + "]"; };
  EXPECT_EQ(Flaw::kMalformed, OpenJws(plan));
  plan.protected_json = [](std::string& text) {
    std::string many = "{";
    for (std::size_t i = 0; i < limits::kNotaryAttributes; ++i) many += "\"x" + std::to_string(i) + "\":1,";
    text = many + text.substr(1);
  };
  EXPECT_EQ(Flaw::kMalformed, OpenJws(plan));
}

TEST_F(EnvelopeTest, JwsTimes) {
  const std::string time = R"("io.cncf.notary.signingTime":"2026-06-01T12:00:00Z")";
  for (const char* good : {"2026-06-01T12:00:00.25Z", "2026-06-01T14:00:00+02:00", "2026-05-31T23:59:59-12:01",
                           "2036-06-01T12:00:00Z", "1999-06-01T12:00:00Z"}) {
    EXPECT_EQ(kGood, Header("2026-06-01T12:00:00Z", good)) << good;
  }
  for (const char* bad : {"", "2026-06-01", "2026-06-01 12:00:00Z", "2026-06-01T12:00:00", "2026-06-01T12:00:00+2:00",
                          "2026-06-01T12:00:00+24:00", "2026-06-01T12:00:00+02:60", "2026-02-30T12:00:00Z", "junk"}) {
    EXPECT_EQ(Flaw::kMalformed, Header("2026-06-01T12:00:00Z", bad)) << bad;
  }
  EXPECT_EQ(Flaw::kMalformed, Header("," + time, ""));
  EXPECT_EQ(Flaw::kMalformed, Header("\"2026-06-01T12:00:00Z\"", "1780000000"));
  NotaryPlan plan;
  for (const char* bad : {"2026-06-01T12:00:00Z", "2026-05-01T00:00:00Z", "0001-01-01T00:00:00Z"}) {
    plan.expiry = bad;
    EXPECT_EQ(Flaw::kMalformed, OpenJws(plan)) << bad;
  }
  for (const char* good : {"2026-06-01T12:00:00.1Z", "2300-01-01T00:00:00Z", "9999-12-31T23:59:59Z"}) {
    plan.expiry = good;
    EXPECT_EQ(kGood, OpenJws(plan)) << good;
  }
  // An expiry of year 1 is none to notation, and needs not to be critical there.
  EXPECT_EQ(Flaw::kMalformed, Header("{\"alg\"", R"({"io.cncf.notary.expiry":"0001-01-01T00:00:00Z","alg")"));
  EXPECT_EQ(kGood, Header("{\"alg\"", R"({"io.cncf.notary.expiry":null,"alg")"));
}

TEST_F(EnvelopeTest, SchemesHaveTheirOwnTimeOnly) {
  EXPECT_EQ(Flaw::kMalformed, OpenJws({.signing_time = ""}));
  EXPECT_EQ(Flaw::kMalformed, OpenCose({.signing_time = ""}));
  const std::string authority = "notary.x509.signingAuthority";
  EXPECT_EQ(kGood, OpenJws({.scheme = authority}));
  EXPECT_EQ(kGood, OpenCose({.scheme = authority}));
  EXPECT_EQ(Flaw::kMalformed, OpenJws({.scheme = authority, .signing_time = ""}));
  EXPECT_EQ(Flaw::kMalformed, OpenCose({.scheme = authority, .signing_time = ""}));
  const std::string both = R"({"io.cncf.notary.signingTime":"2026-06-01T12:00:00Z","alg")";
  EXPECT_EQ(Flaw::kMalformed, Header("{\"alg\"", both, {.scheme = authority}));
  const std::string authentic = R"({"io.cncf.notary.authenticSigningTime":"2026-06-01T12:00:00Z","alg")";
  EXPECT_EQ(Flaw::kMalformed, Header("{\"alg\"", authentic));
  EXPECT_EQ(Flaw::kMalformed, Header(R"(,"io.cncf.notary.authenticSigningTime"])", "]", {.scheme = authority}));
  NotaryPlan cose;
  cose.protected_pairs = [](fakes::CborPairs& pairs) {
    pairs.emplace_back(fakes::CborText("io.cncf.notary.authenticSigningTime"), fakes::CborTime(NotaryAuthority::Now()));
  };
  EXPECT_EQ(Flaw::kMalformed, OpenCose(cose));
}

TEST_F(EnvelopeTest, JwsOuterFormIsReadStrictly) {
  const auto changed = [](std::function<void(std::string&)> change) {
    NotaryPlan plan;
    plan.result = std::move(change);
    return OpenJws(plan);
  };
  EXPECT_EQ(kGood, changed(Replacing("{\"payload\"", "{\"other\":1,\"payload\"")));
  EXPECT_EQ(Flaw::kMalformed, changed([](std::string& text) { text += "{}"; }));
  EXPECT_EQ(Flaw::kMalformed, changed([](std::string& text) { text = "\xEF\xBB\xBF" + text; }));
  EXPECT_EQ(Flaw::kMalformed, changed([](std::string& text) { text = "[" + text + "]"; }));
  EXPECT_EQ(Flaw::kMalformed, changed([](std::string& text) { text = "a.b.c"; }));
  EXPECT_EQ(Flaw::kMalformed, changed([](std::string& text) { text = std::string(100'000, '.'); }));
  EXPECT_EQ(Flaw::kMalformed, changed([](std::string& text) { text = std::string(20'000, '['); }));
  EXPECT_EQ(Flaw::kMalformed, changed([](std::string& text) { text.resize(limits::kNotaryEnvelopeBytes + 1, ' '); }));
  EXPECT_EQ(Flaw::kMalformed, changed(Replacing("{\"payload\"", "{\"signatures\":[],\"payload\"")));
  EXPECT_EQ(Flaw::kMalformed, changed(Replacing("{\"payload\"", "{\"payload\":\"e30\",\"payload\"")));
  EXPECT_EQ(Flaw::kMalformed, changed(Replacing("\"payload\"", "\"PAYLOAD\"")));
  EXPECT_EQ(Flaw::kMalformed, changed(Replacing("\"signature\":\"", "\"signature\":\"\\n")));
  EXPECT_EQ(Flaw::kMalformed, changed([](std::string& text) { text.insert(text.size() - 2, "="); }));
  EXPECT_EQ(Flaw::kMalformed, changed([](std::string& text) { text.insert(text.size() - 2, "+/"); }));
  EXPECT_EQ(Flaw::kSignature, changed([](std::string& text) { text = text.substr(0, text.rfind(":") + 1) + "\"\"}"; }));
  EXPECT_EQ(Flaw::kSignature,
            changed([](std::string& text) { text = text.substr(0, text.rfind(":") + 1) + "\"AAAA\"}"; }));
}

TEST_F(EnvelopeTest, JwsUnprotectedHeaderIsReadStrictly) {
  const auto changed = [](const std::string& from, const std::string& to) {
    NotaryPlan plan;
    plan.header_json = Replacing(from, to);
    return OpenJws(plan);
  };
  EXPECT_EQ(kGood, changed("{\"x5c\"", "{\"other\":1,\"x5c\""));
  EXPECT_EQ(Flaw::kMalformed, changed("{\"x5c\"", "{\"alg\":\"none\",\"x5c\""));
  EXPECT_EQ(Flaw::kMalformed, changed("{\"x5c\"", "{\"crit\":[],\"x5c\""));
  EXPECT_EQ(Flaw::kMalformed, changed("\"x5c\"", "\"X5C\""));
  EXPECT_EQ(Flaw::kMalformed, changed("\"x5c\":[", "\"x5c\":[],\"y\":["));
  EXPECT_EQ(Flaw::kMalformed, changed("\"x5c\":[", "\"x5c\":[\"\","));
  EXPECT_EQ(Flaw::kMalformed, changed("\"x5c\":[", "\"x5c\":[1,"));
  EXPECT_EQ(Flaw::kMalformed, changed("\"x5c\":[\"MII", "\"x5c\":[\"M\\nII"));
  EXPECT_EQ(Flaw::kMalformed, changed("{\"x5c\"", R"({"io.cncf.notary.timestampSignature":1,"x5c")"));
  EXPECT_EQ(Flaw::kMalformed, changed("{\"x5c\"", R"({"io.cncf.notary.timestampSignature":"","x5c")"));
  NotaryPlan eleven;
  eleven.chain = std::vector<Bytes>(limits::kCertificates + 1, authority_->leaf().der);
  EXPECT_EQ(Flaw::kMalformed, OpenJws(eleven));
  EXPECT_EQ(Flaw::kMalformed, OpenCose(eleven));
  NotaryPlan trailing;
  trailing.chain = authority_->Chain();
  trailing.chain->front().push_back(0);
  EXPECT_EQ(Flaw::kCertificateInvalid, OpenJws(trailing));
  EXPECT_EQ(Flaw::kCertificateInvalid, OpenCose(trailing));
}

TEST_F(EnvelopeTest, TheMediaTypeAloneSelectsTheForm) {
  EXPECT_EQ(Flaw::kMalformed, FlawOf(kCoseType, authority_->Jws()));
  EXPECT_EQ(Flaw::kMalformed, FlawOf(kJwsType, authority_->Cose()));
  EXPECT_EQ(Flaw::kMalformed, FlawOf("application/jose+json;charset=utf-8", authority_->Jws()));
  EXPECT_EQ(Flaw::kMalformed, FlawOf("", authority_->Jws()));
}

TEST_F(EnvelopeTest, PayloadIsReadStrictly) {
  const std::string good = NotaryAuthority::Payload(NotaryAuthority::kDigest, R"({"k":"v"})");
  const auto with = [&](const std::string& from, const std::string& to) {
    const std::string payload = Replace(good, from, to);
    const auto jws = OpenJws({.payload = payload});
    EXPECT_EQ(jws, OpenCose({.payload = payload})) << payload;
    return jws;
  };
  EXPECT_EQ(kGood, with("\"size\"", "\"urls\":[],\"size\""));
  EXPECT_EQ(kGood, with("{\"targetArtifact\"", "{\"x\":1,\"targetArtifact\""));
  EXPECT_EQ(kGood, with("\"annotations\":{\"k\":\"v\"}", "\"annotations\":null"));
  EXPECT_EQ(kGood, OpenCose({.payload = good + "\n"}));
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"sha256:a", "sha256:A"},
           {"sha256:", "sha512:"},
           {"524", "524.0"},
           {"\"size\":524", "\"size\":-1"},
           {"\"size\"", "\"siZe\""},
           {"\"mediaType\"", "\"mediatype\""},
           {"\"digest\":", "\"digest\":\"x\",\"digest\":"},
           {"targetArtifact", "TARGETARTIFACT"},
           {"{\"targetArtifact\"", "{\"targetArtifact\":{},\"targetArtifact\""},
           {"\"v\"", "1"},
           {"{\"k\":\"v\"}", "[]"},
           {"{\"targetArtifact\"", "\xEF\xBB\xBF{\"targetArtifact\""},
       }) {
    EXPECT_EQ(Flaw::kMalformed, with(from, to)) << from << " -> " << to;
  }
  EXPECT_EQ(Flaw::kMalformed, with("\"size\":524", "\"size\":\"524\""));
  EXPECT_EQ(Flaw::kMalformed, OpenJws({.payload = good + std::string(limits::kNotaryPayloadBytes, ' ')}));
  EXPECT_EQ(Flaw::kMalformed, OpenJws({.payload = "[]"}));
}

}  // namespace
}  // namespace pullseal::notary
