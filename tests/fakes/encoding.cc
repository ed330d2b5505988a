// SPDX-License-Identifier: Apache-2.0
#include "fakes/encoding.h"

#include <openssl/asn1.h>
#include <openssl/objects.h>

#include <algorithm>
#include <stdexcept>

namespace pullseal::fakes {
namespace {

void Append(Bytes& out, const Bytes& more) { out.insert(out.end(), more.begin(), more.end()); }

}  // namespace

Bytes Der(std::uint8_t tag, const std::vector<Bytes>& parts) {
  std::size_t size = 0;
  for (const Bytes& part : parts) size += part.size();
  Bytes out = {tag};
  if (size >= 0x10000) {
    out.push_back(0x83);
    out.push_back(static_cast<std::uint8_t>(size >> 16));
  } else if (size >= 0x100) {
    out.push_back(0x82);
  } else if (size >= 0x80) {
    out.push_back(0x81);
  }
  if (size >= 0x100) out.push_back(static_cast<std::uint8_t>(size >> 8));
  out.push_back(static_cast<std::uint8_t>(size));
  for (const Bytes& part : parts) Append(out, part);
  return out;
}

Bytes DerOid(const std::string& dotted) {
  ASN1_OBJECT* object = OBJ_txt2obj(dotted.c_str(), 1);
  if (object == nullptr) throw std::runtime_error("no object identifier: " + dotted);
  unsigned char* der = nullptr;
  const int size = i2d_ASN1_OBJECT(object, &der);
  Bytes out(der, der + size);
  OPENSSL_free(der);
  ASN1_OBJECT_free(object);
  return out;
}

Bytes DerNumber(std::int64_t number) {
  ASN1_INTEGER* value = ASN1_INTEGER_new();
  ASN1_INTEGER_set_int64(value, number);
  unsigned char* der = nullptr;
  const int size = i2d_ASN1_INTEGER(value, &der);
  Bytes out(der, der + size);
  OPENSSL_free(der);
  ASN1_INTEGER_free(value);
  return out;
}

Bytes CborHead(int major, std::uint64_t number) {
  const int octets = number < 24 ? 0 : number < 0x100 ? 1 : number < 0x10000 ? 2 : number < 0x100000000 ? 4 : 8;
  const int info = octets == 0 ? static_cast<int>(number) : octets == 1 ? 24 : octets == 2 ? 25 : octets == 4 ? 26 : 27;
  Bytes out = {static_cast<std::uint8_t>(major << 5 | info)};
  for (int i = octets; i-- > 0;) out.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
  return out;
}

Bytes CborText(const std::string& text) {
  Bytes out = CborHead(3, text.size());
  out.insert(out.end(), text.begin(), text.end());
  return out;
}

Bytes CborBytes(const Bytes& bytes) {
  Bytes out = CborHead(2, bytes.size());
  Append(out, bytes);
  return out;
}

Bytes CborInteger(std::int64_t number) {
  return number >= 0 ? CborHead(0, static_cast<std::uint64_t>(number))
                     : CborHead(1, static_cast<std::uint64_t>(-1 - number));
}

Bytes CborTime(WallTime time) {
  Bytes out = CborHead(6, 1);
  Append(out, CborInteger(std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count()));
  return out;
}

Bytes CborMap(const CborPairs& pairs) {
  Bytes out = CborHead(5, pairs.size());
  for (const auto& [key, value] : pairs) {
    Append(out, key);
    Append(out, value);
  }
  return out;
}

Bytes CborArray(const std::vector<Bytes>& items) {
  Bytes out = CborHead(4, items.size());
  for (const Bytes& item : items) Append(out, item);
  return out;
}

std::string Base64Url(ByteView bytes) {
  std::string out = Base64Encode(bytes);
  while (out.ends_with('=')) out.pop_back();
  std::replace(out.begin(), out.end(), '+', '-');
  std::replace(out.begin(), out.end(), '/', '_');
  return out;
}

}  // namespace pullseal::fakes
