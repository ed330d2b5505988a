// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_TOML_TOML_H_
#define PULLSEAL_CORE_TOML_TOML_H_

// The one way to toml++: what it must be told before it is included stands in toml_input.h.
// clang-format off
#include "core/toml/toml_input.h"
#include <toml++/toml.h>
// clang-format on

#endif  // PULLSEAL_CORE_TOML_TOML_H_
