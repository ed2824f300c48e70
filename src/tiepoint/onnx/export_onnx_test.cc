// SPDX-License-Identifier: Apache-2.0
// Random networks of every layer, written as ONNX and run by OpenCV, against
// plain loops in double.
#include "tiepoint/onnx/export_onnx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <opencv2/dnn.hpp>

#include "tiepoint/base/error.h"
#include "tiepoint/network/naive_network.h"
#include "tiepoint/network/random_consensus_model.h"
#include "tiepoint/network/random_model.h"
#include "tiepoint/network/random_oriented_model.h"
#include "tiepoint/onnx/onnx_graph.h"
#include "tiepoint/onnx/onnx_layers.h"

namespace tiepoint {
namespace {

using Values = std::vector<float>;

cv::dnn::Net Load(const std::string& bytes) {
  return cv::dnn::readNetFromONNX(bytes.data(), bytes.size());
}

Values RunFile(cv::dnn::Net& net, const std::string& input,
               const std::vector<int>& shape, Values data,
               const std::string& output) {
  net.setInput(cv::Mat(shape, CV_32F, data.data()), input);
  const cv::Mat result = net.forward(output).clone();
  return {result.begin<float>(), result.end<float>()};
}

double RelativeDifference(const Values& a, const Values& b) {
  if (a.size() != b.size()) return INFINITY;
  double largest = 0, difference = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(double{b[i]}));
    difference = std::max(difference, std::abs(double{a[i]} - b[i]));
  }
  return difference / largest;
}

// Samples of one network, one after the other.
Values Naive(const Model& model, const Shape& shape, Values data, int count) {
  Values all;
  for (int i = 0; i < count; ++i) {
    Values one(data.begin() + i * shape.Size(),
               data.begin() + (i + 1) * shape.Size());
    NormalizeInput(model, one.data(), shape.Size());
    const Values result = RunNaive(model, shape, one);
    all.insert(all.end(), result.begin(), result.end());
  }
  return all;
}

Values Intensities(int count, uint64_t seed) {
  Values values = RandomValues(count, seed);
  for (float& v : values) v = 128 + 40 * v;
  return values;
}

// Batches of two sizes through one file.
void ExpectSame(const Model& model, const std::string& output) {
  const Shape& in = model.spec.input;
  cv::dnn::Net net = Load(OnnxOf(model, {}));
  for (const int count : {3, 1}) {
    const Values data = Intensities(count * in.Size(), count);
    EXPECT_LT(
        RelativeDifference(
            RunFile(net, "patch", {count, in.channels, in.height, in.width},
                    data, output),
            Naive(model, in, data, count)),
        1e-5)
        << model.spec.architecture << ", " << count;
  }
}

Model WithOwnMean(Model model) {
  model.per_patch = true;
  return model;
}

TEST(ExportOnnxTest, LayersOfPatches) {
  ExpectSame(WithOwnMean(RandomModel(
                 R"({"architecture": "pools", "input": [1, 20, 20], "layers": [
          {"type": "conv", "name": "a", "out": 6, "kernel": 3, "padding": 1},
          {"type": "tanh"}, {"type": "max_pool", "kernel": 2},
          {"type": "conv", "name": "b", "out": 8, "kernel": 3, "stride": 2},
          {"type": "relu"}, {"type": "average_pool", "kernel": 2},
          {"type": "l2_normalize"}]})",
                 1)),
             "descriptor");
  Model pixels = RandomModel(
      R"({"architecture": "norms", "input": [1, 16, 16], "layers": [
          {"type": "conv", "name": "a", "out": 4, "kernel": 3},
          {"type": "l2_pool", "kernel": 2},
          {"type": "subtractive_norm", "kernel": 5},
          {"type": "linear", "name": "b", "out": 7}]})",
      2);
  pixels.pixel_mean = Intensities(256, 7);
  pixels.pixel_deviation = Values(256, 30);
  ExpectSame(pixels, "descriptor");
}

TEST(ExportOnnxTest, HingesOfLinearLayers) {
  ExpectSame(WithOwnMean(RandomModel(
                 R"({"architecture": "hinges", "input": [1, 8, 8], "layers": [
          {"type": "linear", "name": "a", "out": 60},
          {"type": "ghh", "sums": 4, "maxes": 3},
          {"type": "linear", "name": "b", "out": 16},
          {"type": "ghh", "sums": 2, "maxes": 4}]})",
                 3)),
             "direction");
}

TEST(ExportOnnxTest, LogPolarPatchesGoAround) {
  ExpectSame(WithOwnMean(RandomModel(
                 R"({"architecture": "circle", "input": [1, 16, 16], "layers": [
          {"type": "conv", "name": "a", "out": 6, "kernel": 5, "stride": 2,
           "padding": 2, "circular_x": true},
          {"type": "relu"},
          {"type": "conv", "name": "b", "out": 1, "kernel": 3, "stride_y": 2,
           "padding": 1, "circular_x": true},
          {"type": "circular_soft_argmax"}]})",
                 4)),
             "direction");
}

