// SPDX-License-Identifier: Apache-2.0
// Policies times questions: which rules decide. Each answer was worked out by hand from the rules of matching.
#include <gtest/gtest.h>

#include "core/base/bytes.h"
#include "fakes/sigstore_authority.h"
#include "policy/file/parse.h"
#include "policy/model/match.h"

namespace pullseal::policy {
namespace {

const std::string kD1 = "sha256:" + std::string(64, '1');
const std::string kD2 = "sha256:" + std::string(64, '2');
const WallTime kNow = *ParseTime("2026-11-22T12:00:00Z");

// The questions that every policy is asked. `space` "?" is an unknown namespace; `labels` "?" are unknown labels.
struct Query {
  const char* image;
  const char* space;
  const char* labels;  // "key=value" or ""
  const char* digest;  // "1", "2" or "" for not resolved yet
};
constexpr Query kQueries[] = {
    /* 0 */ {"acme.azurecr.io/app:1", "prod", "", ""},
    /* 1 */ {"acme.azurecr.io/app:1", "dev", "", ""},
    /* 2 */ {"acme.azurecr.io/app:1", "?", "", ""},
    /* 3 */ {"acme.azurecr.io/team/app:1", "prod", "", ""},
    /* 4 */ {"ACME.azurecr.io:443/app:1", "prod", "", ""},
    /* 5 */ {"evil.io/acme.azurecr.io/app:1", "prod", "", ""},
    /* 6 */ {"busybox", "prod", "", ""},
    /* 7 */ {"acme.azurecr.io/app:1", "prod", "pool=gpu", ""},
    /* 8 */ {"acme.azurecr.io/app:1", "prod", "?", ""},
    /* 9 */ {"acme.azurecr.io/app:1", "prod", "", "1"},
    /* 10 */ {"acme.azurecr.io/app:1", "prod", "", "2"},
    /* 11 */ {"x.azurecr.io/app:1", "prod", "", ""},
};
constexpr std::size_t kCount = std::size(kQueries);

// One policy and what decides about each question: names in order, "-" if for some value of the unknown no rule does,
// "#" if the digest may change the answer.
struct Row {
  const char* about;
  const char* rules;
  const char* answers[kCount];
};

const Row kRows[] = {
    {"one repository, everywhere",
     "  - {name: a, mode: allow, match: {images: [\"acme.azurecr.io/app\"]}}\n",
     {"a", "a", "a", "-", "a", "-", "-", "a", "a", "a", "a", "-"}},
    {"a star stays in its segment",
     "  - {name: a, mode: allow, match: {images: [\"acme.azurecr.io/*\"]}}\n",
     {"a", "a", "a", "-", "a", "-", "-", "a", "a", "a", "a", "-"}},
    {"two stars cross segments, not hosts",
     "  - {name: a, mode: allow, match: {images: [\"acme.azurecr.io/**\"]}}\n",
     {"a", "a", "a", "a", "a", "-", "-", "a", "a", "a", "a", "-"}},
    {"a star for one label of the host",
     "  - {name: a, mode: allow, match: {images: [\"*.azurecr.io/**\"]}}\n",
     {"a", "a", "a", "a", "a", "-", "-", "a", "a", "a", "a", "a"}},
    {"the default host and its library",
     "  - {name: a, mode: allow, match: {images: [\"docker.io/library/*\"]}}\n",
     {"-", "-", "-", "-", "-", "-", "a", "-", "-", "-", "-", "-"}},
    {"a namespace",
     "  - {name: a, mode: allow, match: {namespaces: [prod], images: [\"acme.azurecr.io/**\"]}}\n",
     {"a", "-", "a -", "a", "a", "-", "-", "a", "a", "a", "a", "-"}},
    {"an unknown namespace needs all that could match",
     "  - {name: a, mode: allow, match: {namespaces: [prod], images: [\"acme.azurecr.io/**\"]}}\n"
     "  - {name: b, mode: allow, match: {images: [\"acme.azurecr.io/app\"]}}\n",
     {"a", "b", "a b", "a", "a", "-", "-", "a", "a", "a", "a", "-"}},
    {"order among rules",
     "  - {name: b, mode: allow, match: {images: [\"acme.azurecr.io/app\"]}}\n"
     "  - {name: a, mode: allow, match: {namespaces: [prod], images: [\"acme.azurecr.io/**\"]}}\n",
     {"b", "b", "b", "a", "b", "-", "-", "b", "b", "b", "b", "-"}},
    {"deny first, wherever it stands",
     "  - {name: a, mode: allow, match: {images: [\"acme.azurecr.io/**\"]}}\n"
     "  - {name: d, mode: deny, match: {namespaces: [dev], images: [\"acme.azurecr.io/**\"]}}\n",
     {"a", "d", "d a", "a", "a", "-", "-", "a", "a", "a", "a", "-"}},
    {"a deny rule for everything",
     "  - {name: d, mode: deny, match: {unsafe: true}}\n",
     {"d", "d", "d", "d", "d", "d", "d", "d", "d", "d", "d", "d"}},
    {"node labels",
     "  - {name: g, mode: allow, match: {nodeLabels: {pool: gpu}, images: [\"acme.azurecr.io/**\"]}}\n"
     "  - {name: a, mode: allow, match: {images: [\"acme.azurecr.io/**\"]}}\n",
     {"a", "a", "a", "a", "a", "-", "-", "g", "g a", "a", "a", "-"}},
    {"only with the label",
     "  - {name: g, mode: allow, match: {nodeLabels: {pool: gpu}, images: [\"acme.azurecr.io/**\"]}}\n",
     {"-", "-", "-", "-", "-", "-", "-", "g", "g -", "-", "-", "-"}},
    {"a digest that is pinned",
     "  - {name: p, mode: allow, match: {images: [\"acme.azurecr.io/app\"], digests: [\"D1\"]}}\n"
     "  - {name: a, mode: allow, match: {images: [\"acme.azurecr.io/**\"]}}\n",
     {"p a #", "p a #", "p a #", "a", "p a #", "-", "-", "p a #", "p a #", "p", "a", "-"}},
    {"a digest that is forbidden",
     "  - {name: d, mode: deny, match: {digests: [\"D2\"]}}\n"
     "  - {name: a, mode: allow, match: {images: [\"acme.azurecr.io/**\"]}}\n",
     {"d a #", "d a #", "d a #", "d a #", "d a #", "d - #", "d - #", "d a #", "d a #", "a", "d", "d - #"}},
    {"an exception before the rules",
     "  - {name: a, mode: allow, match: {images: [\"acme.azurecr.io/**\"]}}\n"
     "exceptions:\n  - {name: e, match: {images: [\"acme.azurecr.io/app\"]}, until: 2026-12-31T00:00:00Z, owner: o, "
     "reason: "
     "r}\n",
     {"e", "e", "e", "a", "e", "-", "-", "e", "e", "e", "e", "-"}},
    {"an exception of a namespace does not count for an unknown one",
     "  - {name: a, mode: allow, match: {images: [\"acme.azurecr.io/**\"]}}\n"
     "exceptions:\n  - {name: e, match: {namespaces: [prod], images: [\"acme.azurecr.io/app\"]}, until: "
     "2026-12-31T00:00:00Z, owner: o, reason: r}\n",
     {"e", "a", "a", "a", "e", "-", "-", "e", "e", "e", "e", "-"}},
    {"an exception that has expired",
     "  - {name: a, mode: allow, match: {images: [\"acme.azurecr.io/**\"]}}\n"
     "exceptions:\n  - {name: e, match: {images: [\"acme.azurecr.io/app\"]}, until: 2026-11-22T12:00:00Z, owner: o, "
     "reason: "
     "r}\n",
     {"a", "a", "a", "a", "a", "-", "-", "a", "a", "a", "a", "-"}},
    {"deny before an exception",
     "  - {name: d, mode: deny, match: {namespaces: [prod], images: [\"acme.azurecr.io/app\"]}}\n"
     "exceptions:\n  - {name: e, match: {images: [\"acme.azurecr.io/**\"]}, until: 2026-12-31T00:00:00Z, owner: o, "
     "reason: "
     "r}\n",
     {"d", "e", "d e", "e", "d", "-", "-", "d", "d", "d", "d", "-"}},
};

Subject Ask(const oci::Reference& name, const Query& query) {
  Subject out{name, std::nullopt, std::nullopt, std::nullopt};
  const std::string labels = query.labels;
  if (std::string(query.space) != "?") out.pod_namespace = query.space;
  if (labels != "?") out.node_labels.emplace();
  if (const auto equals = labels.find('='); equals != std::string::npos) {
    out.node_labels->emplace(labels.substr(0, equals), labels.substr(equals + 1));
  }
  if (std::string(query.digest) == "1") out.digests = {*oci::Digest::Parse(kD1)};
  if (std::string(query.digest) == "2") out.digests = {*oci::Digest::Parse(kD2)};
  return out;
}

std::string Told(const Selection& selection) {
  std::string out;
  for (const Applicable& one : selection.all) out += (one.rule != nullptr ? one.rule->name : one.exception->name) + " ";
  if (!selection.complete) out += "- ";
  if (selection.needs_digest) out += "# ";
  if (!out.empty()) out.pop_back();
  return out;
}

TEST(SelectTableTest, PoliciesTimesQuestions) {
  static_assert(std::size(kRows) * kCount >= 100);
  for (const Row& row : kRows) {
    std::string text =
        "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: t}\nrules:\n" + std::string(row.rules);
    for (const auto& [mark, digest] : {std::pair("D1", kD1), std::pair("D2", kD2)}) {
      if (const auto at = text.find(mark); at != std::string::npos) text.replace(at, 2, digest);
    }
    const auto policy = ParsePolicy(text, [](const std::string&) {
      return Result<std::string>(Error{ErrorCode::kNotFound, "none"});
    });
    ASSERT_TRUE(policy.ok()) << row.about << ": " << policy.error().message;
    for (std::size_t i = 0; i < kCount; ++i) {
      const auto name = oci::Reference::Parse(kQueries[i].image);
      ASSERT_TRUE(name.ok()) << kQueries[i].image;
      EXPECT_EQ(row.answers[i], Told(Select(*policy, Ask(*name, kQueries[i]), kNow)))
          << row.about << ", question " << i << ": " << kQueries[i].image << " in " << kQueries[i].space;
    }
  }
}

TEST(AuthoritiesTest, KeylessIsReadAndChecked) {
  const std::string root = fakes::SigstoreAuthority().TrustedRoot();
  const auto why = [&](const std::string& keyless) -> std::string {
    const std::string text =
        "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: t}\ntrustRoots:\n  - {name: public, file: r}\n"
        "rules:\n  - name: a\n    match: {images: [\"reg.io/*\"]}\n    require: {signatures: {anyOf: [{keyless: {" +
        keyless + "}}]}}\n";
    const auto policy = ParsePolicy(text, [&](const std::string&) { return Result<std::string>(root); });
    if (!policy) return policy.error().message;
    const auto warnings = Warnings(*policy, kNow);
    return warnings.empty() ? "good" : warnings[0];
  };
  EXPECT_EQ("good", why("trustRoot: public, issuer: i, subject: s"));
  EXPECT_EQ("good", why("trustRoot: public, issuer: i, subjectPattern: 'https://github.com/acme/.*'"));
  EXPECT_EQ("good", why("trustRoot: public, issuer: i, unsafe: true"));
  EXPECT_EQ("good", why("trustRoot: public, issuer: i, subject: s, extensions: {sourceRepositoryUri: x}"));
  EXPECT_EQ("good", why("trustRoot: public, issuer: i, subject: s, requireLog: false, requireTimestamp: true"));
  EXPECT_EQ("good", why("trustRoot: public, issuer: i, subject: s, requireLog: 2, requireSct: false"));
  const std::pair<const char*, const char*> bad[] = {
      {"trustRoot: public, issuer: i, subject: s, requireLog: 3", "too few transparency logs"},
      {"trustRoot: public, issuer: i, subject: s, requireTimestamp: 2", "too few timestamp authorities"},
      {"trustRoot: public, issuer: i, subject: s, requireSct: 2", "too few certificate logs"},
      {"trustRoot: public, issuer: i, subject: s, requireLog: 0", "true, false, or a number"},
      {"trustRoot: public, issuer: i, subject: s, requireLog: yes", "true, false, or a number"},
      {"issuer: i, subject: s", "no field \"trustRoot\""},
      {"trustRoot: other, issuer: i, subject: s", "not among the policy's trustRoots"},
      {"trustRoot: public, subject: s", "without issuer or without subject"},
      {"trustRoot: public, issuer: i", "without issuer or without subject"},
      {"trustRoot: public, issuer: i, subject: ''", "empty"},
      {"trustRoot: public, issuer: i, subject: s, subjectPattern: s", "either subject or subjectPattern"},
      {"trustRoot: public, issuer: i, subjectPattern: '('", "RE2"},
      {"trustRoot: public, issuer: i, subject: s, extensions: {colour: red}", "not known"},
      {"trustRoot: public, issuer: i, subject: s, more: 1", "more"},
  };
  for (const auto& [text, expected] : bad) EXPECT_NE(std::string::npos, why(text).find(expected)) << text << why(text);
}

}  // namespace
}  // namespace pullseal::policy
