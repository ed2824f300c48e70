// SPDX-License-Identifier: Apache-2.0
// A whole training on photographs: the same weights to the last bit, however
// often it is interrupted.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tiepoint/base/random.h"
#include "training/train.h"

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#include <stb_image_write.h>
#pragma GCC diagnostic pop

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

// Gray with bright and dark blobs of many sizes.
std::vector<uint8_t> Blobs(int width, int height, uint64_t seed) {
  Random random(seed);
  std::vector<double> sum(static_cast<size_t>(width) * height, 128);
  for (int blob = 0; blob < 250; ++blob) {
    const double x0 = random.Uniform(0, width), y0 = random.Uniform(0, height);
    const double sigma = std::exp2(random.Uniform(0.7, 3.3));
    const double height_of_it = random.Uniform(-80, 80);
    const int reach = static_cast<int>(3 * sigma);
    for (int y = std::max(0, int(y0) - reach);
         y < std::min(height, int(y0) + reach); ++y) {
      for (int x = std::max(0, int(x0) - reach);
           x < std::min(width, int(x0) + reach); ++x) {
        const double r = (x - x0) * (x - x0) + (y - y0) * (y - y0);
        sum[static_cast<size_t>(y) * width + x] +=
            height_of_it * std::exp(-r / (2 * sigma * sigma));
      }
    }
  }
  std::vector<uint8_t> pixels;
  for (const double v : sum) {
    pixels.push_back(static_cast<uint8_t>(std::clamp(v, 0.0, 255.0)));
  }
  return pixels;
}

class ResumeTest : public ::testing::Test {
 protected:
  ResumeTest() {
    fs::create_directories(folder_ / "photos");
    for (int i = 0; i < 11; ++i) {
      const std::string path =
          folder_ / "photos" / (std::to_string(10 + i) + ".png");
      const std::vector<uint8_t> pixels = Blobs(320, 240, i);
      EXPECT_NE(stbi_write_png(path.c_str(), 320, 240, 1, pixels.data(), 320),
                0);
    }
  }
  ~ResumeTest() override { fs::remove_all(folder_); }

  TrainOptions Options(const std::string& name) const {
    TrainOptions options;
    options.kind = "descriptor";
    options.architecture = "logpolar";
    options.data = {folder_ / "photos"};
    options.output = folder_ / name;
    options.iterations = 6;
    options.batch = 16;
    options.threads = 1;
    options.device = "cpu";
    options.quiet = true;
    return options;
  }
  // The weights file of a training in one go, or interrupted after a step.
  std::string Weights(TrainOptions options, int interrupted = 0) const {
    if (interrupted > 0) {
      options.stop_at = interrupted;
      TrainDescriptor(options);
      options.stop_at = 0;
    }
    TrainDescriptor(options);
    std::ifstream file(options.output, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const fs::path folder_ = fs::temp_directory_path() /
                           ("tiepoint_resume_" + std::to_string(getpid()));
};

TEST_F(ResumeTest, InterruptedOrNotTheWeightsAreTheSameToTheBit) {
  const std::string whole = Weights(Options("whole"));
  EXPECT_GT(whole.size(), 1'000'000u);
  EXPECT_TRUE(whole == Weights(Options("again"))) << "two runs, one seed";
  EXPECT_TRUE(whole == Weights(Options("parts"), 3)) << "3 + 3 steps";
  TrainOptions other = Options("other");
  other.seed = 2;
  EXPECT_FALSE(whole == Weights(other));
}

// This loss draws random numbers in each step.
TEST_F(ResumeTest, RandomNumbersOfTheLossGoOnToo) {
  TrainOptions options = Options("whole");
  options.descriptor_loss = "hinge";
  const std::string whole = Weights(options);
  options.output = Options("parts").output;
  EXPECT_TRUE(whole == Weights(options, 3));
}

}  // namespace
}  // namespace tiepoint
