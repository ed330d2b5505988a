#include "crypto/issuer_chain.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "crypto/openssl.h"

namespace pullseal::crypto {
namespace {

using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, Deleter<X509_STORE_CTX_free>>;
using ConstraintsPtr = std::unique_ptr<NAME_CONSTRAINTS, Deleter<NAME_CONSTRAINTS_free>>;
using StackPtr = std::unique_ptr<STACK_OF(X509), decltype([](STACK_OF(X509) * stack) { sk_X509_free(stack); })>;

constexpr char kAnyUsage[] = "2.5.29.37.0";

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

// RFC 5280 section 6.1 from `target` to what `store` trusts.
Status VerifyPath(X509_STORE* store, const Certificate& target, STACK_OF(X509) * between) {
  const StoreContextPtr context(X509_STORE_CTX_new());
  if (!context || X509_STORE_CTX_init(context.get(), store, target.impl().x509.get(), between) != 1) {
    ERR_clear_error();
    return Invalid("no memory for a certificate path");
  }
  const bool good = X509_verify_cert(context.get()) == 1;
  const int code = X509_STORE_CTX_get_error(context.get());
  ERR_clear_error();
  if (!good) return Invalid(X509_verify_cert_error_string(code));
  return {};
}

bool HasUsage(const Certificate& certificate, const char* usage) {
  const auto usages = certificate.ExtendedKeyUsages();
  return usages.empty() || std::any_of(usages.begin(), usages.end(),
                                       [&](const std::string& one) { return one == usage || one == kAnyUsage; });
}

// RFC 5280 section 4.2.1.9: how many authorities may stand below each, the one that will issue leaves included.
Status CheckPathLengths(const std::vector<Certificate>& chain) {
  long below = 0;
  for (const Certificate& one : chain) {
    const long most = X509_get_pathlen(one.impl().x509.get());
    if (most >= 0 && below > most) return Invalid("\"" + one.SubjectText() + "\" allows fewer authorities below it");
    if (!one.IsSelfIssued()) ++below;
  }
  return {};
}

}  // namespace

StorePtr StoreTrusting(const Certificate& anchor) {
  StorePtr store(X509_STORE_new());
  if (!store || X509_STORE_add_cert(store.get(), anchor.impl().x509.get()) != 1) return nullptr;
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
  return store;
}

struct IssuerChain::Impl {
  std::vector<Certificate> chain;
  StorePtr issuing;  // trusts the issuing certificate alone
  std::vector<ConstraintsPtr> constraints;
};

Result<IssuerChain> IssuerChain::Make(std::vector<Certificate> chain, const char* usage) {
  if (chain.empty() || chain.size() > limits::kCertificates) return Invalid("a chain has 1 to 10 certificates");
  auto impl = std::make_shared<Impl>();
  for (const Certificate& one : chain) {
    const std::string name = "\"" + one.SubjectText() + "\"";
    if (!one.IsAuthority()) return Invalid(name + " is no certificate authority");
    if ((X509_get_key_usage(one.impl().x509.get()) & KU_KEY_CERT_SIGN) == 0) {
      return Invalid(name + " may not sign certificates");
    }
    if (!HasUsage(one, usage)) return Invalid(name + " is for another extended key usage");
    if (const auto key = one.Key(); !key) return Invalid(name + ": " + key.error().message);
    int critical = -1;
    ConstraintsPtr constraints(static_cast<NAME_CONSTRAINTS*>(
        X509_get_ext_d2i(one.impl().x509.get(), NID_name_constraints, &critical, nullptr)));
    if (!constraints && critical != -1) return Invalid(name + " has name constraints that cannot be read");
    if (constraints) impl->constraints.push_back(std::move(constraints));
  }
  if (auto lengths = CheckPathLengths(chain); !lengths) return lengths.error();
  const StackPtr between(sk_X509_new_null());
  for (std::size_t i = 1; i + 1 < chain.size(); ++i) sk_X509_push(between.get(), chain[i].impl().x509.get());
  const StorePtr anchor = StoreTrusting(chain.back());
  if (!anchor) return Invalid("no memory for a certificate store");
  if (auto verified = VerifyPath(anchor.get(), chain.front(), between.get()); !verified) {
    return verified.error().In("\"" + chain.front().SubjectText() + "\" does not lead to \"" +
                               chain.back().SubjectText() + "\"");
  }
  impl->issuing = StoreTrusting(chain.front());
  if (!impl->issuing) return Invalid("no memory for a certificate store");
  impl->chain = std::move(chain);
  return IssuerChain(std::move(impl));
}

Status IssuerChain::Issued(const Certificate& leaf) const {
  if (auto verified = VerifyPath(impl_->issuing.get(), leaf, nullptr); !verified) return verified;
  // A leaf that is the trusted certificate itself has no path to it.
  if (leaf.Der() == issuer().Der()) return Invalid("is the authority's own certificate");
  for (const auto& constraints : impl_->constraints) {
    if (NAME_CONSTRAINTS_check(leaf.impl().x509.get(), constraints.get()) != X509_V_OK) {
      return Invalid("has a name outside its authority's name constraints");
    }
  }
  return {};
}

bool IssuerChain::ValidAt(WallTime time) const {
  return std::all_of(impl_->chain.begin(), impl_->chain.end(), [&](const Certificate& c) { return c.ValidAt(time); });
}

const Certificate& IssuerChain::issuer() const { return impl_->chain.front(); }
const std::vector<Certificate>& IssuerChain::certificates() const { return impl_->chain; }

}  // namespace pullseal::crypto
