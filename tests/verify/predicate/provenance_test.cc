// SPDX-License-Identifier: Apache-2.0
#include "verify/predicate/provenance.h"

#include <gtest/gtest.h>

#include "verify/predicate/parsed.h"
#include "verify/predicate/real_statements.h"
#include "verify/predicate/type.h"

namespace pullseal::predicate {
namespace {

constexpr const char* kBuilder = "https://github.com/acme/ci/.github/workflows/build.yml";
constexpr const char* kV1 = R"({"buildDefinition":{"buildType":"https://actions.github.io/buildtypes/workflow/v1",
  "externalParameters":{"workflow":{"ref":"refs/tags/v1.2.3","repository":"https://github.com/acme/app",
  "path":".github/workflows/release.yml"}}},
  "runDetails":{"builder":{"id":"https://github.com/acme/ci/.github/workflows/build.yml@refs/tags/v2.0.0"},
  "metadata":{"startedOn":"2026-01-01T00:00:00Z","finishedOn":"2026-01-01T00:05:00Z"}}})";

Provenance Read(std::string_view text, std::string_view type = kProvenanceV1) {
  auto out = Provenance::Read(type, Parsed(text));
  EXPECT_TRUE(out.ok()) << text << (out.ok() ? "" : out.error().message);
  return out ? std::move(*out) : Provenance();
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(std::string::npos, at) << from;
  return text.replace(at, from.size(), to);
}

ProvenanceRule Rule(ProvenanceTerms terms) {
  auto rule = ProvenanceRule::Make(std::move(terms));
  EXPECT_TRUE(rule.ok());
  return std::move(*rule);
}

ProvenanceTerms Sources(std::initializer_list<const char*> sources, std::initializer_list<const char*> refs = {}) {
  ProvenanceTerms out;
  for (const char* one : sources) out.sources.push_back(std::move(*SourceGlob::Parse(one)));
  for (const char* one : refs) out.refs.push_back(std::move(*RefGlob::Parse(one)));
  return out;
}

bool Passes(const ProvenanceTerms& terms, std::string_view text, std::vector<std::string> builders = {kBuilder},
            const Speaker& speaker = {}) {
  return Rule(terms).Check(Read(text), speaker, builders).passes();
}

TEST(ProvenanceTest, ReadsVersion1) {
  const Provenance read = Read(kV1);
  EXPECT_EQ("https://github.com/acme/ci/.github/workflows/build.yml@refs/tags/v2.0.0", read.builder);
  EXPECT_EQ("https://github.com/acme/app", read.source);
  EXPECT_EQ("refs/tags/v1.2.3", read.ref);
  EXPECT_EQ(Time("2026-01-01T00:05:00Z"), read.time());
}

