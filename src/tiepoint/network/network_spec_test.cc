// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/network_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tiepoint/base/error.h"
#include "tiepoint/network/model_file.h"

namespace tiepoint {
namespace {

using Type = LayerSpec::Type;

constexpr const char* kDeepDesc = R"({
  "architecture": "deepdesc", "input": [1, 64, 64], "layers": [
    {"type": "conv", "name": "conv1", "out": 32, "kernel": 7},
    {"type": "tanh"}, {"type": "l2_pool", "kernel": 2},
    {"type": "subtractive_norm", "kernel": 5},
    {"type": "conv", "name": "conv2", "out": 64, "kernel": 6},
    {"type": "tanh"}, {"type": "l2_pool", "kernel": 3},
    {"type": "subtractive_norm", "kernel": 5},
    {"type": "conv", "name": "conv3", "out": 128, "kernel": 5},
    {"type": "tanh"}, {"type": "l2_pool", "kernel": 4}]})";

int64_t Parameters(const NetworkSpec& spec) {
  const auto shapes = Shapes(spec, spec.input);
  int64_t count = 0;
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    if (!spec.layers[i].HasWeights()) continue;
    int64_t size = 1;
    for (const int64_t n : WeightShape(spec.layers[i], shapes[i])) size *= n;
    count += size + spec.layers[i].out;
  }
  return count;
}

TEST(NetworkSpec, DeepDescHasThePublishedShapesParametersAndCost) {
  const NetworkSpec spec = NetworkSpecFromJson(kDeepDesc);
  const auto shapes = Shapes(spec, spec.input);
  EXPECT_EQ(shapes[1], (Shape{32, 58, 58}));
  EXPECT_EQ(shapes[4], (Shape{32, 29, 29}));
  EXPECT_EQ(shapes[8], (Shape{64, 8, 8}));
  EXPECT_EQ(shapes[9], (Shape{128, 4, 4}));
  EXPECT_EQ(OutputShape(spec), (Shape{128, 1, 1}));
  EXPECT_EQ(Parameters(spec), 280320);
  EXPECT_EQ(MultiplyAdds(spec), 58. * 58 * 32 * 49 + 24. * 24 * 64 * 32 * 36 +
                                    4. * 4 * 128 * 64 * 25);
}

TEST(NetworkSpec, LiftDetectorHasThePublishedShapesParametersAndCost) {
  const NetworkSpec spec = NetworkSpecFromJson(
      R"({"architecture": "lift-detector", "input": [1, 48, 48], "layers": [
          {"type": "conv", "name": "conv", "out": 16, "kernel": 25},
          {"type": "ghh", "sums": 4, "maxes": 4}]})");
  EXPECT_EQ(OutputShape(spec), (Shape{1, 24, 24}));
  EXPECT_EQ(Parameters(spec), 10016);
  EXPECT_EQ(MultiplyAdds(spec), 24. * 24 * 16 * 625);
  EXPECT_EQ(Shapes(spec, {1, 25, 31}).back(), (Shape{1, 1, 7}));
}

TEST(NetworkSpec, LinearLayersCountAsOneProductAWeight) {
  const NetworkSpec spec = NetworkSpecFromJson(
      R"({"architecture": "x", "input": [50, 5, 5], "layers": [
          {"type": "linear", "name": "f", "out": 1600}, {"type": "ghh"}]})");
  EXPECT_EQ(OutputShape(spec), (Shape{100, 1, 1}));
  EXPECT_EQ(MultiplyAdds(spec), 1250. * 1600);
}

TEST(NetworkSpec, JsonKeepsEverything) {
  const NetworkSpec spec = NetworkSpecFromJson(
      R"({"architecture": "every kind \"quoted\"", "input": [2, 33, 40],
          "layers": [
          {"type": "conv", "name": "a", "out": 24, "kernel": 3, "stride": 2,
           "padding": 1, "circular_x": true},
          {"type": "relu"}, {"type": "max_pool", "kernel": 2},
          {"type": "ghh", "sums": 2, "maxes": 3}, {"type": "tanh"},
          {"type": "average_pool", "kernel": 2},
          {"type": "subtractive_norm", "kernel": 3},
          {"type": "l2_pool", "kernel": 2},
          {"type": "linear", "name": "b", "out": 5},
          {"type": "l2_normalize"},
          {"type": "conv", "name": "c", "out": 1, "kernel": 1, "stride_y": 3},
          {"type": "circular_soft_argmax"}]})");
  const NetworkSpec again = NetworkSpecFromJson(ToJson(spec));
  EXPECT_EQ(again.architecture, "every kind \"quoted\"");
  EXPECT_EQ(again.input, (Shape{2, 33, 40}));
  ASSERT_EQ(again.layers.size(), 12u);
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    const LayerSpec &a = spec.layers[i], &b = again.layers[i];
    EXPECT_EQ(a.type, b.type) << i;
    EXPECT_EQ(a.name, b.name) << i;
    EXPECT_EQ(a.out, b.out) << i;
    EXPECT_EQ(a.kernel, b.kernel) << i;
    EXPECT_EQ(a.stride, b.stride) << i;
    EXPECT_EQ(a.stride_y, b.stride_y) << i;
    EXPECT_EQ(a.padding, b.padding) << i;
    EXPECT_EQ(a.circular_x, b.circular_x) << i;
    EXPECT_EQ(a.sums, b.sums) << i;
    EXPECT_EQ(a.maxes, b.maxes) << i;
  }
  EXPECT_EQ(again.layers[0].stride, 2);
  EXPECT_TRUE(again.layers[0].circular_x);
  EXPECT_EQ(again.layers[3].maxes, 3);
  EXPECT_EQ(again.layers[9].type, Type::kL2Normalize);
  EXPECT_EQ(again.layers[10].StrideY(), 3);
  EXPECT_EQ(again.layers[11].type, Type::kCircularSoftArgmax);
}

