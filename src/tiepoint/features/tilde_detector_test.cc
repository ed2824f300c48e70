// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/tilde_detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/random.h"
#include "tiepoint/features/grad_luv.h"
#include "tiepoint/network/naive_network.h"

namespace tiepoint {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TildeFilters RandomFilters(int sums, int maxes, int channels, int size,
                           double unit) {
  TildeFilters tilde;
  tilde.sums = sums;
  tilde.maxes = maxes;
  tilde.channels = channels;
  tilde.size = size;
  Random random(11);
  tilde.filters.resize(static_cast<size_t>(sums) * maxes * channels * size *
                       size);
  tilde.bias.resize(static_cast<size_t>(sums) * maxes);
  for (double& w : tilde.filters) w = unit * random.Normal();
  for (double& b : tilde.bias) b = 200 * unit * random.Normal();
  return tilde;
}

struct Picture {
  GrayImage gray;
  std::vector<uint8_t> bgr;
  ImagePyramid Pyramid() const { return ImagePyramid(gray, bgr); }
};

Picture RandomPicture(int width, int height) {
  Picture picture{GrayImage(width, height), {}};
  Random random(3);
  for (float& v : picture.gray.pixels) {
    v = static_cast<float>(random.Integer(256));
    for (int c = 0; c < 3; ++c) {
      picture.bgr.push_back(static_cast<uint8_t>(random.Integer(256)));
    }
  }
  return picture;
}

// Every step of the definition by plain loops in double, from the channels on.
std::vector<double> PlainScores(const std::vector<GrayImage>& channels,
                                const TildeFilters& t) {
  const int width = channels[0].width, height = channels[0].height;
  const auto repeat_edge = [](int i, int n) {
    while (i < 0 || i >= n) i = i < 0 ? -1 - i : 2 * n - 1 - i;
    return i;
  };
  const auto mirror = [](int i, int n) {
    while (i < 0 || i >= n) i = i < 0 ? -i : 2 * n - 2 - i;
    return i;
  };
  std::vector<double> scores(static_cast<size_t>(width) * height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      double score = 0;
      for (int n = 0; n < t.sums; ++n) {
        double largest = -1e300;
        for (int m = 0; m < t.maxes; ++m) {
          double sum = t.bias[n * t.maxes + m];
          const double* w =
              t.filters.data() + static_cast<size_t>(n * t.maxes + m) *
                                     t.channels * t.size * t.size;
          for (int c = 0; c < t.channels; ++c) {
            for (int i = 0; i < t.size; ++i) {
              for (int j = 0; j < t.size; ++j) {
                sum += *w++ *
                       channels[c].At(repeat_edge(x + j - t.size / 2, width),
                                      repeat_edge(y + i - t.size / 2, height));
              }
            }
          }
          largest = std::max(largest, sum);
        }
        score += n % 2 == 0 ? -largest : largest;
      }
      scores[static_cast<size_t>(y) * width + x] = score;
    }
  }
  std::vector<double> kernel;
  double total = 0;
  for (int d = -10; d <= 10; ++d) {
    kernel.push_back(std::exp(-d * d / 8.0));
    total += kernel.back();
  }
  std::vector<double> blurred(scores.size());
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      double sum = 0;
      for (int i = -10; i <= 10; ++i) {
        for (int j = -10; j <= 10; ++j) {
          sum += kernel[i + 10] * kernel[j + 10] *
                 scores[static_cast<size_t>(mirror(y + i, height)) * width +
                        mirror(x + j, width)];
        }
      }
      blurred[static_cast<size_t>(y) * width + x] = sum / (total * total);
    }
  }
  return blurred;
}

struct Case {
  int width, height, sums, maxes, channels, size;
};

class TildeDetectorTest : public testing::TestWithParam<Case> {};

