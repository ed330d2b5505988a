// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/hmac.h"

#include <gtest/gtest.h>

namespace pullseal::crypto {
namespace {

std::string Hex(const std::string& key, const std::string& message) {
  return HexEncode(HmacSha256(AsBytes(key), AsBytes(message)));
}

// RFC 4231, test cases 1, 2 and 6.
TEST(HmacTest, IsWhatTheStandardSays) {
  EXPECT_EQ("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            Hex(std::string(20, '\x0b'), "Hi There"));
  EXPECT_EQ("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            Hex("Jefe", "what do ya want for nothing?"));
  EXPECT_EQ("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            Hex(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"));
}

TEST(HmacTest, OneBitIsAnotherOne) {
  Sha256Hash a = Sha256(AsBytes("x"));
  Sha256Hash b = a;
  EXPECT_TRUE(SameHash(a, b));
  b[31] ^= 1U;
  EXPECT_FALSE(SameHash(a, b));
}

}  // namespace
}  // namespace pullseal::crypto
