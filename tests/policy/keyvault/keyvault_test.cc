// SPDX-License-Identifier: Apache-2.0
// A vault in memory.
#include "policy/keyvault/keyvault.h"

#include <gtest/gtest.h>

#include "core/base/bytes.h"
#include "core/crypto/key_parts.h"
#include "fakes/fake_clock.h"
#include "fakes/fake_registry.h"
#include "fakes/test_authority.h"
#include "policy/keyvault/limits.h"

namespace pullseal::keyvault {
namespace {

constexpr char kVault[] = "https://acme.vault.azure.net";

std::string Base64Url(ByteView bytes) {
  std::string out = Base64Encode(bytes);
  while (out.ends_with('=')) out.pop_back();
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

// The last `size` bytes of a key's DER, for keys whose point stands at its end.
Bytes Tail(const crypto::PublicKey& key, std::size_t size) {
  return Bytes(key.Der().end() - static_cast<std::ptrdiff_t>(size), key.Der().end());
}

std::string EcJwk(const crypto::PublicKey& key, const std::string& curve, std::size_t size,
                  const std::string& version) {
  const Bytes point = Tail(key, 2 * size);
  const ByteView all(point);
  return R"({"kid":"https://acme.vault.azure.net/keys/release/)" + version + R"(","kty":"EC-HSM","crv":")" + curve +
         R"(","x":")" + Base64Url(all.first(size)) + R"(","y":")" + Base64Url(all.subspan(size)) + R"("})";
}

class KeyVaultTest : public ::testing::Test {
 protected:
  KeyVaultTest() {
    for (const auto& [version, enabled] :
         std::vector<std::pair<std::string, bool>>{{"aaaa1111", true}, {"bbbb2222", true}, {"cccc3333", false}}) {
      const std::string body = R"({"key":)" + EcJwk(Key(version), "P-256", 32, version) +
                               R"(,"attributes":{"enabled":true,"nbf":1790000000,"exp":1800000000}})";
      On("/keys/release/" + version + "?", body);
      listed_.push_back(R"({"kid":")" + std::string(kVault) + "/keys/release/" + version +
                        R"(","attributes":{"enabled":)" + (enabled ? "true" : "false") + "}}");
    }
    List();
  }
  // A second page for all but the first.
  void List(const std::string& next = std::string(kVault) + "/keys/release/versions?page=2") {
    On("/keys/release/versions?api", R"({"value":[)" + listed_[0] + R"(],"nextLink":")" + next + "\"}");
    On("/keys/release/versions?page=2", R"({"value":[)" + listed_[1] + "," + listed_[2] + R"(],"nextLink":null})");
  }
  void On(const std::string& part, const std::string& body, long status = 200) {
    http_.On(part, [=](const http::HttpRequest&) { return fakes::FakeRegistry::Response(status, body); });
  }
  const crypto::PublicKey& Key(const std::string& version) {
    if (const auto found = keys_.find(version); found != keys_.end()) return found->second;
    return keys_.emplace(version, *crypto::PublicKey::ParsePem(fakes::TestAuthority().PublicPem())).first->second;
  }
  Result<std::vector<VaultKey>> Fetch(const std::string& name = "azurekms://acme.vault.azure.net/release") {
    return FetchKeys(Access{.http = http_,
                            .clock = clock_,
                            .vault = *http::Url::Parse(kVault),
                            .token = Secret("secret"),
                            .deadline = clock_.Steady() + limits::kVaultTime},
                     *KeyName::Parse(name));
  }

  fakes::FakeRegistry http_;
  fakes::FakeClock clock_;
  std::map<std::string, crypto::PublicKey> keys_;
  std::vector<std::string> listed_;
};

TEST_F(KeyVaultTest, EveryEnabledVersionIsFetched) {
  const auto keys = Fetch();
  ASSERT_TRUE(keys.ok()) << keys.error().message;
  ASSERT_EQ(2U, keys->size());
  EXPECT_EQ("aaaa1111", (*keys)[0].version);
  EXPECT_EQ(Key("aaaa1111").Fingerprint(), (*keys)[0].key.Fingerprint());
  EXPECT_EQ(Key("bbbb2222").Fingerprint(), (*keys)[1].key.Fingerprint());
  EXPECT_EQ("2026-09-21", FormatTime(*(*keys)[0].not_before).substr(0, 10));
  EXPECT_TRUE((*keys)[0].expires);
  const auto one = Fetch("azurekms://acme.vault.azure.net/release/cccc3333");
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(Key("cccc3333").Fingerprint(), one->at(0).key.Fingerprint()) << "one that is named";
}

TEST_F(KeyVaultTest, TheTokenGoesToTheVaultAlone) {
  (void)Fetch();
  for (const std::string& line : http_.Requests()) EXPECT_NE(std::string::npos, line.find(kVault)) << line;
  List("https://elsewhere.example/keys/release/versions?page=2");
  http_.ForgetRequests();
  EXPECT_EQ(ErrorCode::kRemote, Fetch().error().code);
  for (const std::string& line : http_.Requests()) EXPECT_EQ(std::string::npos, line.find("elsewhere")) << line;
}

