// SPDX-License-Identifier: Apache-2.0
#include "verify/predicate/provenance.h"

#include "core/base/bytes.h"
#include "verify/predicate/limits.h"
#include "verify/predicate/members.h"
#include "verify/predicate/timestamp.h"
#include "verify/predicate/type.h"

namespace pullseal::predicate {
namespace {

using json::Value;

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, "provenance: " + std::move(message)}; }

// What stands behind `mark` in an address is its ref: git+https://host/path@refs/heads/main.
void SplitRef(const std::string& address, char mark, Provenance& out) {
  // A user before the host has an "@" too.
  const std::size_t slash = address.find('/', address.find("://") == std::string::npos ? 0 : address.find("://") + 3);
  const std::size_t at = slash == std::string::npos ? slash : address.find(mark, slash);
  out.source = address.substr(0, at);
  out.ref = at == std::string::npos ? std::string() : address.substr(at + 1);
}

// The external parameters that say where the source is, by the build types that are known: taken out of `parameters`.
Status TakeWorkflow(Value& parameters, Provenance& out) {
  const Value* workflow = Member(parameters, "workflow");
  if (workflow == nullptr || workflow->object() == nullptr) return {};
  auto repository = TextAt(*workflow, "repository");
  if (!repository) return repository.error();
  auto ref = TextAt(*workflow, "ref");
  if (!ref) return ref.error();
  if (repository->empty()) return {};
  out.source = std::move(*repository);
  out.ref = std::move(*ref);
  Value kept = Without(*workflow, {"repository", "ref"});
  Replace(parameters, "workflow", std::move(kept));
  return {};
}

Status TakeConfigSource(Value& parameters, char mark, Provenance& out) {
  const Value* config = Member(parameters, "configSource");
  if (config == nullptr || config->object() == nullptr) return {};
  auto uri = TextAt(*config, "uri");
  if (!uri) return uri.error();
  if (uri->empty()) return {};
  SplitRef(*uri, mark, out);
  Value kept = Without(*config, {"uri", "digest"});
  Replace(parameters, "configSource", std::move(kept));
  return {};
}

Status TakeSource(Value& parameters, Provenance& out) {
  const Value* source = Member(parameters, "source");
  if (source == nullptr || source->string() == nullptr) return {};
  SplitRef(*source->string(), '@', out);
  parameters = Without(parameters, {"source"});
  return {};
}

// The one dependency out of git; of several nobody knows which is the source.
Status TakeDependency(const Value& list, Provenance& out) {
  if (list.array() == nullptr) return Invalid("dependencies are not a list");
  std::string only;
  for (const Value& one : *list.array()) {
    auto uri = TextAt(one, "uri");
    if (!uri) return uri.error();
    if (!uri->starts_with("git+")) continue;
    if (!only.empty() && only != *uri) return {};
    only = std::move(*uri);
  }
  if (!only.empty()) SplitRef(only, '@', out);
  return {};
}

Status TakeTimes(const Value& object, std::string_view started, std::string_view finished, Provenance& out) {
  auto first = TimestampAt(object, started);
  if (!first) return first.error();
  auto last = TimestampAt(object, finished);
  if (!last) return last.error();
  out.started = *first;
  out.finished = *last;
  return {};
}

Status TakeNames(const Value& builder_of, const Value& type_of, Provenance& out) {
  const Value* builder = Member(builder_of, "builder");
  if (builder == nullptr) return Invalid("it names no builder");
  auto id = TextAt(*builder, "id");
  if (!id) return id.error();
  auto type = TextAt(type_of, "buildType");
  if (!type) return type.error();
  if (id->empty() || type->empty()) return Invalid("builder.id or buildType is not there");
  out.builder = std::move(*id);
  out.build_type = std::move(*type);
  return {};
}

Result<Provenance> ReadV1(const Value& predicate) {
  Provenance out;
  const Value* definition = Member(predicate, "buildDefinition");
  const Value* details = Member(predicate, "runDetails");
  if (definition == nullptr || details == nullptr) return Invalid("buildDefinition or runDetails is not there");
  if (auto taken = TakeNames(*details, *definition, out); !taken) return taken.error();
  const Value* parameters = Member(*definition, "externalParameters");
  if (parameters == nullptr || parameters->object() == nullptr) return Invalid("it has no externalParameters");
  out.parameters = *parameters;
  if (auto taken = TakeWorkflow(out.parameters, out); !taken) return taken.error();
  if (out.source.empty()) {
    if (auto taken = TakeConfigSource(out.parameters, '#', out); !taken) return taken.error();
  }
  if (out.source.empty()) {
    if (auto taken = TakeSource(out.parameters, out); !taken) return taken.error();
  }
  const Value* dependencies = Member(*definition, "resolvedDependencies");
  if (out.source.empty() && dependencies != nullptr) {
    if (auto taken = TakeDependency(*dependencies, out); !taken) return taken.error();
  }
  const Value* metadata = Member(*details, "metadata");
  if (metadata == nullptr) return out;
  if (auto taken = TakeTimes(*metadata, "startedOn", "finishedOn", out); !taken) return taken.error();
  return out;
}

Result<Provenance> ReadV02(const Value& predicate) {
  Provenance out;
  if (auto taken = TakeNames(predicate, predicate, out); !taken) return taken.error();
  out.parameters = Value(Value::Storage(json::Members{}));
  if (const Value* invocation = Member(predicate, "invocation")) {
    if (invocation->object() == nullptr) return Invalid("invocation is not an object");
    // What the build found around it (environment) is nothing that somebody asked for.
    out.parameters = Without(*invocation, {"environment"});
    if (auto taken = TakeConfigSource(out.parameters, '@', out); !taken) return taken.error();
  }
  const Value* materials = Member(predicate, "materials");
  if (out.source.empty() && materials != nullptr) {
    if (auto taken = TakeDependency(*materials, out); !taken) return taken.error();
  }
  const Value* metadata = Member(predicate, "metadata");
  if (metadata == nullptr) return out;
  if (auto taken = TakeTimes(*metadata, "buildStartedOn", "buildFinishedOn", out); !taken) return taken.error();
  return out;
}

}  // namespace

Result<Provenance> Provenance::Read(std::string_view predicate_type, const Value& predicate) {
  if (predicate.object() == nullptr) return Invalid("the predicate is not an object");
  if (predicate_type == kProvenanceV1) return ReadV1(predicate);
  if (predicate_type == kProvenanceV02) return ReadV02(predicate);
  return Invalid("this version is not read");
}

}  // namespace pullseal::predicate
