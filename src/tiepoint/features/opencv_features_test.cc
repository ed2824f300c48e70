// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/opencv_features.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <opencv2/features2d.hpp>
#include <tuple>

#include "tiepoint/base/error.h"
#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

constexpr double kDegree = std::numbers::pi / 180;

// Soft blobs and bars of all sizes and directions, whole intensities.
GrayImage Texture(int width, int height, uint64_t seed) {
  GrayImage image(width, height, 120);
  Random random(seed);
  for (int k = 0; k < width * height / 150; ++k) {
    const double x0 = random.Uniform(0, width);
    const double y0 = random.Uniform(0, height);
    const double a = random.Uniform(1, 7);
    const double b = a * random.Uniform(0.3, 1);
    const double angle = random.Uniform(0, 2 * std::numbers::pi);
    const double contrast = random.Uniform(-70, 70);
    const int reach = static_cast<int>(3 * a);
    for (int y = static_cast<int>(y0) - reach; y <= y0 + reach; ++y) {
      for (int x = static_cast<int>(x0) - reach; x <= x0 + reach; ++x) {
        if (x < 0 || y < 0 || x >= width || y >= height) continue;
        const double u =
            (std::cos(angle) * (x - x0) + std::sin(angle) * (y - y0)) / a;
        const double v =
            (-std::sin(angle) * (x - x0) + std::cos(angle) * (y - y0)) / b;
        image.At(x, y) +=
            static_cast<float>(contrast * std::exp(-(u * u + v * v) / 2));
      }
    }
  }
  for (float& v : image.pixels) v = std::round(std::clamp(v, 0.0f, 255.0f));
  return image;
}

cv::Mat AsMat(const GrayImage& image) {
  cv::Mat result(image.height, image.width, CV_8U);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      result.at<uint8_t>(y, x) = static_cast<uint8_t>(image.At(x, y));
    }
  }
  return result;
}

// Largest difference between the row and OpenCV's.
double Difference(const DescriptorMatrix& ours, int i, const cv::Mat& theirs,
                  int j) {
  double largest = 0;
  for (int k = 0; k < ours.cols; ++k) {
    largest = std::max(largest, std::abs(static_cast<double>(ours.Row(i)[k]) -
                                         theirs.at<float>(j, k)));
  }
  return largest;
}

using PlaceKey = std::tuple<float, float, float, float>;
PlaceKey Key(const cv::KeyPoint& k) {
  return {k.pt.x, k.pt.y, k.size / 2, WrapAngle(k.angle * kDegree)};
}
PlaceKey Key(const Keypoint& k) { return {k.x, k.y, k.scale, k.angle}; }

TEST(OpenCvFeaturesTest, StrongestFirstAndExactlySoMany) {
  const ImagePyramid pyramid(Texture(400, 300, 1));
  for (const char* name : {"sift", "orb", "akaze", "fast"}) {
    SCOPED_TRACE(name);
    const auto detector = MakeOpenCvDetector(name);
    const auto all = detector->Detect(pyramid, 0);
    ASSERT_GT(all.size(), 150u);
    const auto some = detector->Detect(pyramid, 100);
    EXPECT_EQ(some.size(), 100u);
    for (size_t i = 1; i < some.size(); ++i) {
      EXPECT_GE(some[i - 1].score, some[i].score);
    }
    EXPECT_EQ(detector->Detect(pyramid, 100), some);
    for (const Keypoint& k : all) {
      EXPECT_GE(k.angle, -std::numbers::pi_v<float>);
      EXPECT_LT(k.angle, std::numbers::pi_v<float>);
    }
    if (std::string(name) == "orb") continue;  // a quota for each level
    EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin()));
  }
}

// Dots, which no ring of pixels around them reaches: the score is the contrast
// up to which they stay corners.
TEST(OpenCvFeaturesTest, FastFindsDotsByContrast) {
  GrayImage image(60, 50, 40);
  image.At(20, 15) = 90;
  image.At(44, 30) = 200;
  image.At(10, 40) = 35;
  const auto keypoints =
      MakeOpenCvDetector("fast")->Detect(ImagePyramid(image), 0);
  ASSERT_EQ(keypoints.size(), 3u);
  EXPECT_EQ(keypoints[0], (Keypoint{44, 30, 3.5f, 0, 159}));
  EXPECT_EQ(keypoints[1], (Keypoint{20, 15, 3.5f, 0, 49}));
  EXPECT_EQ(keypoints[2], (Keypoint{10, 40, 3.5f, 0, 4}));
}

