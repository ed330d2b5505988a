// SPDX-License-Identifier: Apache-2.0
#include "image/oci/cosign.h"

#include <gtest/gtest.h>

namespace pullseal::oci {
namespace {

// Literal on purpose: other programs write these names, and what we call them may not drift.
TEST(CosignTest, TagsAreThoseOfTheSpecifications) {
  const std::string hex(64, 'a');
  const Digest subject = *Digest::Parse("sha256:" + hex);
  EXPECT_EQ("sha256-" + hex, ReferrersTag(subject));
  EXPECT_EQ("sha256-" + hex + ".sig", SignatureTag(subject));
  EXPECT_EQ("sha256-" + hex + ".att", AttestationTag(subject));
}

TEST(CosignTest, UsualPayloadIsByteForByteWhatCosignSigns) {
  const Digest subject = *Digest::Parse("sha256:" + std::string(64, 'b'));
  EXPECT_EQ(R"({"critical":{"identity":{"docker-reference":"reg.io/team/app"},"image":{"docker-manifest-digest":")" +
                subject.text() + R"("},"type":"cosign container image signature"},"optional":null})",
            UsualPayload("reg.io/team/app", subject));
}

}  // namespace
}  // namespace pullseal::oci
