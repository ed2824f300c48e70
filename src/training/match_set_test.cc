// SPDX-License-Identifier: Apache-2.0
#include "training/match_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tiepoint/base/error.h"
#include "training/made_matches.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

std::string TempPath(const std::string& name) {
  return (fs::path(testing::TempDir()) / name).string();
}

std::string ReadBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteBytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

TEST(MatchSetTest, ReadsBackWhatWasWritten) {
  const MatchSet set = MadeMatches(1);
  const std::string path = TempPath("round_trip.matches");
  WriteMatchSet(path, set);
  const MatchSet read = ReadMatchSet(path);
  EXPECT_EQ(read.source, set.source);
  EXPECT_EQ(read.licence, set.licence);
  EXPECT_EQ(read.features, set.features);
  ASSERT_EQ(read.images.size(), set.images.size());
  for (size_t i = 0; i < set.images.size(); ++i) {
    EXPECT_EQ(read.images[i].name, set.images[i].name);
    EXPECT_EQ(read.images[i].focal_length, set.images[i].focal_length);
    EXPECT_EQ(read.images[i].x, set.images[i].x);
    EXPECT_EQ(read.images[i].angle, set.images[i].angle);
  }
  ASSERT_EQ(read.pairs.size(), set.pairs.size());
  for (size_t p = 0; p < set.pairs.size(); ++p) {
    EXPECT_EQ(read.pairs[p].rotation, set.pairs[p].rotation);
    EXPECT_EQ(read.pairs[p].translation, set.pairs[p].translation);
    ASSERT_EQ(read.pairs[p].forward.size(), set.pairs[p].forward.size());
    for (size_t k = 0; k < set.pairs[p].forward.size(); ++k) {
      const CandidateMatch& a = read.pairs[p].forward[k];
      const CandidateMatch& b = set.pairs[p].forward[k];
      EXPECT_EQ(a.i, b.i);
      EXPECT_EQ(a.j, b.j);
      EXPECT_NEAR(a.ratio, b.ratio, 5e-4);
      EXPECT_NEAR(a.reverse_ratio, b.reverse_ratio, 1e-3);
    }
  }
}

TEST(MatchSetTest, DamageIsOneLine) {
  const std::string path = TempPath("damaged.matches");
  WriteMatchSet(path, MadeMatches(2));
  const std::string bytes = ReadBytes(path);
  const auto complaint = [&](const std::string& content) {
    WriteBytes(path, content);
    try {
      ReadMatchSet(path);
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string("none");
  };
  using testing::HasSubstr;
  EXPECT_THAT(complaint(""), HasSubstr("not a file of matches"));
  EXPECT_THAT(complaint("JPEG"), HasSubstr("not a file of matches"));
  for (const size_t length :
       {size_t{9}, size_t{40}, bytes.size() / 2, bytes.size() - 1}) {
    EXPECT_THAT(complaint(bytes.substr(0, length)), HasSubstr("truncated"));
  }
  std::string flipped = bytes;
  flipped[bytes.size() / 2] ^= 1;
  EXPECT_THAT(complaint(flipped), HasSubstr("checksum"));
  std::string newer = bytes;
  newer[8] = 2;
  EXPECT_THAT(complaint(newer), HasSubstr("version 2"));
  EXPECT_THAT(complaint(bytes), HasSubstr("none"));
  EXPECT_THROW(ReadMatchSet(TempPath("nowhere.matches")), InputError);
}

}  // namespace
}  // namespace tiepoint
