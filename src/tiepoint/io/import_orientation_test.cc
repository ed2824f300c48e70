// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/import_orientation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>
#include <numbers>
#include <string>

#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/io/npy.h"
#include "tiepoint/io/published_weights.h"
#include "tiepoint/network/inference_network.h"
#include "tiepoint/network/naive_network.h"
#include "tiepoint/network/random_model.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::string NpyBytes(const NpyArray& array) {
  std::string shape;
  for (const int64_t n : array.shape) shape += std::to_string(n) + ",";
  const std::string header =
      "{'descr': '<f8', 'fortran_order': False, 'shape': (" + shape + "), }\n";
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size());
  bytes += '\0';
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(array.data.data()),
               array.data.size() * sizeof(double));
  return bytes;
}

double Degrees(const std::vector<float>& cosine_sine) {
  const double angle =
      std::atan2(cosine_sine[1], cosine_sine[0]) * 180 / std::numbers::pi;
  return angle < 0 ? angle + 360 : angle;
}

// A whole network with random weights.
class ImportOrientationTest : public ::testing::Test {
 protected:
  ImportOrientationTest()
      : folder_(fs::temp_directory_path() /
                ("tiepoint_orientation_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
    const auto add = [&](const char* name, std::vector<int64_t> shape,
                         double scale) {
      int count = 1;
      for (const int64_t n : shape) count *= static_cast<int>(n);
      NpyArray array{std::move(shape), {}};
      for (const float v : RandomValues(count, arrays_.size() + 1)) {
        array.data.push_back(scale * v);
      }
      arrays_[name] = array;
    };
    add("layer0_W", {10, 1, 5, 5}, 3);
    add("layer0_b", {10}, 1);
    add("layer1_W", {20, 10, 5, 5}, 2);
    add("layer1_b", {20}, 5);
    add("layer2_W", {50, 20, 3, 3}, 4);
    add("layer2_b", {50}, 100);
    add("layer3_W", {50, 100, 4, 4}, 7);
    add("layer3_b", {100, 4, 4}, 3000);
    add("layer4_W", {100, 2, 4, 4}, 9);
    add("layer4_b", {2, 4, 4}, 100000);
    arrays_["input_mean"] = {{}, {0.4}};
    arrays_["input_std"] = {{}, {0.2}};
    Write();
  }
  ~ImportOrientationTest() override { fs::remove_all(folder_); }

  void Write() const {
    for (const auto& [name, array] : arrays_) {
      WriteFileAtomically(folder_ / (name + ".npy"), NpyBytes(array));
    }
  }

  // The outputs by plain loops, as the authors' layers are defined: (sine,
  // cosine).
  std::vector<double> Plain(const std::vector<float>& patch) const {
    int channels = 1, size = 28;
    std::vector<double> map;
    for (const float v : patch) map.push_back((v / 255 - 0.4) / 0.2);
    for (const std::string layer : {"layer0", "layer1", "layer2"}) {
      const NpyArray& w = arrays_.at(layer + "_W");
      const int out = static_cast<int>(w.shape[0]);
      const int k = static_cast<int>(w.shape[2]);
      const int full = size - k + 1, half = full / 2;
      std::vector<double> next(static_cast<size_t>(out) * half * half, -1e300);
      for (int o = 0; o < out; ++o) {
        for (int y = 0; y < 2 * half; ++y) {
          for (int x = 0; x < 2 * half; ++x) {
            double sum = 0;
            for (int c = 0; c < channels; ++c) {
              for (int i = 0; i < k; ++i) {
                for (int j = 0; j < k; ++j) {
                  sum +=
                      map[(c * size + y + k - 1 - i) * size + x + k - 1 - j] *
                      w.data[((o * channels + c) * k + i) * k + j];
                }
              }
            }
            double& most = next[(o * half + y / 2) * half + x / 2];
            most = std::max(most, sum);
          }
        }
        for (int p = 0; p < half * half; ++p) {
          double& v = next[o * half * half + p];
          v = std::max(0.0, v + arrays_.at(layer + "_b").data[o]);
        }
      }
      map = next;
      channels = out;
      size = half;
    }
    map = Hinges("layer3", map);
    for (double& v : map) v *= 0.7;
    return Hinges("layer4", map);
  }

  std::vector<double> Hinges(const std::string& layer,
                             const std::vector<double>& in) const {
    const NpyArray& w = arrays_.at(layer + "_W");
    const int out = static_cast<int>(w.shape[1]);
    std::vector<double> result(out);
    for (int o = 0; o < out; ++o) {
      for (int s = 0; s < 4; ++s) {
        double largest = -1e300;
        for (int m = 0; m < 4; ++m) {
          double z = arrays_.at(layer + "_b").data[(o * 4 + s) * 4 + m];
          for (size_t i = 0; i < in.size(); ++i) {
            z += in[i] * w.data[((i * out + o) * 4 + s) * 4 + m];
          }
          largest = std::max(largest, z);
        }
        result[o] += s % 2 == 0 ? largest : -largest;
      }
    }
    return result;
  }

  void Refuses(const std::string& why) const {
    EXPECT_THAT([&] { ReadOrientationModel(folder_); },
                ThrowsMessage<InputError>(HasSubstr(why)));
  }

  fs::path folder_;
  std::map<std::string, NpyArray> arrays_;
};

TEST_F(ImportOrientationTest, PointsWhereTheirLayersPoint) {
  const Model model = ReadOrientationModel(folder_);
  for (const auto& raw : {StripedPatch(28), WavyPatch(28)}) {
    const std::vector<double> theirs = Plain(raw);
    double expected = std::atan2(theirs[0], theirs[1]) * 180 / std::numbers::pi;
    if (expected < 0) expected += 360;
    std::vector<float> patch = raw;
    NormalizeInput(model, patch.data(), 28 * 28);
    const auto ours = RunNaive(model, model.spec.input, patch);
    EXPECT_NEAR(Degrees(ours), expected, 1e-2);
    // Of usual size, though theirs are not.
    EXPECT_GT(std::hypot(theirs[0], theirs[1]), 1e6);
    EXPECT_LT(std::hypot(ours[0], ours[1]), 1e3);
  }
}

TEST_F(ImportOrientationTest, AnyFileOfTheFolderWillDo) {
  const Model one = ReadOrientationModel(folder_);
  const Model two = ReadOrientationModel(folder_ / "layer2_b.npy");
  EXPECT_EQ(one.weights.at("linear5.weight").data,
            two.weights.at("linear5.weight").data);
  EXPECT_EQ(one.notes, two.notes);
  EXPECT_THAT(one.notes.at("imported from"),
              HasSubstr(folder_.filename().string()));
  EXPECT_EQ(one.Number("support", 0), 4);
  EXPECT_EQ(one.Number("centre_shift", 0), 0.5);
}

TEST_F(ImportOrientationTest, RefusesInOneLine) {
  EXPECT_THROW(ReadOrientationModel("/no/such/folder"), InputError);
  const auto arrays = arrays_;
  arrays_["layer1_W"].shape = {10, 20, 5, 5};
  Write();
  Refuses("layer1_b.npy");
  arrays_ = arrays;
  arrays_["layer3_b"].shape = {1600};
  Write();
  Refuses("layer3_b.npy");
  arrays_ = arrays;
  arrays_["input_std"].data[0] = 0;
  Write();
  Refuses("input_std.npy");
  arrays_ = arrays;
  Write();
  fs::remove(folder_ / "layer0_W.npy");
  Refuses("layer0_W.npy");
}

TEST(PublishedOrientation, GivesTheKnownAngles) {
  if (PublishedWeights().empty()) {
    GTEST_SKIP() << "TIEPOINT_PUBLISHED_WEIGHTS is not set";
  }
  const Model model = ReadOrientationModel(PublishedWeights() + "/orientation");
  // Which of the three released models lies there is seen by its mean.
  struct Golden {
    double mean, striped, wavy;
  };
  const Golden known[] = {{0.46655882834955376, 14.5558, 339.3592},
                          {0.427117081207483, 19.7572, 7.0265},
                          {0.42696941432823127, 303.3108, 23.5892}};
  const Golden* golden = nullptr;
  for (const Golden& g : known) {
    if (std::abs(model.mean / 255 - g.mean) < 1e-9) golden = &g;
  }
  ASSERT_NE(golden, nullptr) << "another model";
  const InferenceNetwork network(model);
  for (const bool wave : {false, true}) {
    std::vector<float> patch = wave ? WavyPatch(28) : StripedPatch(28);
    NormalizeInput(model, patch.data(), 28 * 28);
    std::vector<float> output(2);
    network.Run(patch.data(), 1, output.data());
    EXPECT_NEAR(Degrees(output), wave ? golden->wavy : golden->striped, 0.01);
  }
}

}  // namespace
}  // namespace tiepoint
