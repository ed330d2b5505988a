#include <cstddef>
#include <cstdint>

#include "crypto/issuer_chain.h"
#include "fuzz/fixed.h"
#include "sigstore/certificate_identity.h"
#include "sigstore/certificate_timestamp.h"

namespace {

void Read(const pullseal::crypto::Certificate& certificate) {
  using namespace pullseal;
  (void)certificate.Key();
  (void)certificate.AlternativeNames();
  (void)certificate.ExtendedKeyUsages();
  (void)certificate.SubjectText();
  (void)crypto::IssuerChain::Make({certificate}, crypto::kCodeSigning);
  (void)crypto::TimestampAuthority::Make({certificate});
  const auto identity = sigstore::CertificateIdentity::Of(certificate);
  const auto promises = sigstore::CertificateTimestamp::EmbeddedIn(certificate);
  for (const auto& authority : fuzz::Trusted()->certificate_authorities()) {
    // Only the seeds were issued, and all of them name this identity.
    const bool issued = authority.chain.Issued(certificate).ok();
    if (issued && identity && !identity->subject.starts_with("https://github.com/acme/app/")) __builtin_trap();
    const auto entry = sigstore::PrecertificateEntry::Of(certificate, authority.chain.issuer());
    if (!entry || !promises) continue;
    for (const auto& log : fuzz::Trusted()->certificate_logs()) {
      for (const auto& promise : *promises) (void)entry->SignedBy(promise, log.key);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pullseal;
  const ByteView bytes(data, size);
  if (const auto certificate = crypto::Certificate::ParseDer(bytes)) Read(*certificate);
  if (const auto list = crypto::Certificate::ParsePem(AsText(bytes))) {
    for (const auto& certificate : *list) Read(certificate);
  }
  return 0;
}
