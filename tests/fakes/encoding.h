// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_FAKES_ENCODING_H_
#define PULLSEAL_FAKES_ENCODING_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/clock.h"

// DER and CBOR, written piece by piece, be the whole right or wrong.
namespace pullseal::fakes {

// One DER value around parts; an object identifier; a whole number.
Bytes Der(std::uint8_t tag, const std::vector<Bytes>& parts);
Bytes DerOid(const std::string& dotted);
Bytes DerNumber(std::int64_t number);

// CBOR items, in their shortest form.
Bytes CborHead(int major, std::uint64_t number);
Bytes CborText(const std::string& text);
Bytes CborBytes(const Bytes& bytes);
Bytes CborInteger(std::int64_t number);
Bytes CborTime(WallTime time);  // tag 1
using CborPairs = std::vector<std::pair<Bytes, Bytes>>;
Bytes CborMap(const CborPairs& pairs);
Bytes CborArray(const std::vector<Bytes>& items);

// Base64url without padding.
std::string Base64Url(ByteView bytes);

}  // namespace pullseal::fakes

#endif  // PULLSEAL_FAKES_ENCODING_H_
