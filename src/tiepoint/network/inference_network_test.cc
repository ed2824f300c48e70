// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/inference_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/network/naive_network.h"
#include "tiepoint/network/random_model.h"

namespace tiepoint {
namespace {

constexpr const char* kDetector = R"({
  "architecture": "lift-detector", "input": [1, 48, 48], "layers": [
    {"type": "conv", "name": "conv", "out": 16, "kernel": 25},
    {"type": "ghh", "sums": 4, "maxes": 4}]})";

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

// The descriptor as tf-lift has it.
constexpr const char* kReluDesc = R"({
  "architecture": "lift-descriptor", "input": [1, 64, 64], "layers": [
    {"type": "conv", "name": "conv1", "out": 32, "kernel": 7},
    {"type": "relu"}, {"type": "average_pool", "kernel": 2},
    {"type": "conv", "name": "conv2", "out": 64, "kernel": 6},
    {"type": "relu"}, {"type": "average_pool", "kernel": 3},
    {"type": "conv", "name": "conv3", "out": 128, "kernel": 5},
    {"type": "relu"}, {"type": "average_pool", "kernel": 4}]})";

constexpr const char* kOrientation = R"({
  "architecture": "lift-orientation", "input": [1, 64, 64], "layers": [
    {"type": "conv", "name": "conv1", "out": 10, "kernel": 5},
    {"type": "relu"}, {"type": "max_pool", "kernel": 2},
    {"type": "conv", "name": "conv2", "out": 20, "kernel": 5},
    {"type": "relu"}, {"type": "max_pool", "kernel": 2},
    {"type": "conv", "name": "conv3", "out": 50, "kernel": 3},
    {"type": "relu"}, {"type": "max_pool", "kernel": 2},
    {"type": "linear", "name": "fc1", "out": 1600}, {"type": "ghh"},
    {"type": "linear", "name": "fc2", "out": 32}, {"type": "ghh"}]})";

constexpr const char* kLogPolar = R"({
  "architecture": "log-polar", "input": [1, 32, 32], "layers": [
    {"type": "conv", "name": "conv1", "out": 32, "kernel": 3, "padding": 1,
     "circular_x": true}, {"type": "relu"},
    {"type": "conv", "name": "conv2", "out": 24, "kernel": 3, "padding": 1,
     "circular_x": true, "stride": 2}, {"type": "relu"},
    {"type": "conv", "name": "conv3", "out": 64, "kernel": 5, "padding": 2,
     "stride": 2}, {"type": "tanh"},
    {"type": "linear", "name": "fc", "out": 128}, {"type": "relu"},
    {"type": "l2_normalize"}]})";

constexpr const char* kCircular = R"({
  "architecture": "circular", "input": [1, 32, 32], "layers": [
    {"type": "conv", "name": "a", "out": 16, "kernel": 5, "padding": 2,
     "circular_x": true, "stride": 2}, {"type": "relu"},
    {"type": "conv", "name": "b", "out": 24, "kernel": 3, "padding": 1,
     "circular_x": true, "stride_y": 2}, {"type": "relu"},
    {"type": "conv", "name": "c", "out": 1, "kernel": 3, "padding": 1,
     "circular_x": true, "stride_y": 2},
    {"type": "circular_soft_argmax"}]})";

// No layer in its usual place, several input channels, an output that is a map.
constexpr const char* kOddities = R"({
  "architecture": "oddities", "input": [3, 11, 14], "layers": [
    {"type": "relu"}, {"type": "subtractive_norm", "kernel": 3},
    {"type": "conv", "name": "a", "out": 12, "kernel": 2},
    {"type": "ghh", "sums": 2, "maxes": 3}, {"type": "tanh"},
    {"type": "max_pool", "kernel": 2},
    {"type": "conv", "name": "b", "out": 5, "kernel": 3, "padding": 1},
    {"type": "average_pool", "kernel": 2}]})";

double Largest(const std::vector<float>& values) {
  double largest = 0;
  for (const float v : values)
    largest = std::max(largest, std::fabs(double(v)));
  return largest;
}

void ExpectClose(const std::vector<float>& actual,
                 const std::vector<float>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  const double tolerance = 1e-4 * Largest(expected);
  ASSERT_GT(tolerance, 0);
  double worst = 0;
  for (size_t i = 0; i < actual.size(); ++i) {
    worst = std::max(worst, std::fabs(double(actual[i]) - expected[i]));
    if (std::isnan(actual[i])) worst = INFINITY;
  }
  EXPECT_LT(worst, tolerance);
}

class NetworkTest : public testing::TestWithParam<const char*> {};