// Also beyond one tile of the transforms, for pictures smaller than a filter,
// and with the tiny weights of the released scenes.
TEST_P(TildeDetectorTest, ScoresEqualPlainLoops) {
  const Case p = GetParam();
  const double unit = 1e-15;
  const TildeFilters tilde =
      RandomFilters(p.sums, p.maxes, p.channels, p.size, unit);
  const Picture picture = RandomPicture(p.width, p.height);
  std::vector<GrayImage> channels = {picture.gray};
  if (p.channels == 6) {
    std::vector<GrayImage> planes(3, GrayImage(p.width, p.height));
    for (size_t i = 0; i < picture.bgr.size(); ++i) {
      planes[i % 3].pixels[i / 3] = picture.bgr[i];
    }
    channels = GradLuv(planes);
  }
  const std::vector<double> expected = PlainScores(channels, tilde);
  const TildeDetector detector(tilde);
  const GrayImage map = detector.ScoreMap(picture.Pyramid());
  ASSERT_EQ(map.pixels.size(), expected.size());
  double largest = 0;
  for (const double v : expected) largest = std::max(largest, std::abs(v));
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(map.pixels[i] * detector.ScoreUnit(), expected[i],
                3e-6 * largest)
        << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, TildeDetectorTest,
                         testing::Values(Case{30, 22, 4, 4, 6, 21},
                                         Case{9, 12, 2, 3, 6, 21},
                                         Case{150, 20, 3, 1, 1, 21},
                                         Case{24, 130, 1, 2, 6, 5}));

SeparableTilde RandomProducts(int channels, int size, int rank, double unit) {
  SeparableTilde tilde;
  tilde.sums = 3;
  tilde.maxes = 5;
  tilde.channels = channels;
  tilde.size = size;
  tilde.rank = rank;
  Random random(5);
  const size_t products = static_cast<size_t>(channels) * rank;
  tilde.lines.resize(2 * products * size);
  tilde.coefficients.resize(15 * products);
  tilde.bias.resize(15);
  for (double& w : tilde.lines) w = 1e-4 * random.Normal();
  for (double& w : tilde.coefficients) w = 1e8 * unit * random.Normal();
  for (double& b : tilde.bias) b = 200 * unit * random.Normal();
  return tilde;
}

struct SeparableCase {
  int width, height, channels, size, rank;
  bool colour = true;
  double resize_ratio = 1;
};

class SeparableTildeDetectorTest
    : public testing::TestWithParam<SeparableCase> {};

// Line by line the scores are those of the filters multiplied out. Also beyond
// one part (256 x 128 pixels), for pictures smaller than a filter, gray ones,
// resized ones, and lines of any length.
TEST_P(SeparableTildeDetectorTest, ScoresEqualThoseOfDenseFilters) {
  const SeparableCase p = GetParam();
  SeparableTilde tilde = RandomProducts(p.channels, p.size, p.rank, 1e-15);
  tilde.resize_ratio = p.resize_ratio;
  ASSERT_EQ(tilde.Validate(), "");
  Picture picture = RandomPicture(p.width, p.height);
  if (!p.colour) picture.bgr.clear();
  const TildeDetector detector(tilde), dense(DenseTilde(tilde));
  EXPECT_EQ(detector.NeedsColour(), dense.NeedsColour());
  const double unit = dense.ScoreUnit();
  ASSERT_NEAR(detector.ScoreUnit() / unit, 1, 1e-6);
  const GrayImage expected = dense.ScoreMap(picture.Pyramid());
  SetNumThreads(1);
  const GrayImage map = detector.ScoreMap(picture.Pyramid());
  ASSERT_EQ(map.width, expected.width);
  ASSERT_EQ(map.height, expected.height);
  float largest = 0;
  for (const float v : expected.pixels) {
    largest = std::max(largest, std::abs(v));
  }
  for (size_t i = 0; i < map.pixels.size(); ++i) {
    ASSERT_NEAR(map.pixels[i], expected.pixels[i], 3e-6 * largest) << i;
  }
  // Whatever the number of threads, to the last bit.
  SetNumThreads(3);
  EXPECT_EQ(detector.ScoreMap(picture.Pyramid()).pixels, map.pixels);
  SetNumThreads(0);
}