TEST(ExportOnnxTest, DetectorsTakePicturesOfAnySize) {
  Model hinges = RandomModel(
      R"({"architecture": "filters", "input": [2, 7, 7], "layers": [
          {"type": "conv", "name": "a", "out": 12, "kernel": 7},
          {"type": "ghh", "sums": 3, "maxes": 4}]})",
      5);
  hinges.mean = 128;
  hinges.deviation = 64;
  Model jet = RandomModel(
      R"({"architecture": "jet", "input": [1, 21, 21], "layers": [
          {"type": "jet"},
          {"type": "conv", "name": "a", "out": 5, "kernel": 1},
          {"type": "relu"},
          {"type": "conv", "name": "b", "out": 1, "kernel": 1}]})",
      6);
  jet.mean = 128;
  jet.deviation = 64;
  for (const Model& model : {hinges, jet}) {
    ASSERT_TRUE(IsDense(model.spec));
    cv::dnn::Net net = Load(OnnxOf(model, {}));
    for (const auto& [height, width] : {std::pair{24, 40}, std::pair{30, 22}}) {
      const Shape shape{model.spec.input.channels, height, width};
      const Values data = Intensities(shape.Size(), height);
      EXPECT_LT(RelativeDifference(
                    RunFile(net, "image", {1, shape.channels, height, width},
                            data, "score"),
                    Naive(model, shape, data, 1)),
                1e-5)
          << model.spec.architecture;
    }
  }
}

TEST(ExportOnnxTest, TurnsTheMapOfAnOrientedNetwork) {
  const OrientedModel model = RandomOrientedModel(8);
  const Shape in = model.trunk.spec.input, map = OutputShape(model.trunk.spec);
  cv::dnn::Net net = Load(OnnxOf(model, {}));
  constexpr int kCount = 40;
  const Values data = Intensities(kCount * in.Size(), 9);
  const std::vector<int> shape = {kCount, 1, in.height, in.width};
  const Values directions = RunFile(net, "patch", shape, data, "direction");
  const Values descriptors = RunFile(net, "patch", shape, data, "descriptor");
  const Values maps = Naive(model.trunk, in, data, kCount);
  const int size = OutputShape(model.descriptor.spec).Size();
  for (int i = 0; i < kCount; ++i) {
    const Values one(maps.begin() + i * map.Size(),
                     maps.begin() + (i + 1) * map.Size());
    const Values direction = RunNaive(model.orientation, map, one);
    const Values found(&directions[2 * i], &directions[2 * i] + 2);
    EXPECT_LT(RelativeDifference(found, direction), 1e-5) << i;
    Values turned(map.Size());
    TurnColumns(map, one.data(), std::atan2(direction[1], direction[0]),
                turned.data());
    const Values described(&descriptors[i * size],
                           &descriptors[i * size] + size);
    EXPECT_LT(
        RelativeDifference(described, RunNaive(model.descriptor, map, turned)),
        2e-5)
        << i;
  }
}

// Norms over all matches: another order of the matches is another order of the
// answers, and their number is free. (The numbers themselves: tests/onnx_test.)
TEST(ExportOnnxTest, StagesTakeAnyNumberOfMatches) {
  for (const bool attention : {false, true}) {
    const ConsensusModel model = RandomConsensusModel(
        {.inputs = 4, .channels = 16, .blocks = {2, 1}, .attention = attention},
        10);
    cv::dnn::Net net = Load(OnnxOfStage(model, 0, {}));
    for (const int count : {1, 2, 50}) {
      Values data = RandomValues(4 * count, count);
      Values forward = RunFile(net, "matches", {count, 4}, data, "logit");
      for (int i = 0; i < count / 2; ++i) {
        std::swap_ranges(&data[4 * i], &data[4 * i] + 4,
                         &data[4 * (count - 1 - i)]);
      }
      const Values back = RunFile(net, "matches", {count, 4}, data, "logit");
      std::reverse(forward.begin(), forward.end());
      EXPECT_LT(RelativeDifference(back, forward), 1e-5) << count;
    }
    EXPECT_THROW(OnnxOfStage(model, 2, {}), InputError);
  }
}

TEST(ExportOnnxTest, RefusesWhatIsNoGraph) {
  EXPECT_THROW(
      OnnxOf(RandomModel(
                 R"({"architecture": "x", "input": [4, 8, 8], "layers": [
          {"type": "ghh", "sums": 2, "maxes": 2}]})",
                 1),
             {}),
      InputError);
  EXPECT_THROW(
      OnnxOf(WithOwnMean(RandomModel(
                 R"({"architecture": "x", "input": [2, 8, 8], "layers": [
          {"type": "linear", "name": "a", "out": 2}]})",
                 1)),
             {}),
      InputError);
  OnnxGraph graph("x");
  EXPECT_THROW(graph.Constant("c", {2, 3}, Values(5)), InputError);
  EXPECT_EQ(graph.Number("c", 1), "c");
  EXPECT_EQ(graph.Number("c", 1), "c_2");
}

}  // namespace
}  // namespace tiepoint
