// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_PREDICATE_PROVENANCE_H_
#define PULLSEAL_VERIFY_PREDICATE_PROVENANCE_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/json/value.h"
#include "verify/predicate/matcher.h"
#include "verify/predicate/source.h"
#include "verify/predicate/verdict.h"

namespace pullseal::predicate {

// Provenance is what a SLSA provenance says, v0.2 and v1 in common terms (slsa.dev/spec/v1.2/provenance,
// slsa.dev/provenance/v0.2). It is as true as its signer is trusted for this builder.
struct Provenance {
  // Read takes the predicate of a statement of type `predicate_type`. Members that it does not know are passed over, as
  // the specification asks; those that it names must be of their kind, and builder, build type and, in v1, external
  // parameters must be there. kInvalid, for other types too.
  static Result<Provenance> Read(std::string_view predicate_type, const json::Value& predicate);

  // finished, else started; absent where the provenance has neither, as GitHub's.
  std::optional<WallTime> time() const { return finished ? finished : started; }

  std::string builder;  // the identifier, with its ref where it has one
  std::string build_type;
  // Where the source came from, as the build type writes it: GitHub's workflow.{repository,ref}, configSource.uri,
  // source, or else the one dependency out of git. Empty where it says none.
  std::string source;
  std::string ref;
  // externalParameters; of v0.2 {"configSource": {"entryPoint"}, "parameters": ...}. Without what is told above.
  json::Value parameters;
  std::optional<WallTime> started;
  std::optional<WallTime> finished;
};

// Speaker is who signed: what a certificate says, which the signer did not choose (Fulcio, "oid-info"). Empty for keys.
struct Speaker {
  std::string subject;                            // the alternative name
  std::map<std::string, std::string> extensions;  // by CertificateIdentity's names
};

// Terms of ProvenanceRule. An empty list asks for nothing.
struct ProvenanceTerms {
  BuilderRef builder_ref = BuilderRef::kAny;
  std::vector<std::string> build_types;                // exact
  std::vector<SourceGlob> sources;                     // one must match
  std::vector<RefGlob> refs;                           // one must match
  std::vector<std::pair<Pointer, Scalar>> parameters;  // each must be there and equal
  std::optional<bool> other_parameters;  // whether others may be there; absent: only if `parameters` is empty
};

// ProvenanceRule says by what builder, from what and how an image must have been built. Immutable; thread-safe.
class ProvenanceRule {
 public:
  // Make refuses (kInvalid) lists that are too long, build types that are no URI, and pointers with `*`.
  static Result<ProvenanceRule> Make(ProvenanceTerms terms);

  // Whether `provenance`, signed by `speaker`, whom the policy trusts for `builders`, is what the rule asks: everything
  // in one provenance. A builder without "@" is good at any ref that builder_ref allows; one with it is exact.
  //
  // What the certificate says must agree: GitHub's workflow, source and ref are not the predicate's word alone.
  Verdict Check(const Provenance& provenance, const Speaker& speaker, const std::vector<std::string>& builders) const;
  const ProvenanceTerms& terms() const { return terms_; }

 private:
  explicit ProvenanceRule(ProvenanceTerms terms) : terms_(std::move(terms)) {}
  Verdict CheckSource(const Provenance& provenance) const;
  Verdict CheckParameters(const Provenance& provenance) const;
  ProvenanceTerms terms_;
};

// Whether `text` can name a builder in a policy: a URI without white space. kInvalid.
Status CheckBuilder(std::string_view text);

}  // namespace pullseal::predicate

#endif  // PULLSEAL_VERIFY_PREDICATE_PROVENANCE_H_
