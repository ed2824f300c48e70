// SPDX-License-Identifier: Apache-2.0
#include "training/sample_shard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "tiepoint/base/error.h"
#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// 4096 pixels: a block holds 32 patches.
constexpr int kSide = 64;

class SampleShardTest : public testing::Test {
 protected:
  SampleShardTest() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~SampleShardTest() override { fs::remove_all(folder_); }

  static ShardHead Head() {
    ShardHead head;
    head.kind = "quadruplets";
    head.patch_size = kSide;
    head.support = 12;
    head.seed = 7;
    head.source = "made here";
    head.licence = "CC0";
    head.photographs = {"a.jpg", "b.jpg"};
    head.settings = {{"min_sigma", 2}};
    return head;
  }

  static ShardSample Sample(int i) {
    return {i % 5 - 1, i % 2, 1.5f * i, 2.5f * i, 2.0f, 0.1f};
  }

  // Smooth (even) or noise (odd).
  static std::vector<uint8_t> Patch(int i) {
    Random random(StreamSeed(3, i));
    std::vector<uint8_t> patch(size_t{kSide} * kSide);
    for (int p = 0; p < kSide * kSide; ++p) {
      const int x = p % kSide, y = p / kSide;
      patch[p] = static_cast<uint8_t>(
          i % 2 ? random.Integer(256)
                : 128 + 100 * std::sin(0.1 * x + 0.05 * y + i));
    }
    return patch;
  }

  std::string Write(int count) const {
    const std::string path = (folder_ / "a.shard").string();
    ShardWriter writer(path, Head());
    for (int i = 0; i < count; ++i) writer.Add(Sample(i), Patch(i));
    writer.Finish();
    return path;
  }

  static std::string Bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // The one line that reading all of a file with these bytes fails with.
  std::string ErrorOf(const std::string& bytes) const {
    const std::string path = (folder_ / "bad.shard").string();
    std::ofstream(path, std::ios::binary) << bytes;
    try {
      const ShardReader reader(path);
      for (int i = 0; i < reader.Count(); ++i) reader.Patch(i);
    } catch (const InputError& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      EXPECT_THAT(error.what(), HasSubstr("bad.shard"));
      return error.what();
    }
    return "no error";
  }

  const fs::path folder_ =
      fs::path(testing::TempDir()) /
      (std::string("sample_shard_") +
       testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(SampleShardTest, GivesBackWhatWasAddedInAnyOrder) {
  for (const int count : {0, 1, 32, 75}) {
    const ShardReader reader(Write(count));
    ASSERT_EQ(reader.Count(), count);
    EXPECT_EQ(reader.Head().kind, "quadruplets");
    EXPECT_EQ(reader.Head().seed, 7u);
    EXPECT_EQ(reader.Head().settings, Head().settings);
    EXPECT_EQ(reader.Head().photographs, Head().photographs);
    for (int i = count - 1; i >= 0; --i) {
      EXPECT_EQ(reader.Samples()[i], Sample(i));
      EXPECT_EQ(reader.Patch(i), Patch(i));
    }
    EXPECT_THROW(reader.Patch(count), InputError);
  }
}

TEST_F(SampleShardTest, IsTheSameFileEveryTime) {
  const std::string first = Bytes(Write(40));
  EXPECT_EQ(first, Bytes(Write(40)));
}

TEST_F(SampleShardTest, SmoothPatchesTakeLessSpace) {
  const std::string path = (folder_ / "smooth.shard").string();
  ShardWriter writer(path, Head());
  for (int i = 0; i < 32; ++i) writer.Add(Sample(i), Patch(2 * i));
  writer.Finish();
  const size_t plain = size_t{32} * kSide * kSide;
  if (ShardsAreCompressed()) {
    EXPECT_LT(fs::file_size(path), plain / 2);
  } else {
    EXPECT_GT(fs::file_size(path), plain);
  }
}

TEST_F(SampleShardTest, NothingIsLeftOfAnUnfinishedShard) {
  const std::string path = (folder_ / "unfinished.shard").string();
  {
    ShardWriter writer(path, Head());
    for (int i = 0; i < 40; ++i) writer.Add(Sample(i), Patch(i));
  }
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(SampleShardTest, EveryTruncationIsAnError) {
  const std::string bytes = Bytes(Write(3));
  EXPECT_EQ(ErrorOf(bytes), "no error");
  for (size_t size = 0; size < bytes.size(); size += 97) {
    EXPECT_NE(ErrorOf(bytes.substr(0, size)), "no error") << size;
  }
  EXPECT_THAT(ErrorOf(bytes.substr(0, bytes.size() - 1)),
              HasSubstr("truncated"));
}

TEST_F(SampleShardTest, EveryChangedByteIsAnError) {
  const std::string bytes = Bytes(Write(3));
  for (size_t at = 0; at < bytes.size(); at += 61) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x20);
    EXPECT_NE(ErrorOf(changed), "no error") << at;
  }
}

TEST_F(SampleShardTest, NamesAnotherVersionAndOtherFiles) {
  std::string bytes = Bytes(Write(3));
  bytes[8] = 9;
  EXPECT_THAT(ErrorOf(bytes), HasSubstr("version 9"));
  EXPECT_THAT(ErrorOf("{\"json\": \"but no shard\"}"), HasSubstr("no shard"));
  EXPECT_THROW(ShardReader((folder_ / "missing.shard").string()), InputError);
}

TEST_F(SampleShardTest, RefusesPatchesOfAnotherSize) {
  ShardWriter writer((folder_ / "a.shard").string(), Head());
  EXPECT_THROW(writer.Add(Sample(0), std::vector<uint8_t>(10)), InputError);
  ShardHead head = Head();
  head.patch_size = 0;
  EXPECT_THROW(ShardWriter((folder_ / "b.shard").string(), head), InputError);
  EXPECT_THROW(
      ShardWriter((folder_ / "no folder" / "a.shard").string(), Head()),
      InputError);
}

}  // namespace
}  // namespace tiepoint
