// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/grad_luv.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

std::vector<GrayImage> RandomPlanes(int count, int width, int height) {
  std::vector<GrayImage> planes(count, GrayImage(width, height));
  Random random(7);
  for (GrayImage& plane : planes) {
    for (float& v : plane.pixels) v = static_cast<float>(random.Integer(256));
  }
  return planes;
}

// Black: no gradient, L 0, and u, v at their offsets 134 255 / 354 and
// 140 255 / 256. White: Y = 1, so L = 100.
TEST(GradLuv, BlackAndWhite) {
  const auto black = GradLuv({GrayImage(7, 6, 0)});
  ASSERT_EQ(black.size(), 6u);
  const float expected[] = {128, 128, 0, 0, 96.5254f, 139.4531f};
  for (int c = 0; c < 6; ++c) {
    for (const float v : black[c].pixels) EXPECT_NEAR(v, expected[c], 1e-3);
  }
  const auto white = GradLuv({GrayImage(7, 6, 255)});
  EXPECT_NEAR(white[3].At(3, 3), 255, 0.3);  // Y comes in steps of 1/1024
  // Gray is not exactly u = v = 0: the white point is rounded.
  EXPECT_NEAR(white[4].At(3, 3), 96.5, 0.5);
  EXPECT_NEAR(white[5].At(3, 3), 139.5, 0.5);
}

// A pure red pixel by hand: X, Y, Z = .430574, .222015, .020183; Y falls to
// 227 / 1024, L = 116 (227/1024)^(1/3) - 16 = 54.2049;
// u' = 4 X / (X + 15 Y + 3 Z) = .450714, v' = .522883.
TEST(GradLuv, Red) {
  const auto red =
      GradLuv({GrayImage(5, 5, 0), GrayImage(5, 5, 0), GrayImage(5, 5, 255)});
  const double x = .430574, y = .222015, z = .020183;
  const double l = 116 * std::cbrt(227.0 / 1024) - 16;
  const double c = 1 / (x + 15 * y + 3 * z);
  EXPECT_NEAR(red[3].At(2, 2), 2.55 * l, 1e-3);
  EXPECT_NEAR(red[4].At(2, 2),
              (13 * l * (4 * x * c - 0.197833) + 134) * 255 / 354, 1e-3);
  EXPECT_NEAR(red[5].At(2, 2),
              (13 * l * (9 * y * c - 0.468331) + 140) * 255 / 256, 1e-3);
}

// On a ramp of slope s per pixel to the right: both differences of the filter
// give s (4 * 0.109604 + 2 * 0.276691).
TEST(GradLuv, ARampHasOneGradient) {
  GrayImage ramp(20, 9);
  for (int y = 0; y < ramp.height; ++y) {
    for (int x = 0; x < ramp.width; ++x)
      ramp.At(x, y) = static_cast<float>(3 * x);
  }
  const auto channels = GradLuv({ramp});
  const double slope = 3 * (4 * 0.109604 + 2 * 0.276691);
  EXPECT_NEAR(channels[0].At(10, 4), 128 + 0.5 * slope, 1e-3);
  EXPECT_NEAR(channels[1].At(10, 4), 128, 1e-3);
  EXPECT_NEAR(channels[2].At(10, 4), slope, 1e-3);
}

// Plain 5 x 5 sums with repeated edges, all pixels, the longest gradient of
// three colours.
TEST(GradLuv, EqualsPlainSums) {
  const auto planes = RandomPlanes(3, 13, 11);
  const auto channels = GradLuv(planes);
  const double along[] = {-0.109604, -0.276691, 0, 0.276691, 0.109604};
  const double across[] = {0.037659, 0.249153, 0.426375, 0.249153, 0.037659};
  const auto mirror = [](int i, int n) {
    return i < 0 ? -1 - i : i >= n ? 2 * n - 1 - i : i;
  };
  for (int y = 0; y < 11; ++y) {
    for (int x = 0; x < 13; ++x) {
      double gx = 0, gy = 0, longest = -1;
      for (const GrayImage& plane : planes) {
        double dx = 0, dy = 0;
        for (int i = -2; i <= 2; ++i) {
          for (int j = -2; j <= 2; ++j) {
            const double v = plane.At(mirror(x + j, 13), mirror(y + i, 11));
            dx += across[i + 2] * along[j + 2] * v;
            dy += along[i + 2] * across[j + 2] * v;
          }
        }
        if (std::hypot(dx, dy) > longest) {
          longest = std::hypot(dx, dy);
          gx = dx;
          gy = dy;
        }
      }
      EXPECT_NEAR(channels[0].At(x, y), 0.5 * gx + 128, 1e-3);
      EXPECT_NEAR(channels[1].At(x, y), 0.5 * gy + 128, 1e-3);
      EXPECT_NEAR(channels[2].At(x, y), longest, 1e-3);
    }
  }
}

TEST(GradLuv, OnePlaneStandsForThree) {
  const auto planes = RandomPlanes(1, 12, 10);
  const auto one = GradLuv(planes);
  const auto three = GradLuv({planes[0], planes[0], planes[0]});
  for (int c = 0; c < kGradLuvChannels; ++c) {
    EXPECT_EQ(one[c].pixels, three[c].pixels) << c;
  }
}

// Parts, from planes or from bytes, are the picture's channels less what is
// asked, at its borders as well, and touch nothing else.
TEST(GradLuv, PartsAreThoseOfTheWhole) {
  constexpr int kWidth = 40, kHeight = 23;
  const auto planes = RandomPlanes(3, kWidth, kHeight);
  std::vector<uint8_t> bytes;
  for (int i = 0; i < kWidth * kHeight; ++i) {
    for (const GrayImage& plane : planes) {
      bytes.push_back(static_cast<uint8_t>(plane.pixels[i]));
    }
  }
  const auto whole = GradLuv(planes);
  const float middle[] = {128, 1, 2, 3, 4, 5};
  for (const ColourSource& source :
       {ColourSource(planes), ColourSource(bytes.data(), kWidth, kHeight)}) {
    for (const PicturePart part :
         {PicturePart{0, 0, kWidth, kHeight}, PicturePart{0, 0, 1, 1},
          PicturePart{kWidth - 1, kHeight - 1, 1, 1}, PicturePart{3, 5, 19, 11},
          PicturePart{1, 1, kWidth - 1, 2}}) {
      constexpr int kStride = kWidth + 1, kPlane = kStride * kHeight;
      std::vector<float> out(kGradLuvChannels * kPlane, -1e6f);
      GradLuvOfPart(source, part, middle, out.data(), kStride, kPlane);
      for (int c = 0; c < kGradLuvChannels; ++c) {
        for (int y = 0; y < kHeight; ++y) {
          for (int x = 0; x < kStride; ++x) {
            const float v = out[c * kPlane + y * kStride + x];
            if (x < part.width && y < part.height) {
              ASSERT_NEAR(v, whole[c].At(part.x + x, part.y + y) - middle[c],
                          1e-4);
            } else {
              ASSERT_EQ(v, -1e6f) << c << " " << x << " " << y;
            }
          }
        }
      }
    }
  }
}

TEST(GradLuv, PicturesSmallerThanTheTaps) {
  for (const auto& [width, height] : {std::pair(1, 1), std::pair(2, 7)}) {
    const auto channels = GradLuv({GrayImage(width, height, 60)});
    for (const float v : channels[0].pixels) EXPECT_NEAR(v, 128, 1e-4);
    for (const float v : channels[1].pixels) EXPECT_NEAR(v, 128, 1e-4);
  }
}

}  // namespace
}  // namespace tiepoint