TEST_P(NetworkTest, EqualsTheNaiveNetwork) {
  const Model model = RandomModel(GetParam(), 1);
  const InferenceNetwork network(model);
  const int in = model.spec.input.Size(), out = OutputShape(model.spec).Size();
  const std::vector<float> input = RandomValues(3 * in, 2);
  std::vector<float> output(3 * out);
  network.Run(input.data(), 3, output.data());
  for (int n = 0; n < 3; n += 2) {
    ExpectClose(
        {output.begin() + n * out, output.begin() + (n + 1) * out},
        RunNaive(model, model.spec.input,
                 {input.begin() + n * in, input.begin() + (n + 1) * in}));
  }
}

TEST_P(NetworkTest, ASampleDoesNotSeeItsBatch) {
  constexpr int kBatch = InferenceNetwork::kBatch;
  const Model model = RandomModel(GetParam(), 3);
  const InferenceNetwork network(model);
  const int in = model.spec.input.Size(), out = OutputShape(model.spec).Size();
  const std::vector<float> input = RandomValues(kBatch * in, 4);
  std::vector<float> together(kBatch * out), alone(out);
  network.Run(input.data(), kBatch, together.data());
  for (int n = 0; n < kBatch; ++n) {
    network.Run(input.data() + n * in, 1, alone.data());
    EXPECT_EQ(std::memcmp(alone.data(), together.data() + n * out,
                          out * sizeof(float)),
              0)
        << n;
  }
  for (const int count : {2, 7, 31}) {
    std::vector<float> some(count * out);
    network.Run(input.data(), count, some.data());
    EXPECT_EQ(
        std::memcmp(some.data(), together.data(), some.size() * sizeof(float)),
        0);
  }
}

TEST_P(NetworkTest, ManyThreadsMayCallAtOnce) {
  const Model model = RandomModel(GetParam(), 5);
  const InferenceNetwork network(model);
  const int in = model.spec.input.Size(), out = OutputShape(model.spec).Size();
  constexpr int kCalls = 12;
  const std::vector<float> input = RandomValues(kCalls * in, 6);
  std::vector<float> expected(kCalls * out), actual(kCalls * out);
  for (int i = 0; i < kCalls; ++i) {
    network.Run(input.data() + i * in, 1, expected.data() + i * out);
  }
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = t; i < kCalls; i += 4) {
        network.Run(input.data() + i * in, 1, actual.data() + i * out);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(actual, expected);
}

std::string NameOf(const testing::TestParamInfo<const char*>& network) {
  static constexpr const char* kNames[] = {
      "Detector", "DeepDesc", "ReluDescriptor", "Orientation",
      "LogPolar", "Circular", "Oddities"};
  return kNames[network.index];
}

INSTANTIATE_TEST_SUITE_P(Networks, NetworkTest,
                         testing::Values(kDetector, kDeepDesc, kReluDesc,
                                         kOrientation, kLogPolar, kCircular,
                                         kOddities),
                         NameOf);

std::vector<float> Dense(const InferenceNetwork& network,
                         const std::vector<float>& plane, int width,
                         int height) {
  int out_width = 0, out_height = 0;
  std::vector<float> map =
      network.RunDense(plane.data(), width, height, &out_width, &out_height);
  const Shape out = Shapes(network.model().spec, {1, height, width}).back();
  EXPECT_EQ(out_width, out.width);
  EXPECT_EQ(out_height, out.height);
  return map;
}

TEST(RunDense, EqualsTheNaiveNetworkAtAnySize) {
  const Model model = RandomModel(kDetector, 7);
  const InferenceNetwork network(model);
  for (const auto& [width, height] : std::vector<std::pair<int, int>>{
           {25, 25}, {31, 47}, {47, 31}, {257, 123}, {26, 140}}) {
    SCOPED_TRACE(testing::Message() << width << "x" << height);
    const std::vector<float> plane = RandomValues(width * height, 8);
    ExpectClose(Dense(network, plane, width, height),
                RunNaive(model, {1, height, width}, plane));
  }
}

TEST(RunDense, StripsJoinWithoutSeams) {
  // A map so wide that strips are short: any pixel of it is what its window
  // alone gives.
  const Model model = RandomModel(kDetector, 9);
  const InferenceNetwork network(model);
  const int width = 1500, height = 100;
  const std::vector<float> plane = RandomValues(width * height, 10);
  const std::vector<float> map = Dense(network, plane, width, height);
  const int out_width = width - 24;
  for (int y = 0; y < height - 24; ++y) {
    const int x = (y * 389) % out_width;
    std::vector<float> window;
    for (int v = y; v < y + 25; ++v) {
      window.insert(window.end(), plane.begin() + v * width + x,
                    plane.begin() + v * width + x + 25);
    }
    EXPECT_NEAR(map[y * out_width + x], RunNaive(model, {1, 25, 25}, window)[0],
                1e-4)
        << x << " " << y;
  }
}

