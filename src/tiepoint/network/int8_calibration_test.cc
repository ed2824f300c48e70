// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/int8_calibration.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "tiepoint/base/error.h"
#include "tiepoint/network/inference_network.h"
#include "tiepoint/network/number_types.h"
#include "tiepoint/network/random_model.h"

namespace tiepoint {
namespace {

using Precision = InferenceNetwork::Precision;

// Convolutions with circular and plain borders behind each other (bytes go from
// one to the next), a pool (bytes are made of floats again), linear layers.
constexpr char kNetwork[] = R"({"architecture": "bytes",
    "input": [1, 16, 16], "layers": [
    {"type": "conv", "name": "a", "out": 16, "kernel": 5, "stride": 2,
     "padding": 2, "circular_x": true}, {"type": "relu"},
    {"type": "conv", "name": "b", "out": 32, "kernel": 3, "padding": 1,
     "circular_x": true}, {"type": "relu"},
    {"type": "conv", "name": "c", "out": 32, "kernel": 3, "padding": 1},
    {"type": "tanh"},
    {"type": "average_pool", "kernel": 2},
    {"type": "linear", "name": "d", "out": 48}, {"type": "relu"},
    {"type": "linear", "name": "e", "out": 64},
    {"type": "l2_normalize"}]})";

std::vector<std::vector<float>> Inputs(int count, int first) {
  std::vector<std::vector<float>> inputs;
  for (int i = 0; i < count; ++i) {
    inputs.push_back(RandomValues(256, first + i));
  }
  return inputs;
}

TEST(Int8Calibration, RangesHoldWhatTheLayersSee) {
  const Model model = RandomModel(kNetwork, 1);
  const auto notes = MeasureInt8Ranges(model, Inputs(40, 10), 1);
  // "a" reads one channel.
  ASSERT_EQ(notes.size(), 4u);
  EXPECT_FALSE(notes.contains(Int8RangeNote("a")));
  const auto number = [&](const char* layer) {
    return std::strtod(notes.at(Int8RangeNote(layer)).c_str(), nullptr);
  };
  // Behind ReLU from 0, behind tanh on both sides.
  EXPECT_GT(number("b"), 0);
  EXPECT_GT(number("c"), 0);
  EXPECT_LT(number("d"), 0);
  EXPECT_GE(number("d"), -1);
  EXPECT_GT(number("e"), 0);
  // The largest number of all that "b" reads, by the naive way.
  Model first = model;
  first.spec.layers.resize(2);
  const InferenceNetwork network(first);
  float largest = 0;
  std::vector<float> map(OutputShape(first.spec).Size());
  for (const auto& input : Inputs(40, 10)) {
    network.Run(input.data(), 1, map.data());
    for (const float v : map) largest = std::max(largest, v);
  }
  EXPECT_NEAR(number("b"), largest, 1e-3 * largest);
  const auto half = MeasureInt8Ranges(model, Inputs(40, 10), 0.5);
  EXPECT_LT(std::strtod(half.at(Int8RangeNote("b")).c_str(), nullptr),
            0.7 * number("b"));
  EXPECT_THROW(MeasureInt8Ranges(model, {}), InputError);
}

TEST(Int8Network, IsTheFloatNetworkToAPartInFifty) {
  Model model = RandomModel(kNetwork, 1);
  const InferenceNetwork exact(model, Precision::kFloat);
  for (const auto& [name, text] : MeasureInt8Ranges(model, Inputs(40, 10))) {
    model.notes[name] = text;
  }
  const InferenceNetwork bytes(model, Precision::kInt8);
  const InferenceNetwork fastest(model, Precision::kFastest);
  model.notes[kInt8WhenAskedNote] = "1";
  const InferenceNetwork asked(model, Precision::kInt8);
  const InferenceNetwork careful(model, Precision::kFastest);
  const InferenceNetwork half(model, Precision::kBfloat16);
  const auto inputs = Inputs(40, 100);  // others
  double difference = 0;
  for (const auto& input : inputs) {
    std::vector<float> a(64), b(64), c(64);
    exact.Run(input.data(), 1, a.data());
    bytes.Run(input.data(), 1, b.data());
    fastest.Run(input.data(), 1, c.data());
    EXPECT_EQ(b, c);
    asked.Run(input.data(), 1, c.data());
    EXPECT_EQ(b, c);
    std::vector<float> d(64);
    careful.Run(input.data(), 1, c.data());
    half.Run(input.data(), 1, d.data());
    EXPECT_EQ(c, d);
    for (int k = 0; k < 64; ++k) difference += std::pow(a[k] - b[k], 2);
  }
  // Of unit vectors; random ones are sqrt(2) apart.
  const double distance = std::sqrt(difference / inputs.size());
  EXPECT_LT(distance, 0.05);
}

TEST(Int8Network, ABatchIsItsSamples) {
  Model model = RandomModel(kNetwork, 2);
  for (const auto& [name, text] : MeasureInt8Ranges(model, Inputs(8, 1))) {
    model.notes[name] = text;
  }
  const InferenceNetwork network(model, Precision::kInt8);
  const auto inputs = Inputs(7, 50);
  std::vector<float> all, together(7 * 64);
  for (const auto& input : inputs) {
    all.insert(all.end(), input.begin(), input.end());
  }
  network.Run(all.data(), 7, together.data());
  for (int i = 0; i < 7; ++i) {
    std::vector<float> alone(64);
    network.Run(inputs[i].data(), 1, alone.data());
    for (int k = 0; k < 64; ++k) EXPECT_EQ(alone[k], together[64 * i + k]);
  }
}

TEST(NumberTypes, BytesAreRoundedAndCut) {
  const std::vector<float> in = {-1, 0, 0.24f, 0.26f, 1, 63.75f, 100, 2.75f};
  std::vector<uint8_t> bytes(in.size());
  ConvertNumbers(in.data(), NumberType::kFloat, in.size(), bytes.data(),
                 NumberType::kByte, 0.25f);
  EXPECT_EQ(bytes, (std::vector<uint8_t>{0, 0, 1, 1, 4, 255, 255, 11}));
  std::vector<int8_t> both(in.size());
  ConvertNumbers(in.data(), NumberType::kFloat, in.size(), both.data(),
                 NumberType::kSignedByte, 0.25f);
  EXPECT_EQ(both, (std::vector<int8_t>{-4, 0, 1, 1, 4, 127, 127, 11}));
  // By way of halves, which hold these numbers.
  std::vector<uint16_t> halves(in.size());
  ConvertNumbers(in.data(), NumberType::kFloat, in.size(), halves.data(),
                 NumberType::kHalf, 1);
  std::vector<float> back(in.size());
  ConvertNumbers(halves.data(), NumberType::kHalf, in.size(), back.data(),
                 NumberType::kFloat, 1);
  for (size_t i = 0; i < in.size(); ++i) {
    EXPECT_NEAR(back[i], in[i], std::abs(in[i]) / 256);
  }
  ConvertNumbers(halves.data(), NumberType::kHalf, in.size(), both.data(),
                 NumberType::kSignedByte, 0.25f);
  EXPECT_EQ(both[4], 4);
  EXPECT_EQ(both[0], -4);
}

}  // namespace
}  // namespace tiepoint
