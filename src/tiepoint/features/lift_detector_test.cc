// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/lift_detector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/random.h"
#include "tiepoint/image/filter.h"

namespace tiepoint {
namespace {

// A detector of bright and dark blobs: |Laplacian of Gaussian| of width f level
// pixels. A blob of sigma s > camera blur c has at spacing p, where levels are
// blurred by one level pixel, the variance q + 1 with q = (s^2 - c^2) / p^2,
// and the response q / (q + 1 + f^2)^2: largest at q = 1 + f^2. With 1 + f^2 =
// kPixelsPerScale^2 the scale of that level is sqrt(s^2 - c^2).
Model BlobModel() {
  constexpr int kSize = 25, kRadius = 12;
  const double f2 = kPixelsPerScale * kPixelsPerScale - 1;
  std::vector<double> kernel;
  for (int y = -kRadius; y <= kRadius; ++y) {
    for (int x = -kRadius; x <= kRadius; ++x) {
      const double r2 = x * x + y * y;
      kernel.push_back((2 - r2 / f2) * std::exp(-r2 / (2 * f2)));
    }
  }
  const double mean =
      std::accumulate(kernel.begin(), kernel.end(), 0.0) / kernel.size();
  Model model;
  model.spec = NetworkSpecFromJson(
      R"({"architecture": "blobs", "input": [1, 48, 48], "layers": [
          {"type": "conv", "name": "c", "out": 16, "kernel": 25},
          {"type": "ghh", "sums": 4, "maxes": 4}]})");
  Tensor weight{{16, 1, kSize, kSize}, std::vector<float>(16 * kernel.size())};
  for (size_t i = 0; i < kernel.size(); ++i) {
    weight.data[i] = static_cast<float>(kernel[i] - mean);
    weight.data[kernel.size() + i] = -weight.data[i];
  }
  model.weights["c.weight"] = weight;
  model.weights["c.bias"] = {{16}, std::vector<float>(16)};
  model.mean = 128;
  model.deviation = 128;
  return model;
}

LiftDetector BlobDetector() { return LiftDetector(BlobModel(), {}); }

// Intensities over the plane, seen by a camera with no blur of its own.
GrayImage Render(int width, int height,
                 const std::function<double(double, double)>& intensity) {
  GrayImage image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      image.At(x, y) = static_cast<float>(intensity(x, y));
    }
  }
  return image;
}

// Noise with structure at all sizes, as photographs have.
GrayImage Noise(int width, int height, uint64_t seed) {
  GrayImage sum(width, height, 128);
  Random random(seed);
  for (const double sigma : {1.5, 3.0, 6.0, 12.0}) {
    GrayImage noise(width, height);
    for (float& v : noise.pixels) v = static_cast<float>(random.Normal());
    noise = GaussianBlur(noise, sigma);
    for (size_t i = 0; i < sum.pixels.size(); ++i) {
      sum.pixels[i] += static_cast<float>(20 * sigma) * noise.pixels[i];
    }
  }
  return sum;
}

GrayImage Crop(const GrayImage& image, int left, int top, int width,
               int height) {
  GrayImage crop(width, height);
  for (int y = 0; y < height; ++y) {
    std::copy_n(image.Row(top + y) + left, width, crop.Row(y));
  }
  return crop;
}

std::vector<Keypoint> Detect(const GrayImage& image, int count = 0) {
  return BlobDetector().Detect(ImagePyramid(image), count);
}

TEST(LiftDetector, FindsBlobsWhereTheyAreAtEverySize) {
  double sum_x = 0, sum_y = 0, sum_log_scale = 0;
  int count = 0;
  for (const double sigma : {2.0, 2.6, 3.4, 5.0, 7.1, 10.0}) {
    for (const double fraction : {0.0, 0.25, 0.5, 0.8}) {
      SCOPED_TRACE(testing::Message() << sigma << " " << fraction);
      const int side = static_cast<int>(40 * sigma + 40);
      const int middle = side / 2;
      const double x0 = middle + fraction, y0 = middle - 3 - fraction / 3;
      const double sign = count % 2 ? -1 : 1;
      LiftDetectorOptions options;
      options.scales.first_scale = sigma / 2;  // saves time
      const auto found =
          LiftDetector(BlobModel(), options)
              .Detect(ImagePyramid(Render(
                          side, side + 5,
                          [&](double x, double y) {
                            const double u = (x - x0) / sigma,
                                         v = (y - y0) / sigma;
                            return 120 +
                                   sign * 80 * std::exp(-0.5 * (u * u + v * v));
                          })),
                      1);
      ASSERT_EQ(found.size(), 1u);
      EXPECT_NEAR(found[0].x, x0, 0.1);
      EXPECT_NEAR(found[0].y, y0, 0.1);
      const double scale = std::sqrt(sigma * sigma - kCameraBlur * kCameraBlur);
      EXPECT_NEAR(found[0].scale / scale, 1, 0.1);
      EXPECT_EQ(found[0].angle, 0);
      sum_log_scale += std::log(found[0].scale / scale);
      sum_x += found[0].x - x0;
      sum_y += found[0].y - y0;
      ++count;
    }
  }
  EXPECT_NEAR(sum_x / count, 0, 0.02);
  EXPECT_NEAR(sum_y / count, 0, 0.02);
  EXPECT_NEAR(sum_log_scale / count, 0, 0.02);
}

