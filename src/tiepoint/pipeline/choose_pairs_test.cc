// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/choose_pairs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(ChoosePairs, AllAndSequential) {
  EXPECT_THAT(AllPairs(3), ElementsAre(Pair(0, 1), Pair(0, 2), Pair(1, 2)));
  EXPECT_TRUE(AllPairs(1).empty());
  EXPECT_THAT(
      SequentialPairs(4, 2),
      ElementsAre(Pair(0, 1), Pair(0, 2), Pair(1, 2), Pair(1, 3), Pair(2, 3)));
}

// Photographs on a line: each shares descriptors with its neighbours.
FeatureSet OnALine(int place) {
  constexpr int kLength = 32, kShared = 30;
  FeatureSet features;
  features.descriptors = {2 * kShared, kLength, {}};
  for (int half = 0; half < 2; ++half) {
    Random point(place + half);
    Random noise(1000 + 2 * place + half);
    for (int i = 0; i < kShared * kLength; ++i) {
      features.descriptors.data.push_back(
          static_cast<float>(point.Normal() + 0.1 * noise.Normal()));
    }
  }
  return features;
}

TEST(ChoosePairs, RetrievalFindsPartners) {
  // By name they are in no order.
  const std::vector<int> places = {4, 1, 0, 5, 2, 3};
  const auto features = [&](int i) { return OnALine(places[i]); };
  for (const int threads : {1, 3}) {
    SetNumThreads(threads);
    EXPECT_THAT(RetrievalPairs(6, features, {.partners = 2, .neighbours = 1}),
                ::testing::IsSupersetOf({Pair(1, 2), Pair(1, 4), Pair(4, 5),
                                         Pair(0, 5), Pair(0, 3)}));
    EXPECT_LE(RetrievalPairs(6, features, {.partners = 1}).size(), 6u);
  }
}

TEST(ChoosePairs, RetrievalOfBlankPhotographs) {
  const auto features = [&](int i) {
    return i == 1 ? FeatureSet{} : OnALine(3);
  };
  EXPECT_THAT(RetrievalPairs(3, features), ElementsAre(Pair(0, 2)));
  EXPECT_TRUE(RetrievalPairs(2, [](int) { return FeatureSet{}; }).empty());
}

class ReadPairsTest : public ::testing::Test {
 protected:
  ~ReadPairsTest() override { std::filesystem::remove(path_); }
  std::vector<PhotographPair> Read(const std::string& text) {
    std::ofstream(path_) << text;
    return ReadPairs(path_, {"a.jpg", "x/b.jpg", "c.jpg"});
  }
  void Refused(const std::string& text, const std::string& reason) {
    try {
      Read(text);
      ADD_FAILURE() << text;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(reason));
    }
  }
  const std::string path_ = std::filesystem::temp_directory_path() /
                            ("tiepoint_read_pairs_" + std::to_string(getpid()));
};

TEST_F(ReadPairsTest, TwoNamesALine) {
  EXPECT_THAT(Read("# pairs\nc.jpg a.jpg\n\nx/b.jpg c.jpg\na.jpg c.jpg\r\n"),
              ElementsAre(Pair(0, 2), Pair(1, 2)));
}

TEST_F(ReadPairsTest, BadLinesAreNamed) {
  Refused("a.jpg c.jpg\na.jpg\n", ":2: is not two names");
  Refused("a.jpg x/b.jpg c.jpg\n", ":1: is not two names");
  Refused("a.jpg b.jpg\n", "no photograph b.jpg");
  Refused("a.jpg a.jpg\n", "itself");
  Refused("\n", "holds no pairs");
  EXPECT_THROW(ReadPairs("/no/such/file", {}), InputError);
}

}  // namespace
}  // namespace tiepoint
