// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_CRI_DESCRIBE_H_
#define PULLSEAL_ADAPTERS_CRI_DESCRIBE_H_

#include <string_view>

#include "adapters/cri/methods.h"
#include "gate/gate/report.h"

namespace pullseal::cri {

// ActionOf is the audit record's word for a judged method.
std::string_view ActionOf(MethodKind kind);

// DescribeRequest writes into `event` what a request of `kind` says it is about (image, container, pod), as far as
// `request`, which may be cut short or broken, can be read. It is for records only: whose a pod is, is asked of the
// runtime. Looks at no more than limits::kDescribedFields fields of a message; copies at most limits::kDescribedBytes
// of each text.
void DescribeRequest(MethodKind kind, std::string_view request, gate::Event& event);

}  // namespace pullseal::cri

#endif  // PULLSEAL_ADAPTERS_CRI_DESCRIBE_H_
