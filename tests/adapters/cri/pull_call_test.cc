// SPDX-License-Identifier: Apache-2.0
// PullImage over a runtime and a registry in memory.
#include "adapters/cri/credentials.h"
#include "adapters/cri/judged_calls_fixture.h"
#include "adapters/cri/limits.h"

namespace pullseal::cri {
namespace {

// Under a rule that asks for nothing, too; and the record that stood there before stands there again.
TEST_F(JudgedCallsTest, CheckpointImagesAreRefusedWhenTheyArePulled) {
  const std::string before = runtime_.ManifestOf("reg.io/app:1");
  ASSERT_EQ(id_, runtime_.AddImage("reg.io/app:1", kLayer, R"(,"annotations":{"org.criu.checkpoint.x":"y"})"));
  Publish("reg.io/app:1");
  const std::string marked = runtime_.ManifestOf("reg.io/app:1");
  runtime_.records["reg.io/app:1"] = before;
  auto request = PullRequest("reg.io/app:1");
  request.mutable_sandbox_config()->mutable_metadata()->set_namespace_("lax");
  const auto call = New("/runtime.v1.ImageService/PullImage");
  ASSERT_EQ("forward", Slug(call->Before(request.SerializeAsString(), Deadline())));
  // What the pull does to containerd's store:
  runtime_.records["reg.io/app@" + marked] = marked;
  runtime_.records[id_] = marked;
  runtime_.records["reg.io/app:good"] = before;
  runtime_.images[id_].repo_tags.push_back("reg.io/app:good");
  v1::PullImageResponse response;
  response.set_image_ref(id_);
  EXPECT_EQ("checkpoint-refused", Slug(*call->After(response.SerializeAsString(), Deadline())));
  EXPECT_EQ("pull checkpoint-refused", reports_.lines.back());
  EXPECT_EQ(before, runtime_.records["reg.io/app:1"]);
  EXPECT_EQ(before, runtime_.records[id_]) << "another good record leads to that ID";
  EXPECT_FALSE(runtime_.records.contains("reg.io/app@" + marked));
}

TEST_F(JudgedCallsTest, NothingIsTakenOutOfTheStoreWhereNothingIsRefused) {
  Publish("reg.io/app:1");
  auto request = PullRequest("reg.io/app:1");
  request.mutable_sandbox_config()->mutable_metadata()->set_namespace_("lax");
  const auto call = New("/runtime.v1.ImageService/PullImage");
  ASSERT_EQ("forward", Slug(call->Before(request.SerializeAsString(), Deadline())));
  ASSERT_EQ(id_, runtime_.AddImage("reg.io/app:1", kLayer, R"(,"annotations":{"org.criu.checkpoint.x":"y"})"));
  const auto records = runtime_.records;
  runtime_.trouble.insert_or_assign(runtime_.ManifestOf("reg.io/app:1"), Error{ErrorCode::kTimeout, "slow"});
  v1::PullImageResponse response;
  response.set_image_ref(id_);
  EXPECT_EQ("runtime-unreachable", Slug(*call->After(response.SerializeAsString(), Deadline())));
  EXPECT_EQ(records, runtime_.records) << "what cannot be read is not known to be bad";
}

TEST_F(JudgedCallsTest, PullGoesOnByDigestAndTheTagIsMade) {
  const std::string digest = http_.PutManifest("reg.io", "app", "new", fakes::ImageManifest(id_), fakes::kImageType);
  Sign("app", digest);
  const auto call = New("/runtime.v1.ImageService/PullImage");
  const Ruling ruling = call->Before(PullRequest("reg.io/app:new").SerializeAsString(), Deadline());
  ASSERT_EQ("forward", Slug(ruling));
  v1::PullImageRequest forwarded;
  ASSERT_TRUE(forwarded.ParseFromString(std::get<Forward>(ruling).message));
  EXPECT_EQ("reg.io/app@" + digest, forwarded.image().image());
  // What the pull puts into containerd's store:
  runtime_.content[digest] = fakes::ImageManifest(id_);
  runtime_.records["reg.io/app@" + digest] = digest;
  runtime_.images["reg.io/app:new"] = runtime_.images[id_];
  v1::PullImageResponse response;
  response.set_image_ref(id_);
  EXPECT_FALSE(call->After(response.SerializeAsString(), std::chrono::steady_clock::now() + std::chrono::seconds(60)));
  EXPECT_EQ(std::vector<std::string>{"reg.io/app:new"}, runtime_.tagged);
  EXPECT_EQ(digest, runtime_.records["reg.io/app:new"]);
}

// A pod pins an index of which only the manifest for this node is signed and pulled: the name that the pod gives is in
// the store afterwards. One that leads to the index itself is left as it is.
TEST_F(JudgedCallsTest, APinnedIndexIsFoundByThatNameWhereItsManifestWasPulled) {
  const std::string manifest = fakes::ImageManifest(id_);
  const std::string digest = http_.PutManifest("reg.io", "app", "", manifest, fakes::kImageType);
  Sign("app", digest);
  const std::string index =
      http_.PutManifest("reg.io", "app", "", fakes::ImageIndex({{digest, "amd64"}}), fakes::kIndexType);
  const std::string name = "reg.io/app@" + index;
  v1::PullImageResponse response;
  response.set_image_ref(id_);
  for (const std::string& before : {std::string(), index}) {
    if (!before.empty()) runtime_.records[name] = before;
    const auto call = New("/runtime.v1.ImageService/PullImage");
    const Ruling ruling = call->Before(PullRequest(name).SerializeAsString(), Deadline());
    ASSERT_EQ("forward", Slug(ruling));
    v1::PullImageRequest forwarded;
    ASSERT_TRUE(forwarded.ParseFromString(std::get<Forward>(ruling).message));
    EXPECT_EQ("reg.io/app@" + digest, forwarded.image().image());
    runtime_.content[digest] = manifest;  // what the pull puts into containerd's store
    runtime_.records["reg.io/app@" + digest] = digest;
    runtime_.images[name] = runtime_.images[id_];
    EXPECT_FALSE(call->After(response.SerializeAsString(), std::chrono::steady_clock::now() + std::chrono::minutes(1)));
    EXPECT_EQ(before.empty() ? digest : index, runtime_.records[name]);
  }
  runtime_.records[name] = digest;
  EXPECT_EQ("forward", Create(CreateRequest(name, name)));
}

TEST_F(JudgedCallsTest, PullThatCannotBeTaggedIsNotASuccess) {
  const std::string digest = http_.PutManifest("reg.io", "app", "new", fakes::ImageManifest(id_), fakes::kImageType);
  Sign("app", digest);
  const auto call = New("/runtime.v1.ImageService/PullImage");
  ASSERT_EQ("forward", Slug(call->Before(PullRequest("reg.io/app:new").SerializeAsString(), Deadline())));
  runtime_.away = true;
  v1::PullImageResponse response;
  response.set_image_ref(id_);
  EXPECT_EQ("runtime-unreachable", Slug(*call->After(response.SerializeAsString(), Deadline())));
}

TEST_F(JudgedCallsTest, PullsWithoutAnImageOrByOtherFieldsAreRefused) {
  EXPECT_EQ("reference-invalid", Slug(Pull(PullRequest(""))));
  auto request = PullRequest("");
  request.mutable_image()->set_user_specified_image("reg.io/app:1");
  request.mutable_image()->set_image_ref("reg.io/app:1");
  EXPECT_EQ("reference-invalid", Slug(Pull(request)));
  EXPECT_EQ("reference-invalid", Slug(Pull(PullRequest(id_.substr(7)))));
}

// What the registry surely answered is no outage: the kubelet says ErrImagePull to it, as it would without us.
TEST_F(JudgedCallsTest, AnswersOfTheRegistryBearNoFirstWordAndAreNotForwarded) {
  const auto refusal = [&](const std::string& image) {
    const Ruling ruling = Pull(PullRequest(image));
    const auto* status = std::get_if<GrpcStatus>(&ruling);
    if (status == nullptr) return std::string("forwarded");
    EXPECT_EQ(relay::GrpcCode::kUnknown, status->code);
    return status->message;
  };
  EXPECT_TRUE(refusal("reg.io/app:none").starts_with("reg.io/app:none: image-not-found: the registry says"));
  http_.On("manifests/none", [](const http::HttpRequest&) { return fakes::FakeRegistry::Response(401, ""); });
  EXPECT_TRUE(refusal("reg.io/app:none").starts_with("reg.io/app:none: registry-unauthorized: the registry refused"));
  http_.On("manifests/none", [](const http::HttpRequest&) { return fakes::FakeRegistry::Response(500, ""); });
  EXPECT_TRUE(refusal("reg.io/app:none").starts_with("RegistryUnavailable: reg.io/app:none: registry-error: "));
}

TEST_F(JudgedCallsTest, RefusalsAreTheSameOnEveryAttemptAndFitTheKubelet) {
  http_.PutManifest("reg.io", "app", "unsigned", fakes::ImageManifest(kLayer), fakes::kImageType);
  const auto text = [&] { return std::get<GrpcStatus>(Pull(PullRequest("reg.io/app:unsigned"))).message; };
  const std::string first = text();
  EXPECT_TRUE(first.starts_with("SignatureValidationFailed: reg.io/app:unsigned: rule \"app\": signature-missing: "))
      << first;
  EXPECT_EQ(first, text());
  clock_.Advance(std::chrono::hours(1));
  EXPECT_EQ(first, text());
  const std::string invalid = std::get<GrpcStatus>(Pull(PullRequest("x\n\x1b[31m" + std::string(5000, 'y')))).message;
  EXPECT_LE(invalid.size(), limits::kRefusalBytes);
  for (const char c : invalid) EXPECT_TRUE(c >= 0x20 && c < 0x7F);
}

TEST(CredentialsTest, FollowContainerdsOrderAndStayWithTheirHost) {
  v1::AuthConfig auth;
  auth.set_auth("dXNlcjpwYTpzcw==");
  EXPECT_EQ("pa:ss", CredentialsFor(auth).password.text());
  auth.set_identity_token("token");
  EXPECT_EQ("token", CredentialsFor(auth).identity_token.text());
  auth.set_username("u");
  auth.set_password("p");
  EXPECT_EQ("u", CredentialsFor(auth).username);
  EXPECT_TRUE(CredentialsFor(auth).identity_token.empty());
  EXPECT_EQ("", CredentialsFor(auth).server);
  for (const auto& [address, host] : {std::pair<const char*, const char*>{"reg.io", "reg.io"},
                                      {"https://reg.io/v2/", "reg.io"},
                                      {"https://reg.io:5000", "reg.io:5000"},
                                      {"https://x@reg.io", "x@reg.io"}}) {
    auth.set_server_address(address);
    EXPECT_EQ(host, CredentialsFor(auth).server);
  }
  v1::AuthConfig only_registry_token;
  only_registry_token.set_registry_token("x");
  EXPECT_TRUE(CredentialsFor(only_registry_token).empty());
}

// Whatever a policy says of everything, a canary is judged and refused, and recorded as what it is.
TEST_F(JudgedCallsTest, ACanaryIsRefusedUnderEveryPolicyAndForwardedOnlyInAuditMode) {
  const std::string name = "canary.pullseal.invalid/canary-1:1";
  EXPECT_EQ("signature-invalid", Slug(Pull(PullRequest(name))));
  EXPECT_EQ("canary signature-invalid", reports_.lines.back());
  UsePolicy("rules:\n  - {name: all, match: {unsafe: true}, mode: allow}\n");
  EXPECT_EQ("signature-invalid", Slug(Pull(PullRequest(name))));
  Publish("reg.io/app:1");
  EXPECT_EQ("forward", Slug(Pull(PullRequest("reg.io/app:1")))) << "that policy allows everything else";
  UsePolicy("mode: audit\nrules:\n  - {name: x, match: {images: [\"reg.io/*\"]}, mode: allow}\n");
  reports_.lines.clear();
  const auto call = New("/runtime.v1.ImageService/PullImage");
  call->Observe(PullRequest(name).SerializeAsString(), std::nullopt, Deadline());
  EXPECT_EQ("canary signature-invalid", reports_.lines.back()) << "though the runtime could not pull it";
}

}  // namespace
}  // namespace pullseal::cri