INSTANTIATE_TEST_SUITE_P(
    Sizes, SeparableTildeDetectorTest,
    testing::Values(
        SeparableCase{301, 150, 6, 21, 4}, SeparableCase{9, 12, 6, 21, 4},
        SeparableCase{1, 40, 6, 21, 2}, SeparableCase{257, 3, 6, 11, 5},
        SeparableCase{67, 129, 1, 21, 8}, SeparableCase{50, 41, 6, 9, 3, false},
        SeparableCase{33, 70, 6, 1, 1},
        SeparableCase{60, 50, 6, 21, 1, true, 1.5},
        SeparableCase{60, 50, 1, 3, 1, true, 0.5}));

TEST(SeparableTildeDetector, RefusesWhatDoesNotFit) {
  SeparableTilde tilde = RandomProducts(6, 9, 2, 1);
  tilde.lines.pop_back();
  EXPECT_THAT([&] { TildeDetector{tilde}; },
              ThrowsMessage<InputError>(HasSubstr("number of weights")));
  tilde = RandomProducts(6, 9, 2, 1);
  tilde.coefficients[7] = NAN;
  EXPECT_THAT([&] { TildeDetector{tilde}; },
              ThrowsMessage<InputError>(HasSubstr("finite")));
  tilde = RandomProducts(6, 9, 2, 1);
  tilde.rank = 0;
  EXPECT_THAT([&] { TildeDetector{tilde}; },
              ThrowsMessage<InputError>(HasSubstr("out of range")));
}

// Keypoints are the strict maxima of the map, strongest first, at scale 10.
TEST(TildeDetector, KeypointsAreTheMaxima) {
  const TildeDetector detector(RandomFilters(4, 4, 6, 7, 1e-9));
  const ImagePyramid pyramid = RandomPicture(80, 60).Pyramid();
  const GrayImage map = detector.ScoreMap(pyramid);
  const auto keypoints = detector.Detect(pyramid, 0);
  size_t maxima = 0;
  for (int y = 1; y + 1 < map.height; ++y) {
    for (int x = 1; x + 1 < map.width; ++x) {
      bool highest = true;
      for (int k = 0; k < 9; ++k) {
        if (k == 4) continue;
        highest &= map.At(x, y) > map.At(x + k % 3 - 1, y + k / 3 - 1);
      }
      maxima += highest;
    }
  }
  ASSERT_GT(maxima, 10u);
  ASSERT_EQ(keypoints.size(), maxima);
  for (size_t i = 0; i < keypoints.size(); ++i) {
    const Keypoint& k = keypoints[i];
    EXPECT_EQ(k.scale, 10);
    EXPECT_EQ(k.angle, 0);
    const float score = map.At(static_cast<int>(k.x), static_cast<int>(k.y));
    EXPECT_FLOAT_EQ(k.score, static_cast<float>(score * detector.ScoreUnit()));
    EXPECT_LE(k.score, keypoints[i == 0 ? 0 : i - 1].score);
  }
  const auto five = detector.Detect(pyramid, 5);
  EXPECT_EQ(five,
            std::vector<Keypoint>(keypoints.begin(), keypoints.begin() + 5));
}

TEST(TildeDetector, TheNumberOfThreadsChangesNothing) {
  const TildeDetector detector(RandomFilters(2, 2, 6, 9, 1));
  const ImagePyramid pyramid = RandomPicture(260, 140).Pyramid();
  SetNumThreads(1);
  const auto one = detector.Detect(pyramid, 0);
  SetNumThreads(3);
  EXPECT_EQ(detector.Detect(pyramid, 0), one);
  SetNumThreads(0);
}

TEST(TildeDetector, WithoutColourGrayCounts) {
  const TildeDetector detector(RandomFilters(2, 2, 6, 9, 1));
  EXPECT_TRUE(detector.NeedsColour());
  EXPECT_FALSE(TildeDetector(RandomFilters(2, 2, 1, 9, 1)).NeedsColour());
  Picture picture = RandomPicture(40, 40);
  for (size_t i = 0; i < picture.bgr.size(); ++i) {
    picture.bgr[i] = static_cast<uint8_t>(picture.gray.pixels[i / 3]);
  }
  const auto coloured = detector.Detect(picture.Pyramid(), 0);
  EXPECT_EQ(detector.Detect(ImagePyramid(picture.gray), 0), coloured);
  EXPECT_FALSE(coloured.empty());
}