TEST(OpenCvFeaturesTest, SiftAtItsOwnKeypointsIsOpenCvs) {
  const GrayImage image = Texture(640, 480, 2);
  const ImagePyramid pyramid(image);
  const auto keypoints = MakeOpenCvDetector("sift")->Detect(pyramid, 0);
  const auto ours = MakeOpenCvDescriptor("sift")->Describe(pyramid, keypoints);

  std::vector<cv::KeyPoint> points;
  cv::Mat theirs;
  cv::SIFT::create(0, 3, 0.01)
      ->detectAndCompute(AsMat(image), cv::noArray(), points, theirs);
  ASSERT_EQ(points.size(), keypoints.size());
  std::map<PlaceKey, int> index;
  for (size_t j = 0; j < points.size(); ++j) index[Key(points[j])] = j;
  int different = 0;
  for (size_t i = 0; i < keypoints.size(); ++i) {
    ASSERT_TRUE(index.contains(Key(keypoints[i])));
    // Whole numbers up to 255; the angle, once in radians and back, may turn
    // the rounding of one.
    different += Difference(ours, i, theirs, index[Key(keypoints[i])]) > 1;
  }
  EXPECT_EQ(different, 0) << "of " << keypoints.size();
}

TEST(OpenCvFeaturesTest, SiftDoesNotDependOnTheOtherKeypoints) {
  const ImagePyramid pyramid(Texture(320, 240, 3));
  auto keypoints = MakeOpenCvDetector("sift")->Detect(pyramid, 0);
  std::sort(keypoints.begin(), keypoints.end(),
            [](const auto& a, const auto& b) { return a.scale > b.scale; });
  const auto descriptor = MakeOpenCvDescriptor("sift");
  const auto all = descriptor->Describe(pyramid, keypoints);
  const auto coarse =
      descriptor->Describe(pyramid, std::span(keypoints).first(10));
  for (int k = 0; k < 10 * 128; ++k) EXPECT_EQ(all.data[k], coarse.data[k]);
}

TEST(OpenCvFeaturesTest, RootSiftHasUnitLengthAndRoots) {
  const ImagePyramid pyramid(Texture(320, 240, 4));
  const auto keypoints = MakeOpenCvDetector("sift")->Detect(pyramid, 50);
  const auto sift = MakeOpenCvDescriptor("sift")->Describe(pyramid, keypoints);
  const auto root =
      MakeOpenCvDescriptor("rootsift")->Describe(pyramid, keypoints);
  for (int i = 0; i < root.rows; ++i) {
    double sum = 0, length = 0;
    for (int k = 0; k < 128; ++k) {
      sum += sift.Row(i)[k];
      length += root.Row(i)[k] * root.Row(i)[k];
    }
    EXPECT_NEAR(length, 1, 1e-5);
    for (int k = 0; k < 128; ++k) {
      EXPECT_NEAR(root.Row(i)[k] * root.Row(i)[k], sift.Row(i)[k] / sum, 1e-6);
    }
  }
}

TEST(OpenCvFeaturesTest, SiftOrientationFindsOpenCvsAngles) {
  const ImagePyramid pyramid(Texture(640, 480, 5));
  const auto keypoints = MakeOpenCvDetector("sift")->Detect(pyramid, 0);
  // One place may carry several angles; the highest peak is one of them.
  std::map<std::tuple<float, float, float>, std::vector<float>> angles;
  for (const auto& k : keypoints)
    angles[{k.x, k.y, k.scale}].push_back(k.angle);
  auto estimated = keypoints;
  for (Keypoint& k : estimated) k.angle = 0;
  MakeOpenCvOrientation("sift")->Estimate(pyramid, estimated);
  int wrong = 0;
  for (const Keypoint& k : estimated) {
    double nearest = 10;
    for (const float angle : angles[{k.x, k.y, k.scale}]) {
      nearest = std::min<double>(nearest, std::abs(WrapAngle(k.angle - angle)));
    }
    wrong += nearest > 0.5 * kDegree;
  }
  EXPECT_LT(wrong, 0.005 * keypoints.size()) << "of " << keypoints.size();
}

TEST(OpenCvFeaturesTest, AnglesTurnWithTheImage) {
  // A bright edge whose gradient points along +y (down): angle +90 degrees.
  GrayImage image(100, 100);
  for (int y = 0; y < 100; ++y) {
    for (int x = 0; x < 100; ++x) {
      image.At(x, y) =
          static_cast<float>(255 / (1 + std::exp(-(y - 50) / 3.0)));
    }
  }
  std::vector<Keypoint> keypoints{{.x = 50, .y = 50, .scale = 3}};
  MakeOpenCvOrientation("sift")->Estimate(ImagePyramid(image), keypoints);
  EXPECT_NEAR(keypoints[0].angle, 90 * kDegree, 1 * kDegree);
}

