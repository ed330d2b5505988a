// SPDX-License-Identifier: Apache-2.0
#include "verify/predicate/vsa.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "core/base/bytes.h"
#include "image/oci/reference.h"
#include "verify/predicate/limits.h"
#include "verify/predicate/members.h"
#include "verify/predicate/purl.h"
#include "verify/predicate/timestamp.h"

namespace pullseal::predicate {
namespace {

using json::Value;

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }
Error Broken(std::string message) { return Invalid("verification summary: " + std::move(message)); }

// SLSA_BUILD_LEVEL_2 is level 2 of the track SLSA_BUILD.
struct Level {
  std::string track;
  int number = 0;
};

std::optional<Level> LevelOf(std::string_view text) {
  constexpr std::string_view kMark = "_LEVEL_";
  const std::size_t mark = text.find(kMark);
  if (!text.starts_with("SLSA_") || mark == std::string_view::npos) return std::nullopt;
  const std::string_view digits = text.substr(mark + kMark.size());
  int number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || digits.size() > 2 || number < 0) {
    return std::nullopt;  // such as _UNEVALUATED
  }
  return Level{std::string(text.substr(0, mark)), number};
}

Status TakeLevels(const Value& predicate, Vsa& out) {
  const Value* levels = Member(predicate, "verifiedLevels");
  if (levels == nullptr || levels->array() == nullptr) return Broken("verifiedLevels is not there");
  if (levels->array()->size() > limits::kVerifiedLevels) return Broken("verifiedLevels is too long");
  std::set<std::string> tracks;
  for (const Value& one : *levels->array()) {
    if (one.string() == nullptr) return Broken("a level is not text");
    const auto level = LevelOf(*one.string());
    if (level && !tracks.insert(level->track).second) return Broken("there are two levels of track " + level->track);
    if (*one.string() == "FAILED") out.passed = false;
    out.levels.push_back(*one.string());
  }
  return {};
}

bool HasLevel(const std::vector<std::string>& levels, const std::string& asked) {
  const auto least = LevelOf(asked);
  return std::any_of(levels.begin(), levels.end(), [&](const std::string& one) {
    if (one == asked) return true;
    const auto level = LevelOf(one);
    return least && level && level->track == least->track && level->number >= least->number;
  });
}

bool IsName(const std::string& name, const Image& image) {
  const auto& aliases = image.aliases;
  return name == image.repository || std::find(aliases.begin(), aliases.end(), name) != aliases.end();
}

bool HasDigest(const std::optional<oci::Digest>& digest, const Image& image) {
  return !digest || std::find(image.digests.begin(), image.digests.end(), *digest) != image.digests.end();
}

bool IsAboutByPurl(const std::string& resource, const Image& image) {
  const auto purl = Purl::Parse(resource);
  if (!purl || purl->type != "oci" || !purl->space.empty()) return false;
  const auto url = purl->qualifiers.find("repository_url");
  if (url == purl->qualifiers.end()) return false;
  const auto name = oci::Reference::Parse(url->second);
  if (!name || !IsName(name->MatchName(), image)) return false;
  if (purl->version.empty()) return true;
  const auto digest = oci::Digest::Parse(purl->version);
  return digest && HasDigest(*digest, image);
}

}  // namespace

Result<Vsa> Vsa::Read(const Value& predicate) {
  if (predicate.object() == nullptr) return Broken("the predicate is not an object");
  Vsa out;
  const Value* verifier = Member(predicate, "verifier");
  const Value* policy = Member(predicate, "policy");
  if (verifier == nullptr || policy == nullptr) return Broken("verifier or policy is not there");
  auto id = TextAt(*verifier, "id");
  auto uri = TextAt(*policy, "uri");
  auto resource = TextAt(predicate, "resourceUri");
  auto result = TextAt(predicate, "verificationResult");
  for (const auto* one : {&id, &uri, &resource, &result}) {
    if (!*one) return one->error();
    if ((*one)->empty() && one != &resource)
      return Broken("verifier.id, policy.uri or verificationResult is not there");
  }
  if (*result != "PASSED" && *result != "FAILED") return Broken("verificationResult is neither PASSED nor FAILED");
  out.passed = *result == "PASSED";
  if (auto taken = TakeLevels(predicate, out); !taken) return taken.error();
  auto time = TimestampAt(predicate, "timeVerified");
  if (!time) return time.error();
  out.verifier = std::move(*id);
  out.policy = std::move(*uri);
  out.resource = std::move(*resource);
  out.verified = *time;
  return out;
}

bool IsAbout(const std::string& resource, const Image& image) {
  if (resource.starts_with("pkg:")) return IsAboutByPurl(resource, image);
  std::string_view rest = resource;
  for (const std::string_view scheme : {"https://", "docker://", "oci://"}) {
    if (rest.starts_with(scheme)) {
      rest.remove_prefix(scheme.size());
      break;
    }
  }
  const auto reference = oci::Reference::Parse(rest);
  return reference && IsName(reference->MatchName(), image) && HasDigest(reference->digest(), image);
}

Result<VsaRule> VsaRule::Make(VsaTerms terms) {
  if (terms.levels.empty() || terms.levels.size() > limits::kRuleItems) {
    return Invalid("vsa needs levels: without one it says no more than that somebody looked");
  }
  for (const std::string& level : terms.levels) {
    const auto number = LevelOf(level);
    if (level.empty() || level == "FAILED" || (number && number->number == 0)) {
      return Invalid("\"" + Printable(level, 64) + "\" is no level that says anything");
    }
  }
  return VsaRule(std::move(terms));
}

Verdict VsaRule::Check(const Vsa& vsa, const std::vector<std::string>& verifiers, const Image& image) const {
  // Of a verifier whom its signer does not speak for, neither yes nor no is heard.
  if (std::find(verifiers.begin(), verifiers.end(), vsa.verifier) == verifiers.end()) {
    return Verdict::Not(Answer::kMismatch, "verifier.id is \"" + Printable(vsa.verifier, 200) + "\"");
  }
  if (terms_.resource_bound && !IsAbout(vsa.resource, image)) {
    return Verdict::Not(Answer::kMismatch, "resourceUri is \"" + Printable(vsa.resource, 200) + "\"");
  }
  if (!terms_.policy.empty() && vsa.policy != terms_.policy) {
    return Verdict::Not(Answer::kMismatch, "policy.uri is \"" + Printable(vsa.policy, 200) + "\"");
  }
  if (!vsa.passed) return Verdict::Not(Answer::kVerificationFailed, "verificationResult is FAILED");
  for (const std::string& level : terms_.levels) {
    if (!HasLevel(vsa.levels, level)) {
      return Verdict::Not(Answer::kVerificationFailed, "verifiedLevels has not " + Printable(level, 64));
    }
  }
  return Verdict::Pass();
}

}  // namespace pullseal::predicate
