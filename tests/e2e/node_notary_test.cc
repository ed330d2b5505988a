// SPDX-License-Identifier: Apache-2.0
#include "core/base/bytes.h"
#include "e2e/node_fixture.h"
#include "e2e/notation_signer.h"

// Images signed by Debian's real notation, on a node whose policy has no other authority, not even for its pause image.
namespace pullseal::lab {
namespace {

using fakes::NotaryAuthority;
using fakes::NotaryPlan;

// One signature's manifest as it is to be.
struct Referrer {
  Bytes envelope;
  std::string artifact_type = "application/vnd.cncf.notary.signature";
  std::string config_type = "application/vnd.oci.empty.v1+json";
  std::string layer_type = "application/jose+json";
};

class NotaryNodeTest : public NodeTest {
 protected:
  static void SetUpTestSuite() {
    NodeTest::SetUpTestSuite();
    authority_ = new NotaryAuthority(Current({}));
    stranger_ = new NotaryAuthority(Current({}));
    server_ = new TimestampServer(*authority_);
  }
  static void TearDownTestSuite() {
    delete server_;
    delete stranger_;
    delete authority_;
    NodeTest::TearDownTestSuite();
  }
  void SetUp() override {
    const std::string top = world().folder.path();
    WriteFile(top + "/acme.pem", fakes::ToPem(authority_->root().der));
    WriteFile(top + "/times.der", std::string(AsText(authority_->tsa_root().der)));
    ASSERT_EQ("", Sign(world().At("infra/pause", world().pause.manifest.digest), *authority_, "cose"));
    world().daemon->SetPolicy(Policy());
  }
  std::string Rule(const std::string& name, const std::string& images, const std::string& more) {
    return "  - name: " + name + "\n    match: {images: [\"" + world().registry.host() + "/" + images +
           "\"]}\n    require:\n      signatures:\n        anyOf:\n          - notary:\n              trustStore: "
           "acme\n" +
           "              identities: [{subject: \"" + NotaryAuthority::kSubject + "\"}]\n" + more;
  }
  std::string Policy() {
    const std::string top = world().folder.path();
    return "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: notary, version: 1}\ntrustStores:\n"
           "  - {name: acme, kind: ca, files: [" +
           top + "/acme.pem]}\n  - {name: times, kind: tsa, files: [" + top + "/times.der]}\nrules:\n" +
           Rule("pause", "infra/*", "") + Rule("plain", "notary/*", "") +
           Rule("stamped", "stamped/*", "              timestamps: {trustStore: times}\n");
  }
  // Empty if it went well.
  std::string Sign(const std::string& reference, const NotaryAuthority& authority, const std::string& form,
                   std::vector<std::string> more = {}) {
    GiveKey(authority, notation_.path());
    std::vector<std::string> arguments = {"sign", "--insecure-registry", "--signature-format", form};
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.push_back(reference);
    const Output done = RunNotation(notation_.path(), arguments);
    return done.status == 0 ? "" : done.text;
  }
  Image Push(const std::string& repository) {
    const Image image = MakeImage(repository);
    world().registry.PushImage(repository, "1", image);
    return image;
  }
  static std::string Describe(const Blob& blob, const std::string& type, const std::string& artifact_type = "") {
    json::Writer out;
    out.Text("mediaType", type).Text("digest", blob.digest);
    out.Number("size", static_cast<std::int64_t>(blob.bytes.size()));
    if (!artifact_type.empty()) out.Text("artifactType", artifact_type);
    return out.Finish();
  }
  // Pushes signatures by hand, in this order, listed under the referrers tag.
  void PushReferrers(const std::string& repository, const Image& image, const std::vector<Referrer>& all) {
    std::string list;
    const Blob config = Blob::Of("{}");
    world().registry.PushBlob(repository, config);
    for (const Referrer& one : all) {
      const Blob blob = Blob::Of(std::string(AsText(one.envelope)));
      world().registry.PushBlob(repository, blob);
      json::Writer out;
      out.Number("schemaVersion", 2).Text("mediaType", kManifestType);
      if (!one.artifact_type.empty()) out.Text("artifactType", one.artifact_type);
      out.Raw("config", Describe(config, one.config_type)).Raw("layers", "[" + Describe(blob, one.layer_type) + "]");
      out.Raw("subject", Describe(image.manifest, kManifestType));
      const Blob manifest = Blob::Of(out.Finish());
      world().registry.PushManifest(repository, manifest.digest, manifest, kManifestType);
      list += (list.empty() ? "" : ",") + Describe(manifest, kManifestType, one.artifact_type);
    }
    const Blob index = Blob::Of(json::Writer()
                                    .Number("schemaVersion", 2)
                                    .Text("mediaType", kIndexType)
                                    .Raw("manifests", "[" + list + "]")
                                    .Finish());
    world().registry.PushManifest(repository, "sha256-" + image.manifest.digest.substr(7), index, kIndexType);
  }
  static std::string Payload(const Image& image) {
    return R"({"targetArtifact":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
           image.manifest.digest + R"(","size":)" + std::to_string(image.manifest.bytes.size()) + "}}";
  }
  // A signature by the test authority about the image, wrong as planned.
  static Bytes Signed(const Image& image, NotaryPlan plan = {}, const NotaryAuthority& by = *authority_) {
    if (plan.payload.empty()) plan.payload = Payload(image);
    if (plan.signing_time == NotaryPlan().signing_time) plan.signing_time = Rfc3339(ThisSecond());
    return by.Jws(plan);
  }
  grpc::Status PullWith(const std::string& repository, const std::function<Bytes(const Image&)>& envelope) {
    const Image image = Push(repository);
    PushReferrers(repository, image, {{.envelope = envelope(image)}});
    return kubelet().Pull(world().Ref(repository, "1"), "default");
  }
  Output Verify(const std::string& repository) {
    WriteFile(world().folder.path() + "/notary.yaml", Policy());
    return Execute({Env("PULLSEAL_BUILD") + "/plugin/pullseal", "verify", world().Ref(repository, "1"), "--policy",
                    world().folder.path() + "/notary.yaml"});
  }

  const TempFolder notation_;
  static inline NotaryAuthority* authority_ = nullptr;
  static inline NotaryAuthority* stranger_ = nullptr;
  static inline TimestampServer* server_ = nullptr;
};

