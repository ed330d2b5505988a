// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_CREDENTIALS_TOKEN_H_
#define PULLSEAL_IMAGE_CREDENTIALS_TOKEN_H_

#include <chrono>
#include <optional>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/secret.h"

namespace pullseal::credentials {

// Token is what a token service gave, and for how long it may be used.
struct Token {
  Secret value;
  std::chrono::seconds life{60};
};

// ReadToken takes the token out of a token service's answer: the first of `names` that is there and not empty. Its life
// is expires_in (a number, or one in a string as clouds write it); where that is absent, what a JWT says of itself,
// unproven, because a token that ends earlier only costs another one; else a minute (distribution, "Token
// Authentication"). kRemote.
Result<Token> ReadToken(std::string_view body, std::initializer_list<std::string_view> names, WallTime now);

}  // namespace pullseal::credentials

#endif  // PULLSEAL_IMAGE_CREDENTIALS_TOKEN_H_
