// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_FAKES_MINT_H_
#define PULLSEAL_FAKES_MINT_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "fakes/test_authority.h"

// Certificates and timestamps, minted as asked for, be they right or wrong.
namespace pullseal::fakes {

// CertificatePlan says what a certificate is to be.
struct CertificatePlan {
  std::string common_name;  // empty: no subject at all
  WallTime from;
  WallTime to;
  bool is_authority = false;
  int path_length = -1;                                 // of an authority; -1 says none
  std::string key_usage = "critical,digitalSignature";  // OpenSSL's configuration syntax; empty: none
  std::string extended_key_usage;
  std::string alternative_names;  // such as "critical,URI:https://..."
  std::string name_constraints;
  // Further extensions: dotted object identifier, content, critical.
  struct Extension {
    std::string oid;
    Bytes content;
    bool critical = false;
  };
  std::vector<Extension> extensions;
  std::string hash = "SHA256";
  // The signature algorithm that is named inside and outside of the signed part, instead of the one that is used.
  std::string named_inside, named_outside;
  // Further attributes of the subject, before the common name: OpenSSL's short names or dotted object identifiers, and
  // values. A "+" before the name adds it to the part before.
  std::vector<std::pair<std::string, std::string>> subject;
  std::string basic_constraints;  // instead of the usual ones, in OpenSSL's configuration syntax
  std::optional<long> serial;     // absent: one after the other
  std::string end_text;           // the bytes of notAfter, instead of `to`
};

// Minted is a certificate and, for those that sign, its key.
struct Minted {
  Bytes der;
  const TestAuthority* key = nullptr;
};

// Mint makes a certificate for `key`, signed by `issuer`, or by itself where there is none.
Minted Mint(const CertificatePlan& plan, const TestAuthority& key, const std::optional<Minted>& issuer);

// The same with signed certificate timestamps: `logs` sign the precertificate, at `time`.
struct CertificateLog {
  const TestAuthority* key = nullptr;
  WallTime time;
  Bytes extensions;
  Bytes id;             // SHA-256 of the key if empty
  bool broken = false;  // signs something else
};
Minted MintLogged(const CertificatePlan& plan, const TestAuthority& key, const Minted& issuer,
                  const std::vector<CertificateLog>& logs);

// ListPlan says what a revocation list is to be.
struct ListPlan {
  WallTime from;
  std::optional<WallTime> to;
  std::vector<Bytes> revoked;  // certificates, whoever issued them
  std::vector<CertificatePlan::Extension> extensions;
  std::vector<CertificatePlan::Extension> entry_extensions;  // of each entry
  std::string hash = "SHA256";
};
Bytes MintList(const ListPlan& plan, const Minted& issuer);

// StampPlan says what a time-stamp response is to be.
struct StampPlan {
  WallTime time;
  std::string imprint_hash = "SHA256";
  bool with_certificate = false;         // the signer's inside
  std::vector<Bytes> more_certificates;  // inside, before the signer's
};
Bytes Stamp(const StampPlan& plan, const Minted& signer, ByteView bytes);

// DER of a UTF8String.
Bytes Utf8String(const std::string& text);
std::string ToPem(const Bytes& certificate);

}  // namespace pullseal::fakes

#endif  // PULLSEAL_FAKES_MINT_H_
