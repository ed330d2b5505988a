// SPDX-License-Identifier: Apache-2.0
// Bundles, envelopes and statements: what is read, and what is refused.
#include "verify/sigstore/bundle.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "fakes/test_authority.h"
#include "image/oci/cosign.h"
#include "image/oci/limits.h"
#include "verify/signature/limits.h"
#include "verify/signature/statement.h"
#include "verify/sigstore/limits.h"

namespace pullseal::sigstore {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

std::string Replace(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(std::string::npos, at) << from;
  return text.replace(at, from.size(), to);
}

std::string Good() { return fakes::KeyBundle(fakes::SignStatement(kDigest), {1, 2, 3}); }

std::string WithEntry(const std::string& entry) {
  return Replace(Good(), R"("publicKey")", R"("tlogEntries":[)" + entry + R"(],"publicKey")");
}

const std::string kEntry =
    R"({"logIndex":"7","logId":{"keyId":"AAAA"},"kindVersion":{"kind":"dsse","version":"0.0.1"},"integratedTime":"1700000000",)"
    R"("inclusionProof":{"logIndex":"3","rootHash":"AAAA","treeSize":"9","hashes":["AAAA"],"checkpoint":{"envelope":"c"}},)"
    R"("canonicalizedBody":"AAAA"})";

TEST(BundleTest, ReadsWhatCosignWritesWithAKey) {
  const auto bundle = Bundle::Parse(AsBytes(Good()));
  ASSERT_TRUE(bundle.ok()) << bundle.error().message;
  EXPECT_EQ("h", std::get<Bundle::PublicKeyHint>(bundle->material).hint);
  const auto& envelope = std::get<signature::DsseEnvelope>(bundle->content);
  EXPECT_EQ(signature::kInTotoPayloadType, envelope.payload_type);
  EXPECT_EQ((Bytes{1, 2, 3}), envelope.signature.sig);
  EXPECT_EQ(fakes::EnvelopeBytes(fakes::SignStatement(kDigest)), AsText(envelope.SignedBytes()));
}

TEST(BundleTest, ReadsLogEntries) {
  const auto bundle = Bundle::Parse(AsBytes(WithEntry(kEntry)));
  ASSERT_TRUE(bundle.ok()) << bundle.error().message;
  ASSERT_EQ(1U, bundle->log_entries.size());
  const LogEntry& entry = bundle->log_entries[0];
  EXPECT_EQ(7, entry.log_index);
  EXPECT_EQ("dsse", entry.kind);
  EXPECT_EQ(1'700'000'000, entry.integrated_time);
  EXPECT_EQ(9, entry.proof->tree_size);
}

TEST(BundleTest, RefusesEverythingElse) {
  const std::string good = Good();
  const std::string huge_list = [] {
    std::string list = kEntry;
    for (std::size_t i = 0; i < limits::kLogEntries; ++i) list += "," + kEntry;
    return list;
  }();
  const std::string cases[] = {
      "",
      "{}",
      "[]",
      good + "x",
      Replace(good, "v0.3+json", "v0.4+json"),
      Replace(good, "v0.3+json", "V0.3+json"),
      Replace(good, "\"mediaType\"", "\"media_type\""),
      Replace(good, "\"mediaType\"", "\"verification_material\":{},\"mediaType\""),
      Replace(good, "\"mediaType\"", "\"mediaType\":\"x\",\"mediaType\""),
      Replace(good, R"("publicKey":{"hint":"h"})", ""),
      Replace(good, R"("publicKey":{"hint":"h"})", R"("publicKey":{"hint":"h"},"certificate":{"rawBytes":"AAAA"})"),
      Replace(good, R"("publicKey":{"hint":"h"})", R"("x509CertificateChain":{"certificates":[{"rawBytes":"AAAA"}]})"),
      Replace(good, R"("publicKey":{"hint":"h"})", R"("certificate":{"rawBytes":""})"),
      Replace(good, R"("publicKey":{"hint":"h"})", R"("publicKey":{"hint":1})"),
      Replace(good, R"("dsseEnvelope")", R"("messageSignature":{"signature":"AAAA"},"dsseEnvelope")"),
      Replace(good, R"("dsseEnvelope")", R"("other")"),
      Replace(good, R"("signatures":[)", R"("signatures":[{"sig":"AAAA"},)"),
      Replace(good, R"([{"sig":"AQID"}])", "[]"),
      Replace(good, R"("sig":"AQID")", R"("sig":"")"),
      Replace(good, R"("payloadType":"application/vnd.in-toto+json")", R"("payloadType":"")"),
      Replace(good, R"("sig":"AQID")", R"("sig":"AQI")"),
      Replace(good, R"("sig":"AQID")", R"("sig":"AQID\n")"),
      Replace(good, R"("sig":"AQID")", R"("sig":"_-8=")"),
      Replace(good, R"("sig":"AQID")", R"("sig":"AQID","Sig":"AAAA")"),
      WithEntry(huge_list),
      WithEntry(Replace(kEntry, R"("logIndex":"7")", R"("logIndex":"-7")")),
      WithEntry(Replace(kEntry, R"("logIndex":"7")", R"("logIndex":"07")")),
      WithEntry(Replace(kEntry, R"("logIndex":"7")", R"("logIndex":7.5)")),
      WithEntry(Replace(kEntry, R"("logIndex":"7")", R"("logIndex":"9223372036854775808")")),
      WithEntry(Replace(kEntry, R"("checkpoint":{"envelope":"c"})", R"("checkpoint":{})")),
      WithEntry(Replace(kEntry, R"("kindVersion")", R"("kindversion")")),
      WithEntry(Replace(kEntry, R"("kind":"dsse",)", "")),
      WithEntry("{}"),
      WithEntry("null"),
  };
  for (const std::string& text : cases) EXPECT_FALSE(Bundle::Parse(AsBytes(text)).ok()) << text.substr(0, 300);
  EXPECT_EQ(ErrorCode::kLimit, Bundle::Parse(Bytes(limits::kBundleBytes + 1)).error().code);
}

TEST(BundleTest, Version01NeedsAPromiseAndMayHaveAChain) {
  const std::string chain = R"("x509CertificateChain":{"certificates":[{"rawBytes":"AAAA"}]})";
  const std::string old =
      Replace(Replace(WithEntry(kEntry), ".v0.3+json", "+json;version=0.1"), R"("publicKey":{"hint":"h"})", chain);
  EXPECT_FALSE(Bundle::Parse(AsBytes(old)).ok());
  const std::string promised =
      Replace(old, R"("logIndex":"7")", R"("inclusionPromise":{"signedEntryTimestamp":"AAAA"},"logIndex":"7")");
  EXPECT_TRUE(Bundle::Parse(AsBytes(promised)).ok());
}

TEST(StatementTest, ReadsSubjectsAndTheirAnnotations) {
  const auto statement = signature::Statement::Parse(AsBytes(fakes::SignStatement(kDigest, R"({"env":"prod","n":1})")));
  ASSERT_TRUE(statement.ok()) << statement.error().message;
  EXPECT_EQ(oci::kSignPredicateType, statement->predicate_type);
  ASSERT_EQ(1U, statement->About(*oci::Digest::Parse(kDigest)).size());
  EXPECT_EQ(1U, statement->subjects[0].annotations.size());
  EXPECT_TRUE(statement->About(*oci::Digest::Parse("sha256:" + std::string(64, 'b'))).empty());
}

TEST(StatementTest, RefusesWhatIsNoStatement) {
  const std::string good = fakes::SignStatement(kDigest);
  for (const std::string& text :
       {std::string("{}"), good + good, Replace(good, "Statement/v1", "Statement/v2"),
        Replace(good, "\"subject\":[{", "\"subject\":[1,{"), Replace(good, "\"predicateType\"", "\"predicatetype\""),
        Replace(good, oci::kSignPredicateType.data(), ""), Replace(good, "\"digest\":{", "\"digest\":{\"sha1\":1,"),
        Replace(good, "\"digest\"", "\"Digest\"")}) {
    EXPECT_FALSE(signature::Statement::Parse(AsBytes(text)).ok()) << text;
  }
  std::string many;
  for (std::size_t i = 0; i <= limits::kStatementSubjects; ++i) many += R"({"digest":{}},)";
  EXPECT_EQ(ErrorCode::kLimit,
            signature::Statement::Parse(AsBytes(Replace(good, "\"subject\":[", "\"subject\":[" + many))).error().code);
  std::string digests = R"("sha256":"00")";
  for (std::size_t i = 0; i < limits::kSubjectDigests; ++i) digests += ",\"d" + std::to_string(i) + "\":\"00\"";
  EXPECT_EQ(ErrorCode::kLimit,
            signature::Statement::Parse(
                AsBytes(Replace(good, "\"subject\":[", "\"subject\":[{\"digest\":{" + digests + "}},")))
                .error()
                .code);
  // Older cosign wrote no predicate.
  EXPECT_TRUE(signature::Statement::Parse(AsBytes(Replace(good, R"(,"predicate":{})", ""))).ok());
}

// Sigstore's own conformance bundles: those that must verify must be readable.
TEST(BundleTest, ReadsTheConformanceBundles) {
  const char* folder = std::getenv("PULLSEAL_TESTDATA");
  const std::string top = std::string(folder != nullptr ? folder : "") + "/sigstore-conformance/bundle-verify";
  ASSERT_TRUE(std::filesystem::exists(top)) << top << ": there is no public test data";
  int read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(top)) {
    std::ifstream file(entry.path() / "bundle.sigstore.json");
    if (!file || entry.path().filename().string().ends_with("_fail")) continue;
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    const auto bundle = Bundle::Parse(AsBytes(text));
    EXPECT_TRUE(bundle.ok()) << entry.path() << ": " << bundle.error().message;
    ++read;
  }
  EXPECT_GE(read, 20);
}

}  // namespace
}  // namespace pullseal::sigstore