TEST(LiftDetector, ScoreMapsSayWhatTheFilterSeesAtTheirPlaces) {
  // The response at the centre of a blob equals the formula at the head of
  // this file: a map that lies half a pixel off, or a level that is blurred
  // wrongly, gives less.
  const double sigma = 4;
  const GrayImage image = Render(150, 141, [&](double x, double y) {
    return 100 +
           90 * std::exp(-0.5 * ((x - 75) * (x - 75) + (y - 70) * (y - 70)) /
                         (sigma * sigma));
  });
  const auto maps = BlobDetector().ScoreMaps(ImagePyramid(image));
  ASSERT_GT(maps.size(), 8u);
  const double f2 = kPixelsPerScale * kPixelsPerScale - 1;
  for (const ScoreMap& map : maps) {
    EXPECT_EQ(map.offset, 12);
    const int x = static_cast<int>(std::lround(map.MapFromImage(75)));
    const int y = static_cast<int>(std::lround(map.MapFromImage(70)));
    const double dx = map.ImageFromMap(x) - 75, dy = map.ImageFromMap(y) - 70;
    const double p2 = map.spacing * map.spacing;
    const double added = std::max(p2 - 0.25, 0.0);
    // Variances in level pixels; the filter is -f^4 * laplacian of a Gaussian
    // of mass 2 pi, so that its centre is 2 f^2 / f^2.
    const double v = (sigma * sigma + added) / p2 + f2;
    const double r2 = (dx * dx + dy * dy) / p2;
    const double mass = 2 * M_PI * sigma * sigma / p2 * 90 / 128;
    const double expected =
        mass * f2 * f2 * (2 - r2 / v) / (v * v) * std::exp(-r2 / (2 * v));
    EXPECT_NEAR(map.scores.At(x, y) / expected, 1, 0.03) << map.scale;
  }
}

// How the `count` strongest of `from` that `place` accepts, and moves to the
// other picture, meet the keypoints of `to`: the share of them that has one
// within `tolerance` pixels and 5 % of scale, and the mean difference of those,
// which shows a shift between the pictures that no single one shows.
//
// The share is not 1, even for exact copies of a picture: pixels of the levels
// fall elsewhere, and of two neighbours just 3 level pixels apart sometimes the
// one and sometimes the other suppresses.
struct Follow {
  double share = 0, dx = 0, dy = 0, log_scale = 0;
};

Follow FollowStrongest(const std::vector<Keypoint>& from,
                       const std::vector<Keypoint>& to, int count,
                       double tolerance,
                       const std::function<bool(Keypoint&)>& place) {
  Follow follow;
  int tried = 0, followed = 0;
  for (Keypoint k : from) {
    if (tried == count) break;
    if (!place(k)) continue;
    ++tried;
    const auto match =
        std::find_if(to.begin(), to.end(), [&](const Keypoint& other) {
          return std::hypot(other.x - k.x, other.y - k.y) < tolerance &&
                 std::fabs(std::log(other.scale / k.scale)) < 0.05;
        });
    if (match == to.end()) continue;
    ++followed;
    follow.dx += match->x - k.x;
    follow.dy += match->y - k.y;
    follow.log_scale += std::log(match->scale / k.scale);
  }
  EXPECT_EQ(tried, count);
  follow.share = static_cast<double>(followed) / count;
  follow.dx /= followed;
  follow.dy /= followed;
  follow.log_scale /= followed;
  return follow;
}

void ExpectFollowed(const Follow& follow) {
  EXPECT_GE(follow.share, 0.75);
  EXPECT_NEAR(follow.dx, 0, 0.03);
  EXPECT_NEAR(follow.dy, 0, 0.03);
  // An enlarged picture has more camera blur than is assumed: 1 % at these
  // scales.
  EXPECT_NEAR(follow.log_scale, 0, 0.02);
}

// Whether a keypoint's surroundings, as the detector sees them on the coarsest
// level that judges it, lie inside a picture.
bool Inside(const Keypoint& k, int width, int height) {
  const double reach = 15 * k.scale;
  return k.x > reach && k.y > reach && k.x < width - reach &&
         k.y < height - reach && k.scale < 5;
}

