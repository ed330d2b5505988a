// SPDX-License-Identifier: Apache-2.0
#include "fakes/tuf_repository.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <cstdio>
#include <iomanip>
#include <sstream>

#include "core/base/clock.h"
#include "core/crypto/sha256.h"

namespace pullseal::fakes {
namespace {

using nlohmann::json;

std::string CurveOf(const std::string& kind) {
  if (kind == "p384") return "P-384";
  if (kind == "ed25519") return "ED25519";
  return kind.starts_with("rsa") ? "RSA" : "P-256";
}

std::string SignPss(evp_pkey_st* key, const std::string& message) {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* scheme = nullptr;
  EVP_DigestSignInit(context, &scheme, EVP_sha256(), nullptr, key);
  EVP_PKEY_CTX_set_rsa_padding(scheme, RSA_PKCS1_PSS_PADDING);
  EVP_PKEY_CTX_set_rsa_pss_saltlen(scheme, 32);
  const auto* text = reinterpret_cast<const unsigned char*>(message.data());
  std::size_t size = 0;
  EVP_DigestSign(context, nullptr, &size, text, message.size());
  Bytes out(size);
  EVP_DigestSign(context, out.data(), &size, text, message.size());
  EVP_MD_CTX_free(context);
  out.resize(size);
  return HexEncode(out);
}

}  // namespace

std::string Quoted(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string("-._~").find(c) != std::string::npos) {
      out += c;
    } else {
      char hex[4];
      std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned char>(c));
      out += hex;
    }
  }
  return out;
}

std::string Sha256Of(const std::string& text) { return crypto::Sha256Hex(AsBytes(text)); }

TufSigner::TufSigner(const std::string& of_kind)
    : kind(of_kind), authority(std::make_shared<TestAuthority>(CurveOf(of_kind))) {
  keyid = Sha256Of(std::string(AsText(authority->PublicDer())) + kind).substr(0, 24);
}

json TufSigner::Key() const {
  const Bytes der = authority->PublicDer();
  const auto make = [](const char* type, const char* scheme, const std::string& text) {
    return json{{"keytype", type}, {"scheme", scheme}, {"keyval", {{"public", text}}}};
  };
  if (kind == "ecdsa-hex") {
    return make("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", HexEncode(ByteView(der).subspan(26)));
  }
  if (kind == "ed25519") return make("ed25519", "ed25519", HexEncode(ByteView(der).subspan(12)));
  if (kind == "p384") return make("ecdsa", "ecdsa-sha2-nistp384", authority->PublicPem());
  if (kind == "rsa-pss") return make("rsa", "rsassa-pss-sha256", authority->PublicPem());
  if (kind == "rsa-pkcs1") return make("rsa", "rsa-pkcs1v15-sha256", authority->PublicPem());
  return make("ecdsa", "ecdsa-sha2-nistp256", authority->PublicPem());
}

std::string TufSigner::Sign(const std::string& message) const {
  if (kind == "rsa-pss") return SignPss(authority->native(), message);
  return HexEncode(authority->Sign(message, kind == "p384" ? "SHA384" : "SHA256"));
}

std::string TufRepository::Canonical(const json& value) {
  if (value.is_string()) {
    std::string out = "\"";
    for (const char c : value.get_ref<const std::string&>()) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    return out + "\"";
  }
  if (!value.is_object() && !value.is_array()) return value.dump();
  std::string out;
  for (const auto& [name, member] : value.items()) {  // sorted: nlohmann's objects are maps
    out += (out.empty() ? "" : ",") + (value.is_object() ? Canonical(json(name)) + ":" : "") + Canonical(member);
  }
  return value.is_object() ? "{" + out + "}" : "[" + out + "]";
}

std::string TufRepository::Days(int days) { return FormatTime(kNow + std::chrono::days(days)).substr(0, 19) + "Z"; }

TufRepository::TufRepository(const std::string& kind) : kind_(kind) {
  const auto make = [](const char* type) {
    return json{{"_type", type}, {"spec_version", "1.0.31"}, {"version", 1}, {"expires", Days(30)}};
  };
  for (const char* type : {"root", "timestamp", "snapshot", "targets"}) signed_[type] = make(type);
  signed_["root"]["consistent_snapshot"] = true;
  signed_["root"]["keys"] = json::object();
  signed_["root"]["roles"] = json::object();
  signed_["targets"]["targets"] = json::object();
  for (const char* type : {"root", "timestamp", "snapshot", "targets"}) {
    signed_["root"]["roles"][type] = {{"keyids", json::array()}, {"threshold", 1}};
    AddSigner(type, "root", TufSigner(kind_));
  }
  Publish("root");
  Publish("targets");
  PublishSnapshot();
}

TufSigner& TufRepository::AddSigner(const std::string& role, const std::string& delegator, TufSigner signer) {
  json& holder = delegator == "root" ? signed_["root"] : signed_[delegator]["delegations"];
  holder["keys"][signer.keyid] = signer.Key();
  json& keyids = delegator == "root" ? holder["roles"][role]["keyids"] : DelegationOf(delegator, role)["keyids"];
  keyids.push_back(signer.keyid);
  return signers_[role].emplace_back(std::move(signer));
}

void TufRepository::Rotate(const std::string& role) {
  signed_["root"]["roles"][role]["keyids"] = json::array();
  // A root is signed by those that were and those that are.
  if (role != "root") signers_[role].clear();
  AddSigner(role, "root", TufSigner(kind_));
}

