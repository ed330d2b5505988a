// SPDX-License-Identifier: Apache-2.0
#include "verify/sigstore/simple_signing.h"

#include <gtest/gtest.h>

#include "fakes/test_authority.h"
#include "image/oci/limits.h"

namespace pullseal::sigstore {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');
std::string Good(const std::string& optional = "null") {
  return fakes::SimpleSigningPayload("reg.io/app", kDigest, optional);
}

std::string Replace(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(SimpleSigningTest, ReadsAClaim) {
  const auto claim = SimpleSigning::Parse(AsBytes(Good(R"({"env":"prod","n":1})")));
  ASSERT_TRUE(claim.ok()) << claim.error().message;
  EXPECT_EQ(kDigest, claim->digest.text());
  EXPECT_EQ("reg.io/app", claim->repository);
  EXPECT_EQ(1U, claim->annotations.size());
}

TEST(SimpleSigningTest, RefusesEverythingElse) {
  const std::string cases[] = {
      "",
      "{}",
      "null",
      Good() + "x",
      Good() + Good(),
      Replace(Good(), "cosign container image signature", "atomic container signature"),
      Replace(Good(), "sha256:", "sha512:"),
      Replace(Good(), "docker-manifest-digest", "other"),
      Replace(Good(), "\"identity\"", "\"identitY\""),
      Replace(Good(), "\"critical\":{", "\"critical\":{\"more\":1,"),
      Replace(Good(), "\"critical\":{", "\"critical\":{\"type\":\"x\","),
      Good("[]"),
      Good("\"x\""),
      std::string(limits::kPayloadBytes + 1, ' '),
  };
  for (const std::string& text : cases) EXPECT_FALSE(SimpleSigning::Parse(AsBytes(text)).ok()) << text.substr(0, 200);
}

}  // namespace
}  // namespace pullseal::sigstore
