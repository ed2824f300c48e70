// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/base/checksum.h"

#include <gtest/gtest.h>

namespace tiepoint {
namespace {

// From the test suite of the algorithm's authors.
TEST(Checksum, IsFnv1a) {
  EXPECT_EQ(Checksum(""), 0xCBF29CE484222325u);
  EXPECT_EQ(Checksum("a"), 0xAF63DC4C8601EC8Cu);
  EXPECT_EQ(Checksum("foobar"), 0x85944171F73967E8u);
}

TEST(Checksum, GoesOn) {
  EXPECT_EQ(Checksum("bar", Checksum("foo")), Checksum("foobar"));
}

}  // namespace
}  // namespace tiepoint
