// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/naive_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "tiepoint/base/error.h"

// Numbers worked out by hand.

namespace tiepoint {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::Pointwise;
using Type = LayerSpec::Type;

LayerSpec Layer(Type type, int kernel = 0) {
  LayerSpec layer;
  layer.type = type;
  layer.kernel = kernel;
  return layer;
}

// One layer, named "l" if it has weights.
std::vector<float> RunOne(LayerSpec layer, const Shape& input,
                          const std::vector<float>& data,
                          const std::vector<float>& weight = {},
                          const std::vector<float>& bias = {}) {
  Model model;
  layer.name = "l";
  if (layer.HasWeights()) {
    layer.out = static_cast<int>(bias.size());
    model.weights["l.weight"] = {WeightShape(layer, input), weight};
    model.weights["l.bias"] = {{layer.out}, bias};
  }
  model.spec.input = input;
  model.spec.layers = {layer};
  return RunNaive(model, input, data);
}

TEST(NaiveNetwork, ConvolutionIsACrossCorrelation) {
  // 2 x 2 kernel (1 2 / 3 4) on 0..5 in 2 x 3, bias 10.
  EXPECT_THAT(RunOne(Layer(Type::kConv, 2), {1, 2, 3}, {0, 1, 2, 3, 4, 5},
                     {1, 2, 3, 4}, {10}),
              ElementsAre(10 + 0 + 2 + 9 + 16, 10 + 1 + 4 + 12 + 20));
}

TEST(NaiveNetwork, ConvolutionSumsItsInputChannels) {
  // 1 x 1 kernels: out 0 = a + 10 b, out 1 = -a, on two maps of 1 x 2.
  EXPECT_THAT(RunOne(Layer(Type::kConv, 1), {2, 1, 2}, {1, 2, 3, 4},
                     {1, 10, -1, 0}, {0, 0.5f}),
              ElementsAre(31, 42, -0.5f, -1.5f));
}

TEST(NaiveNetwork, ConvolutionStridesAndPadsWithZeros) {
  LayerSpec conv = Layer(Type::kConv, 3);
  conv.padding = 1;
  conv.stride = 2;
  // Sums of the 3 x 3 windows around (0, 0), (0, 2), (2, 0), (2, 2) of 1..9.
  EXPECT_THAT(
      RunOne(conv, {1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9},
             std::vector<float>(9, 1), {0}),
      ElementsAre(1 + 2 + 4 + 5, 2 + 3 + 5 + 6, 4 + 5 + 7 + 8, 5 + 6 + 8 + 9));
}

TEST(NaiveNetwork, CircularConvolutionWrapsColumnsOnly) {
  LayerSpec conv = Layer(Type::kConv, 3);
  conv.padding = 1;
  conv.circular_x = true;
  // The middle row of the kernel is (1 10 100), its upper row (0 1000 0).
  EXPECT_THAT(
      RunOne(conv, {1, 2, 3}, {1, 2, 3, 4, 5, 6},
             {0, 1000, 0, 1, 10, 100, 0, 0, 0}, {0}),
      ElementsAre(3 + 10 + 200, 1 + 20 + 300, 2 + 30 + 100, 6 + 40 + 500 + 1000,
                  4 + 50 + 600 + 2000, 5 + 60 + 400 + 3000));
}

TEST(NaiveNetwork, LinearReadsChannelsRowsColumns) {
  EXPECT_THAT(RunOne(Layer(Type::kLinear), {2, 1, 2}, {1, 2, 3, 4},
                     {1, 10, 100, 1000, 0, 0, 0, 1}, {0, 7}),
              ElementsAre(4321, 11));
}

TEST(NaiveNetwork, ReluAndTanh) {
  EXPECT_THAT(RunOne(Layer(Type::kRelu), {1, 1, 3}, {-1, 0, 2}),
              ElementsAre(0, 0, 2));
  EXPECT_THAT(RunOne(Layer(Type::kTanh), {1, 1, 3}, {-100, 0, 1}),
              ElementsAre(-1, 0, FloatNear(0.7615942f, 1e-7f)));
}

TEST(NaiveNetwork, PoolsDropWhatDoesNotFillAWindow) {
  const std::vector<float> data = {3,  -4, 9,   //
                                   0,  0,  9,   //
                                   9,  9,  9,   //
                                   -1, -2, 9,   //
                                   -2, -4, 9};  // two maps, 2 x 3 and 3 x 3
  const std::vector<float> two(data.begin(), data.begin() + 6);
  EXPECT_THAT(RunOne(Layer(Type::kMaxPool, 2), {1, 2, 3}, two), ElementsAre(3));
  EXPECT_THAT(RunOne(Layer(Type::kAveragePool, 2), {1, 2, 3}, two),
              ElementsAre(-0.25f));
  EXPECT_THAT(RunOne(Layer(Type::kL2Pool, 2), {1, 2, 3}, two), ElementsAre(5));
  EXPECT_THAT(RunOne(Layer(Type::kMaxPool, 2), {1, 5, 3}, data),
              ElementsAre(3, 9));
}

TEST(NaiveNetwork, MaxPoolOfNegativeNumbersIsNegative) {
  EXPECT_THAT(RunOne(Layer(Type::kMaxPool, 2), {2, 2, 2},
                     {-1, -2, -3, -4, -5, -6, -7, -8}),
              ElementsAre(-1, -5));
}

TEST(NaiveNetwork, SubtractiveNormUsesOneMeanForAllChannels) {
  // Kernel 3: sigma 0.75, side weight w = exp(-1 / (2 * 0.75^2)). On a row of
  // two pixels the mean of pixel 0 is ((a0 + b0) + w (a1 + b1)) / (2 (1 + w)).
  const float w = std::exp(-1 / (2 * 0.75f * 0.75f));
  const std::vector<float> data = {1, 2, 5, 10};  // a0 a1 b0 b1
  const float mean0 = (6 + w * 12) / (2 * (1 + w));
  const float mean1 = (12 + w * 6) / (2 * (1 + w));
  EXPECT_THAT(
      RunOne(Layer(Type::kSubtractiveNorm, 3), {2, 1, 2}, data),
      Pointwise(FloatNear(1e-6f), std::vector<float>{1 - mean0, 2 - mean1,
                                                     5 - mean0, 10 - mean1}));
}

TEST(NaiveNetwork, SubtractiveNormTakesAConstantToZeroUpToTheBorder) {
  EXPECT_THAT(RunOne(Layer(Type::kSubtractiveNorm, 5), {3, 4, 7},
                     std::vector<float>(84, 2.5f)),
              testing::Each(FloatNear(0, 1e-6f)));
}

TEST(NaiveNetwork, GhhAddsMaximaWithAlternatingSigns) {
  LayerSpec ghh = Layer(Type::kGhh);
  ghh.sums = 3;
  ghh.maxes = 2;
  // Two outputs; one pixel: +max(1,2) -max(4,3) +max(-5,-6), and so on.
  EXPECT_THAT(RunOne(ghh, {12, 1, 1}, {1, 2, 4, 3, -5, -6, 0, 0, 1, 1, 8, -8}),
              ElementsAre(2 - 4 - 5, 0 - 1 + 8));
}

TEST(NaiveNetwork, L2NormalizeMakesTheWholeOutputUnit) {
  EXPECT_THAT(RunOne(Layer(Type::kL2Normalize), {2, 1, 1}, {3, -4}),
              ElementsAre(0.6f, -0.8f));
  EXPECT_THAT(RunOne(Layer(Type::kL2Normalize), {2, 1, 1}, {0, 0}),
              ElementsAre(0, 0));
}

TEST(NaiveNetwork, CircularSoftArgmaxIsTheMeanDirection) {
  // Columns at 0, 90, 180 and 270 degrees with the shares 3, 1, 1, 1 of 6; that
  // at 180 is not of the peak at 0.
  const float log3 = std::log(3.0f);
  EXPECT_THAT(
      RunOne(Layer(Type::kCircularSoftArgmax), {1, 1, 4}, {log3, 0, 0, 0}),
      Pointwise(FloatNear(1e-6f), {0.5f, 0.0f}));
  // Two rows, and numbers whose exponentials overflow.
  EXPECT_THAT(RunOne(Layer(Type::kCircularSoftArgmax), {1, 2, 4},
                     {0, 1000, 0, 0, 0, 1000, 0, 0}),
              Pointwise(FloatNear(1e-6f), {0.0f, 1.0f}));
  // Two directions: shares 4 and 2 of 6 at columns 15 and 7 of 16, reach 3.
  const float nothing = -1000;
  std::vector<float> scores(16, nothing);
  scores[15] = std::log(4.0f);
  scores[7] = std::log(2.0f);
  const double angle = 2 * std::numbers::pi * 15 / 16;
  EXPECT_THAT(RunOne(Layer(Type::kCircularSoftArgmax), {1, 1, 16}, scores),
              Pointwise(FloatNear(1e-6f),
                        {static_cast<float>(4 / 6.0 * std::cos(angle)),
                         static_cast<float>(4 / 6.0 * std::sin(angle))}));
}

TEST(NaiveNetwork, ConvolutionMayKeepTheColumnsAndHalveTheRows) {
  LayerSpec conv = Layer(Type::kConv, 1);
  conv.stride_y = 2;
  EXPECT_THAT(RunOne(conv, {1, 3, 2}, {1, 2, 3, 4, 5, 6}, {10}, {0}),
              ElementsAre(10, 20, 50, 60));
}

TEST(NaiveNetwork, LayersRunInOrder) {
  Model model;
  LayerSpec conv = Layer(Type::kConv, 1);
  conv.name = "c";
  conv.out = 1;
  model.weights["c.weight"] = {{1, 1, 1, 1}, {-1}};
  model.weights["c.bias"] = {{1}, {2}};
  model.spec.input = {1, 2, 2};
  model.spec.layers = {conv, Layer(Type::kRelu), Layer(Type::kMaxPool, 2)};
  EXPECT_THAT(RunNaive(model, {1, 2, 2}, {1, 0, 7, 8}), ElementsAre(2));
  // Another size of the same network.
  EXPECT_THAT(RunNaive(model, {1, 2, 4}, {1, 0, 7, 8, 1, 1, 9, 9}),
              ElementsAre(2, 0));
}

TEST(NaiveNetwork, RefusesWeightsAndInputsThatDoNotFit) {
  Model model;
  LayerSpec linear = Layer(Type::kLinear);
  linear.name = "f";
  linear.out = 2;
  model.spec.input = {1, 1, 3};
  model.spec.layers = {linear};
  EXPECT_THROW(RunNaive(model, {1, 1, 3}, {1, 2, 3}), InputError);
  model.weights["f.weight"] = {{2, 3}, std::vector<float>(6)};
  model.weights["f.bias"] = {{2}, std::vector<float>(2)};
  EXPECT_NO_THROW(RunNaive(model, {1, 1, 3}, {1, 2, 3}));
  EXPECT_THROW(RunNaive(model, {1, 1, 3}, {1, 2}), InputError);
  EXPECT_THROW(RunNaive(model, {1, 1, 2}, {1, 2}), InputError);
}

}  // namespace
}  // namespace tiepoint