TEST_F(NotaryNodeTest, WhatNotationSignsRunsAndItsSignerIsRecorded) {
  const std::string pod = Pod();
  for (const std::string form : {"jws", "cose"}) {
    for (const bool stamped : {false, true}) {
      const std::string repository = (stamped ? "stamped/" : "notary/") + form;
      const std::string name = world().Ref(repository, "1");
      const Image image = Push(repository);
      ExpectRefused(kubelet().Pull(name, "default"), "signature-missing");
      ASSERT_EQ("", Sign(world().At(repository, image.manifest.digest), *authority_, form,
                         stamped ? server_->Arguments() : std::vector<std::string>{}));
      const std::size_t from = ReadText(world().daemon->audit_file()).size();
      ASSERT_TRUE(WaitFor([&] { return kubelet().Pull(name, "default").ok(); }, 10)) << "after the denial's time";
      ExpectRuns(pod, image.config.digest, name, repository);
      EXPECT_TRUE(HasRecord(from, "pull", "allow", "signed"));
      EXPECT_TRUE(HasRecord(from, "create", "allow", "signed"));
      const std::string audit = ReadText(world().daemon->audit_file()).substr(from);
      EXPECT_NE(audit.npos, audit.find("\"signer\":\"" + std::string(NotaryAuthority::kSubject) + "\"")) << audit;
      EXPECT_NE(audit.npos, audit.find("\"issuer\":\"acme\"")) << audit;
    }
  }
}

TEST_F(NotaryNodeTest, EveryKindOfKeyRuns) {
  for (const char* key : {"RSA-2048", "RSA-3072", "RSA-4096", "P-384", "P-521"}) {
    const NotaryAuthority authority(Current({.leaf_key = key}));
    WriteFile(world().folder.path() + "/acme.pem", fakes::ToPem(authority.root().der));
    std::string repository = std::string("notary/") + key;
    std::transform(repository.begin(), repository.end(), repository.begin(), [](char c) { return std::tolower(c); });
    const Image image = Push(repository);
    ASSERT_EQ("", Sign(world().At(repository, image.manifest.digest), authority, key[0] == 'R' ? "cose" : "jws"));
    const Output told = Verify(repository);
    EXPECT_EQ(0, told.status) << told.text;
  }
}

