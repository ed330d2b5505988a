// SPDX-License-Identifier: Apache-2.0
// How a report is told and read back.
#include <algorithm>

#include "core/base/bytes.h"
#include "core/json/value.h"
#include "node/doctor/doctor.h"
#include "node/doctor/limits.h"

namespace pullseal::doctor {

std::string_view Text(Grade grade) {
  switch (grade) {
    case Grade::kGood:
      return "good";
    case Grade::kWarning:
      return "warning";
    case Grade::kBad:
      return "bad";
  }
  return "bad";
}

bool Report::fresh(WallTime now) const {
  const auto age = now - time;
  return age <= limits::kReportAge && age >= -limits::kReportAge;
}

bool Report::proven() const {
  const bool all = std::all_of(findings.begin(), findings.end(),
                               [](const Finding& one) { return !one.proof || one.grade == Grade::kGood; });
  return all && std::any_of(findings.begin(), findings.end(), [](const Finding& one) { return one.proof; });
}

bool Report::audits() const {
  const auto fits = [](const Finding& one) {
    const bool audit = one.check == "policy" || one.check == "canary";
    return !one.proof || one.grade == Grade::kGood || (audit && one.grade == Grade::kWarning);
  };
  const bool all = std::all_of(findings.begin(), findings.end(), fits);
  return all && std::any_of(findings.begin(), findings.end(), [](const Finding& one) { return one.proof; });
}

bool Report::bad() const {
  return std::any_of(findings.begin(), findings.end(), [](const Finding& one) { return one.grade == Grade::kBad; });
}

std::string ToText(const Report& report) {
  std::string out;
  for (const Finding& one : report.findings) {
    std::string grade(Text(one.grade));
    grade.resize(8, ' ');
    std::string check = one.check;
    check.resize(std::max<std::size_t>(check.size(), 18), ' ');
    out += grade + check + " " + one.text + "\n";
  }
  const bool plugin = std::any_of(report.findings.begin(), report.findings.end(),
                                  [](const Finding& one) { return one.check == "plugin"; });
  const char* what = plugin ? "PROVEN: what this node pulls is judged\n" : "PROVEN: this node enforces\n";
  return out + (report.proven() ? what : "NOT PROVEN: see above\n");
}

std::string ToJson(const Report& report) {
  std::string checks;
  for (const Finding& one : report.findings) {
    json::Writer line;
    line.Text("check", one.check).Text("grade", Text(one.grade)).Boolean("proof", one.proof).Text("text", one.text);
    checks += (checks.empty() ? "" : ",") + line.Finish();
  }
  json::Writer out;
  out.Text("time", FormatTime(report.time)).Text("version", report.version).Boolean("proven", report.proven());
  out.Raw("checks", "[" + checks + "]");
  return out.Finish();
}

Result<Report> FromJson(std::string_view text) {
  const Error invalid{ErrorCode::kInvalid, "the report cannot be read"};
  const auto parsed = json::Parse(text);
  const std::string* time = parsed ? parsed->FindString("time") : nullptr;
  const std::string* version = parsed ? parsed->FindString("version") : nullptr;
  const json::Value* checks = parsed ? parsed->Find("checks") : nullptr;
  const auto when = time != nullptr ? ParseTime(*time) : std::nullopt;
  if (!when || version == nullptr || checks == nullptr || checks->array() == nullptr) return invalid;
  Report out{*when, *version, {}};
  for (const json::Value& one : *checks->array()) {
    const std::string* check = one.FindString("check");
    const std::string* grade = one.FindString("grade");
    const std::string* told = one.FindString("text");
    const json::Value* proof = one.Find("proof");
    if (check == nullptr || grade == nullptr || told == nullptr || proof == nullptr || proof->boolean() == nullptr) {
      return invalid;
    }
    const Grade read = *grade == "good" ? Grade::kGood : *grade == "warning" ? Grade::kWarning : Grade::kBad;
    out.findings.push_back(Finding{*check, read, *told, *proof->boolean()});
  }
  return out;
}

std::string ToMetrics(const Report& report) {
  std::string out = "# TYPE pullseal_doctor_check gauge\n";
  for (const Finding& one : report.findings) {
    out += "pullseal_doctor_check{check=\"" + one.check + "\",grade=\"" + std::string(Text(one.grade)) + "\"} " +
           (one.grade == Grade::kGood ? "1" : "0") + "\n";
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(report.time.time_since_epoch()).count();
  out +=
      "# TYPE pullseal_doctor_proven gauge\npullseal_doctor_proven " + std::string(report.proven() ? "1" : "0") + "\n";
  out += "# TYPE pullseal_doctor_timestamp_seconds gauge\npullseal_doctor_timestamp_seconds " +
         std::to_string(seconds) + "\n";
  return out;
}

}  // namespace pullseal::doctor
