// SPDX-License-Identifier: Apache-2.0
#include "fakes/transparency_log.h"

#include <utility>

#include "core/crypto/hash.h"

namespace pullseal::fakes {
namespace {

constexpr std::size_t kLeaves = 11;
constexpr std::size_t kOurs = 6;
// Rekor v1 counts its shards' entries through.
constexpr std::int64_t kGlobalOffset = 4'163'431;

Bytes Hash(const Bytes& bytes) { return crypto::Digest(crypto::Hash::kSha256, bytes); }

Bytes Leaf(const std::string& text) {
  Bytes input = {0};
  input.insert(input.end(), text.begin(), text.end());
  return Hash(input);
}

Bytes Node(const Bytes& left, const Bytes& right) {
  Bytes input = {1};
  input.insert(input.end(), left.begin(), left.end());
  input.insert(input.end(), right.begin(), right.end());
  return Hash(input);
}

std::size_t Split(std::size_t count) {
  std::size_t k = 1;
  while (k * 2 < count) k *= 2;
  return k;
}

// RFC 9162 section 2.1.1, written as the definition stands there.
Bytes Root(const std::vector<Bytes>& leaves) {
  if (leaves.size() == 1) return leaves[0];
  const auto middle = leaves.begin() + static_cast<std::ptrdiff_t>(Split(leaves.size()));
  return Node(Root({leaves.begin(), middle}), Root({middle, leaves.end()}));
}

// RFC 9162 section 2.1.3.1.
std::vector<Bytes> Path(std::size_t index, const std::vector<Bytes>& leaves) {
  if (leaves.size() == 1) return {};
  const std::size_t k = Split(leaves.size());
  const std::vector<Bytes> left(leaves.begin(), leaves.begin() + static_cast<std::ptrdiff_t>(k));
  const std::vector<Bytes> right(leaves.begin() + static_cast<std::ptrdiff_t>(k), leaves.end());
  std::vector<Bytes> out = index < k ? Path(index, left) : Path(index - k, right);
  out.push_back(index < k ? Root(right) : Root(left));
  return out;
}

std::string B64(const std::string& text) { return Base64Encode(AsBytes(text)); }
std::string Quoted(std::int64_t number) { return "\"" + std::to_string(number) + "\""; }

std::string EscapeNewlines(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? std::string("\\n") : std::string(1, c);
  return out;
}

}  // namespace

std::string Entry::ToJson() const {
  std::string out = R"({"logIndex":)" + Quoted(log_index) + R"(,"logId":{"keyId":")" + Base64Encode(log_id) +
                    R"("},"kindVersion":{"kind":")" + kind + R"(","version":")" + version + R"("},"integratedTime":)" +
                    Quoted(integrated_time);
  if (!promise.empty()) out += R"(,"inclusionPromise":{"signedEntryTimestamp":")" + Base64Encode(promise) + "\"}";
  if (has_proof) {
    std::string list;
    for (const Bytes& hash : hashes) list += (list.empty() ? "\"" : ",\"") + Base64Encode(hash) + "\"";
    out += R"(,"inclusionProof":{"logIndex":)" + Quoted(proof_index) + R"(,"rootHash":")" + Base64Encode(root_hash) +
           R"(","treeSize":)" + Quoted(tree_size) + R"(,"hashes":[)" + list + R"(],"checkpoint":{"envelope":")" +
           EscapeNewlines(checkpoint) + "\"}}";
  }
  return out + R"(,"canonicalizedBody":")" + B64(body) + "\"}";
}

std::string Entry::ToLegacyAnnotation() const {
  return R"({"SignedEntryTimestamp":")" + Base64Encode(promise) + R"(","Payload":{"body":")" + B64(body) +
         R"(","integratedTime":)" + std::to_string(integrated_time) + R"(,"logIndex":)" + std::to_string(log_index) +
         R"(,"logID":")" + HexEncode(log_id) + "\"}}";
}

TransparencyLog::TransparencyLog(int version, std::string host, const std::string& curve)
    : version_(version), host_(std::move(host)), curve_(curve), key_(curve) {
  const Bytes der = key_.PublicDer();
  if (curve != "ED25519") {
    id_ = Hash(der);
    return;
  }
  // C2SP signed-note: the name, a line break, the algorithm's number, the key.
  Bytes input(host_.begin(), host_.end());
  input.push_back('\n');
  input.push_back(1);
  input.insert(input.end(), der.end() - 32, der.end());
  id_ = Hash(input);
}

Entry TransparencyLog::Add(const std::string& body, const std::string& kind, const std::string& kind_version,
                           WallTime time) const {
  std::vector<Bytes> leaves;
  for (std::size_t i = 0; i < kLeaves; ++i) leaves.push_back(Leaf(i == kOurs ? body : "other " + std::to_string(i)));
  Entry out;
  out.proof_index = static_cast<std::int64_t>(kOurs);
  out.log_index = version_ == 1 ? out.proof_index + kGlobalOffset : out.proof_index;
  out.log_id = id_;
  out.kind = kind;
  out.version = kind_version;
  out.body = body;
  out.has_proof = true;
  out.tree_size = static_cast<std::int64_t>(kLeaves);
  out.root_hash = Root(leaves);
  out.hashes = Path(kOurs, leaves);
  out.checkpoint = SignCheckpoint(CheckpointText(out));
  if (version_ == 1) {
    out.integrated_time = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
    SignPromise(out);
  }
  return out;
}

void TransparencyLog::SignPromise(Entry& entry) const {
  entry.promise =
      key_.Sign(R"({"body":")" + B64(entry.body) + R"(","integratedTime":)" + std::to_string(entry.integrated_time) +
                R"(,"logID":")" + HexEncode(entry.log_id) + R"(","logIndex":)" + std::to_string(entry.log_index) + "}");
}

std::string TransparencyLog::CheckpointText(const Entry& entry) const {
  return host_ + (version_ == 1 ? " - 8675309" : "") + "\n" + std::to_string(entry.tree_size) + "\n" +
         Base64Encode(entry.root_hash) + "\n";
}

std::string TransparencyLog::SignatureLine(const std::string& text) const {
  Bytes bytes(id_.begin(), id_.begin() + 4);
  const Bytes signature = key_.Sign(text);
  bytes.insert(bytes.end(), signature.begin(), signature.end());
  return "\u2014 " + host_ + " " + Base64Encode(bytes) + "\n";
}

std::string TransparencyLog::SignCheckpoint(const std::string& text) const { return text + "\n" + SignatureLine(text); }

std::string TransparencyLog::TrustedRootPart(const std::string& start, const std::string& end) const {
  const std::string details = curve_ == "ED25519" ? "PKIX_ED25519"
                              : curve_ == "P-384" ? "PKIX_ECDSA_P384_SHA_384"
                                                  : "PKIX_ECDSA_P256_SHA_256";
  return R"({"baseUrl":"https://)" + host_ + R"(","hashAlgorithm":"SHA2_256","publicKey":{"rawBytes":")" +
         Base64Encode(key_.PublicDer()) + R"(","keyDetails":")" + details + R"(","validFor":{"start":")" + start +
         "\"" + (end.empty() ? "" : R"(,"end":")" + end + "\"") + R"(}},"logId":{"keyId":")" + Base64Encode(id_) +
         "\"}}";
}

}  // namespace pullseal::fakes