// Resized to twice the pixels, positions come back in the photograph's own.
TEST(TildeDetector, PositionsAreDividedByTheResizeRatio) {
  TildeFilters tilde = RandomFilters(2, 2, 1, 9, 1);
  tilde.resize_ratio = 2;
  const TildeDetector detector(tilde);
  const ImagePyramid pyramid = RandomPicture(30, 20).Pyramid();
  const GrayImage map = detector.ScoreMap(pyramid);
  EXPECT_EQ(map.width, 60);
  EXPECT_EQ(map.height, 40);
  for (const Keypoint& k : detector.Detect(pyramid, 0)) {
    EXPECT_LT(k.x, 30);
    EXPECT_FLOAT_EQ(k.score,
                    static_cast<float>(map.At(static_cast<int>(2 * k.x),
                                              static_cast<int>(2 * k.y)) *
                                       detector.ScoreUnit()));
  }
}

TEST(TildeDetector, RefusesWhatDoesNotFit) {
  const auto refuse = [](auto change, const char* why) {
    TildeFilters tilde = RandomFilters(2, 2, 6, 9, 1);
    change(tilde);
    EXPECT_THAT([&] { TildeDetector{tilde}; },
                ThrowsMessage<InputError>(HasSubstr(why)));
  };
  refuse([](TildeFilters& t) { t.bias.pop_back(); }, "number of weights");
  refuse([](TildeFilters& t) { t.filters.push_back(0); }, "number of weights");
  refuse([](TildeFilters& t) { t.channels = 3; }, "1 or 6 channels");
  refuse([](TildeFilters& t) { t.size = 8; }, "odd");
  refuse([](TildeFilters& t) { t.filters[3] = NAN; }, "finite");
  refuse([](TildeFilters& t) { t.resize_ratio = 0; }, "ratio");
}

// A picture of one value has no maximum.
TEST(TildeDetector, NothingToSeeIsAnAnswer) {
  const TildeDetector detector(RandomFilters(4, 4, 6, 21, 1));
  EXPECT_TRUE(detector.Detect(ImagePyramid(GrayImage(1, 1, 9)), 0).empty());
  EXPECT_TRUE(detector.Detect(ImagePyramid(GrayImage(2, 50, 9)), 0).empty());
}

// The signs of a model begin with +, those of TILDE's files with -: the same
// function of a window all the same.
TEST(TildeFilters, OfAModelAreTheSameFunction) {
  Random random(4);
  Model model;
  LayerSpec conv, ghh;
  conv.type = LayerSpec::Type::kConv;
  conv.name = "conv";
  conv.out = 16;
  conv.kernel = 5;
  ghh.type = LayerSpec::Type::kGhh;
  model.spec = {"tilde", {6, 5, 5}, {conv, ghh}};
  const auto draw = [&](const std::vector<int64_t>& shape) {
    Tensor tensor{shape, {}};
    for (int64_t i = 0; i < tensor.Size(); ++i) {
      tensor.data.push_back(static_cast<float>(random.Normal()));
    }
    return tensor;
  };
  model.weights["conv.weight"] = draw({16, 6, 5, 5});
  model.weights["conv.bias"] = draw({16});
  const TildeFilters filters = TildeFiltersOf(model);
  ASSERT_EQ(filters.Validate(), "");
  for (int trial = 0; trial < 5; ++trial) {
    const std::vector<float> window = draw({6, 5, 5}).data;
    double sum = 0;
    for (int n = 0; n < 4; ++n) {
      double largest = -1e30;
      for (int m = 0; m < 4; ++m) {
        const int f = 4 * n + m;
        double response = filters.bias[f];
        for (int i = 0; i < 150; ++i) {
          response += filters.filters[f * 150 + i] * window[i];
        }
        largest = std::max(largest, response);
      }
      sum += (n % 2 == 0 ? -1 : 1) * largest;
    }
    EXPECT_NEAR(RunNaive(model, model.spec.input, window)[0], sum, 1e-3);
  }
  model.spec.layers.pop_back();
  EXPECT_THROW(TildeFiltersOf(model), InputError);
}

}  // namespace
}  // namespace tiepoint
