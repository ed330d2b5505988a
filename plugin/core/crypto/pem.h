// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_CRYPTO_PEM_H_
#define PULLSEAL_CORE_CRYPTO_PEM_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace pullseal::crypto {

// PemBlock is one block of PEM text: its label and its bytes.
struct PemBlock {
  std::string label;
  Bytes der;
};

// ReadPem reads blocks as RFC 7468 section 3 writes them ("strict" but for line lengths), with nothing but white space
// around them. kInvalid; kLimit for more than `most` blocks.
Result<std::vector<PemBlock>> ReadPem(std::string_view text, std::size_t most);

}  // namespace pullseal::crypto

#endif  // PULLSEAL_CORE_CRYPTO_PEM_H_
