// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "fakes/sigstore_authority.h"
#include "fakes/test_authority.h"
#include "policy/file/limits.h"
#include "policy/file/parse.h"
#include "policy/model/match.h"

namespace pullseal::policy {
namespace {

const fakes::TestAuthority& Key() {
  static const fakes::TestAuthority key;
  return key;
}

Result<std::string> ReadKey(const std::string& path) {
  if (path == "release.pub") return Key().PublicPem();
  static const fakes::TestAuthority other;
  if (path == "other.pub") return other.PublicPem();
  return Error{ErrorCode::kNotFound, "open " + path + ": No such file or directory"};
}

constexpr const char* kHead = "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: test, version: 7}\n";
constexpr const char* kKeys = "keys:\n  - {name: release, file: release.pub}\n";
constexpr const char* kRequire = ", require: {signatures: {anyOf: [{key: release}]}}";

Result<Policy> Parse(const std::string& text) { return ParsePolicy(text, &ReadKey); }
Result<Policy> WithRules(const std::string& rules) { return Parse(std::string(kHead) + kKeys + "rules:\n" + rules); }

TEST(PolicyTest, ReadsAWholePolicy) {
  const auto policy =
      Parse(std::string(kHead) +
            "mode: audit\nkeys:\n  - {name: release, file: release.pub, notBefore: 2026-01-01T00:00:00Z}\n"
            "  - name: other\n    file: other.pub\n    revoked: {at: 2026-01-01T00:00:00Z, reason: lost}\n"
            "rules:\n  - name: app\n    labels: {team: a}\n"
            "    match: {namespaces: [prod], images: [\"reg.io/app/**\"], nodeLabels: {pool: x}}\n"
            "    require:\n      signatures:\n        threshold: 2\n        repository: required\n"
            "        aliases: [\"ghcr.io/acme/app\"]\n        annotations: {env: prod}\n"
            "        anyOf: [{key: release}, {key: other}]\n"
            "exceptions:\n  - name: legacy\n    match: {images: [\"reg.io/old/*\"]}\n"
            "    until: 2026-12-31T00:00:00Z\n    owner: a\n    reason: INC-1\n");
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  EXPECT_EQ(Mode::kAudit, policy->mode);
  EXPECT_EQ("7", policy->version);
  const Rule& rule = policy->rules.at(0);
  EXPECT_EQ(2U, rule.require.signatures.threshold());
  const requirement::Terms& terms = rule.require.signatures.terms();
  EXPECT_EQ(requirement::RepositoryBinding::kRequired, terms.repository);
  EXPECT_EQ("ghcr.io/acme/app", terms.aliases.at(0));
  EXPECT_EQ(64U, policy->sha256.size());
  EXPECT_EQ("legacy", policy->exceptions.at(0).name);
}

struct BadCase {
  std::string rules;
  std::string expected;  // part of the message
};

TEST(PolicyTest, RefusesRulesWithLineAndReason) {
  const std::string req = kRequire;
  const BadCase cases[] = {
      {"  - {name: a, match: {images: [\"reg.io/*\"]}, mod: deny}\n", "7: unknown field \"mod\""},
      {"  - {name: a, match: {images: [\"reg.io/*\"], image: x}, mode: deny}\n", "unknown field \"image\""},
      {"  - {name: a, match: {images: [\"reg.io/*\"]}}\n", "requires nothing"},
      {"  - {name: a, match: {images: [\"reg.io/*\"]}, mode: allow" + req + "}\n", "looks at no signatures"},
      {"  - {name: a, match: {}" + req + "}\n", "matches every image"},
      {"  - {name: a, match: {namespaces: [x]}, mode: allow}\n", "matches every image"},
      {"  - {name: a, match: {images: [\"**\"]}, mode: allow}\n", "matches every image"},
      {"  - {name: a, match: {images: [\"nginx\"]}, mode: allow}\n", "has no registry host"},
      {"  - {name: a, match: {images: [\"library/nginx\"]}, mode: allow}\n", "has no registry host"},
      {"  - {name: a, match: {images: [\"reg.io/a:1\"]}, mode: allow}\n", "tag or digest"},
      {"  - {name: a, match: {images: [\"reg*.io/a\"]}, mode: allow}\n", "look-alike"},
      {"  - {name: a, match: {images: [\"**.io/a\"]}, mode: allow}\n", "** in the host"},
      {"  - {name: a, match: {images: [\"reg.io/A\"]}, mode: allow}\n", "no repository has"},
      {"  - {name: a, match: {images: [\"reg.io/a/\"]}, mode: allow}\n", "empty path segment"},
      {"  - {name: a, match: {images: [\"reg.io/a**\"]}, mode: allow}\n", "inside a segment"},
      {"  - {name: a, match: {images: []}, mode: allow}\n", "must not be empty"},
      {"  - {name: a, match: {digests: [\"sha256:1\"]}, mode: allow}\n", "digest"},
      {"  - {name: a, match: {images: [\"reg.io/a\"]}, mode: maybe}\n", "enforce, audit, allow or deny"},
      {"  - {name: a b, match: {images: [\"reg.io/a\"]}, mode: allow}\n", "letters, digits"},
      {"  - {match: {images: [\"reg.io/a\"]}, mode: allow}\n", "no field \"name\""},
      {"  - {name: a, mode: allow}\n", "no field \"match\""},
      {"  - {name: a, match: {images: [\"reg.io/a\"]}, mode: allow}\n  - {name: a, match: {images: [\"reg.io/b\"]}, "
       "mode: allow}\n",
       "8: rule \"a\" is there twice"},
      {"  - {name: a, match: {images: [\"reg.io/a\"]}, require: {signatures: {anyOf: [{key: nobody}]}}}\n",
       "not among the policy's keys"},
      {"  - {name: a, match: {images: [\"reg.io/a\"]}, require: {signatures: {anyOf: []}}}\n",
       "at least one authority"},
      {"  - {name: a, match: {images: [\"reg.io/a\"]}, require: {signatures: {}}}\n", "no field \"anyOf\""},
      {"  - {name: a, match: {images: [\"reg.io/a\"]}, require: {}}\n", "no field \"signatures\""},
      {"  - {name: a, match: {images: [\"reg.io/a\"]}, require: {signatures: {threshold: 2, anyOf: [{key: "
       "release}]}}}\n",
       "from 1 to 1"},
      {"  - {name: a, match: {images: [\"reg.io/a\"]}, require: {signatures: {threshold: 0, anyOf: [{key: "
       "release}]}}}\n",
       "from 1 to 1"},
      {"  - {name: a, match: {images: [\"reg.io/a\"]}, require: {signatures: {anyOf: [{key: release}, {key: "
       "release}]}}}\n",
       "is there twice"},
      {"  - {name: a, match: {images: [\"reg.io/a\"]}, require: {signatures: {aliases: [\"reg.io/x:1\"], anyOf: [{key: "
       "release}]}}}\n",
       "alias"},
      {"  - {name: a, match: {images: [\"reg.io/a\"]}, require: {signatures: {anyOf: [{keyless: {}}]}}}\n",
       "no field \"trustRoot\""},
      {"  - {name: a, match: {images: [\"reg.io/a\"]}, onUnavailable: allow" + req + "}\n", "deny or allow-known"},
      {"  - {name: a, match: {images: [\"reg.io/a\"], actions: [pod]}, mode: allow}\n", "actions must be of sandbox"},
      {"  - {name: a, match: {actions: [sandbox]}, mode: allow}\n", "matches every image"},
      {"  - {name: a, match: {images: [\"reg.io/a\"], sources: [nginx]}, mode: allow}\n", "has no registry host"},
      {"  - {name: a, match: {images: [\"reg.io/a\"], sources: [\"**\"]}, mode: allow}\n", "matches every image"},
      {"  - {name: a, match: {images: [\"reg.io/a\"], sources: [\"reg.io/b\"]}" + req + "}\n", "asks for a signature"},
      {"  - {name: a, match: {images: [\"reg.io/a\"], sources: [\"reg.io/b\"]}, mode: deny}\n", "denies wherever"},
      {"  - {name: a, match: {imageIds: [\"sha256:1\"]}, mode: deny}\n", "digest"},
      {"  - {name: a, match: {imageIds: [\"sha256:" + std::string(64, '1') + "\"]}, mode: allow}\n",
       "only rules that deny"},
      {"  - {name: a, match: {images: [\"reg.io/a\"], imageIds: [\"sha256:" + std::string(64, '1') + "\"]}" + req +
           "}\n",
       "only rules that deny"},
      {"  []\n", "must not be empty"},
      {"  - x\n", "must be a map"},
  };
  for (const BadCase& one : cases) {
    const auto policy = WithRules(one.rules);
    ASSERT_FALSE(policy.ok()) << one.rules;
    EXPECT_NE(std::string::npos, policy.error().message.find(one.expected)) << one.rules << policy.error().message;
  }
}

TEST(PolicyTest, RefusesBadDocuments) {
  const std::string rules = "rules:\n  - {name: a, match: {images: [\"reg.io/a\"]}, mode: allow}\n";
  const BadCase cases[] = {
      {"", "empty"},
      {"a: [", "not valid YAML"},
      {"apiVersion: pullseal.dev/v2\nkind: NodePolicy\nmetadata: {name: x}\n" + rules, "apiVersion"},
      {"apiVersion: pullseal.dev/v1\nkind: Policy\nmetadata: {name: x}\n" + rules, "kind"},
      {"kind: NodePolicy\nmetadata: {name: x}\n" + rules, "no field \"apiVersion\""},
      {std::string(kHead), "no field \"rules\""},
      {kHead + rules + rules, "duplicate key \"rules\""},
      {kHead + rules + "---\na: b\n", "second document"},
      {kHead + std::string("x: &a 1\n") + rules, "anchors"},
      {kHead + std::string("x: !!str 1\n") + rules, "tags"},
      {kHead + std::string("mode: off\n") + rules, "mode must be"},
      {kHead + std::string("keys:\n  - {name: k, file: missing.pub}\n") + rules, "No such file"},
      {kHead + std::string("keys:\n  - {name: k}\n") + rules, "either file or pem"},
      {kHead + std::string("keys:\n  - {name: k, file: release.pub}\n  - {name: l, file: release.pub}\n") + rules,
       "same key"},
      {kHead + std::string("keys:\n  - {name: k, pem: x}\n") + rules, "key \"k\" is not one PEM block"},
      {kHead +
           std::string("keys:\n  - {name: k, file: release.pub, notBefore: 2027-01-01T00:00:00Z, notAfter: "
                       "2026-01-01T00:00:00Z}\n") +
           rules,
       "earlier"},
      {kHead + std::string("keys:\n  - {name: k, file: release.pub, notAfter: tomorrow}\n") + rules, "must be a time"},
      {kHead + rules + "exceptions:\n  - {name: e, match: {images: [\"reg.io/x\"]}, owner: a, reason: b}\n",
       "no field \"until\""},
      {kHead + rules +
           "exceptions:\n  - {name: e, match: {images: [\"reg.io/x\"]}, until: 2026-12-31T00:00:00Z, reason: b}\n",
       "no field \"owner\""},
      {kHead + rules +
           "exceptions:\n  - {name: e, match: {namespaces: [x]}, until: 2026-12-31T00:00:00Z, owner: a, reason: b}\n",
       "every image"},
      {kHead + std::string("trustRoots:\n  - {name: r, file: missing.json}\n") + rules, "No such file"},
      {kHead + std::string("trustRoots:\n  - {name: r, file: release.pub}\n") + rules,
       "trust root \"r\": trusted root"},
      {kHead + std::string("keys:\n  - {name: k, file: release.pub, trustRoot: r}\n") + rules,
       "not among the policy's trustRoots"},
      {std::string(limits::kPolicyBytes + 1, '#'), "larger"},
      {std::string("a\0b", 3), "NUL"},
      {"\xff", "UTF-8"},
  };
  for (const BadCase& one : cases) {
    const auto policy = Parse(one.rules);
    ASSERT_FALSE(policy.ok()) << one.rules.substr(0, 200);
    EXPECT_NE(std::string::npos, policy.error().message.find(one.expected)) << one.rules.substr(0, 200) << "\n"
                                                                            << policy.error().message;
  }
}

TEST(PolicyTest, ReadsActionsSourcesAndImageIds) {
  const std::string id = "sha256:" + std::string(64, '1');
  const auto policy = WithRules(
      "  - {name: pause, match: {images: [\"reg.cn/pause\"], actions: [sandbox], sources: [\"reg.io/**\"]}, mode: "
      "allow}\n"
      "  - {name: bad, match: {imageIds: [\"" +
      id +
      "\"]}, mode: deny}\n"
      "  - {name: a, match: {images: [\"reg.io/a\"], sources: [\"reg.cn/a\"]}, mode: audit" +
      std::string(kRequire) + "}\n");
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  EXPECT_EQ(std::vector{Action::kSandbox}, policy->rules.at(0).match.actions());
  EXPECT_TRUE(policy->rules.at(0).match.sources().at(0).Matches("reg.io/team/pause"));
  EXPECT_EQ(id, policy->rules.at(1).match.image_ids().at(0).text());
  EXPECT_EQ(1U, policy->rules.at(2).match.sources().size());
}

TEST(PolicyTest, TheNumberOfRulesIsBounded) {
  std::string rules;
  for (std::size_t i = 0; i < limits::kPolicyRules; ++i)
    rules += "  - {name: r" + std::to_string(i) + ", mode: deny, match: {}}\n";
  const auto most = WithRules(rules);
  EXPECT_TRUE(most.ok());
  const auto more = WithRules(rules + "  - {name: more, mode: deny, match: {}}\n");
  ASSERT_FALSE(more.ok());
  EXPECT_NE(std::string::npos, more.error().message.find("too many rules")) << more.error().message;
}

TEST(PolicyTest, AKeyMayNameItsHash) {
  const auto with = [](const std::string& hash) {
    return Parse(std::string(kHead) + "keys:\n  - {name: release, file: release.pub, hash: " + hash + "}\nrules:\n" +
                 "  - {name: a, match: {images: [\"reg.io/*\"]}" + kRequire + "}\n");
  };
  const auto policy = with("sha384");
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  const crypto::PublicKey& key = policy->keys.at(0).key();
  EXPECT_TRUE(key.Verify(AsBytes("m"), Key().Sign("m", "SHA384")));
  EXPECT_FALSE(key.Verify(AsBytes("m"), Key().Sign("m", "SHA256")));
  EXPECT_NE(std::string::npos, with("sha1").error().message.find("sha256, sha384 or sha512"));
}

TEST(PolicyTest, AKeyMayNeedALogAndATimestamp) {
  const auto root = fakes::SigstoreAuthority().TrustedRoot();
  const auto with = [&](const std::string& more) {
    return ParsePolicy(
        std::string(kHead) +
            "trustRoots:\n  - {name: r, file: root.json}\nkeys:\n  - {name: release, file: "
            "release.pub" +
            more + "}\nrules:\n  - {name: a, match: {images: [\"reg.io/*\"]}" + kRequire + "}\n",
        [&](const std::string& name) -> Result<std::string> { return name == "root.json" ? root : Key().PublicPem(); });
  };
  const auto both = with(", trustRoot: r, requireLog: true, requireTimestamp: true");
  ASSERT_TRUE(both.ok()) << both.error().message;
  EXPECT_TRUE(both->keys.at(0).use().needs_log);
  EXPECT_TRUE(both->keys.at(0).use().needs_timestamp);
  const auto neither = with(", trustRoot: r, requireLog: false");
  ASSERT_TRUE(neither.ok());
  EXPECT_FALSE(neither->keys.at(0).use().needs_log);
  EXPECT_FALSE(neither->keys.at(0).use().needs_timestamp);
  for (const char* more : {", requireLog: true", ", requireTimestamp: true"}) {
    const auto alone = with(more);
    ASSERT_FALSE(alone.ok()) << more;
    EXPECT_NE(std::string::npos, alone.error().message.find("need trustRoot")) << alone.error().message;
  }
}

TEST(PolicyTest, DeepNestingIsRefused) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "[";
  EXPECT_FALSE(Parse(text).ok());
}

TEST(PolicyTest, FingerprintFollowsKeysAndText) {
  const auto a = WithRules("  - {name: a, match: {images: [\"reg.io/a\"]}, mode: allow}\n");
  const auto b = WithRules("  - {name: b, match: {images: [\"reg.io/a\"]}, mode: allow}\n");
  EXPECT_NE(a->fingerprint, b->fingerprint);
}

class SelectTest : public ::testing::Test {
 protected:
  // Names of what decides, in order; "!" at the end if for something unknown no rule matches.
  std::string Select(const Policy& policy, const std::string& image, std::optional<std::string> pod_namespace) {
    const auto name = oci::Reference::Parse(image);
    Subject subject{*name, std::move(pod_namespace), std::nullopt, labels_};
    if (name->digest()) subject.digests = {*name->digest()};
    const Selection selection = policy::Select(policy, subject, *ParseTime("2026-11-22T00:00:00Z"));
    std::string out;
    for (const Applicable& one : selection.all) out += (one.rule ? one.rule->name : one.exception->name) + " ";
    return out + (selection.complete ? "" : "!");
  }
  std::optional<std::map<std::string, std::string>> labels_ = std::map<std::string, std::string>{{"pool", "x"}};
};

TEST_F(SelectTest, DenyThenExceptionThenFirstRule) {
  const auto policy = Parse(
      std::string(kHead) +
      "rules:\n"
      "  - {name: first, mode: allow, match: {images: [\"reg.io/app/*\"]}}\n"
      "  - {name: second, mode: allow, match: {images: [\"reg.io/**\"]}}\n"
      "  - {name: never, mode: deny, match: {images: [\"reg.io/app/evil\"]}}\n"
      "exceptions:\n"
      "  - {name: old, match: {images: [\"reg.io/app/old\", \"reg.io/app/evil\"]}, until: 2026-12-01T00:00:00Z, owner: "
      "a, reason: b}\n"
      "  - {name: over, match: {images: [\"reg.io/app/over\"]}, until: 2026-11-01T00:00:00Z, owner: a, reason: b}\n");
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  EXPECT_EQ("first ", Select(*policy, "reg.io/app/x", "default"));
  EXPECT_EQ("second ", Select(*policy, "reg.io/x", "default"));
  EXPECT_EQ("never ", Select(*policy, "reg.io/app/evil", "default"));
  EXPECT_EQ("old ", Select(*policy, "reg.io/app/old", "default"));
  EXPECT_EQ("first ", Select(*policy, "reg.io/app/over", "default"));
  EXPECT_EQ("!", Select(*policy, "other.io/x", "default"));
  EXPECT_EQ("never ", Select(*policy, "REG.io:443/app/evil", "default")) << "another spelling of the host";
}

// A deny rule means the content, by whichever name the node would get it; an allow rule means the registry it names.
TEST_F(SelectTest, DenyRulesKnowDockersOtherNames) {
  const auto policy = WithRules(
      "  - {name: wide, mode: allow, match: {images: [\"**\"], unsafe: true}}\n"
      "  - {name: hub, mode: deny, match: {images: [\"docker.io/**\"]}}\n");
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  for (const char* image : {"nginx", "INDEX.docker.io/library/nginx", "registry-1.docker.io/library/nginx",
                            "Registry.Hub.Docker.Com:443/library/nginx", "docker.io/team/app"}) {
    EXPECT_EQ("hub ", Select(*policy, image, "default")) << image;
  }
  EXPECT_EQ("wide ", Select(*policy, "reg.io/library/nginx", "default"));
  const auto allow = WithRules("  - {name: hub, mode: allow, match: {images: [\"docker.io/**\"]}}\n");
  EXPECT_EQ("hub ", Select(*allow, "nginx", "default"));
  EXPECT_EQ("!", Select(*allow, "registry-1.docker.io/library/nginx", "default"));
  EXPECT_EQ("!", Select(*allow, "INDEX.docker.io/library/nginx", "default"));
}

TEST_F(SelectTest, AnUnknownNamespaceNeedsEveryRuleThatCouldMatch) {
  const auto policy = Parse(std::string(kHead) +
                            "rules:\n"
                            "  - {name: a, mode: allow, match: {namespaces: [a], images: [\"reg.io/*\"]}}\n"
                            "  - {name: any, mode: allow, match: {images: [\"reg.io/x\"]}}\n"
                            "  - {name: late, mode: allow, match: {images: [\"reg.io/x\"]}}\n"
                            "exceptions:\n"
                            "  - {name: e, match: {namespaces: [a], images: [\"reg.io/*\"]}, until: "
                            "2026-12-01T00:00:00Z, owner: a, reason: b}\n");
  EXPECT_EQ("a any ", Select(*policy, "reg.io/x", std::nullopt));
  EXPECT_EQ("a !", Select(*policy, "reg.io/y", std::nullopt));
  EXPECT_EQ("e ", Select(*policy, "reg.io/x", "a"));
  EXPECT_EQ("any ", Select(*policy, "reg.io/x", "b"));
}

TEST_F(SelectTest, NodeLabelsMatchOrAreUnknown) {
  const auto policy = Parse(std::string(kHead) +
                            "rules:\n"
                            "  - {name: x, mode: allow, match: {images: [\"reg.io/*\"], nodeLabels: {pool: x}}}\n"
                            "  - {name: y, mode: allow, match: {images: [\"reg.io/*\"], nodeLabels: {pool: y}}}\n");
  EXPECT_EQ("x ", Select(*policy, "reg.io/a", "default"));
  labels_ = std::map<std::string, std::string>{{"pool", "z"}};
  EXPECT_EQ("!", Select(*policy, "reg.io/a", "default"));
  labels_.reset();
  EXPECT_EQ("x y !", Select(*policy, "reg.io/a", "default"));
}

TEST_F(SelectTest, DigestsAreUnknownUntilResolved) {
  const std::string digest = "sha256:" + std::string(64, 'a');
  const auto policy = Parse(std::string(kHead) + "rules:\n  - {name: pinned, mode: allow, match: {digests: [\"" +
                            digest + "\"]}}\n  - {name: rest, mode: allow, match: {images: [\"reg.io/*\"]}}\n");
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  EXPECT_EQ("pinned ", Select(*policy, "reg.io/a@" + digest, "default"));
  EXPECT_EQ("rest ", Select(*policy, "reg.io/a@sha256:" + std::string(64, 'b'), "default"));
  EXPECT_EQ("pinned rest ", Select(*policy, "reg.io/a:1", "default"));
}

}  // namespace
}  // namespace pullseal::policy
