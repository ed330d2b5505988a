// SPDX-License-Identifier: Apache-2.0
#include "verify/sigstore/trusted_root.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "verify/sigstore/limits.h"

namespace pullseal::sigstore {
namespace {

const std::string kGood =
    R"({"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","tlogs":[{"baseUrl":"https://log",)"
    R"("publicKey":{"rawBytes":"AAAA","keyDetails":"PKIX_ECDSA_P256_SHA_256","validFor":{"start":"2021-01-12T11:53:27Z",)"
    R"("end":"2022-01-01T23:59:59.999Z"}},"logId":{"keyId":"AQID"},"operator":"somebody"}],"certificateAuthorities":[)"
    R"({"uri":"https://ca","certChain":{"certificates":[{"rawBytes":"AAAA"}]},"validFor":{"start":"2021-01-12T11:53:27Z"}}]})";

std::string Replace(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(std::string::npos, at) << from;
  return text.replace(at, from.size(), to);
}

TEST(TrustedRootTest, ReadsLogsAndAuthorities) {
  const auto root = TrustedRoot::Parse(kGood);
  ASSERT_TRUE(root.ok()) << root.error().message;
  ASSERT_EQ(1U, root->logs.size());
  EXPECT_EQ((Bytes{1, 2, 3}), root->logs[0].log_id);
  EXPECT_TRUE(root->logs[0].validity.end);
  ASSERT_EQ(1U, root->certificate_authorities.size());
  EXPECT_FALSE(root->certificate_authorities[0].validity.end);
}

TEST(TrustedRootTest, RefusesWhatWouldTrustWithoutBound) {
  const std::string cases[] = {
      "",
      "{}",
      "[]",
      kGood + "x",
      Replace(kGood, "version=0.1", "version=0.9"),
      Replace(kGood, R"("start":"2021-01-12T11:53:27Z",)", ""),
      Replace(kGood, "2021-01-12T11:53:27Z", "yesterday"),
      Replace(kGood, "2022-01-01T23:59:59.999Z", "2020-01-01T00:00:00Z"),
      Replace(kGood, R"("rawBytes":"AAAA")", R"("rawBytes":"")"),
      Replace(kGood, R"("logId":{"keyId":"AQID"})", R"("logId":{})"),
      Replace(kGood, R"([{"rawBytes":"AAAA"}])", "[]"),
      Replace(kGood, R"("tlogs":[)", R"("tlogs":[null,)"),
      R"({"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"})",
  };
  for (const std::string& text : cases) EXPECT_FALSE(TrustedRoot::Parse(text).ok()) << text;
  EXPECT_EQ(ErrorCode::kLimit, TrustedRoot::Parse(std::string(limits::kTrustRootBytes + 1, ' ')).error().code);
}

TEST(TrustedRootTest, ReadsThePublicGoodRoot) {
  const char* folder = std::getenv("PULLSEAL_TESTDATA");
  const std::string path = std::string(folder != nullptr ? folder : "") + "/trusted_root_public_good.json";
  ASSERT_TRUE(std::filesystem::exists(path)) << path << ": there is no public test data";
  std::ifstream file(path);
  const auto root = TrustedRoot::Parse(std::string(std::istreambuf_iterator<char>(file), {}));
  ASSERT_TRUE(root.ok()) << root.error().message;
  EXPECT_GE(root->logs.size(), 2U);
  EXPECT_GE(root->certificate_authorities.size(), 2U);
  EXPECT_GE(root->timestamp_authorities.size(), 1U);
}

}  // namespace
}  // namespace pullseal::sigstore
