// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_DOCTOR_DOCTOR_H_
#define PULLSEAL_NODE_DOCTOR_DOCTOR_H_

#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "node/install/host.h"

// What can be known about whether this node enforces, found out by looking and trying, not by asking whether it should.
namespace pullseal::doctor {

// kGood: so it shall be. kWarning: an operator should know. kBad: this node does not do what it is there for.
enum class Grade { kGood, kWarning, kBad };
std::string_view Text(Grade grade);

struct Finding {
  std::string check;  // its name: kubelet, daemon, policy, canary, ...
  Grade grade = Grade::kGood;
  std::string text;    // what was found, one sentence
  bool proof = false;  // without this one good there is no proof of enforcement
};

struct Report {
  WallTime time;
  std::string version;  // of the installation
  std::vector<Finding> findings;

  // Whether it is young enough to say anything of `now`: limits::kReportAge at most, and not of the future.
  bool fresh(WallTime now) const;
  // Whether enforcement is proven: every proof is there and good.
  bool proven() const;
  // Whether everything is as it shall be but that nothing is refused: the policy is in audit mode, and the canary was
  // judged and recorded.
  bool audits() const;
  // Whether anything is bad.
  bool bad() const;
};

struct Options {
  bool whole_audit_log = true;   // every record's hash, and not only the last one's
  bool note_containerd = false;  // write down for the daemon what containerd has in force
};

// Examine looks at everything. Each question is bounded by limits::kDoctorCall. Takes root.
Report Examine(const install::Host& host, const Options& options);

std::string ToText(const Report& report);
// {"time", "version", "proven", "checks": [{"check", "grade", "proof", "text"}]} on one line.
std::string ToJson(const Report& report);
// Reads that back. kInvalid.
Result<Report> FromJson(std::string_view text);
// One series a check, pullseal_doctor_check{check,grade}, with pullseal_doctor_proven and the report's time.
std::string ToMetrics(const Report& report);

}  // namespace pullseal::doctor

#endif  // PULLSEAL_NODE_DOCTOR_DOCTOR_H_
