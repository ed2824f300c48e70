// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/memory.h"

#include <gtest/gtest.h>

#include "tiepoint/base/error.h"
#include "tiepoint/image/pyramid.h"

namespace tiepoint {
namespace {

TEST(ParseMemory, KnowsSizesAndNothingElse) {
  EXPECT_EQ(ParseMemory("3000000000"), 3000000000);
  EXPECT_EQ(ParseMemory("500M"), 500 << 20);
  EXPECT_EQ(ParseMemory("1.5G"), int64_t{3} << 29);
  EXPECT_EQ(ParseMemory("2gib"), int64_t{2} << 30);
  EXPECT_EQ(ParseMemory("64kB"), 64 << 10);
  EXPECT_EQ(ParseMemory("1T"), int64_t{1} << 40);
  for (const char* text : {"", "G", "1.5.0G", "-1G", "1X", "1GG", "1 G", "inf",
                           "0", "0x10", "1e3", "9999999999T", "."}) {
    EXPECT_THROW(ParseMemory(text), InputError) << text;
  }
}

TEST(MemoryText, IsRoundedUpAndReadBack) {
  EXPECT_EQ(MemoryText(500 << 20), "500M");
  EXPECT_EQ(MemoryText((500 << 20) + 1), "501M");
  EXPECT_EQ(MemoryText(int64_t{2} << 30), "2G");
  EXPECT_EQ(MemoryText((int64_t{2} << 30) + 1), "2.1G");
  for (int64_t bytes = 1; bytes < int64_t{1} << 50; bytes = bytes * 7 / 3 + 1) {
    EXPECT_GE(ParseMemory(MemoryText(bytes)), bytes);
  }
}

TEST(PyramidBytes, IsThatOfTheOctaves) {
  for (const auto& [width, height] : {std::pair(97, 41), std::pair(5, 400)}) {
    const ImagePyramid pyramid(GrayImage(width, height));
    int64_t bytes = 0;
    for (int k = 1; k < pyramid.NumOctaves(); ++k) {
      bytes += static_cast<int64_t>(4 * pyramid.Octave(k).pixels.size());
    }
    EXPECT_EQ(PyramidBytes(width, height), bytes);
  }
}

}  // namespace
}  // namespace tiepoint
