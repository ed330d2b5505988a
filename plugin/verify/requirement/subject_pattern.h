// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_REQUIREMENT_SUBJECT_PATTERN_H_
#define PULLSEAL_VERIFY_REQUIREMENT_SUBJECT_PATTERN_H_

#include "verify/predicate/text_pattern.h"

namespace pullseal::requirement {

// SubjectPattern is a regular expression that matches whole subjects of certificates.
using SubjectPattern = predicate::TextPattern;

}  // namespace pullseal::requirement

#endif  // PULLSEAL_VERIFY_REQUIREMENT_SUBJECT_PATTERN_H_
