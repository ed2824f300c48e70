// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/score_strips.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tiepoint/base/error.h"
#include "tiepoint/base/random.h"
#include "tiepoint/features/lift_detector.h"
#include "tiepoint/image/filter.h"
#include "tiepoint/network/random_model.h"

namespace tiepoint {
namespace {

// On jets, by Fourier transforms and by oneDNN: each cuts pictures its own way.
const char* const kNetworks[] = {
    R"({"architecture": "jet", "input": [1, 21, 21], "layers": [
        {"type": "jet"},
        {"type": "conv", "name": "a", "out": 3, "kernel": 1},
        {"type": "relu"},
        {"type": "conv", "name": "b", "out": 1, "kernel": 1}]})",
    R"({"architecture": "filters", "input": [1, 48, 48], "layers": [
        {"type": "conv", "name": "a", "out": 16, "kernel": 25},
        {"type": "ghh", "sums": 4, "maxes": 4}]})",
    R"({"architecture": "layers", "input": [1, 48, 48], "layers": [
        {"type": "conv", "name": "a", "out": 24, "kernel": 5},
        {"type": "relu"},
        {"type": "conv", "name": "b", "out": 1, "kernel": 3}]})"};

GrayImage Texture(int width, int height, uint64_t seed) {
  GrayImage sum(width, height, 128);
  Random random(seed);
  for (const double sigma : {1.0, 2.5, 6.0}) {
    GrayImage noise(width, height);
    for (float& v : noise.pixels) v = static_cast<float>(random.Normal());
    noise = GaussianBlur(noise, sigma);
    for (size_t i = 0; i < sum.pixels.size(); ++i) {
      sum.pixels[i] += static_cast<float>(30 * sigma) * noise.pixels[i];
    }
  }
  return sum;
}

Model ModelOf(const char* json) {
  Model model = RandomModel(json, 3);
  model.mean = 128;
  model.deviation = 64;
  return model;
}

TEST(ScoreStrips, HaveTheScoresOfTheWholePhotograph) {
  const ImagePyramid pyramid(Texture(130, 700, 1));
  for (const char* json : kNetworks) {
    for (const double first_scale : {1.4, kPixelsPerScale}) {
      LiftDetectorOptions options;
      options.scales.first_scale = first_scale;
      options.score_blur = 0.7;
      const Model model = ModelOf(json);
      const InferenceNetwork network(model);
      std::vector<ScoreMap> whole =
          LiftDetector(model, options).ScoreMaps(pyramid);
      const ScoreStrips strips(130, 700, network,
                               {.scales = options.scales.Scales(),
                                .min_level_side = 26,
                                .context = 2 * whole.front().offset,
                                .score_blur = options.score_blur,
                                .maxima = options.maxima});
      for (ScoreMap& map : whole) {
        map.scores = GaussianBlur(map.scores, options.score_blur);
      }
      for (const int count : {1, 2, 3, 7}) {
        std::vector<int> next(whole.size(), 0);
        for (int i = 0; i < count; ++i) {
          std::vector<RowRange> owned;
          const auto maps = strips.Make(pyramid, i, count, &owned);
          ASSERT_EQ(maps.size(), whole.size());
          for (size_t k = 0; k < maps.size(); ++k) {
            const RowsView rows = maps[k].View();
            EXPECT_EQ(rows.height, whole[k].scores.height);
            // Every row belongs to one strip, which has it.
            EXPECT_EQ(owned[k].first, next[k]);
            next[k] = owned[k].end;
            EXPECT_TRUE(owned[k].Empty() ||
                        Join(owned[k], rows.range) == rows.range);
            EXPECT_TRUE(std::equal(maps[k].scores.pixels.begin(),
                                   maps[k].scores.pixels.end(),
                                   whole[k].scores.Row(rows.range.first)))
                << json << " level " << k << " strip " << i << "/" << count;
          }
        }
        for (size_t k = 0; k < whole.size(); ++k) {
          EXPECT_EQ(next[k], whole[k].scores.height);
        }
      }
    }
  }
}

TEST(ScoreStrips, LowerStripsTakeLess) {
  const InferenceNetwork network(ModelOf(kNetworks[0]));
  const ScoreStrips strips(1000, 4000, network,
                           {.scales = JetDetectorOptions().scales.Scales(),
                            .context = 20,
                            .maxima = {}});
  EXPECT_EQ(strips.CountWithin(strips.Bytes(1)), 1);
  for (const int count : {2, 5, 20}) {
    EXPECT_LT(strips.Bytes(count), strips.Bytes(count - 1));
    EXPECT_EQ(strips.CountWithin(strips.Bytes(count)), count);
    EXPECT_EQ(strips.CountWithin(strips.Bytes(count) - 1), count + 1);
  }
  EXPECT_LT(strips.LeastBytes(), strips.Bytes(1) / 10);
  EXPECT_GT(strips.CountWithin(strips.LeastBytes()), 20);
  EXPECT_EQ(strips.CountWithin(strips.LeastBytes() / 2), 0);
}

// Whatever windows, levels and numbers are asked for.
TEST(LiftDetectorInStrips, FindsTheSameKeypoints) {
  for (const char* json : kNetworks) {
    const Model model = ModelOf(json);
    for (int variant = 0; variant < 5; ++variant) {
      LiftDetectorOptions options = JetDetectorOptions();
      if (variant == 1) options = {};
      if (variant == 2) options.maxima = {.radius = 3, .neighbour_levels = 2};
      if (variant == 3) options.maxima.finest_levels = false;
      if (variant == 4) {
        options.scales.levels_per_octave = 1;
        options.maxima.radius = 2;
        options.border = 0;
        options.score_blur = 0;
      }
      const LiftDetector detector(model, options);
      const ImagePyramid pyramid(Texture(150 + variant, 505, variant));
      const int64_t least = *detector.LeastMemory(150 + variant, 505);
      // 60: fewer than the promising maxima leave; 1000: more.
      for (const int wanted : {0, 60, 1000}) {
        const auto whole = detector.Detect(pyramid, wanted);
        ASSERT_FALSE(whole.empty()) << json << variant;
        for (const double times : {1.0, 1.4, 2.0}) {
          EXPECT_EQ(detector.DetectWithin(static_cast<int64_t>(least * times),
                                          pyramid, wanted),
                    whole)
              << json << variant << " " << wanted << " " << times;
        }
      }
    }
  }
}

}  // namespace
}  // namespace tiepoint
