// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_SIGNATURE_STATEMENT_H_
#define PULLSEAL_VERIFY_SIGNATURE_STATEMENT_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/json/value.h"
#include "image/oci/digest.h"

namespace pullseal::signature {

// Statement is a claim about subjects (in-toto attestation framework, Statement v1 and v0.1). It proves nothing before
// the signature over the envelope around it is verified.
struct Statement {
  struct Subject {
    std::string name;                                // says which subject is meant; no proof of anything
    std::map<std::string, std::string> digests;      // algorithm -> lower-case hexadecimal
    std::map<std::string, std::string> annotations;  // those that are text
  };

  // Parse reads the JSON of a statement: `_type` of a known version, at most limits::kStatementSubjects subjects of at
  // most limits::kSubjectDigests digests, a predicateType. Members it does not know are passed over, as the
  // specification asks ("Parsing rules"). kInvalid or kLimit.
  static Result<Statement> Parse(ByteView payload);

  // Those of the subjects that are the content `digest`, by SHA-256.
  std::vector<const Subject*> About(const oci::Digest& digest) const;

  std::vector<Subject> subjects;
  std::string predicate_type;
  std::optional<json::Value> predicate;  // absent in signatures of cosign 3.0.4 and older
};

}  // namespace pullseal::signature

#endif  // PULLSEAL_VERIFY_SIGNATURE_STATEMENT_H_
