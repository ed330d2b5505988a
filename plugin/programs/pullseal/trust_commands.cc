// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseal/trust_commands.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/json/value.h"
#include "verify/sigstore/limits.h"
#include "verify/sigstore/trusted_material.h"

namespace pullseal::cli {
namespace {

constexpr int kGood = 0;
constexpr int kBad = 1;

Result<sigstore::TrustedRoot> ReadRoot(const std::string& file) {
  const auto text = ReadFile(file, limits::kTrustRootBytes);
  if (!text) return text.error();
  auto root = sigstore::TrustedRoot::Parse(*text);
  if (!root) return root.error().In(file);
  return root;
}

int Complain(const Error& error) {
  std::fprintf(stderr, "pullseal: %s\n", error.message.c_str());
  return kBad;
}

// One part of a root, for people and for JSON.
struct Part {
  std::string kind;
  std::string name;
  sigstore::Validity validity;
  std::vector<std::pair<std::string, WallTime>> certificates;  // subject, end
};

std::string Ending(const std::optional<WallTime>& end, WallTime now) {
  if (!end || *end == WallTime::max()) return "until further notice";
  return (*end < now ? "ended " : "until ") + FormatTime(*end).substr(0, 19) + "Z";
}

std::vector<Part> PartsOf(const sigstore::TrustedRoot& root) {
  std::vector<Part> out;
  const auto add_log = [&](const char* kind, const sigstore::TrustedRoot::Log& log) {
    out.push_back(
        Part{kind, log.base_url + " key " + log.key_details + " id " + Base64Encode(log.log_id), log.validity, {}});
  };
  const auto add_authority = [&](const char* kind, const sigstore::TrustedRoot::Authority& authority) {
    Part part{kind, authority.uri, authority.validity, {}};
    for (const Bytes& der : authority.chain) {
      const auto certificate = crypto::Certificate::ParseDer(der);
      part.certificates.emplace_back(certificate ? certificate->SubjectText() : certificate.error().message,
                                     certificate ? certificate->not_after() : WallTime::max());
    }
    out.push_back(std::move(part));
  };
  for (const auto& one : root.certificate_authorities) add_authority("certificate authority", one);
  for (const auto& one : root.certificate_logs) add_log("certificate log", one);
  for (const auto& one : root.logs) add_log("transparency log", one);
  for (const auto& one : root.timestamp_authorities) add_authority("timestamp authority", one);
  return out;
}

void PrintText(const std::vector<Part>& parts, WallTime now) {
  for (const Part& part : parts) {
    std::printf("%s: %s\n  trusted from %sZ, %s\n", part.kind.c_str(), Printable(part.name, 300).c_str(),
                FormatTime(part.validity.start).substr(0, 19).c_str(), Ending(part.validity.end, now).c_str());
    for (const auto& [subject, end] : part.certificates) {
      std::printf("  certificate %s, %s\n", subject.c_str(), Ending(end, now).c_str());
    }
  }
}

void PrintJson(const std::vector<Part>& parts) {
  std::string list;
  for (const Part& part : parts) {
    json::Writer out;
    out.Text("kind", part.kind).Text("name", Printable(part.name, 300)).Text("start", FormatTime(part.validity.start));
    if (part.validity.end) out.Text("end", FormatTime(*part.validity.end));
    std::string certificates;
    for (const auto& [subject, end] : part.certificates) {
      json::Writer one;
      one.Text("subject", subject);
      if (end != WallTime::max()) one.Text("not_after", FormatTime(end));
      certificates += (certificates.empty() ? "" : ",") + one.Finish();
    }
    if (!certificates.empty()) out.Raw("certificates", "[" + certificates + "]");
    list += (list.empty() ? "" : ",") + out.Finish();
  }
  std::printf("[%s]\n", list.c_str());
}

}  // namespace

int TrustShow(const std::string& file, bool json) {
  const auto root = ReadRoot(file);
  if (!root) return Complain(root.error());
  const auto parts = PartsOf(*root);
  if (json) {
    PrintJson(parts);
  } else {
    PrintText(parts, SystemClock().Now());
  }
  return kGood;
}

int TrustCheck(const std::string& file, bool json) {
  const auto root = ReadRoot(file);
  const auto material = root ? sigstore::TrustedMaterial::Make(*root) : Result<sigstore::TrustedMaterial>(root.error());
  std::vector<std::string> problems;
  if (!material) {
    problems.push_back(material.error().message);
  } else {
    problems = material->problems();
  }
  if (json) {
    std::string list;
    for (const std::string& problem : problems) list += (list.empty() ? "" : ",") + json::Quote(problem);
    std::printf("%s\n",
                json::Writer().Boolean("good", problems.empty()).Raw("problems", "[" + list + "]").Finish().c_str());
  } else {
    for (const std::string& problem : problems) std::fprintf(stderr, "%s\n", Printable(problem, 1024).c_str());
    if (problems.empty()) std::printf("good: every part can be used\n");
  }
  return problems.empty() ? kGood : kBad;
}

}  // namespace pullseal::cli
