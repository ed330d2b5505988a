// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "verify/predicate/custom.h"
#include "verify/predicate/provenance.h"
#include "verify/predicate/purl.h"
#include "verify/predicate/source.h"
#include "verify/predicate/timestamp.h"
#include "verify/predicate/type.h"
#include "verify/predicate/vsa.h"

namespace {

using namespace pullseal;
using namespace pullseal::predicate;

// What a predicate can bring: no answer but by the form of its type, whatever it says.
void ReadPredicate(std::string_view text) {
  const auto value = json::Parse(text);
  if (!value) return;
  for (const std::string_view type : {kProvenanceV1, kProvenanceV02}) {
    const auto provenance = Provenance::Read(type, *value);
    if (!provenance) continue;
    if (provenance->builder.empty() || provenance->build_type.empty()) __builtin_trap();
    ProvenanceTerms terms;
    terms.sources.push_back(std::move(*SourceGlob::Parse("https://github.com/acme/*")));
    terms.other_parameters = false;
    const auto rule = ProvenanceRule::Make(std::move(terms));
    const auto verdict = rule->Check(*provenance, {}, {provenance->builder});
    const auto source = NormalSource(provenance->source);
    if (verdict.passes() && (!source || !source->starts_with("https://github.com/acme/"))) __builtin_trap();
    if (rule->Check(*provenance, {}, {}).passes()) __builtin_trap();
  }
  if (const auto vsa = Vsa::Read(*value)) {
    const auto rule = VsaRule::Make({.levels = {"SLSA_BUILD_LEVEL_1"}});
    const Image image{{oci::Digest::Of(AsBytes("app"))}, "ghcr.io/acme/app", {}};
    if (rule->Check(*vsa, {vsa->verifier}, image).passes() && !vsa->passed) __builtin_trap();
  }
}

// What a rule or a predicate writes in one place: one spelling stays what it is.
void ReadText(std::string_view text) {
  if (const auto source = NormalSource(text)) {
    if (NormalSource(*source) != source) __builtin_trap();
    const auto glob = SourceGlob::Parse(*source);
    if (glob && !glob->Matches(*source)) __builtin_trap();
  }
  if (const auto purl = Purl::Parse(text)) {
    if (purl->name.empty() || purl->type.empty()) __builtin_trap();
  }
  if (const auto pattern = PurlPattern::Parse(text)) {
    auto purl = Purl::Parse(text);
    if (!purl || !pattern->Matches(*purl)) __builtin_trap();
  }
  (void)ReadTimestamp(text);
  (void)RefGlob::Parse(text);
  if (const auto pointer = Pointer::Parse(text)) {
    const auto value = json::Parse(R"({"a":[{"b":1},null,[]],"":{"a":"x"}})");
    (void)pointer->In(*value);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ReadPredicate(text);
  ReadText(text);
  return 0;
}
