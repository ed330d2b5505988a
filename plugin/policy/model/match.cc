// SPDX-License-Identifier: Apache-2.0
#include "policy/model/match.h"

#include <algorithm>

namespace pullseal::policy {
namespace {

enum class Answer { kNo, kMaybe, kYes };

Answer Both(Answer a, Answer b) { return std::min(a, b); }
Answer YesIf(bool yes) { return yes ? Answer::kYes : Answer::kNo; }

Answer MatchNamespace(const Match& match, const Subject& subject) {
  if (match.namespaces().empty()) return Answer::kYes;
  if (!subject.pod_namespace) return Answer::kMaybe;
  const auto& list = match.namespaces();
  return YesIf(std::find(list.begin(), list.end(), *subject.pod_namespace) != list.end());
}

Answer MatchImage(const Match& match, const std::string& name) {
  if (match.images().empty()) return Answer::kYes;
  for (const ImageGlob& glob : match.images()) {
    if (glob.Matches(name)) return Answer::kYes;
  }
  return Answer::kNo;
}

Answer MatchLabels(const Match& match, const Subject& subject) {
  if (match.node_labels().empty()) return Answer::kYes;
  if (!subject.node_labels) return Answer::kMaybe;
  for (const auto& [key, value] : match.node_labels()) {
    const auto found = subject.node_labels->find(key);
    if (found == subject.node_labels->end() || found->second != value) return Answer::kNo;
  }
  return Answer::kYes;
}

bool HasAny(const std::vector<oci::Digest>& of, const std::vector<oci::Digest>& list) {
  return std::any_of(list.begin(), list.end(),
                     [&](const oci::Digest& one) { return std::find(of.begin(), of.end(), one) != of.end(); });
}

// Digests and image IDs are one list of contents.
Answer MatchContent(const Match& match, const Subject& subject, bool denies) {
  if (match.digests().empty() && match.image_ids().empty()) return Answer::kYes;
  if (subject.digests && HasAny(*subject.digests, match.digests())) return Answer::kYes;
  if (denies && HasAny(subject.path, match.digests())) return Answer::kYes;
  if (subject.image_id && HasAny({*subject.image_id}, match.image_ids())) return Answer::kYes;
  return !subject.digests && !match.digests().empty() ? Answer::kMaybe : Answer::kNo;
}

Answer MatchAction(const Match& match, const Subject& subject) {
  const auto& list = match.actions();
  return YesIf(list.empty() || std::find(list.begin(), list.end(), subject.action) != list.end());
}

// Walks the candidates in their order and keeps those that count.
class Selector {
 public:
  Selector(const Subject& subject, Selection& out)
      : subject_(subject), name_(subject.name.MatchName()), deny_name_(subject.name.DenyName()), out_(out) {}

  void Consider(const Match& match, Applicable applicable) {
    if (out_.complete) return;
    const bool denies = applicable.rule != nullptr && applicable.rule->mode == RuleMode::kDeny;
    const Answer digest = MatchContent(match, subject_, denies);
    const Answer space = Both(MatchNamespace(match, subject_), MatchAction(match, subject_));
    if (applicable.exception != nullptr && space == Answer::kMaybe) return;
    const Answer image = std::max(MatchImage(match, name_), denies ? MatchImage(match, deny_name_) : Answer::kNo);
    const Answer others = Both(Both(space, image), MatchLabels(match, subject_));
    const Answer answer = Both(others, digest);
    if (answer == Answer::kNo) return;
    if (digest == Answer::kMaybe) out_.needs_digest = true;
    out_.all.push_back(applicable);
    out_.complete = answer == Answer::kYes;
  }

 private:
  const Subject& subject_;
  std::string name_;
  std::string deny_name_;
  Selection& out_;
};

}  // namespace

Selection Select(const Policy& policy, const Subject& subject, WallTime now) {
  Selection out;
  Selector selector(subject, out);
  for (const Rule& rule : policy.rules) {
    if (rule.mode == RuleMode::kDeny) selector.Consider(rule.match, Applicable{&rule, nullptr});
  }
  for (const Exception& exception : policy.exceptions) {
    const auto& over = subject.passed_over;
    if (std::find(over.begin(), over.end(), &exception) != over.end()) continue;
    if (now < exception.until) selector.Consider(exception.match, Applicable{nullptr, &exception});
  }
  for (const Rule& rule : policy.rules) {
    if (rule.mode != RuleMode::kDeny) selector.Consider(rule.match, Applicable{&rule, nullptr});
  }
  return out;
}

}  // namespace pullseal::policy