TEST(NetworkSpec, SizesAfterStridesAndPadding) {
  LayerSpec conv;
  conv.type = Type::kConv;
  conv.out = 4;
  conv.kernel = 3;
  conv.stride = 2;
  conv.padding = 1;
  EXPECT_EQ(OutputShape(conv, {1, 32, 32}), (Shape{4, 16, 16}));
  EXPECT_EQ(OutputShape(conv, {1, 31, 33}), (Shape{4, 16, 17}));
  conv.stride = 1;
  conv.stride_y = 2;
  EXPECT_EQ(OutputShape(conv, {1, 31, 33}), (Shape{4, 16, 33}));
  LayerSpec pool;
  pool.type = Type::kMaxPool;
  pool.kernel = 2;
  EXPECT_EQ(OutputShape(pool, {3, 5, 7}), (Shape{3, 2, 3}));
}

TEST(NetworkSpec, RefusesLayersThatDoNotFit) {
  const auto layer = [](Type type, int out, int kernel) {
    LayerSpec l;
    l.type = type;
    l.out = out;
    l.kernel = kernel;
    return l;
  };
  const Shape in{3, 8, 9};
  EXPECT_THROW(OutputShape(layer(Type::kConv, 4, 9), in), InputError);
  EXPECT_THROW(OutputShape(layer(Type::kConv, 0, 3), in), InputError);
  EXPECT_THROW(OutputShape(layer(Type::kConv, 4, 0), in), InputError);
  EXPECT_THROW(OutputShape(layer(Type::kLinear, 0, 0), in), InputError);
  EXPECT_THROW(OutputShape(layer(Type::kMaxPool, 0, 9), in), InputError);
  EXPECT_THROW(OutputShape(layer(Type::kAveragePool, 0, 0), in), InputError);
  EXPECT_THROW(OutputShape(layer(Type::kSubtractiveNorm, 0, 4), in),
               InputError);
  EXPECT_THROW(OutputShape(layer(Type::kGhh, 0, 0), in), InputError);  // 3/16
  EXPECT_THROW(OutputShape(layer(Type::kRelu, 0, 0), {0, 8, 9}), InputError);
  EXPECT_THROW(OutputShape(layer(Type::kCircularSoftArgmax, 0, 0), in),
               InputError);  // 3 channels
  LayerSpec conv = layer(Type::kConv, 4, 3);
  conv.stride = 0;
  EXPECT_THROW(OutputShape(conv, in), InputError);
  conv.stride = 1;
  conv.stride_y = -1;
  EXPECT_THROW(OutputShape(conv, in), InputError);
  conv.stride_y = 0;
  conv.padding = -1;
  EXPECT_THROW(OutputShape(conv, in), InputError);
  conv.padding = 10;  // more than a whole turn of the 9 columns
  EXPECT_NO_THROW(OutputShape(conv, in));
  conv.circular_x = true;
  EXPECT_THROW(OutputShape(conv, in), InputError);
}

TEST(NetworkSpec, RefusesBadDescriptionsInOneLine) {
  for (const char* json :
       {"", "{}", "[]", "null", "3", "{\"architecture\": 3}",
        R"({"architecture": "a", "input": [1, 8], "layers": []})",
        R"({"architecture": "a", "input": [1, 8, "x"], "layers": []})",
        R"({"architecture": "a", "input": [1, 8, 8], "layers": [{}]})",
        R"({"architecture": "a", "input": [1, 8, 8],
            "layers": [{"type": "warp"}]})",
        R"({"architecture": "a", "input": [1, 8, 8],
            "layers": [{"type": "conv", "name": "c", "out": 2,
                        "kernel": 9}]})"}) {
    try {
      NetworkSpecFromJson(json);
      ADD_FAILURE() << json;
    } catch (const InputError& e) {
      EXPECT_THAT(e.what(), testing::Not(testing::HasSubstr("\n"))) << json;
    }
  }
}

}  // namespace
}  // namespace tiepoint