TEST(RunDense, SeveralLayersAndOutputs) {
  const Model model = RandomModel(
      R"({"architecture": "dense", "input": [1, 16, 16], "layers": [
          {"type": "conv", "name": "a", "out": 16, "kernel": 3},
          {"type": "relu"},
          {"type": "conv", "name": "b", "out": 12, "kernel": 5},
          {"type": "tanh"},
          {"type": "ghh", "sums": 2, "maxes": 2}]})",
      11);
  const InferenceNetwork network(model);
  for (const int width : {16, 301}) {
    const std::vector<float> plane = RandomValues(width * 77, 12);
    ExpectClose(Dense(network, plane, width, 77),
                RunNaive(model, {1, 77, width}, plane));
  }
}

TEST(RunDense, DoesNotDependOnTheNumberOfThreads) {
  const Model model = RandomModel(kDetector, 13);
  const InferenceNetwork network(model);
  const std::vector<float> plane = RandomValues(900 * 133, 14);
  SetNumThreads(1);
  const std::vector<float> one = Dense(network, plane, 900, 133);
  SetNumThreads(5);
  const std::vector<float> five = Dense(network, plane, 900, 133);
  SetNumThreads(0);
  EXPECT_EQ(one, five);
}

TEST(RunDense, RefusesPlanesAndNetworksThatCannotBeDense) {
  const std::vector<float> plane(24 * 100);
  int w = 0, h = 0;
  const InferenceNetwork detector(RandomModel(kDetector, 1));
  EXPECT_THROW(detector.RunDense(plane.data(), 100, 24, &w, &h), InputError);
  const InferenceNetwork orientation(RandomModel(kOrientation, 1));
  EXPECT_THROW(orientation.RunDense(plane.data(), 64, 24, &w, &h), InputError);
}

TEST(InferenceNetwork, RefusesWeightsThatDoNotFit) {
  Model model = RandomModel(kDetector, 1);
  model.weights["conv.weight"].shape = {16, 1, 5, 125};
  EXPECT_THROW(InferenceNetwork{model}, InputError);
  model = RandomModel(kDetector, 1);
  model.weights.erase("conv.bias");
  EXPECT_THROW(InferenceNetwork{model}, InputError);
}

// ---- The published DeepDesc weights, where they are at hand ----

// What a Torch7 file holds, as far as DeepDesc needs it.
struct TorchValue {
  std::string text;                           // string, or class of an object
  double number = 0;                          // number, boolean
  std::vector<float> data;                    // storage, tensor
  std::map<std::string, TorchValue> members;  // table; keys as text
};

// Torch7's binary serialisation: every object is an int32 type and a payload;
// tables and torch objects have an index, so that later ones can refer to them.
class TorchReader {
 public:
  explicit TorchReader(const std::filesystem::path& path)
      : file_(path, std::ios::binary) {}

  TorchValue Read() {
    TorchValue value;
    switch (Raw<int32_t>()) {
      case 0:
        return value;
      case 1:
        value.number = Raw<double>();
        return value;
      case 2:
        value.text = Text();
        return value;
      case 3:
        return Once([this] { return Table(); });
      case 4:
        return Once([this] { return Object(); });
      case 5:
        value.number = Raw<int32_t>();
        return value;
      default:
        throw std::runtime_error("unknown Torch7 object");
    }
  }

 private:
  template <typename T>
  T Raw() {
    T value{};
    file_.read(reinterpret_cast<char*>(&value), sizeof value);
    if (!file_) throw std::runtime_error("truncated Torch7 file");
    return value;
  }

  std::string Text() {
    std::string text(Raw<int32_t>(), '\0');
    file_.read(text.data(), static_cast<std::streamsize>(text.size()));
    return text;
  }

  template <typename F>
  TorchValue Once(const F& read) {
    const int32_t index = Raw<int32_t>();
    const auto known = seen_.find(index);
    if (known != seen_.end()) return known->second;
    return seen_[index] = read();
  }

  TorchValue Table() {
    TorchValue table;
    const int32_t count = Raw<int32_t>();
    for (int32_t i = 0; i < count; ++i) {
      const TorchValue key = Read();
      const std::string name =
          key.text.empty() ? std::to_string(std::lround(key.number)) : key.text;
      table.members[name] = Read();
    }
    return table;
  }

