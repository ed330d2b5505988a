// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_GATE_WORTH_H_
#define PULLSEAL_GATE_GATE_WORTH_H_

#include <cstddef>
#include <string>

#include "core/base/clock.h"
#include "gate/gate/limits.h"
#include "image/oci/digest.h"
#include "image/oci/signature_evidence.h"
#include "policy/model/model.h"
#include "verify/judge/judge.h"

namespace pullseal::gate {

// IsWorthKeeping says whether a signature that became `finding` counts now or may under another rule, name or time: it
// was made by a key or identity that was asked for. What anybody can make is not kept, so that nobody's junk takes the
// room of others' evidence.
bool IsWorthKeeping(const judge::Finding& finding);

// Worth looks for any rule of a policy by which a signature is worth keeping. Bounded: limits::kWorthChecks judgements
// in all, so that what one image has beside it cannot cost more; what is not looked at then is not kept. Not
// thread-safe.
class Worth {
 public:
  // `policy` must outlive it.
  Worth(const policy::Policy& policy, oci::Digest subject, std::string repository, WallTime now)
      : policy_(policy), subject_(std::move(subject)), repository_(std::move(repository)), now_(now) {}

  bool Has(const oci::SignatureEvidence& signature);

 private:
  const policy::Policy& policy_;
  oci::Digest subject_;
  std::string repository_;
  WallTime now_;
  std::size_t checks_ = 0;
};

}  // namespace pullseal::gate

#endif  // PULLSEAL_GATE_GATE_WORTH_H_
