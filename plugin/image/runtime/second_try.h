// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_RUNTIME_SECOND_TRY_H_
#define PULLSEAL_IMAGE_RUNTIME_SECOND_TRY_H_

#include <memory>

#include "image/runtime/runtime.h"

namespace pullseal::runtime {

// AskTwice returns a runtime that asks `inner` once more where the first answer was that it cannot be reached.
std::unique_ptr<Runtime> AskTwice(std::unique_ptr<Runtime> inner);

}  // namespace pullseal::runtime

#endif  // PULLSEAL_IMAGE_RUNTIME_SECOND_TRY_H_
