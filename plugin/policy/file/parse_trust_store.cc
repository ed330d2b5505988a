// SPDX-License-Identifier: Apache-2.0
#include "policy/file/parse_trust_store.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/crypto/revocation_list.h"
#include "core/crypto/sha256.h"
#include "policy/file/limits.h"
#include "policy/file/parse_requirement.h"
#include "verify/notary/trust.h"

namespace pullseal::policy {
namespace {

using notary::StoreKind;
using notary::TrustStore;

std::optional<StoreKind> KindNamed(std::string_view text) {
  for (const StoreKind one : {StoreKind::kCa, StoreKind::kSigningAuthority, StoreKind::kTsa}) {
    if (notary::Text(one) == text) return one;
  }
  return std::nullopt;
}

Result<std::vector<crypto::Certificate>> ReadCertificates(std::string_view text) {
  if (text.starts_with("-----BEGIN")) return crypto::Certificate::ParsePem(text);
  auto one = crypto::Certificate::ParseDer(AsBytes(text));
  if (!one) return one.error();
  return std::vector<crypto::Certificate>{std::move(*one)};
}

Result<notary::Identity> MakeIdentity(yaml::Reader& in, const yaml::Node& node) {
  const yaml::Node* subject = node.Find("subject");
  const yaml::Node* usage = node.Find("usage");
  const yaml::Node* unsafe = node.Find("unsafe");
  const bool dares = unsafe != nullptr && in.Boolean(*unsafe, "unsafe");
  if ((subject == nullptr) == (usage == nullptr)) {
    return Error{ErrorCode::kInvalid, "an identity has either subject or usage"};
  }
  if (usage != nullptr) {
    const std::string text = in.Text(*usage, "usage");
    return dares ? notary::Identity::UnsafeUsage(text) : notary::Identity::ParseUsage(text);
  }
  const std::string text = in.Text(*subject, "subject");
  if (text != "*") return notary::Identity::ParseSubject(text);
  if (dares) return notary::Identity::UnsafeAnybody();
  return Error{ErrorCode::kInvalid, "subject \"*\" is whoever has a certificate of the trust store; say unsafe: true"};
}

requirement::Holder ReadHolder(yaml::Reader& in, const yaml::Node& node) {
  requirement::Holder out;
  if (!in.Map(node, "an identity", {"subject", "email", "hostname", "uri"})) return out;
  if (const yaml::Node* n = node.Find("subject")) {
    auto subject = notary::Identity::ParseSubject(in.Text(*n, "subject"));
    if (subject) {
      out.subject = std::make_shared<const notary::Identity>(std::move(*subject));
    } else if (!in.failed()) {
      in.Fail(*n, subject.error().message);
    }
  }
  if (const yaml::Node* n = node.Find("email")) out.email = in.Text(*n, "email");
  if (const yaml::Node* n = node.Find("hostname")) out.hostname = in.Text(*n, "hostname");
  if (const yaml::Node* n = node.Find("uri")) out.uri = in.Text(*n, "uri");
  return out;
}

std::shared_ptr<const TrustStore> NamedStore(yaml::Reader& in, const yaml::Node& node, const std::string& what,
                                             const Policy& policy, const std::string& member = "trustStore") {
  const std::string name = in.Text(in.Require(node, member, what), member);
  if (in.failed()) return nullptr;
  auto store = FindTrustStore(policy, name);
  if (store == nullptr) {
    in.Fail(node, "trust store \"" + Printable(name, 100) + "\" is not among the policy's trustStores");
  }
  return store;
}

std::vector<notary::Revoked> ReadRevoked(yaml::Reader& in, const yaml::Node& store) {
  std::vector<notary::Revoked> out;
  const yaml::Node* list = store.Find("revoked");
  if (list == nullptr) return out;
  for (const yaml::Node& node : in.List(*list, "revoked")) {
    if (!in.Map(node, "a revoked certificate", {"spkiSha256", "issuer", "serial", "at", "reason"})) return out;
    notary::Revoked one;
    if (const yaml::Node* n = node.Find("spkiSha256")) one.spki_sha256 = in.Text(*n, "spkiSha256");
    if (const yaml::Node* n = node.Find("issuer")) one.issuer = in.Text(*n, "issuer");
    if (const yaml::Node* n = node.Find("serial")) one.serial = in.Text(*n, "serial");
    if (const yaml::Node* n = node.Find("at")) {
      one.at = ParseTime(in.Text(*n, "at"));
      if (!one.at) in.Fail(*n, "at must be a time such as 2026-12-31T00:00:00Z");
    }
    one.reason = in.Text(in.Require(node, "reason", "a revoked certificate"), "reason");
    out.push_back(std::move(one));
  }
  return out;
}

// What cannot be read is told and costs no more than what would have stood in it.
const std::vector<crypto::RevocationList>& ListsOf(const std::string& pattern, Policy& policy, RevocationFiles& files) {
  const auto [found, is_new] = files.known.try_emplace(pattern);
  std::vector<crypto::RevocationList>& out = found->second;
  if (!is_new || !files.read) return out;
  for (const ListFile& file : files.read(pattern)) {
    auto list = file.content ? crypto::RevocationList::Parse(Bytes(file.content->begin(), file.content->end()))
                             : Result<crypto::RevocationList>(file.content.error());
    if (!list) {
      policy.problems.push_back("revocation list " + Printable(file.name, 200) + ": not used: " + list.error().message);
      continue;
    }
    files.digests += " " + crypto::Sha256Hex(AsBytes(*file.content));
    out.push_back(std::move(*list));
  }
  return out;
}

std::shared_ptr<const std::vector<crypto::RevocationList>> ReadLists(yaml::Reader& in, const yaml::Node& node,
                                                                     Policy& policy, RevocationFiles& files) {
  auto out = std::make_shared<std::vector<crypto::RevocationList>>();
  if (!in.Map(node, "revocation", {"crls", "stale"})) return out;
  if (const yaml::Node* stale = node.Find("stale"); stale != nullptr && in.Text(*stale, "stale") != "alarm") {
    in.Fail(*stale, "stale must be alarm: a list that has ended still counts, and is told");
  }
  const yaml::Node& patterns = in.Require(node, "crls", "revocation");
  for (const std::string& pattern : in.Texts(patterns, "crls")) {
    if (pattern.find('/') != std::string::npos)
      in.Fail(patterns, "crls are names or patterns of files, without a folder");
    if (in.failed()) return out;
    const auto& lists = ListsOf(pattern, policy, files);
    out->insert(out->end(), lists.begin(), lists.end());
    if (out->size() > limits::kRevocationLists) in.Fail(patterns, "crls are more than 64 files");
  }
  return out;
}

void ReadTimestamps(yaml::Reader& in, const yaml::Node& node, const Policy& policy, notary::Trust& out) {
  if (!in.Map(node, "timestamps", {"trustStore", "verify"})) return;
  out.timestamps = NamedStore(in, node, "timestamps", policy);
  const yaml::Node* verify = node.Find("verify");
  if (verify == nullptr) return;
  const std::string text = in.Text(*verify, "verify");
  if (text == "afterExpiry") {
    out.verify = notary::Trust::Timestamps::kAfterExpiry;
  } else if (text != "always") {
    in.Fail(*verify, "verify must be always or afterExpiry");
  }
}

}  // namespace

std::shared_ptr<const TrustStore> FindTrustStore(const Policy& policy, std::string_view name) {
  const auto found = std::find_if(policy.trust_stores.begin(), policy.trust_stores.end(),
                                  [&](const auto& one) { return one->name() == name; });
  return found != policy.trust_stores.end() ? *found : nullptr;
}

void ParseTrustStore(yaml::Reader& in, const yaml::Node& node, const std::string& name, const FileReader& read_file,
                     Policy& policy, std::string& digests) {
  const std::string what = "trust store \"" + name + "\"";
  const yaml::Node& kind_node = in.Require(node, "kind", what);
  const auto kind = KindNamed(in.Text(kind_node, "kind"));
  if (!kind) in.Fail(kind_node, "kind must be ca, signingAuthority or tsa");
  const yaml::Node& files = in.Require(node, "files", what);
  std::vector<crypto::Certificate> certificates;
  for (const std::string& path : in.Texts(files, "files")) {
    const auto text = read_file(path);
    auto read = text ? ReadCertificates(*text) : Result<std::vector<crypto::Certificate>>(text.error());
    if (!read) return in.Fail(files, what + ": " + read.error().In(Printable(path, 200)).message);
    digests += " " + crypto::Sha256Hex(AsBytes(*text));
    certificates.insert(certificates.end(), read->begin(), read->end());
  }
  if (in.failed()) return;
  auto revoked = ReadRevoked(in, node);
  if (in.failed()) return;
  auto store = TrustStore::Make(name, *kind, std::move(certificates), std::move(revoked));
  if (!store) return in.Fail(node, what + " " + store.error().message);
  policy.trust_stores.push_back(std::make_shared<const TrustStore>(std::move(*store)));
  if (policy.trust_stores.size() > limits::kTrustStores) return in.Fail(node, "too many trust stores");
  if (auto apart = notary::CheckApart(policy.trust_stores); !apart) in.Fail(node, apart.error().message);
}

std::optional<requirement::Authority> ParseNotary(yaml::Reader& in, const yaml::Node& node, Policy& policy,
                                                  RevocationFiles& files) {
  if (!in.Map(node, "notary", {"trustStore", "identities", "timestamps", "revocation"})) return std::nullopt;
  notary::Trust trust;
  trust.store = NamedStore(in, node, "notary", policy);
  for (const yaml::Node& entry : in.List(in.Require(node, "identities", "notary"), "identities")) {
    if (!in.Map(entry, "an identity", {"subject", "usage", "unsafe"})) return std::nullopt;
    auto identity = MakeIdentity(in, entry);
    if (in.failed()) return std::nullopt;
    if (!identity) {
      in.Fail(entry, identity.error().message);
      return std::nullopt;
    }
    trust.identities.push_back(std::move(*identity));
  }
  if (const yaml::Node* n = node.Find("timestamps")) ReadTimestamps(in, *n, policy, trust);
  if (const yaml::Node* n = node.Find("revocation")) trust.lists = ReadLists(in, *n, policy, files);
  if (in.failed()) return std::nullopt;
  auto made = requirement::Notary::Make(std::move(trust));
  if (made) return std::move(*made);
  in.Fail(node, made.error().message);
  return std::nullopt;
}

std::optional<requirement::Authority> ParseHolders(yaml::Reader& in, const yaml::Node& node, const Policy& policy) {
  if (!in.Map(node, "certificate", {"roots", "identities", "trustRoot", "requireTime"})) return std::nullopt;
  requirement::CertificateHolders::Asked asked;
  asked.roots = NamedStore(in, node, "certificate", policy, "roots");
  for (const yaml::Node& entry : in.List(in.Require(node, "identities", "certificate"), "identities")) {
    auto holder = ReadHolder(in, entry);
    if (in.failed()) return std::nullopt;
    asked.holders.push_back(std::move(holder));
  }
  if (const yaml::Node* n = node.Find("trustRoot")) {
    const std::string name = in.Text(*n, "trustRoot");
    const requirement::TrustRoot* root = FindTrustRoot(policy, name);
    if (root == nullptr)
      in.Fail(*n, "trust root \"" + Printable(name, 100) + "\" is not among the policy's trustRoots");
    if (root != nullptr) asked.times = root->trusted;
  }
  if (const yaml::Node* n = node.Find("requireTime")) asked.needs_time = in.Boolean(*n, "requireTime");
  if (in.failed()) return std::nullopt;
  auto made = requirement::CertificateHolders::Make(std::move(asked));
  if (made) return std::move(*made);
  in.Fail(node, made.error().message);
  return std::nullopt;
}

}  // namespace pullseal::policy
