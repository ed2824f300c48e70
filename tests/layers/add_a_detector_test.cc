// SPDX-License-Identifier: Apache-2.0
// The detector printed in docs/add_a_detector.md, taken from that page.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "blob_detector.h"

namespace {

TEST(AddADetector, FindsABlobWhereItIs) {
  constexpr double kX = 60.3, kY = 70.6, kSigma = 4;
  tiepoint::GrayImage image(128, 120, 50);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const double r2 = (x - kX) * (x - kX) + (y - kY) * (y - kY);
      image.At(x, y) +=
          static_cast<float>(150 * std::exp(-r2 / (2 * kSigma * kSigma)));
    }
  }
  const std::unique_ptr<tiepoint::Detector> detector =
      std::make_unique<BlobDetector>();
  const auto found = detector->Detect(tiepoint::ImagePyramid(image), 1);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NEAR(found[0].x, kX, 0.1);
  EXPECT_NEAR(found[0].y, kY, 0.1);
  EXPECT_NEAR(found[0].scale, kSigma, 0.4);
}

}  // namespace
