// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/base/base64.h"

#include <gtest/gtest.h>

namespace tiepoint {
namespace {

// The test vectors of RFC 4648.
TEST(Base64, EncodesTheVectorsOfTheStandard) {
  EXPECT_EQ(EncodeBase64(""), "");
  EXPECT_EQ(EncodeBase64("f"), "Zg==");
  EXPECT_EQ(EncodeBase64("fo"), "Zm8=");
  EXPECT_EQ(EncodeBase64("foo"), "Zm9v");
  EXPECT_EQ(EncodeBase64("foob"), "Zm9vYg==");
  EXPECT_EQ(EncodeBase64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(EncodeBase64("foobar"), "Zm9vYmFy");
}

TEST(Base64, EncodesBytesThatAreNoText) {
  EXPECT_EQ(EncodeBase64(std::string("\xff\xfe\x00\x80", 4)), "//4AgA==");
}

}  // namespace
}  // namespace tiepoint