TEST(LiftDetector, KeypointsFollowAShift) {
  const GrayImage scene = Noise(240, 250, 1);
  const auto first = Detect(Crop(scene, 0, 0, 220, 220));
  const auto second = Detect(Crop(scene, 17, 10, 220, 220));
  ExpectFollowed(FollowStrongest(first, second, 60, 0.5, [](Keypoint& k) {
    const bool inside = Inside(k, 220, 220);
    k.x -= 17;
    k.y -= 10;
    return inside && Inside(k, 220, 220);
  }));
}

TEST(LiftDetector, KeypointsFollowAQuarterTurn) {
  const GrayImage scene = Noise(231, 220, 2);
  GrayImage turned(scene.height, scene.width);
  for (int y = 0; y < scene.height; ++y) {
    for (int x = 0; x < scene.width; ++x) {
      turned.At(scene.height - 1 - y, x) = scene.At(x, y);
    }
  }
  const auto first = Detect(scene), second = Detect(turned);
  ExpectFollowed(FollowStrongest(first, second, 60, 0.5, [&](Keypoint& k) {
    const bool inside = Inside(k, scene.width, scene.height);
    std::swap(k.x, k.y);
    k.x = static_cast<float>(scene.height - 1) - k.x;
    return inside;
  }));
}

TEST(LiftDetector, KeypointsFollowAChangeOfScale) {
  const GrayImage scene = Noise(320, 320, 3);
  const auto first = Detect(scene);
  for (const double zoom : {1.3, 1.7}) {
    const auto second = Detect(Resample(scene, 1 / zoom));
    ExpectFollowed(
        FollowStrongest(first, second, 150, 0.5 * zoom, [&](Keypoint& k) {
          // On the finest level lies what is finer too, at that level's scale.
          const bool inside = Inside(k, 320, 320) && k.scale > 2.1;
          k.x = static_cast<float>((k.x + 0.5) * zoom - 0.5);
          k.y = static_cast<float>((k.y + 0.5) * zoom - 0.5);
          k.scale *= static_cast<float>(zoom);
          return inside;
        }));
  }
}

TEST(LiftDetector, StrongestFirstCutAtTheCount) {
  const GrayImage scene = Noise(200, 200, 4);
  const auto all = Detect(scene);
  ASSERT_GT(all.size(), 20u);
  for (size_t i = 1; i < all.size(); ++i) {
    EXPECT_GE(all[i - 1].score, all[i].score);
  }
  const auto few = Detect(scene, 10);
  EXPECT_EQ(few, std::vector<Keypoint>(all.begin(), all.begin() + 10));
}

// A constant that the network adds everywhere is no strength; the power of the
// scale orders the same keypoints anew.
TEST(LiftDetector, ScoresCountFromAPictureWithoutStructure) {
  const ImagePyramid scene(Noise(200, 200, 4));
  LiftDetectorOptions options;
  options.score_scale_power = 0;
  const auto plain = LiftDetector(BlobModel(), options).Detect(scene, 0);
  ASSERT_GT(plain.size(), 20u);
  Model raised = BlobModel();
  for (int i = 0; i < 4; ++i) raised.weights["c.bias"].data[i] += 3;
  const auto same = LiftDetector(raised, options).Detect(scene, 0);
  ASSERT_EQ(same.size(), plain.size());
  for (size_t i = 0; i < plain.size(); ++i) {
    EXPECT_GT(plain[i].score, 0);
    EXPECT_NEAR(same[i].score, plain[i].score, 1e-3 * plain[0].score);
  }
  options.score_scale_power = -0.5;
  auto small_first = LiftDetector(BlobModel(), options).Detect(scene, 0);
  for (Keypoint& k : small_first) k.score *= std::sqrt(k.scale);
  SortByScore(small_first);
  ASSERT_EQ(small_first.size(), plain.size());
  for (size_t i = 0; i < plain.size(); ++i) {
    EXPECT_NEAR(small_first[i].score, plain[i].score, 1e-4 * plain[0].score);
  }
  options.score_scale_power = std::nan("");
  EXPECT_THROW(LiftDetector(BlobModel(), options), InputError);
}

TEST(LiftDetector, OneStructureIsOneKeypoint) {
  const auto found = Detect(Noise(200, 190, 8));
  ASSERT_GT(found.size(), 200u);
  for (size_t i = 0; i < found.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const Keypoint &a = found[i], &b = found[j];
      const double levels = 4 * std::log2(a.scale / b.scale);
      const double pixels = std::hypot(a.x - b.x, a.y - b.y) /
                            std::max(a.scale, b.scale) * kPixelsPerScale;
      EXPECT_FALSE(std::fabs(levels) < 0.99 && pixels < 0.8)
          << a.x << " " << a.y << " " << a.scale << " " << b.scale;
    }
  }
}

