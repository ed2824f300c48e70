// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/extract_many.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/image/read_image.h"
#include "tiepoint/pipeline/extract.h"
#include "tiepoint/pipeline/memory.h"
#include "tiepoint/pipeline/tiny_models.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class ExtractManyTest : public ::testing::Test {
 protected:
  ExtractManyTest()
      : folder_(fs::temp_directory_path() /
                ("tiepoint_many_test_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
    WriteTinyModels(folder_);
    extractor_.models = folder_;
  }
  ~ExtractManyTest() override { fs::remove_all(folder_); }

  std::string Picture(const std::string& name, int seed, int width = 200,
                      int height = 150) const {
    cv::Mat pixels(height, width, CV_32FC1, cv::Scalar(128));
    cv::RNG random(seed);
    for (const double sigma : {1.5, 3.0, 6.0}) {
      cv::Mat noise(height, width, CV_32FC1);
      random.fill(noise, cv::RNG::NORMAL, 0, 1);
      cv::GaussianBlur(noise, noise, {}, sigma);
      pixels += noise * (60 * sigma);
    }
    pixels.convertTo(pixels, CV_8U);
    const std::string path = folder_ / name;
    EXPECT_TRUE(cv::imwrite(path, pixels));
    return path;
  }
  Steps Make(const std::string& preset) const {
    return MakeSteps(ParsePreset(preset), extractor_);
  }
  static std::vector<ExtractedPhotograph> All(
      const std::vector<std::string>& paths, const Steps& steps,
      bool overlap = true) {
    std::vector<ExtractedPhotograph> all;
    ExtractMany(
        paths, steps, {.max_keypoints = 100, .overlap = overlap}, [](int) {},
        [&](const ExtractedPhotograph& photograph) {
          all.push_back(photograph);
        });
    return all;
  }

  fs::path folder_;
  ExtractorOptions extractor_;
};

void ExpectEqual(const FeatureSet& a, const FeatureSet& b) {
  EXPECT_EQ(a.keypoints, b.keypoints);
  EXPECT_EQ(a.descriptors.data, b.descriptors.data);
  EXPECT_EQ(a.image_width, b.image_width);
}

TEST_F(ExtractManyTest, IsExtractOfEachInOrder) {
  std::vector<std::string> paths;
  paths.reserve(13);
  for (int i = 0; i < 12; ++i) {
    paths.push_back(Picture(std::to_string(i) + (i % 2 ? ".png" : ".jpg"), i,
                            100 + 37 * (i % 4), 120 + 20 * (i % 3)));
  }
  std::ofstream(folder_ / "bad.png") << "no picture";
  paths.insert(paths.begin() + 5, folder_ / "bad.png");
  for (const char* preset : {"default", "lift/lift/deepdesc", "rootsift"}) {
    const Steps steps = Make(preset);
    for (const bool overlap : {true, false}) {
      const auto all = All(paths, steps, overlap);
      ASSERT_EQ(all.size(), paths.size());
      for (int i = 0; i < std::ssize(all); ++i) {
        EXPECT_EQ(all[i].index, i);
        if (i == 5) {
          EXPECT_FALSE(all[i].features);
          EXPECT_THAT(all[i].error, HasSubstr("bad.png"));
          continue;
        }
        ASSERT_TRUE(all[i].features) << all[i].error;
        ExpectEqual(*all[i].features, Extract(ReadImage(paths[i]), steps, 100));
      }
    }
  }
}

TEST_F(ExtractManyTest, WhatTheReceiverThrowsEndsIt) {
  std::vector<std::string> paths(50, Picture("a.png", 1));
  int taken = 0;
  const auto run = [&] {
    ExtractMany(
        paths, Make("default"), {}, [](int) {},
        [&](const ExtractedPhotograph&) {
          if (++taken == 3) throw InputError("the disk is full");
        });
  };
  EXPECT_THAT(run, ThrowsMessage<InputError>(HasSubstr("disk")));
  EXPECT_EQ(taken, 3);
}

TEST_F(ExtractManyTest, AnInterruptKeepsWhatWasExtracted) {
  const std::vector<std::string> paths(50, Picture("a.png", 1));
  // The flag stays: in a process of its own.
  const auto run = [&] {
    int begun = 0, taken = 0;
    try {
      ExtractMany(
          paths, Make("default"), {},
          [&](int i) {
            begun = i;
            if (i == 5) RequestInterrupt();
          },
          [&](const ExtractedPhotograph&) { ++taken; });
    } catch (const Interrupted&) {
      std::exit(begun == 5 && taken == 5 ? 130 : 1);
    }
    std::exit(2);
  };
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(run(), ::testing::ExitedWithCode(130), "");
}

// Strips of any height, as much memory as there is.
TEST_F(ExtractManyTest, MemoryDoesNotChangeFeatures) {
  const std::string path = Picture("large.png", 1, 700, 1100);
  const Image image = ReadImage(path);
  for (const char* preset : {"default", "lift/lift/deepdesc"}) {
    Steps steps = Make(preset);
    const FeatureSet whole = Extract(image, steps, 300);
    ASSERT_EQ(whole.keypoints.size(), 300u);
    const int64_t least = kProgramMemory + LeastMemory(700, 1100, false, steps);
    for (const int64_t more : {0, 1 << 20, 4 << 20, 10 << 20}) {
      steps.memory = least + more;
      ExpectEqual(Extract(image, steps, 300), whole);
      // What others hold is not there.
      steps.memory += 1000;
      ExpectEqual(Extract(image, steps, 300, nullptr, 1000), whole);
    }
    steps.memory = least - 1;
    EXPECT_THAT([&] { Extract(image, steps, 300); },
                ThrowsMessage<InputError>(
                    AllOf(HasSubstr(path), HasSubstr("--memory"))));
    // The message names enough.
    const auto all = All({path, Picture("small.png", 2)}, steps);
    EXPECT_FALSE(all[0].features);
    EXPECT_TRUE(all[1].features) << all[1].error;
    steps.memory = ParseMemory(MemoryText(least));
    EXPECT_TRUE(All({path}, steps)[0].features);
  }
}

TEST_F(ExtractManyTest, TooLittleMemoryToReadIsKnownBefore) {
  const std::string path = Picture("a.jpg", 1, 2000, 1500);
  Steps steps = Make("default");
  steps.memory = kProgramMemory + (10 << 20);
  EXPECT_THAT([&] { CheckReading(path, {}, steps, 0); },
              ThrowsMessage<InputError>(
                  AllOf(HasSubstr(path), HasSubstr("to be read"))));
  EXPECT_THAT(All({path}, steps)[0].error, HasSubstr("to be read"));
  steps.memory += 20 << 20;
  CheckReading(path, {}, steps, 0);
}

// OpenCV's detectors look at whole photographs.
TEST_F(ExtractManyTest, StepsThatCannotBeCutKeepTheirLimit) {
  Image image;
  image.path = "large.png";
  image.width = image.gray.width = 10000;
  image.height = image.gray.height = 10000;
  for (const char* preset : {"sift", "jet/sift/rootsift", "jet/none/sift"}) {
    EXPECT_THAT([&] { Extract(image, Make(preset), 100); },
                ThrowsMessage<InputError>(HasSubstr("too many to work on")))
        << preset;
  }
}

}  // namespace
}  // namespace tiepoint