json& TufRepository::DelegationOf(const std::string& delegator, const std::string& role) {
  for (json& one : signed_[delegator]["delegations"]["roles"]) {
    if (one["name"] == role) return one;
  }
  std::abort();
}

void TufRepository::Delegate(const std::string& delegator, const std::string& role,
                             const std::vector<std::string>& paths, bool terminating) {
  json& delegations = signed_[delegator]["delegations"];
  if (delegations.is_null()) delegations = {{"keys", json::object()}, {"roles", json::array()}};
  delegations["roles"].push_back(
      {{"name", role}, {"keyids", json::array()}, {"threshold", 1}, {"terminating", terminating}, {"paths", paths}});
  if (!signed_.contains(role)) {
    signed_[role] = {{"_type", "targets"},
                     {"spec_version", "1.0"},
                     {"version", 1},
                     {"expires", Days(30)},
                     {"targets", json::object()}};
  }
  if (signers_[role].empty()) {
    AddSigner(role, delegator, TufSigner(kind_));
  } else {  // the same key, named by one more delegator
    const TufSigner& known = signers_[role].front();
    delegations["keys"][known.keyid] = known.Key();
    DelegationOf(delegator, role)["keyids"].push_back(known.keyid);
  }
}

void TufRepository::DelegateBins(const std::string& delegator, const std::string& prefix, int bits) {
  const TufSigner signer(kind_);
  signed_[delegator]["delegations"] = {
      {"keys", {{signer.keyid, signer.Key()}}},
      {"succinct_roles",
       {{"keyids", {signer.keyid}}, {"threshold", 1}, {"bit_length", bits}, {"name_prefix", prefix}}}};
  for (int bin = 0; bin < 1 << bits; ++bin) {
    std::ostringstream spelled;
    spelled << prefix << '-' << std::hex << std::setw((bits + 3) / 4) << std::setfill('0') << bin;
    const std::string name = spelled.str();
    signed_[name] = {{"_type", "targets"},
                     {"spec_version", "1.0"},
                     {"version", 1},
                     {"expires", Days(30)},
                     {"targets", json::object()}};
    signers_[name] = {signer};
    Publish(name);
  }
}

void TufRepository::AddTarget(const std::string& role, const std::string& name, const std::string& content) {
  signed_[role]["targets"][name] = {{"length", content.size()}, {"hashes", {{"sha256", Sha256Of(content)}}}};
  contents_[name] = content;
}

std::string TufRepository::SignedFile(const std::string& role) const {
  const json& content = signed_.at(role);
  json file{{"signed", content}, {"signatures", json::array()}};
  const std::string canonical = Canonical(content);
  for (const TufSigner& signer : signers_.at(role)) {
    file["signatures"].push_back({{"keyid", signer.keyid}, {"sig", signer.Sign(canonical)}});
  }
  return file.dump(1);
}

void TufRepository::Publish(const std::string& role, bool bump) {
  json& content = signed_[role];
  if (bump && published_.contains(role)) content["version"] = content["version"].get<int>() + 1;
  newest_[role] = SignedFile(role);
  published_[role][content["version"].get<int>()] = newest_[role];
}

json TufRepository::Promise(const std::string& role) const {
  json out{{"version", version(role)}};
  if (promise_hashes) {
    out["length"] = File(role).size();
    out["hashes"] = {{"sha256", Sha256Of(File(role))}};
  }
  return out;
}

void TufRepository::PublishSnapshot() {
  json& meta = signed_["snapshot"]["meta"];
  for (const auto& [role, file] : newest_) {
    if (role != "root" && role != "timestamp" && role != "snapshot") meta[role + ".json"] = Promise(role);
  }
  Publish("snapshot");
  PublishTimestamp();
}

void TufRepository::PublishTimestamp() {
  signed_["timestamp"]["meta"] = {{"snapshot.json", Promise("snapshot")}};
  Publish("timestamp");
}

void TufRepository::PublishTargets(const std::string& role) {
  Publish(role);
  PublishSnapshot();
}

std::string TufRepository::File(const std::string& role, int version) const {
  return version == 0 ? newest_.at(role) : published_.at(role).at(version);
}

int TufRepository::version(const std::string& role) const { return json::parse(File(role))["signed"]["version"]; }

std::optional<std::string> TufRepository::Get(const std::string& path) {
  if (const auto found = overrides.find(path); found != overrides.end()) {
    requests.push_back(path);
    return found->second;
  }
  if (path.starts_with("targets/")) {
    requests.push_back(path);
    for (const auto& [name, content] : contents_) {
      const std::size_t slash = name.rfind('/');
      const std::string folder = slash == std::string::npos ? "" : name.substr(0, slash + 1);
      const std::string base = slash == std::string::npos ? name : name.substr(slash + 1);
      const bool consistent = signed_["root"]["consistent_snapshot"].get<bool>();
      if (path == "targets/" + (consistent ? folder + Sha256Of(content) + "." + base : name)) return content;
    }
    return std::nullopt;
  }
  for (const auto& [role, versions] : published_) {
    const bool consistent = signed_["root"]["consistent_snapshot"].get<bool>();
    for (const auto& [number, file] : versions) {
      if (path != std::to_string(number) + "." + Quoted(role) + ".json") continue;
      if (role == "timestamp" || (role != "root" && !consistent)) continue;
      requests.push_back(role + " " + std::to_string(number));
      return file;
    }
    if (path == Quoted(role) + ".json" && role != "root" && (role == "timestamp" || !consistent)) {
      requests.push_back(role);
      return newest_[role];
    }
  }
  requests.push_back("none " + path);
  return std::nullopt;
}

}  // namespace pullseal::fakes
