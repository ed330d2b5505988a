// SPDX-License-Identifier: Apache-2.0
#include "verify/tuf/metadata.h"

#include <gtest/gtest.h>

#include "fakes/tuf_repository.h"
#include "verify/tuf/limits.h"

namespace pullseal::tuf {
namespace {

using fakes::TufRepository;
using fakes::TufSigner;

TEST(TufTimeTest, AsRepositoriesWriteIt) {
  const auto text = [](const char* time) {
    const auto read = ReadTime(time);
    return read ? FormatTime(*read) : "none";
  };
  EXPECT_EQ("2026-11-20T13:28:12.000000Z", text("2026-11-20T13:28:12Z"));
  EXPECT_EQ("2021-12-18T19:28:12.990080Z", text("2021-12-18T13:28:12.99008-06:00"));
  EXPECT_EQ("2021-12-18T08:28:12.000000Z", text("2021-12-18T13:28:12+05:00"));
  EXPECT_EQ("2022-05-11T19:09:02.663975Z", text("2022-05-11T19:09:02.663975009Z"));
  EXPECT_EQ(WallTime::max(), ReadTime("9999-12-31T23:59:59Z"));
  for (const char* bad : {"", "2026", "2026-11-20", "2026-11-20T13:28:12", "2026-11-20 13:28:12Z",
                          "2026-02-30T00:00:00Z", "2026-11-20T13:28:12+0500", "2026-11-20T13:28:12+25:00",
                          "2026-11-20T13:28:12.Z", "99999-01-01T00:00:00Z", "1960-01-01T00:00:00Z"}) {
    EXPECT_FALSE(ReadTime(bad)) << bad;
  }
}

TEST(TufMetadataTest, EachKindOfKeyVerifiesByItsSchemeOnly) {
  const std::string message = "message", other = "Message";
  for (const char* kind : {"ecdsa", "ecdsa-hex", "p384", "ed25519", "rsa-pss", "rsa-pkcs1"}) {
    const TufSigner signer(kind);
    const auto key = Key::Read(*json::Parse(signer.Key().dump()));
    ASSERT_TRUE(key) << kind;
    const Bytes signature = *HexDecode(signer.Sign(message));
    EXPECT_TRUE(key->Verify(AsBytes(message), signature)) << kind;
    EXPECT_FALSE(key->Verify(AsBytes(other), signature)) << kind;
  }
  TufSigner signer("rsa-pss");
  const Bytes pss = *HexDecode(signer.Sign(message));
  signer.kind = "rsa-pkcs1";
  EXPECT_FALSE(Key::Read(*json::Parse(signer.Key().dump()))->Verify(AsBytes(message), pss));
}

TEST(TufMetadataTest, KeysThatAreNoneCountForNothing) {
  nlohmann::json key = TufSigner("ecdsa").Key();
  const auto absent = [](const nlohmann::json& value) { return !Key::Read(*json::Parse(value.dump())); };
  EXPECT_FALSE(absent(key));
  for (const auto& [path, value] :
       std::vector<std::pair<std::string, nlohmann::json>>{{"/keytype", "sphincs"},
                                                           {"/keytype", nullptr},
                                                           {"/scheme", "ecdsa-sha2-nistp384"},
                                                           {"/scheme", "ed25519"},
                                                           {"/keyval", nullptr},
                                                           {"/keyval/public", ""},
                                                           {"/keyval/public", "04ab"},
                                                           {"/keyval/public", nullptr}}) {
    nlohmann::json changed = key;
    changed[nlohmann::json::json_pointer(path)] = value;
    EXPECT_TRUE(absent(changed)) << path << value;
  }
  nlohmann::json ed25519 = TufSigner("ed25519").Key();
  for (const std::string& text : {std::string(64, '0'), ed25519["keyval"]["public"].get<std::string>() + "00",
                                  std::string("zz") + std::string(62, '0')}) {
    ed25519["keyval"]["public"] = text;
    EXPECT_TRUE(absent(ed25519)) << text;
  }
}

// CVE-2026-23991 and its like: whatever a member is instead of what it should be, the file is refused, not believed.
TEST(TufMetadataTest, EachMemberMustBeThereAndOfItsKind) {
  TufRepository repository;
  repository.AddTarget("targets", "a", "b");
  repository.promise_hashes = true;
  repository.PublishTargets();
  const auto read = [](const std::string& role, const nlohmann::json& content) -> Status {
    const auto value = json::Parse(content.dump());
    if (role == "root") return ReadRoot(*value) ? Status() : Error{};
    if (role == "timestamp") return ReadTimestamp(*value) ? Status() : Error{};
    if (role == "snapshot") return ReadSnapshot(*value) ? Status() : Error{};
    return ReadTargets(*value) ? Status() : Error{};
  };
  for (const char* role : {"root", "timestamp", "snapshot", "targets"}) {
    const nlohmann::json content = repository.signed_part(role);
    ASSERT_TRUE(read(role, content).ok()) << role;
    const nlohmann::json flat = content.flatten();
    for (const auto& [path, ignored] : flat.items()) {
      // Keys that cannot be read count for nothing, and the name of a keyid is free.
      if (path.starts_with("/keys/") || path.find("/keyids/") != std::string::npos) continue;
      for (const nlohmann::json& wrong : {nlohmann::json(), nlohmann::json::array(), nlohmann::json::object(),
                                          nlohmann::json(-1), nlohmann::json("?"), nlohmann::json(1.5)}) {
        nlohmann::json changed = content;
        changed[nlohmann::json::json_pointer(path)] = wrong;
        EXPECT_FALSE(read(role, changed).ok()) << role << path << wrong;
      }
    }
    for (const auto& member : content.items()) {
      nlohmann::json changed = content;
      changed.erase(member.key());
      EXPECT_EQ(member.key() == "consistent_snapshot", read(role, changed).ok()) << role << " without " << member.key();
    }
    for (const nlohmann::json& wrong : {nlohmann::json(), nlohmann::json::array(), nlohmann::json("x")}) {
      EXPECT_FALSE(read(role, wrong).ok());
    }
  }
}

TEST(TufMetadataTest, SpecificationVersionOneOnly) {
  TufRepository repository;
  nlohmann::json content = repository.signed_part("snapshot");
  for (const auto& [version, good] : std::vector<std::pair<std::string, bool>>{{"1", true},
                                                                               {"1.0", true},
                                                                               {"1.0.34", true},
                                                                               {"2.0", false},
                                                                               {"10.0", false},
                                                                               {"", false},
                                                                               {"1.x", false}}) {
    content["spec_version"] = version;
    EXPECT_EQ(good, ReadSnapshot(*json::Parse(content.dump())).ok()) << version;
  }
}

TEST(TufMetadataTest, HashesThatAreNotKnownFitNothing) {
  TufRepository repository;
  repository.AddTarget("targets", "a", "b");
  nlohmann::json content = repository.signed_part("targets");
  content["targets"]["a"]["hashes"] = {{"blake3", "00"}};
  const auto targets = ReadTargets(*json::Parse(content.dump()));
  ASSERT_TRUE(targets.ok());
  EXPECT_TRUE(targets->targets.at("a").hashes.empty());
  content["targets"]["a"]["hashes"] = nlohmann::json::object();
  EXPECT_FALSE(ReadTargets(*json::Parse(content.dump())).ok());
  content["targets"]["a"]["hashes"] = {{"sha256", "00"}};
  EXPECT_FALSE(ReadTargets(*json::Parse(content.dump())).ok());
}

TEST(TufMetadataTest, SignaturesHaveABound) {
  TufRepository repository;
  nlohmann::json file = nlohmann::json::parse(repository.File("root"));
  while (file["signatures"].size() < limits::kTrustSignatures)
    file["signatures"].push_back({{"keyid", "x"}, {"sig", ""}});
  EXPECT_TRUE(Envelope::Parse(file.dump()).ok());
  file["signatures"].push_back({{"keyid", "x"}, {"sig", ""}});
  EXPECT_EQ(ErrorCode::kLimit, Envelope::Parse(file.dump()).error().code);
  for (const char* text :
       {"", "[]", "{}", R"({"signed":{}})", R"({"signatures":[]})", R"({"signed":{},"signatures":{}})",
        R"({"signed":{},"signatures":[{}]})", R"({"signed":{},"signatures":[{"keyid":"a"}]})",
        R"({"signed":{},"signatures":[{"keyid":"a","sig":1}]})", R"({"signed":{},"signatures":[null]})"}) {
    EXPECT_FALSE(Envelope::Parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace pullseal::tuf