TEST(ProvenanceTest, ReadsWhereEachBuildTypeHasItsSource) {
  const std::string v1 = R"({"buildDefinition":{"buildType":"b:t","externalParameters":%,
    "resolvedDependencies":[{"uri":"pkg:docker/x@1"},{"uri":"git+https://host/dep@main"}]},
    "runDetails":{"builder":{"id":"b:x"}}})";
  const Provenance buildkit =
      Read(Replaced(v1, "%", R"({"configSource":{"uri":"https://host/o/r.git#refs/heads/main"}})"));
  EXPECT_EQ("https://host/o/r.git", buildkit.source);
  EXPECT_EQ("refs/heads/main", buildkit.ref);
  EXPECT_EQ("https://gitlab.com/o/r", Read(Replaced(v1, "%", R"({"source":"https://gitlab.com/o/r"})")).source);
  EXPECT_EQ("git+https://host/dep", Read(Replaced(v1, "%", "{}")).source);
  // Of two nobody knows which is the source.
  const std::string two = Replaced(v1, R"("pkg:docker/x@1")", R"("git+https://host/other@main")");
  EXPECT_EQ("", Read(Replaced(two, "%", "{}")).source);
}

TEST(ProvenanceTest, RefusesOtherShapes) {
  for (const char* wrong : {"{}", "[]", "\"x\"", R"({"buildDefinition":{},"runDetails":{}})"}) {
    EXPECT_FALSE(Provenance::Read(kProvenanceV1, Parsed(wrong)).ok()) << wrong;
    EXPECT_FALSE(Provenance::Read(kProvenanceV02, Parsed(wrong)).ok()) << wrong;
  }
  const auto refuses = [](const std::string& from, const std::string& to) {
    EXPECT_FALSE(Provenance::Read(kProvenanceV1, Parsed(Replaced(kV1, from, to))).ok()) << to;
  };
  refuses(R"("buildType":)", R"("buildtype":)");
  refuses(R"("externalParameters":)", R"("ExternalParameters":)");
  refuses(R"("id":)", R"("ID":)");
  refuses(R"("startedOn":"2026-01-01T00:00:00Z")", R"("startedOn":7)");
  refuses(R"("ref":"refs/tags/v1.2.3")", R"("ref":["refs/tags/v1.2.3"])");
  EXPECT_FALSE(Provenance::Read("https://slsa.dev/provenance/v0.1", Parsed(kV1)).ok());
}

// A signer speaks only for its own builders, and a name is no prefix.
TEST(ProvenanceTest, TheBuilderIsOneOfTheSigners) {
  EXPECT_TRUE(Passes({}, kV1));
  EXPECT_TRUE(Passes({}, kV1, {std::string(kBuilder) + "@refs/tags/v2.0.0"}));
  EXPECT_FALSE(Passes({}, kV1, {std::string(kBuilder) + "@refs/tags/v2.0.1"}));
  EXPECT_FALSE(Passes({}, kV1, {"https://github.com/acme/ci/.github/workflows/build"}));
  EXPECT_FALSE(Passes({}, kV1, {"https://github.com/acme"}));
  EXPECT_FALSE(Passes({}, kV1, {}));
  EXPECT_FALSE(Passes({}, Replaced(kV1, "build.yml@refs/tags/v2.0.0", "build.yml.evil@refs/tags/v2.0.0")));
}

TEST(ProvenanceTest, TheBuildersRef) {
  ProvenanceTerms tag;
  tag.builder_ref = BuilderRef::kTag;
  ProvenanceTerms semver;
  semver.builder_ref = BuilderRef::kTagSemver;
  EXPECT_TRUE(Passes(tag, kV1));
  EXPECT_TRUE(Passes(semver, kV1));
  const std::string branch = Replaced(kV1, "refs/tags/v2.0.0", "refs/heads/v2.0.0");
  EXPECT_TRUE(Passes({}, branch));
  EXPECT_FALSE(Passes(tag, branch));
  const std::string without = Replaced(kV1, "build.yml@refs/tags/v2.0.0", "build.yml");
  EXPECT_TRUE(Passes({}, without));
  EXPECT_FALSE(Passes(tag, without));
  for (const char* loose :
       {"v2", "v2.0", "2.0.0", "v2.0.0-rc.1", "v2.0.0+1", "v02.0.0", "v2.0.0.0", "v2..0", "vx.0.0"}) {
    const std::string text = Replaced(kV1, "refs/tags/v2.0.0", std::string("refs/tags/") + loose);
    EXPECT_TRUE(Passes(tag, text)) << loose;
    EXPECT_FALSE(Passes(semver, text)) << loose;
  }
}

TEST(ProvenanceTest, TheSource) {
  EXPECT_TRUE(Passes(Sources({"https://github.com/acme/*"}), kV1));
  EXPECT_TRUE(Passes(Sources({"git+https://github.com/acme/app.git"}), kV1));
  EXPECT_FALSE(Passes(Sources({"https://github.com/other/*"}), kV1));
  EXPECT_TRUE(Passes(Sources({"https://github.com/acme/*"}, {"refs/tags/v*"}), kV1));
  EXPECT_FALSE(Passes(Sources({"https://github.com/acme/*"}, {"refs/heads/main"}), kV1));
  for (const char* evil :
       {"https://github.com/acme-evil/app", "https://github.com/acme", "https://github.com/acme/a/b",
        "https://evil/github.com/acme/app", "https://github.com@evil/acme/app", "https://github.com/acme/../evil/app",
        "https://github.com/acme/app?x", "http://github.com/acme/app", "github.com/acme/app",
        "https://github.com/ACME/app", "https://github.com/acme/%2e%2e", "https://github.com//acme/app"}) {
    EXPECT_FALSE(Passes(Sources({"https://github.com/acme/*"}), Replaced(kV1, "https://github.com/acme/app", evil)))
        << evil;
  }
  // A source that is not there matches nothing.
  EXPECT_FALSE(Passes(Sources({"https://github.com/acme/**"}), Replaced(kV1, R"("repository")", R"("repo")")));
  EXPECT_FALSE(
      Passes(Sources({"https://github.com/acme/*"}, {"refs/tags/**"}), Replaced(kV1, "refs/tags/v1.2.3", "v1.2.3")));
}

TEST(ProvenanceTest, RefusesPatternsThatTrustAnybody) {
  for (const char* wrong : {"**", "*", "https://**", "https://*/acme/app", "https://github.com/*",
                            "https://github.com/**", "github.com/acme/*", "https://github.com", ""}) {
    EXPECT_FALSE(SourceGlob::Parse(wrong).ok()) << wrong;
  }
  for (const char* wrong : {"**", "refs/**", "refs/*/main", "main", "v*", ""})
    EXPECT_FALSE(RefGlob::Parse(wrong).ok()) << wrong;
  EXPECT_FALSE(ProvenanceRule::Make([] {
                 ProvenanceTerms terms;
                 terms.refs.push_back(std::move(*RefGlob::Parse("refs/tags/*")));
                 return terms;
               }())
                   .ok());
  for (const char* wrong : {"", "x", "https://github.com/*", "https://a b"})
    EXPECT_FALSE(CheckBuilder(wrong).ok()) << wrong;
}

TEST(ProvenanceTest, Parameters) {
  ProvenanceTerms terms;
  terms.parameters.emplace_back(At("/workflow/path"), std::string(".github/workflows/release.yml"));
  EXPECT_TRUE(Passes(terms, kV1));
  EXPECT_FALSE(Passes(terms, Replaced(kV1, "release.yml\"}", "other.yml\"}")));
  EXPECT_FALSE(Passes(terms, Replaced(kV1, "\"path\"", "\"Path\"")));
  // What the rule does not name may not be there, unless it says nothing.
  const std::string more = Replaced(kV1, R"("workflow":{)", R"("inputs":{"skip":true},"workflow":{)");
  EXPECT_FALSE(Passes(terms, more));
  EXPECT_TRUE(Passes(terms, Replaced(kV1, R"("workflow":{)", R"("inputs":{"a":null,"b":[],"c":""},"workflow":{)")));
  terms.other_parameters = true;
  EXPECT_TRUE(Passes(terms, more));
  ProvenanceTerms none;
  none.other_parameters = false;
  EXPECT_FALSE(Passes(none, kV1));
}

TEST(ProvenanceTest, BuildTypes) {
  ProvenanceTerms terms;
  terms.build_types = {"https://actions.github.io/buildtypes/workflow/v1"};
  EXPECT_TRUE(Passes(terms, kV1));
  terms.build_types = {"https://actions.github.io/buildtypes/workflow"};
  EXPECT_FALSE(Passes(terms, kV1));
}

// What the signer could write and what the certificate says must be one.
TEST(ProvenanceTest, TheCertificateMustAgree) {
  const std::string workflow = std::string(kBuilder) + "@refs/tags/v2.0.0";
  EXPECT_TRUE(
      Passes({}, kV1, {kBuilder},
             {workflow,
              {{"sourceRepositoryUri", "https://github.com/acme/app"}, {"sourceRepositoryRef", "refs/tags/v1.2.3"}}}));
  EXPECT_FALSE(Passes({}, kV1, {kBuilder}, {std::string(kBuilder) + "@refs/heads/main", {}}));
  EXPECT_FALSE(Passes({}, kV1, {kBuilder}, {workflow, {{"sourceRepositoryUri", "https://github.com/acme/other"}}}));
  EXPECT_FALSE(Passes({}, kV1, {kBuilder}, {workflow, {{"sourceRepositoryRef", "refs/pull/7/merge"}}}));
  EXPECT_FALSE(Passes({}, kV1, {kBuilder}, {workflow, {{"githubWorkflowRepository", "acme/other"}}}));
  EXPECT_FALSE(Passes({}, kV1, {kBuilder}, {workflow, {{"githubWorkflowRef", "refs/heads/main"}}}));
}

TEST(ProvenanceTest, RealOnesOfTheContainerGenerator) {
  for (const char* version : {"v1.4.0", "v2.0.0"}) {
    const auto statement = RealContainerStatement(version);
    const auto read = Provenance::Read(statement.predicate_type, *statement.predicate);
    ASSERT_TRUE(read.ok()) << read.error().message;
    const std::vector<std::string> builders = {
        "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml"};
    ProvenanceTerms terms = Sources({"https://github.com/slsa-framework/*"});
    terms.builder_ref = BuilderRef::kTagSemver;
    terms.build_types = {"https://github.com/slsa-framework/slsa-github-generator/container@v1"};
    terms.parameters.emplace_back(
        At("/configSource/entryPoint"),
        std::string(".github/workflows/verifier-e2e.all.workflow_dispatch.main.all.slsa3.yml"));
    const Verdict verdict = Rule(terms).Check(*read, {}, builders);
    EXPECT_TRUE(verdict.passes()) << version << ": " << verdict.detail;
    EXPECT_FALSE(Rule(Sources({"https://github.com/acme/*"})).Check(*read, {}, builders).passes());
  }
}

TEST(ProvenanceTest, RealOnesOfGitHub) {
  const auto statement = RealBundleStatement("bcr/MODULE.bazel.intoto.jsonl");
  const auto read = Provenance::Read(statement.predicate_type, *statement.predicate);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_FALSE(read->time());
  const std::vector<std::string> builders = {
      "https://github.com/bazel-contrib/publish-to-bcr/.github/workflows/publish.yaml"};
  const ProvenanceRule rule =
      Rule(Sources({"https://github.com/aspect-build/rules_lint"}, {"refs/heads/publish-to-bcr"}));
  const Speaker publisher{
      "https://github.com/bazel-contrib/publish-to-bcr/.github/workflows/publish.yaml@refs/tags/v0.0.1",
      {{"sourceRepositoryUri", "https://github.com/aspect-build/rules_lint"}}};
  EXPECT_TRUE(rule.Check(*read, publisher, builders).passes());
  // The same words, signed by another workflow of the same organisation.
  const Speaker other{
      "https://github.com/bazel-contrib/.github/.github/workflows/release_ruleset.yaml@refs/tags/v7.1.0", {}};
  EXPECT_FALSE(rule.Check(*read, other, builders).passes());
}

}  // namespace
}  // namespace pullseal::predicate