// The blur is of the scores: fewer maxima, and none where it is refused.
TEST(LiftDetector, TheBlurOfTheScoresMergesMaxima) {
  const GrayImage scene = Noise(200, 190, 9);
  LiftDetectorOptions options;
  size_t found[2] = {};
  for (const double blur : {0.0, 2.0}) {
    options.score_blur = blur;
    found[blur > 0] = LiftDetector(BlobModel(), options)
                          .Detect(ImagePyramid(scene), 0)
                          .size();
  }
  ASSERT_GT(found[1], 20u);
  EXPECT_LT(found[1], found[0]);
  for (const double bad : {-1.0, 9.0, std::nan("")}) {
    options.score_blur = bad;
    EXPECT_THROW(LiftDetector(BlobModel(), options), InputError) << bad;
  }
}

TEST(LiftDetector, BorderKeepsTheSquareInside) {
  const GrayImage scene = Noise(200, 180, 5);
  LiftDetectorOptions options;
  size_t found[2] = {};
  for (const double border : {0.0, 10.0}) {
    options.border = border;
    const auto keypoints =
        LiftDetector(BlobModel(), options).Detect(ImagePyramid(scene), 0);
    found[border > 0] = keypoints.size();
    for (const Keypoint& k : keypoints) {
      EXPECT_GE(k.x - border * k.scale, -0.5);
      EXPECT_GE(k.y - border * k.scale, -0.5);
      EXPECT_LE(k.x + border * k.scale, 199.5);
      EXPECT_LE(k.y + border * k.scale, 179.5);
    }
  }
  EXPECT_GT(found[0], found[1]);
  EXPECT_GT(found[1], 0u);
}

// All that is strong lies at the border, where nothing is kept.
TEST(LiftDetector, WeakKeypointsFillUpWhatTheBorderTakes) {
  const GrayImage scene = Render(240, 240, [](double x, double y) {
    const auto blob = [&](double u, double v) {
      return std::exp(-((x - u) * (x - u) + (y - v) * (y - v)) / 32);
    };
    double strong = 0;
    for (int k = 0; k < 12; ++k) strong += blob(50, 15 + 19 * k);
    return 100 + 100 * strong + 10 * (blob(120, 90) + blob(120, 150));
  });
  LiftDetectorOptions options;
  options.border = 18;
  const auto found =
      LiftDetector(BlobModel(), options).Detect(ImagePyramid(scene), 2);
  ASSERT_EQ(found.size(), 2u);
  for (const Keypoint& k : found) EXPECT_NEAR(k.x, 120, 0.5);
}

TEST(LiftDetector, AnyCountMayBeAskedFor) {
  const GrayImage scene = Noise(120, 120, 4);
  EXPECT_EQ(Detect(scene, std::numeric_limits<int>::max()), Detect(scene));
}

TEST(LiftDetector, NothingInBlankAndTinyPictures) {
  for (const float value : {0.0f, 77.0f, 255.0f}) {
    EXPECT_TRUE(Detect(GrayImage(150, 120, value)).empty());
  }
  for (const auto& [width, height] : std::vector<std::pair<int, int>>{
           {1, 1}, {5, 7}, {1, 300}, {13, 13}, {14, 14}}) {
    EXPECT_TRUE(Detect(Noise(width, height, 6)).empty()) << width;
  }
}

TEST(LiftDetector, DoesNotDependOnTheNumberOfThreads) {
  const GrayImage scene = Noise(170, 210, 7);
  SetNumThreads(1);
  const auto one = Detect(scene);
  SetNumThreads(5);
  const auto five = Detect(scene);
  SetNumThreads(0);
  EXPECT_EQ(one, five);
}

TEST(LiftDetector, RefusesOtherNetworksAndBadOptions) {
  const auto refuse = [](const std::function<void(Model&)>& spoil) {
    Model model = BlobModel();
    spoil(model);
    EXPECT_THROW(LiftDetector(model, {}), InputError);
  };
  refuse([](Model& m) { m.spec.layers.pop_back(); });  // 16 scores a pixel
  refuse([](Model& m) { m.spec.layers[0].stride = 2; });
  refuse([](Model& m) { m.spec.layers[0].padding = 12; });
  refuse([](Model& m) { m.per_patch = true; });
  refuse([](Model& m) { m.weights.clear(); });
  refuse([](Model& m) {
    LayerSpec pool;
    pool.type = LayerSpec::Type::kMaxPool;
    pool.kernel = 2;
    m.spec.layers.push_back(pool);
  });
  LiftDetectorOptions options;
  options.border = -1;
  EXPECT_THROW(LiftDetector(BlobModel(), options), InputError);
  options = {};
  options.scales.levels_per_octave = 0;
  EXPECT_THROW(LiftDetector(BlobModel(), options), InputError);
}

}  // namespace
}  // namespace tiepoint