TEST(OpenCvFeaturesTest, BitsAreOpenCvsBits) {
  const GrayImage image = Texture(640, 480, 6);
  const ImagePyramid pyramid(image);
  for (const char* name : {"orb", "akaze"}) {
    SCOPED_TRACE(name);
    const auto keypoints = MakeOpenCvDetector(name)->Detect(pyramid, 500);
    const auto ours = MakeOpenCvDescriptor(name)->Describe(pyramid, keypoints);
    std::vector<cv::KeyPoint> points;
    cv::Mat theirs;
    cv::Ptr<cv::Feature2D> features;
    if (std::string(name) == "orb") {
      features = cv::ORB::create(500);
    } else {
      features = cv::AKAZE::create(cv::AKAZE::DESCRIPTOR_MLDB, 0, 3, 1e-4f);
    }
    features->detectAndCompute(AsMat(image), cv::noArray(), points, theirs);
    std::map<PlaceKey, int> index;
    for (size_t j = 0; j < points.size(); ++j) index[Key(points[j])] = j;
    ASSERT_EQ(ours.cols, 8 * theirs.cols);
    int different = 0;
    for (int i = 0; i < ours.rows; ++i) {
      ASSERT_TRUE(index.contains(Key(keypoints[i])));
      const uint8_t* bytes = theirs.ptr<uint8_t>(index[Key(keypoints[i])]);
      for (int bit = 0; bit < ours.cols; ++bit) {
        different += ours.Row(i)[bit] !=
                     static_cast<float>(bytes[bit / 8] >> (bit % 8) & 1);
      }
    }
    // The angle's rounding may turn a bit here and there.
    EXPECT_LT(different, 1e-4 * ours.rows * ours.cols);
  }
}

TEST(OpenCvFeaturesTest, BitsOfForeignKeypointsAreRefused) {
  const ImagePyramid pyramid(Texture(200, 200, 7));
  const std::vector<Keypoint> keypoints{{.x = 100, .y = 100, .scale = 2.1f}};
  EXPECT_THROW(MakeOpenCvDescriptor("orb")->Describe(pyramid, keypoints),
               InputError);
  EXPECT_THROW(MakeOpenCvDescriptor("akaze")->Describe(pyramid, keypoints),
               InputError);
}

TEST(OpenCvFeaturesTest, SiftTakesKeypointsOfAnyScale) {
  const ImagePyramid pyramid(Texture(200, 150, 8));
  std::vector<Keypoint> keypoints;
  for (const float scale : {0.01f, 0.5f, 1.0f, 3.0f, 20.0f, 500.0f}) {
    keypoints.push_back({.x = 0, .y = 149, .scale = scale});
    keypoints.push_back({.x = 100, .y = 70, .scale = scale, .angle = -3});
  }
  MakeOpenCvOrientation("sift")->Estimate(pyramid, keypoints);
  const auto rows = MakeOpenCvDescriptor("sift")->Describe(pyramid, keypoints);
  EXPECT_EQ(rows.rows, 12);
  for (const float v : rows.data) EXPECT_TRUE(std::isfinite(v));
}

TEST(OpenCvFeaturesTest, SmallAndFlatImagesHaveNoKeypoints) {
  for (const char* name : {"sift", "orb", "akaze"}) {
    SCOPED_TRACE(name);
    for (const int size : {1, 2, 15, 16, 17, 40, 64}) {
      const ImagePyramid pyramid(GrayImage(size, 2 * size + 1, 128));
      const auto keypoints = MakeOpenCvDetector(name)->Detect(pyramid, 100);
      EXPECT_TRUE(keypoints.empty());
      EXPECT_EQ(MakeOpenCvDescriptor(name)->Describe(pyramid, keypoints).rows,
                0);
    }
    for (const int size : {16, 20, 31, 33, 50}) {
      const ImagePyramid pyramid(Texture(size, size, 9));
      const auto keypoints = MakeOpenCvDetector(name)->Detect(pyramid, 100);
      EXPECT_EQ(MakeOpenCvDescriptor(name)->Describe(pyramid, keypoints).rows,
                static_cast<int>(keypoints.size()));
    }
  }
}

TEST(OpenCvFeaturesTest, OtherNamesAreRefused) {
  EXPECT_THROW(MakeOpenCvDetector("surf"), InputError);
  EXPECT_THROW(MakeOpenCvOrientation("orb"), InputError);
  EXPECT_THROW(MakeOpenCvDescriptor("surf"), InputError);
}

}  // namespace
}  // namespace tiepoint
