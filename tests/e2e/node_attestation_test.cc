// SPDX-License-Identifier: Apache-2.0
// Attestations that real cosign made, asked for on a whole node: each thing that is wrong is refused with its slug.
#include "e2e/node_fixture.h"

namespace pullseal::lab {
namespace {

constexpr const char* kApproval = "https://acme.example/approval/v1";
constexpr const char* kProvenance = "https://slsa.dev/provenance/v1";
constexpr const char* kSummary = "https://slsa.dev/verification_summary/v1";

class AttestedNodeTest : public NodeTest {
 protected:
  void SetUp() override {
    std::string policy = world().Policy();
    const std::string host = world().registry.host();
    const auto rule = [&](const std::string& folder, const std::string& entry) {
      return "  - name: " + folder + "\n    match: {images: [\"" + host + "/" + folder +
             "/*\"]}\n    require:\n      attestations:\n        - " + entry + "\n";
    };
    policy.insert(
        policy.find("  - {name: forbidden"),
        rule("approved",
             std::string("{name: approved, type: custom, predicateType: \"") + kApproval +
                 "\", by: [{key: release}], which: newest, time: /at, where: [{at: /approved, is: true}]}") +
            rule("built",
                 "{name: built, type: provenance, by: [{key: release, builders: [\"https://ci.example/builder\"]}], "
                 "provenance: {sources: [\"https://git.example/acme/*\"]}}") +
            rule("verified",
                 "{name: verified, type: vsa, by: [{key: release, verifier: \"https://v.example\"}], vsa: {levels: "
                 "[SLSA_BUILD_LEVEL_2]}}"));
    world().daemon->SetPolicy(policy);
  }
  void TearDown() override { world().daemon->SetPolicy(world().Policy()); }

  static std::string Program(int major) {
    return Env("PULLSEAL_PEERS") + "/cosign-" + std::to_string(major) + "/usr/bin/cosign";
  }
  Image PushImage(const std::string& repository, const std::string& tag) {
    const Image image = MakeImage(repository + tag);
    world().registry.PushImage(repository, tag, image);
    return image;
  }
  void Attest(int major, const std::string& repository, const Image& image, const std::string& type,
              const std::string& predicate) {
    EXPECT_EQ("", world().cosign.Attest(Program(major), major, world().At(repository, image.manifest.digest), type,
                                        predicate));
  }
  static std::string Approval(bool approved, const std::string& at) {
    return std::string(R"({"approved":)") + (approved ? "true" : "false") + R"(,"at":")" + at + R"("})";
  }
  static std::string Provenance(const std::string& builder, const std::string& source) {
    return R"({"buildDefinition":{"buildType":"https://ci.example/build/v1","externalParameters":{"source":")" +
           source + R"("}},"runDetails":{"builder":{"id":")" + builder + R"("}}})";
  }
  std::string Summary(const std::string& repository, const std::string& level) {
    return R"({"verifier":{"id":"https://v.example"},"timeVerified":"2026-01-01T00:00:00Z","resourceUri":")" +
           world().registry.host() + "/" + repository +
           R"(","policy":{"uri":"https://acme.example/prod"},"verificationResult":"PASSED","verifiedLevels":[")" +
           level + R"("]})";
  }
  void ExpectPull(const std::string& repository, const std::string& tag, const std::string& slug) {
    const grpc::Status pulled = kubelet().Pull(world().Ref(repository, tag), "default");
    if (slug.empty()) {
      EXPECT_TRUE(pulled.ok()) << pulled.error_message();
    } else {
      ExpectRefused(pulled, slug);
    }
  }
};

TEST_F(AttestedNodeTest, WhatCosignAttestsRunsAndTheNewestDecides) {
  for (const int major : {2, 3}) {
    const std::string tag = std::to_string(major);
    const Image image = PushImage("approved/app", tag);
    ExpectPull("approved/app", tag, "attestation-missing");
    Attest(major, "approved/app", image, kApproval, Approval(true, "2026-01-02T00:00:00Z"));
    EXPECT_TRUE(WaitFor([&] { return kubelet().Pull(world().Ref("approved/app", tag), "default").ok(); }, 10))
        << "a denial is remembered for a second";
    ExpectRuns(Pod(), image.config.digest, world().Ref("approved/app", tag), "approved/app" + tag);

    const Image refused = PushImage("approved/no", tag);
    Attest(2, "approved/no", refused, kApproval, Approval(true, "2026-01-01T00:00:00Z"));
    Attest(major, "approved/no", refused, kApproval, Approval(false, "2026-01-02T00:00:00Z"));
    ExpectPull("approved/no", tag, "attestation-mismatch");
  }
  EXPECT_NE(std::string::npos, ReadText(world().daemon->audit_file()).find("\"attestations\":\"approved\""));
}

TEST_F(AttestedNodeTest, ProvenanceOfAnotherBuilderOrSourceIsRefused) {
  const auto built = [&](const std::string& tag, const std::string& builder, const std::string& source) {
    const Image image = PushImage("built/app", tag);
    Attest(3, "built/app", image, kProvenance, Provenance(builder, source));
  };
  built("good", "https://ci.example/builder", "git+https://git.example/acme/app.git");
  built("builder", "https://ci.example/other", "https://git.example/acme/app");
  built("source", "https://ci.example/builder", "https://git.example/acme-evil/app");
  ExpectPull("built/app", "good", "");
  ExpectPull("built/app", "builder", "provenance-mismatch");
  ExpectPull("built/app", "source", "provenance-mismatch");
}

TEST_F(AttestedNodeTest, ASummaryBelowTheLevelIsRefused) {
  const Image good = PushImage("verified/app", "good");
  Attest(3, "verified/app", good, kSummary, Summary("verified/app", "SLSA_BUILD_LEVEL_3"));
  ExpectPull("verified/app", "good", "");
  const Image low = PushImage("verified/app", "low");
  Attest(2, "verified/app", low, kSummary, Summary("verified/app", "SLSA_BUILD_LEVEL_1"));
  ExpectPull("verified/app", "low", "verification-failed");
  const Image other = PushImage("verified/app", "other");
  Attest(3, "verified/app", other, kSummary, Summary("verified/else", "SLSA_BUILD_LEVEL_3"));
  ExpectPull("verified/app", "other", "attestation-mismatch");
}

// That every place was searched is known after a restart too.
TEST_F(AttestedNodeTest, KnownOnesRunAfterARestartWithTheRegistryAway) {
  const Image image = PushImage("approved/known", "1");
  Attest(3, "approved/known", image, kApproval, Approval(true, "2026-01-02T00:00:00Z"));
  ExpectPull("approved/known", "1", "");
  const std::string pod = Pod();
  world().registry.Stop();
  world().daemon->Stop(SIGKILL);
  world().daemon->Start();
  ExpectRuns(pod, image.config.digest, world().Ref("approved/known", "1"), "approved/known1");
  world().registry.Start();
}

}  // namespace
}  // namespace pullseal::lab
