// SPDX-License-Identifier: Apache-2.0
#include "verify/signature/statement.h"

#include <utility>
#include <variant>

#include "image/oci/limits.h"
#include "verify/signature/limits.h"

namespace pullseal::signature {
namespace {

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, "statement: " + std::move(message)}; }

bool IsKnownVersion(std::string_view type) {
  return type == "https://in-toto.io/Statement/v1" || type == "https://in-toto.io/Statement/v0.1";
}

Result<Statement::Subject> ParseSubject(const json::Value& value) {
  if (value.object() == nullptr) return Invalid("a subject is not an object");
  Statement::Subject out;
  if (const json::Value* name = value.Find("name"); name != nullptr && !name->is_null()) {
    if (name->string() == nullptr) return Invalid("a subject's name is not text");
    out.name = *name->string();
  }
  const json::Value* digest = value.Find("digest");
  if (digest == nullptr || digest->object() == nullptr) return Invalid("a subject has no digest");
  if (digest->object()->size() > limits::kSubjectDigests) {
    return Error{ErrorCode::kLimit, "statement: a subject has too many digests"};
  }
  for (const auto& [algorithm, hex] : *digest->object()) {
    if (hex.string() == nullptr) return Invalid("a subject's digest is not text");
    out.digests.emplace(algorithm, *hex.string());
  }
  const json::Value* annotations = value.Find("annotations");
  if (annotations == nullptr || annotations->is_null()) return out;
  if (annotations->object() == nullptr) return Invalid("a subject's annotations are not an object");
  for (const auto& [name, text] : *annotations->object()) {
    if (text.string() != nullptr) out.annotations.emplace(name, *text.string());
  }
  return out;
}

}  // namespace

Result<Statement> Statement::Parse(ByteView payload) {
  if (payload.size() > limits::kBundleBytes) return Error{ErrorCode::kLimit, "statement is too large"};
  auto parsed = json::Parse(AsText(payload));
  if (!parsed) return parsed.error().In("statement");
  const std::string* type = parsed->FindString("_type");
  if (type == nullptr || !IsKnownVersion(*type)) return Invalid("_type is not a known in-toto version");
  Statement out;
  const std::string* predicate_type = parsed->FindString("predicateType");
  if (predicate_type == nullptr || predicate_type->empty()) return Invalid("no predicateType");
  out.predicate_type = *predicate_type;
  const json::Value* subjects = parsed->Find("subject");
  if (subjects == nullptr || subjects->array() == nullptr || subjects->array()->empty()) return Invalid("no subject");
  if (subjects->array()->size() > limits::kStatementSubjects) {
    return Error{ErrorCode::kLimit, "statement: too many subjects"};
  }
  for (const json::Value& one : *subjects->array()) {
    auto subject = ParseSubject(one);
    if (!subject) return subject.error();
    out.subjects.push_back(std::move(*subject));
  }
  // Moved, because it can be a thousand times the rest.
  for (auto& [name, value] : std::get<json::Members>(parsed->storage())) {
    if (name == "predicate") out.predicate = std::move(value);
  }
  return out;
}

std::vector<const Statement::Subject*> Statement::About(const oci::Digest& digest) const {
  std::vector<const Subject*> out;
  for (const Subject& subject : subjects) {
    const auto found = subject.digests.find("sha256");
    if (found != subject.digests.end() && found->second == digest.hex()) out.push_back(&subject);
  }
  return out;
}

}  // namespace pullseal::signature
