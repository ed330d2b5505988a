// SPDX-License-Identifier: Apache-2.0
#include "policy/model/model.h"

#include <algorithm>
#include <variant>

#include "core/crypto/certificate_profile.h"
#include "core/crypto/revocation_list.h"
#include "verify/notary/trust.h"
#include "verify/sigstore/trusted_material.h"

namespace pullseal::policy {
namespace {

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

Status AsksForSomebody(const Rule::Head& head, const requirement::Requirement& require) {
  if (require.asks()) return {};
  return Invalid("rule \"" + head.name +
                 "\" requires nothing; add require.signatures or require.attestations, or mode allow to exempt");
}

Status HasNoImageIds(const std::string& what, const Match& match) {
  if (match.image_ids().empty()) return {};
  return Invalid(what +
                 " has match.imageIds, which only rules that deny may have, because a pull does not know them yet; "
                 "use match.digests");
}

// A source is where content may have come from that runs unsigned; elsewhere it would promise what nobody looks at.
Status HasNoSources(const Rule::Head& head, const char* why) {
  if (head.match.sources().empty()) return {};
  return Invalid("rule \"" + head.name + "\" has match.sources, but " + why);
}

// What a keyless authority demands although its trust root cannot give it.
void WarnOfDemands(const Rule& rule, const requirement::Keyless& keyless, std::vector<std::string>& out) {
  const sigstore::TrustedMaterial& trusted = keyless.trusted();
  const sigstore::Demands& demands = keyless.demands();
  const auto lacks = [&](std::size_t has, std::size_t demanded, const char* what) {
    if (has >= demanded) return;
    out.push_back("rule \"" + rule.name + "\": trust root \"" + keyless.root_name() + "\" has too few " + what +
                  " for what a keyless authority demands; nobody can satisfy it");
  };
  lacks(trusted.certificate_authorities().size(), 1, "certificate authorities");
  lacks(trusted.logs().size(), demands.logs, "transparency logs (requireLog)");
  lacks(trusted.timestamp_authorities().size(), demands.timestamps, "timestamp authorities (requireTimestamp)");
  lacks(trusted.certificate_logs().size(), demands.certificate_logs, "certificate logs (requireSct)");
}

// Of one kind of store the same signer can stand in two: then one signer has two names.
void WarnOfTwins(const Policy& policy, std::vector<std::string>& out) {
  const auto& stores = policy.trust_stores;
  for (std::size_t i = 0; i < stores.size(); ++i) {
    for (std::size_t j = i + 1; j < stores.size(); ++j) {
      const auto& all = stores[j]->certificates();
      const bool shared = std::any_of(all.begin(), all.end(), [&](const auto& one) { return stores[i]->Holds(one); });
      if (!shared) continue;
      out.push_back("trust stores \"" + stores[i]->name() + "\" and \"" + stores[j]->name() +
                    "\" share a certificate; a threshold takes one signer of both for two");
    }
  }
}

void WarnOfStore(const Policy& policy, const notary::TrustStore& store, WallTime now, std::vector<std::string>& out) {
  const std::string what = "trust store \"" + store.name() + "\"";
  for (const crypto::Certificate& one : store.certificates()) {
    const std::string certificate = what + ": certificate \"" + one.SubjectText() + "\" ";
    if (one.not_after() < now) out.push_back(certificate + "has ended");
    if (!crypto::IsSelfSigned(one)) out.push_back(certificate + "is no root; it is trusted without its issuer");
  }
  const auto uses = [&store](const requirement::Authority& one) {
    const auto* holders = std::get_if<requirement::CertificateHolders>(&one);
    if (holders != nullptr) return holders->asked().roots.get() == &store;
    const auto* notary = std::get_if<requirement::Notary>(&one);
    return notary != nullptr && (notary->trust().store.get() == &store || notary->trust().timestamps.get() == &store);
  };
  const auto used_by = [&uses](const Rule& rule) {
    const auto& all = rule.require.signatures.any_of();
    return std::any_of(all.begin(), all.end(), uses);
  };
  if (std::none_of(policy.rules.begin(), policy.rules.end(), used_by)) out.push_back(what + " is used by no rule");
}

void WarnOfNotary(const Rule& rule, const requirement::Notary& notary, WallTime now, std::vector<std::string>& out) {
  const notary::Trust& trust = notary.trust();
  const std::string what = "rule \"" + rule.name + "\": signatures of trust store \"" + trust.store->name() + "\" ";
  if (!trust.lists && trust.store->revoked().empty()) out.push_back(what + "are not checked for revocation");
  if (trust.lists && trust.lists->empty()) out.push_back(what + "ask for revocation lists, and there is none");
  const auto is_stale = [now](const crypto::RevocationList& one) {
    return one.next_update() && *one.next_update() < now;
  };
  if (trust.lists && std::any_of(trust.lists->begin(), trust.lists->end(), is_stale)) {
    out.push_back(what + "are checked against a revocation list of which a newer one is due");
  }
  if (trust.store->kind() == notary::StoreKind::kCa && !trust.timestamps) {
    out.push_back(what + "need no timestamp; each image is refused once its signer's certificate ends");
  }
}

}  // namespace

Result<Match> Match::Make(Parts parts) {
  if (parts.images.empty() && parts.digests.empty() && parts.image_ids.empty()) {
    return Invalid("match names no images and no digests, so it matches every image; say so with `unsafe: true` in it");
  }
  return Match(std::move(parts));
}

Rule::Rule(Head head, RuleMode of_mode, requirement::Requirement of_require)
    : name(std::move(head.name)),
      labels(std::move(head.labels)),
      match(std::move(head.match)),
      mode(of_mode),
      on_unavailable(head.on_unavailable),
      require(std::move(of_require)) {}

Result<Rule> Rule::Enforce(Head head, requirement::Requirement require) {
  if (auto asks = AsksForSomebody(head, require); !asks) return asks.error();
  if (auto ids = HasNoImageIds("rule \"" + head.name + "\"", head.match); !ids) return ids.error();
  if (auto none = HasNoSources(head, "asks for a signature, which says more than where an image came from"); !none) {
    return none.error();
  }
  return Rule(std::move(head), RuleMode::kEnforce, std::move(require));
}

Result<Rule> Rule::UnsafeAudit(Head head, requirement::Requirement require) {
  if (auto asks = AsksForSomebody(head, require); !asks) return asks.error();
  if (auto ids = HasNoImageIds("rule \"" + head.name + "\"", head.match); !ids) return ids.error();
  return Rule(std::move(head), RuleMode::kAudit, std::move(require));
}

Result<Rule> Rule::UnsafeAllow(Head head) {
  if (auto ids = HasNoImageIds("rule \"" + head.name + "\"", head.match); !ids) return ids.error();
  return Rule(std::move(head), RuleMode::kAllow, {});
}

Result<Rule> Rule::Deny(Head head) {
  if (auto none = HasNoSources(head, "denies wherever an image came from"); !none) return none.error();
  return Rule(std::move(head), RuleMode::kDeny, {});
}

Exception::Exception(std::string of_name, Match of_match, WallTime of_until, std::string of_owner,
                     std::string of_reason)
    : name(std::move(of_name)),
      match(std::move(of_match)),
      until(of_until),
      owner(std::move(of_owner)),
      reason(std::move(of_reason)) {}

Result<Exception> Exception::Make(std::string name, Match match, WallTime until, std::string owner,
                                  std::string reason) {
  if (name.empty() || owner.empty() || reason.empty()) {
    return Invalid("an exception needs a name, an owner and a reason");
  }
  if (auto ids = HasNoImageIds("exception \"" + name + "\"", match); !ids) return ids.error();
  return Exception(std::move(name), std::move(match), until, std::move(owner), std::move(reason));
}

std::vector<std::string> Warnings(const Policy& policy, WallTime now) {
  std::vector<std::string> out = policy.problems;
  for (const requirement::TrustRoot& root : policy.trust_roots) {
    for (const std::string& problem : root.trusted->problems()) {
      out.push_back("trust root \"" + root.name + "\": not used: " + problem);
    }
  }
  for (const auto& store : policy.trust_stores) WarnOfStore(policy, *store, now, out);
  WarnOfTwins(policy, out);
  for (const Rule& rule : policy.rules) {
    for (const requirement::Authority& one : rule.require.signatures.any_of()) {
      if (const auto* keyless = std::get_if<requirement::Keyless>(&one)) WarnOfDemands(rule, *keyless, out);
      if (const auto* notary = std::get_if<requirement::Notary>(&one)) WarnOfNotary(rule, *notary, now, out);
    }
  }
  for (const requirement::Key& key : policy.keys) {
    if (key.use().revoked) continue;
    if (key.use().not_after && *key.use().not_after < now) out.push_back("key \"" + key.name() + "\" has expired");
  }
  for (const Exception& one : policy.exceptions) {
    if (one.until <= now) out.push_back("exception \"" + one.name + "\" has expired");
  }
  return out;
}

std::string_view Text(Mode mode) { return mode == Mode::kAudit ? "audit" : "enforce"; }

std::string_view Text(Action action) { return action == Action::kSandbox ? "sandbox" : "container"; }

std::string_view Text(RuleMode mode) {
  switch (mode) {
    case RuleMode::kEnforce:
      return "enforce";
    case RuleMode::kAudit:
      return "audit";
    case RuleMode::kAllow:
      return "allow";
    case RuleMode::kDeny:
      return "deny";
  }
  return "enforce";
}

}  // namespace pullseal::policy
