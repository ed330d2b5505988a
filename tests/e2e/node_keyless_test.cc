// SPDX-License-Identifier: Apache-2.0
#include "e2e/node_fixture.h"

// Images signed by an identity, on a node that can reach its registry and nothing else (tests/e2e/cut_off).
namespace pullseal::lab {
namespace {

using fakes::SignPlan;
using fakes::SigstoreAuthority;
using Log = SignPlan::Log;

class KeylessNodeTest : public NodeTest {
 protected:
  // Pushes an image of its own, signed in a bundle as planned, and pulls it.
  grpc::Status PullSigned(const std::string& repository, const SigstoreAuthority& authority, const SignPlan& plan) {
    const Image image = MakeImage(repository);
    world().registry.PushImage(repository, "1", image);
    const auto signature = authority.SignEnvelope(fakes::SignStatement(image.manifest.digest), plan);
    world().registry.PushBundle(repository, image.manifest, signature.Bundle());
    return kubelet().Pull(world().Ref(repository, "1"), "default");
  }
};

TEST_F(KeylessNodeTest, NothingButThisMachineCanBeReached) {
  EXPECT_NE(0, Execute({"/bin/sh", "-c", "ip route get 192.0.2.1"}).status) << "run by tests/e2e/cut_off";
}

TEST_F(KeylessNodeTest, BundlesRunAndTheirSignerIsRecorded) {
  for (const auto& [name, plan] :
       std::map<std::string, SignPlan>{{"keyless/rekor1", {}},
                                       {"keyless/rekor2", {.log = Log::kV2, .stamped = true}},
                                       {"keyless/stamped", {.stamped = true}}}) {
    const std::size_t from = ReadText(world().daemon->audit_file()).size();
    const grpc::Status pulled = PullSigned(name, world().authority, plan);
    ASSERT_TRUE(pulled.ok()) << name << ": " << pulled.error_message();
    ExpectRuns(Pod(), MakeImage(name).config.digest, world().Ref(name, "1"), name);
    EXPECT_TRUE(HasRecord(from, "pull", "allow", "signed"));
    EXPECT_TRUE(HasRecord(from, "create", "allow", "signed"));
    const std::string audit = ReadText(world().daemon->audit_file()).substr(from);
    EXPECT_NE(std::string::npos, audit.find("\"signer\":\"" + SignPlan().subject + "\"")) << audit;
    EXPECT_NE(std::string::npos, audit.find("\"issuer\":\"" + SignPlan().issuer + "\"")) << audit;
  }
}

TEST_F(KeylessNodeTest, LegacyAnnotationsRun) {
  const Image image = MakeImage("legacy");
  world().registry.PushImage("keyless/legacy", "1", image);
  const std::string payload =
      fakes::SimpleSigningPayload(world().registry.host() + "/keyless/legacy", image.manifest.digest);
  const auto signature = world().authority.SignMessage(payload, {.log = Log::kPromise});
  world().registry.PushSignature("keyless/legacy", image.manifest.digest, payload, signature.Annotations());
  const std::string name = world().Ref("keyless/legacy", "1");
  const grpc::Status pulled = kubelet().Pull(name, "default");
  ASSERT_TRUE(pulled.ok()) << pulled.error_message();
  ExpectRuns(Pod(), image.config.digest, name, "legacy");
}

TEST_F(KeylessNodeTest, EachFlawIsRefusedWithItsOwnSlug) {
  const SigstoreAuthority& good = world().authority;
  const auto foreign = [&](fakes::SigstoreSignature& signature) {
    signature.entries = good.SignEnvelope(fakes::SignStatement("sha256:" + std::string(64, 'a'))).entries;
  };
  const auto bad_checkpoint = [](fakes::Entry& entry) {
    const auto root = entry.checkpoint.find("\n11\n");
    entry.checkpoint.replace(root, 4, "\n12\n");
  };
  ExpectRefused(PullSigned("keyless/issuer", good, {.issuer = "https://accounts.google.com"}), "issuer-mismatch");
  ExpectRefused(PullSigned("keyless/subject", good, {.subject = "https://github.com/evil/app@refs/heads/main"}),
                "identity-mismatch");
  ExpectRefused(PullSigned("expired/chain", world().expired, {}), "certificate-expired");
  ExpectRefused(PullSigned("keyless/unlogged", good, {.log = Log::kNone, .stamped = true}), "log-entry-missing");
  ExpectRefused(PullSigned("keyless/foreign", good, {.result = foreign}), "log-entry-mismatch");
  ExpectRefused(PullSigned("keyless/checkpoint", good, {.entry = bad_checkpoint}), "log-entry-invalid");
  ExpectRefused(PullSigned("keyless/late", good, {.stamped = true, .stamped_after = std::chrono::minutes(11)}),
                "time-outside-certificate");
  ExpectRefused(PullSigned("keyless/untimed", good, {.log = Log::kV2}), "time-missing");
  ExpectRefused(PullSigned("keyless/stamp", good, {.log = Log::kV2, .stamped = true, .stamped_bytes = "x"}),
                "timestamp-invalid");
  ExpectRefused(PullSigned("keyless/stranger", world().expired, {}), "log-entry-missing");
}

TEST_F(KeylessNodeTest, KnownKeylessImagesRunAfterARestartWithTheRegistryAway) {
  ASSERT_TRUE(PullSigned("keyless/known", world().authority, {}).ok());
  const std::string pod = Pod();
  world().registry.Stop();
  world().daemon->Stop(SIGKILL);
  world().daemon->Start();
  ExpectRuns(pod, MakeImage("keyless/known").config.digest, world().Ref("keyless/known", "1"), "keyless/known");
  world().registry.Start();
}

}  // namespace
}  // namespace pullseal::lab