TEST_F(NotaryNodeTest, EachFaultIsRefusedWithItsOwnSlug) {
  const auto refused = [&](const std::string& repository, const std::string& slug, NotaryPlan plan) {
    SCOPED_TRACE(repository);
    ExpectRefused(PullWith(repository, [&](const Image& image) { return Signed(image, plan); }), slug);
  };
  const auto later = [](int hours) { return Rfc3339(ThisSecond() + std::chrono::hours(hours)); };
  refused("notary/cut", "bundle-malformed", {.result = [](std::string& text) { text.pop_back(); }});
  refused("notary/forged", "signature-invalid", {.signs_with = &stranger_->leaf_key()});
  refused("notary/expired", "signature-expired", {.signing_time = later(-3), .expiry = later(-2)});
  refused("notary/elsewhere", "digest-mismatch",
          {.payload = NotaryAuthority::Payload("sha256:" + std::string(64, 'e'))});
  refused("notary/critical", "attribute-unknown", {.protected_json = [](std::string& text) {
            text.replace(text.find("\"crit\":["), 8, "\"com.acme.x\":\"y\",\"crit\":[\"com.acme.x\",");
          }});
  refused("stamped/none", "time-missing", {});
  refused("stamped/junk", "timestamp-invalid", {.timestamp = [](const Bytes&) { return Bytes{0x30, 0x00}; }});
  ExpectRefused(PullWith("notary/stranger", [&](const Image& image) { return Signed(image, {}, *stranger_); }),
                "certificate-invalid");
  const NotaryAuthority ended(
      Current({.leaf = [](fakes::CertificatePlan& plan) { plan.to = ThisSecond() - std::chrono::hours(1); }}));
  WriteFile(world().folder.path() + "/acme.pem", fakes::ToPem(ended.root().der));
  WriteFile(world().folder.path() + "/times.der", std::string(AsText(ended.tsa_root().der)));
  world().daemon->SetPolicy(Policy());
  ExpectRefused(PullWith("notary/ended", [&](const Image& image) { return Signed(image, {}, ended); }),
                "certificate-expired");
  const auto stamp = ended.Stamps({.time = ThisSecond()});
  ExpectRefused(
      PullWith("stamped/late", [&](const Image& image) { return Signed(image, {.timestamp = stamp}, ended); }),
      "time-outside-certificate");
  // It was stamped while its certificate was good.
  const auto in_time = ended.Stamps({.time = ThisSecond() - std::chrono::hours(2)});
  const grpc::Status good =
      PullWith("stamped/old", [&](const Image& image) { return Signed(image, {.timestamp = in_time}, ended); });
  EXPECT_TRUE(good.ok()) << good.error_message();
}

// The manifest form of notation 2, and junk of all kinds before it.
TEST_F(NotaryNodeTest, JunkBeforeTheGoodOneDoesNotHurt) {
  const Image image = Push("notary/junk");
  std::vector<Referrer> all;
  for (int i = 0; i < 16; ++i) {
    all.push_back(
        {.envelope = Signed(image, {.expiry = Rfc3339(ThisSecond() + std::chrono::hours(i + 1))}, *stranger_)});
  }
  all.push_back({.envelope = {0x00}});
  all.push_back({.envelope = Signed(image), .layer_type = "application/cose"});
  all.push_back({.envelope = Signed(image), .layer_type = "application/jose+json;charset=utf-8"});
  all.push_back({.envelope = Signed(image)});
  PushReferrers("notary/junk", image, all);
  const grpc::Status pulled = kubelet().Pull(world().Ref("notary/junk", "1"), "default");
  EXPECT_TRUE(pulled.ok()) << pulled.error_message();
}

TEST_F(NotaryNodeTest, KnownSignaturesRunWithTheRegistryAway) {
  const Image image = Push("stamped/known");
  const std::string name = world().Ref("stamped/known", "1");
  ASSERT_EQ("", Sign(world().At("stamped/known", image.manifest.digest), *authority_, "cose", server_->Arguments()));
  const grpc::Status pulled = kubelet().Pull(name, "default");
  ASSERT_TRUE(pulled.ok()) << pulled.error_message();
  const std::string pod = Pod();
  world().registry.Stop();
  world().daemon->Stop(SIGKILL);
  world().daemon->Start();
  const std::size_t from = ReadText(world().daemon->audit_file()).size();
  ExpectRuns(pod, image.config.digest, name, "stamped/known");
  EXPECT_NE(std::string::npos, ReadText(world().daemon->audit_file()).substr(from).find("\"cache\":\"evidence\""));
  world().registry.Start();
}

TEST_F(NotaryNodeTest, EachStepIsTold) {
  const Image image = Push("stamped/told");
  ASSERT_EQ("", Sign(world().At("stamped/told", image.manifest.digest), *authority_, "jws", server_->Arguments()));
  const Output good = Verify("stamped/told");
  EXPECT_EQ(0, good.status) << good.text;
  for (const char* step :
       {"signed, verified for C=US, ST=WA, O=Acme, CN=release of trust store acme",
        "envelope: ES256, scheme notary.x509, by notation-go/", "issued by", "timestamp: it existed between",
        "it does not expire", "signed by: C=US, ST=WA, O=Acme, CN=release"}) {
    EXPECT_NE(good.text.npos, good.text.find(step)) << step << "\n" << good.text;
  }
  const Image plain = Push("stamped/plain");
  ASSERT_EQ("", Sign(world().At("stamped/plain", plain.manifest.digest), *authority_, "jws"));
  const Output bad = Verify("stamped/plain");
  EXPECT_EQ(1, bad.status) << bad.text;
  EXPECT_NE(bad.text.npos, bad.text.find("time-missing, it has no timestamp")) << bad.text;
}

}  // namespace
}  // namespace pullseal::lab
