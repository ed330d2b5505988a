// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_NOTARY_ENVELOPE_H_
#define PULLSEAL_VERIFY_NOTARY_ENVELOPE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/crypto/hash.h"
#include "core/crypto/public_key.h"
#include "image/oci/notation.h"

namespace pullseal::notary {

// Media types of the layer that holds an envelope (Notary Project signature specification, "Storage"). The media type
// alone says which of the two forms its bytes have.
inline constexpr std::string_view kJwsType = oci::kNotaryJwsMediaType;
inline constexpr std::string_view kCoseType = oci::kNotaryCoseMediaType;

// Algorithm is a signature algorithm that Notary Project signatures may use ("Signature Algorithm Requirements").
enum class Algorithm { kPs256, kPs384, kPs512, kEs256, kEs384, kEs512 };
std::string_view Text(Algorithm algorithm);  // RFC 7518's name

// The only algorithm that a key may sign with: RSA of exactly 2048, 3072 or 4096 bits, ECDSA on P-256, P-384 or P-521,
// each with a hash of its own. Absent for every other key.
std::optional<Algorithm> AlgorithmOf(const crypto::PublicKey& key);

// Scheme says whose word about time counts ("Signing Scheme").
enum class Scheme {
  kX509,              // notary.x509: nobody's but a timestamp authority's
  kSigningAuthority,  // notary.x509.signingAuthority: the signer's own
};

// Envelope is one signature as its bytes say, brought to a common form. Nothing in it is verified.
struct Envelope {
  // Parse reads a JWS (flattened JSON, RFC 7515 section 7.2.2) or a COSE_Sign1_Tagged (RFC 9052 section 4.2) of at most
  // limits::kNotaryEnvelopeBytes by the rules of the specifications "JWS Envelope" and "COSE Envelope", strictly: names
  // that are there twice or in other letters, base64 that is not canonical, CBOR that has another encoding, critical
  // names that are not those due, times that are none, bytes behind it are refused. kInvalid or kLimit. Thread-safe.
  static Result<Envelope> Parse(std::string_view media_type, ByteView bytes);

  // Whether `key` made the signature, with the algorithm that belongs to it. The envelope's has to be that one.
  bool SignedBy(const crypto::PublicKey& key) const;

  Algorithm algorithm = Algorithm::kPs256;
  Scheme scheme = Scheme::kX509;
  std::optional<WallTime> signing_time;    // of kX509, always there; proves nothing and decides nothing
  std::optional<WallTime> authentic_time;  // of kSigningAuthority, always there
  std::optional<WallTime> expiry;          // from when on it is no good; later than the time of signing
  std::vector<std::string> unknown;        // critical attributes, and plugins, that nobody here processes
  std::vector<Bytes> certificates;         // DER, the signer's first; 1 to limits::kCertificates
  std::optional<Bytes> timestamp;          // an RFC 3161 token over `signature`
  std::string agent;                       // the program that signed, by its own word
  Bytes payload;
  Bytes signature;
  Bytes signed_bytes;
};

}  // namespace pullseal::notary

#endif  // PULLSEAL_VERIFY_NOTARY_ENVELOPE_H_
