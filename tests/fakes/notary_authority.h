// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_FAKES_NOTARY_AUTHORITY_H_
#define PULLSEAL_FAKES_NOTARY_AUTHORITY_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "fakes/encoding.h"
#include "fakes/mint.h"
#include "fakes/test_authority.h"

// Notary Project signatures in both envelopes with their certificates and timestamps, right or wrong in one thing.
namespace pullseal::fakes {

// TokenPlan says what a bare timestamp token is to be. Each change is made before what depends on it.
struct TokenPlan {
  WallTime time;
  std::string imprint_hash = "SHA256";
  std::string policy = "1.3.6.1.4.1.57264.2";
  Bytes accuracy = Der(0x30, {DerNumber(1)});  // empty: none
  Bytes more_info;                             // inside the TSTInfo, behind the accuracy
  Bytes behind_info;                           // behind the TSTInfo, inside its octets
  int data_version = 3;
  int signer_version = 1;
  int info_version = 1;
  std::string content_type = "1.2.840.113549.1.9.16.1.4";       // of the content
  std::string content_type_said = "1.2.840.113549.1.9.16.1.4";  // by the attribute; empty: none
  std::string digest = "SHA256";
  std::string ess_hash = "SHA256";  // "SHA1-v1": ESS version 1; empty: no such attribute
  bool ess_of_another = false;
  std::optional<std::string> signing_time;  // CMS's own, YYMMDDhhmmssZ
  std::vector<Bytes> before;                // certificates before the authority's
  bool with_signer = true;                  // its certificate
  bool with_intermediate = true;
  bool broken = false;      // signed over something else
  int signers = 1;          // copies of the SignerInfo
  bool indefinite = false;  // the outermost length
  Bytes behind;             // the token
};

// What an envelope is to be. The changes make it wrong in one thing before it is signed; those of the result after.
struct NotaryPlan {
  std::string payload;  // empty: one about kDigest
  std::string scheme = "notary.x509";
  std::string signing_time = "2026-06-01T12:00:00Z";  // under either scheme; empty: none
  std::string expiry;
  std::string algorithm;                      // JWS's name of it, instead of the key's own; it is not what is used
  const TestAuthority* signs_with = nullptr;  // instead of the leaf's key
  int salt = -1;                              // of RSASSA-PSS; -1: as long as the hash
  bool pkcs1 = false;                         // RSASSA-PKCS1-v1_5
  bool der = false;                           // ECDSA in DER
  std::optional<std::vector<Bytes>> chain;
  std::function<Bytes(const Bytes& signature)> timestamp;
  // JWS only.
  std::function<void(std::string&)> protected_json, header_json;
  std::function<void(std::string&)> result;
  // COSE only.
  std::function<void(CborPairs&)> protected_pairs, unprotected_pairs;
  std::function<void(Bytes&)> protected_bytes;
  std::function<void(std::vector<Bytes>&)> parts;  // after signing
};

// How the authority is set up, changed in one thing.
struct NotarySetup {
  using Change = std::function<void(CertificatePlan&)>;
  std::string leaf_key = "P-256";
  std::string ca_key = "P-384";
  Change root, ca, leaf, tsa_root, tsa_ca, tsa;
};

// NotaryAuthority is a root with an authority below it that issued a signer's certificate, and the same for timestamps.
// All are valid from 2026-01-01 to 2027-01-01 (the roots to 2036) unless changed; signatures are from kTime.
class NotaryAuthority {
 public:
  static constexpr const char* kTime = "2026-06-01T12:00:00Z";
  static const std::string kDigest;
  static constexpr const char* kSubject = "C=US, ST=WA, O=Acme, CN=release";
  explicit NotaryAuthority(NotarySetup setup = {});

  Bytes Jws(const NotaryPlan& plan = {}) const;
  Bytes Cose(const NotaryPlan& plan = {}) const;
  // A token over `bytes`, made at kTime unless the plan says so.
  Bytes Token(const Bytes& bytes, TokenPlan plan = {}) const;
  // For NotaryPlan::timestamp.
  std::function<Bytes(const Bytes&)> Stamps(TokenPlan plan = {}) const;

  static std::string Payload(const std::string& digest, const std::string& annotations = "");
  std::vector<Bytes> Chain() const { return {leaf_.der, ca_.der, root_.der}; }
  const Minted& root() const { return root_; }
  const Minted& ca() const { return ca_; }
  const Minted& leaf() const { return leaf_; }
  const Minted& tsa_root() const { return tsa_root_; }
  const Minted& tsa_ca() const { return tsa_ca_; }
  const Minted& tsa() const { return tsa_; }
  const TestAuthority& leaf_key() const { return leaf_key_; }
  const TestAuthority& tsa_key() const { return tsa_key_; }
  static WallTime Now() { return *ParseTime(kTime); }

 private:
  Bytes Signature(const std::string& message, const NotaryPlan& plan) const;
  std::string AlgorithmName() const;
  std::string HashName() const;

  TestAuthority root_key_, ca_key_, leaf_key_, tsa_root_key_, tsa_ca_key_, tsa_key_;
  Minted root_, ca_, leaf_, tsa_root_, tsa_ca_, tsa_;
};

// The plan of a certificate by Notary's rules, as NotaryAuthority makes them.
CertificatePlan NotaryRootPlan(const std::string& name);
CertificatePlan NotaryCaPlan(const std::string& name);
CertificatePlan NotaryLeafPlan();
CertificatePlan NotaryTsaPlan();

}  // namespace pullseal::fakes

#endif  // PULLSEAL_FAKES_NOTARY_AUTHORITY_H_
