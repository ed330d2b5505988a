// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_POLICY_MODEL_MODEL_H_
#define PULLSEAL_POLICY_MODEL_MODEL_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "image/oci/digest.h"
#include "policy/model/glob.h"
#include "verify/requirement/requirement.h"

namespace pullseal::notary {
class TrustStore;
}

// What the node's owner wants. Rules, exceptions and what they match exist only if they are safe, or were made by a
// function whose name says Unsafe; whatever is default-made allows nothing.
namespace pullseal::policy {

// Mode of the whole policy: under kAudit nothing is refused and every refusal is recorded as would-deny.
enum class Mode { kEnforce, kAudit };
// Mode of one rule. kAllow exempts, kDeny refuses, both without looking at signatures.
enum class RuleMode { kEnforce, kAudit, kAllow, kDeny };
enum class OnUnavailable { kDeny, kAllowKnown };
// What the content is for: a container (its pull and its volumes too), or a pod's own sandbox.
enum class Action { kContainer, kSandbox };

// Match says which questions a rule or exception is about. An empty list matches everything; all lists must match, but
// digests and image IDs are one list of contents. Immutable; thread-safe.
class Match {
 public:
  struct Parts {
    std::vector<std::string> namespaces;
    std::vector<ImageGlob> images;
    std::map<std::string, std::string> node_labels;
    std::vector<oci::Digest> digests;
    std::vector<oci::Digest> image_ids;  // digests of configs; of rules that deny only
    std::vector<Action> actions;
    // Says nothing about which questions: repositories whose note on content is proof of origin for what is let run
    // without a signature, beside the image's own.
    std::vector<ImageGlob> sources;
  };
  // Make refuses (kInvalid) parts that name no images and no contents, because they match every image.
  static Result<Match> Make(Parts parts);
  // MakeUnsafe takes those too.
  static Match MakeUnsafe(Parts parts) { return Match(std::move(parts)); }

  const std::vector<std::string>& namespaces() const { return parts_.namespaces; }
  const std::vector<ImageGlob>& images() const { return parts_.images; }
  const std::map<std::string, std::string>& node_labels() const { return parts_.node_labels; }
  const std::vector<oci::Digest>& digests() const { return parts_.digests; }
  const std::vector<oci::Digest>& image_ids() const { return parts_.image_ids; }
  const std::vector<Action>& actions() const { return parts_.actions; }
  const std::vector<ImageGlob>& sources() const { return parts_.sources; }

 private:
  explicit Match(Parts parts) : parts_(std::move(parts)) {}
  Parts parts_;
};

// Rule says what happens to what it matches. Nobody changes one that exists; thread-safe.
class Rule {
 public:
  struct Head {
    std::string name;
    std::map<std::string, std::string> labels;
    Match match;
    OnUnavailable on_unavailable = OnUnavailable::kDeny;
  };
  // Every one refuses (kInvalid) image IDs, which a pull does not know, in rules that do not deny; and sources where
  // nothing is let run without a signature.
  // Enforce refuses (kInvalid) a requirement that asks for nobody: it would refuse everything without saying so.
  static Result<Rule> Enforce(Head head, requirement::Requirement require);
  // UnsafeAudit lets what does not satisfy the requirement run, and records it. The same is refused.
  static Result<Rule> UnsafeAudit(Head head, requirement::Requirement require);
  // UnsafeAllow lets everything that it matches run, without looking at signatures.
  static Result<Rule> UnsafeAllow(Head head);
  static Result<Rule> Deny(Head head);

  // Whether it looks at signatures.
  bool IsJudged() const { return mode == RuleMode::kEnforce || mode == RuleMode::kAudit; }

  const std::string name;
  const std::map<std::string, std::string> labels;
  const Match match;
  const RuleMode mode;
  const OnUnavailable on_unavailable;
  const requirement::Requirement require;  // of rules that are not judged: nobody's

 private:
  Rule(Head head, RuleMode mode, requirement::Requirement require);
};

// Exception frees the images it matches until it expires. Nobody changes one that exists; thread-safe.
class Exception {
 public:
  // Make refuses (kInvalid) one that nobody answers for: without name, owner or reason; and image IDs.
  static Result<Exception> Make(std::string name, Match match, WallTime until, std::string owner, std::string reason);

  const std::string name;
  const Match match;
  const WallTime until;
  const std::string owner;
  const std::string reason;

 private:
  Exception(std::string name, Match match, WallTime until, std::string owner, std::string reason);
};

// Policy is one policy file as it was read: shared by all who judge. Default-made it has no rule, so nothing runs.
struct Policy {
  std::string name;
  std::string version;
  Mode mode = Mode::kEnforce;
  std::string sha256;       // of the file, hexadecimal
  std::string fingerprint;  // of the file and every key it names: changes whenever a verdict could change
  std::vector<requirement::Key> keys;
  std::vector<requirement::TrustRoot> trust_roots;
  std::vector<std::shared_ptr<const notary::TrustStore>> trust_stores;
  std::vector<Rule> rules;            // in the order of the file
  std::vector<std::string> problems;  // of files that cost no more than what is missing in them, one sentence each
  std::vector<Exception> exceptions;
};

// What in a good policy will hardly do what its author wants, one sentence each: for those who check and load it.
std::vector<std::string> Warnings(const Policy& policy, WallTime now);

std::string_view Text(Mode mode);
std::string_view Text(RuleMode mode);
std::string_view Text(Action action);

}  // namespace pullseal::policy

#endif  // PULLSEAL_POLICY_MODEL_MODEL_H_