  TorchValue Object() {
    Text();  // "V 1"
    const std::string type = Text();
    TorchValue value;
    if (type.ends_with("Tensor")) {
      const int32_t dimensions = Raw<int32_t>();
      size_t size = dimensions > 0 ? 1 : 0;
      for (int i = 0; i < dimensions; ++i) size *= Raw<int64_t>();
      for (int i = 0; i < dimensions; ++i) Raw<int64_t>();  // strides
      const int64_t offset = Raw<int64_t>() - 1;
      const TorchValue storage = Read();
      if (storage.data.size() >= offset + size) {
        value.data.assign(storage.data.begin() + offset,
                          storage.data.begin() + offset + size);
      }
    } else if (type.ends_with("Storage")) {
      const int64_t count = Raw<int64_t>();
      for (int64_t i = 0; i < count; ++i) {
        if (type == "torch.FloatStorage") {
          value.data.push_back(Raw<float>());
        } else {
          value.data.push_back(static_cast<float>(Raw<int64_t>()));
        }
      }
    } else {
      value = Read();
    }
    value.text = type;
    return value;
  }

  std::ifstream file_;
  std::map<int32_t, TorchValue> seen_;
};

TEST(PublishedDeepDesc, GivesTheGoldenDescriptors) {
  const char* folder = std::getenv("TIEPOINT_PUBLISHED_WEIGHTS");
  if (!folder) {
    GTEST_SKIP() << "set TIEPOINT_PUBLISHED_WEIGHTS to the folder that holds "
                    "deepdesc/CNN3_p8_n8_split4_073000.t7";
  }
  const TorchValue root =
      TorchReader(std::filesystem::path(folder) / "deepdesc" /
                  "CNN3_p8_n8_split4_073000.t7")
          .Read();
  const auto& modules = root.members.at("desc").members.at("modules").members;
  Model model = RandomModel(kDeepDesc, 0);
  for (const auto& [name, module] :
       {std::pair{"conv1", "1"}, {"conv2", "5"}, {"conv3", "9"}}) {
    for (const char* part : {"weight", "bias"}) {
      Tensor& tensor = model.weights[std::string(name) + "." + part];
      tensor.data = modules.at(module).members.at(part).data;
      ASSERT_EQ(static_cast<int64_t>(tensor.data.size()), tensor.Size());
    }
  }
  const std::vector<float>& mean = root.members.at("mean").data;
  const std::vector<float>& deviation = root.members.at("std").data;
  ASSERT_EQ(mean.size(), 4096u);
  ASSERT_EQ(deviation.size(), 4096u);

  struct Golden {
    std::vector<float> first;  // of the 128 numbers
    double norm, sum;
    float (*intensity)(int x, int y);
  };
  const Golden goldens[2] = {
      {{3.945227f, 0.765226f, 3.969749f, 3.966846f, 3.956094f, 2.266784f,
        3.961017f, 3.973821f},
       41.388429,
       458.257447,
       [](int x, int y) { return static_cast<float>((7 * x + 13 * y) % 256); }},
      {{3.964977f, 0.916941f, 3.956380f, 3.960575f, 3.970408f, 2.004413f,
        3.973399f, 3.982703f},
       40.127128,
       442.547313,
       [](int x, int y) {
         return static_cast<float>(
             std::round(127.5 + 100 * std::sin(x / 5.0) * std::cos(y / 7.0)));
       }}};
  const InferenceNetwork network(model);
  for (const Golden& golden : goldens) {
    std::vector<float> patch(4096), fast(128);
    for (int i = 0; i < 4096; ++i) {
      patch[i] = (golden.intensity(i % 64, i / 64) - mean[i]) / deviation[i];
    }
    network.Run(patch.data(), 1, fast.data());
    const std::vector<float> naive = RunNaive(model, {1, 64, 64}, patch);
    for (const auto& [descriptor, tolerance] :
         {std::pair{naive, 2e-5}, {fast, 1e-4}}) {
      double squares = 0, sum = 0;
      for (const float v : descriptor) {
        squares += double(v) * v;
        sum += v;
      }
      for (size_t i = 0; i < golden.first.size(); ++i) {
        EXPECT_NEAR(descriptor[i], golden.first[i], tolerance) << i;
      }
      EXPECT_NEAR(std::sqrt(squares), golden.norm, 10 * tolerance);
      EXPECT_NEAR(sum, golden.sum, 100 * tolerance);
    }
  }
}

}  // namespace
}  // namespace tiepoint