TEST_F(KeyVaultTest, TroubleIsTold) {
  On("/keys/release/bbbb2222?", "{}", 403);
  EXPECT_EQ(ErrorCode::kUnauthorized, Fetch().error().code);
  On("/keys/release/bbbb2222?", "{}", 404);
  EXPECT_EQ(ErrorCode::kNotFound, Fetch().error().code);
  On("/keys/release/bbbb2222?", "{}", 500);
  EXPECT_EQ(ErrorCode::kRemote, Fetch().error().code);
  On("/keys/release/bbbb2222?", R"({"key":)" + EcJwk(Key("aaaa1111"), "P-256", 32, "aaaa1111") + "}");
  EXPECT_EQ(ErrorCode::kRemote, Fetch().error().code) << "another version than was asked for";
  On("/keys/release/versions?api", R"({"value":[]})");
  EXPECT_EQ(ErrorCode::kNotFound, Fetch().error().code) << "none enabled";
  On("/keys/release/versions?api", R"({"value":[{"kid":"https://acme.vault.azure.net/keys/release/../x",)"
                                   R"("attributes":{"enabled":true}}]})");
  EXPECT_EQ(ErrorCode::kNotFound, Fetch().error().code) << "a version is its name alone, whatever stands before it";
  On("/keys/release/versions?api",
     R"({"value":[],"nextLink":"https://acme.vault.azure.net/keys/release/versions?api"})");
  EXPECT_EQ(ErrorCode::kLimit, Fetch().error().code) << "a list without an end";
}

TEST_F(KeyVaultTest, OnlyVaultsAreNamed) {
  for (const char* good : {"azurekms://acme.vault.azure.net/release", "azurekms://a-b.managedhsm.azure.net/k/0123abcd",
                           "azurekms://acme.vault.usgovcloudapi.net/k", "azurekms://acme.vault.azure.cn/k"}) {
    EXPECT_TRUE(KeyName::Parse(good).ok()) << good;
  }
  EXPECT_EQ("https://managedhsm.azure.net", KeyName::Parse("azurekms://a.managedhsm.azure.net/k")->audience);
  for (const char* bad :
       {"", "acme.vault.azure.net/k", "https://acme.vault.azure.net/k", "azurekms://acme.vault.azure.net",
        "azurekms://acme.vault.azure.net/", "azurekms://acme.vault.azure.net/k/v/more",
        "azurekms://acme.vault.azure.net.evil.example/k", "azurekms://evilvault.azure.net/k",
        "azurekms://x.acme.vault.azure.net/k", "azurekms://.vault.azure.net/k",
        "azurekms://acme.vault.azure.net:8443/k", "azurekms://acme.vault.azure.net/k?x",
        "azurekms://acme@vault.azure.net/k", "azurekms://acme.vault.azure.net/../k"}) {
    EXPECT_FALSE(KeyName::Parse(bad).ok()) << bad;
  }
}

TEST_F(KeyVaultTest, KeysOfEveryKindAreTaken) {
  using fakes::TestAuthority;
  const auto pem = [](const TestAuthority& key) { return *crypto::PublicKey::ParsePem(key.PublicPem()); };
  for (const auto& [curve, size] :
       std::vector<std::pair<std::string, std::size_t>>{{"P-256", 32}, {"P-384", 48}, {"P-521", 66}}) {
    const auto key = pem(TestAuthority(curve));
    const auto read = ParseJwk(EcJwk(key, curve, size, "v"));
    ASSERT_TRUE(read.ok()) << curve << read.error().message;
    EXPECT_EQ(key.Fingerprint(), read->Fingerprint());
    EXPECT_EQ(key.Fingerprint(), crypto::PublicKey::ParsePem(crypto::ToPem(*read))->Fingerprint());
  }
  // RSA's modulus stands before INTEGER 65537, the last five bytes.
  const auto rsa = pem(TestAuthority("RSA-3072"));
  const Bytes modulus(rsa.Der().end() - 5 - 384, rsa.Der().end() - 5);
  const std::string numbers = R"("n":")" + Base64Url(modulus) + R"(","e":"AQAB"})";
  EXPECT_EQ(rsa.Fingerprint(), ParseJwk(R"({"kty":"RSA",)" + numbers)->Fingerprint());
  const auto small = pem(TestAuthority("P-256"));
  const std::string good = EcJwk(small, "P-256", 32, "v");
  EXPECT_FALSE(ParseJwk(EcJwk(small, "P-256K", 32, "v")).ok());
  EXPECT_FALSE(ParseJwk(EcJwk(small, "P-384", 32, "v")).ok()) << "not on that curve";
  EXPECT_FALSE(ParseJwk(R"({"kty":"oct","k":"AQAB"})").ok());
  EXPECT_FALSE(ParseJwk(R"({"kty":"RSA","n":"AQAB","e":"AQAB"})").ok()) << "too few bits";
  EXPECT_FALSE(ParseJwk(R"({"kty":"EC","crv":"P-256","x":"AQ"})").ok());
  EXPECT_FALSE(ParseJwk("[").ok());
  EXPECT_FALSE(crypto::EcKeyFromPoint(crypto::PublicKey::Kind::kEd25519, modulus, modulus).ok());
  EXPECT_FALSE(crypto::EcKeyFromPoint(crypto::PublicKey::Kind::kEcdsaP256, modulus, modulus).ok());
}

TEST_F(KeyVaultTest, TheMachinesIdentityIsAskedForVaults) {
  On("/metadata/identity", R"({"access_token":"t","expires_in":"3600"})");
  const auto token =
      IdentityToken(http_, clock_, "https://vault.azure.net", "me", clock_.Steady() + limits::kVaultTime);
  ASSERT_TRUE(token.ok());
  EXPECT_EQ("t", token->text());
  ASSERT_EQ(1U, http_.Requests().size());
  EXPECT_NE(std::string::npos, http_.Requests()[0].find("resource=https%3A%2F%2Fvault.azure.net&client_id=me"));
  On("/metadata/identity", "{}", 400);
  EXPECT_EQ(
      ErrorCode::kUnavailable,
      IdentityToken(http_, clock_, "https://vault.azure.net", "", clock_.Steady() + limits::kVaultTime).error().code);
}

}  // namespace
}  // namespace pullseal::keyvault
