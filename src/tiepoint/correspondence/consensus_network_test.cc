// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/correspondence/consensus_network.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <thread>

#include "tiepoint/base/error.h"
#include "tiepoint/base/random.h"
#include "tiepoint/correspondence/naive_consensus.h"
#include "tiepoint/correspondence/random_matches.h"
#include "tiepoint/network/random_consensus_model.h"

namespace tiepoint {
namespace {

// The smaller distance of two matrices of unit norm and arbitrary sign.
double Difference(const Matrix3& a, const Matrix3& b) {
  double minus = 0, plus = 0;
  for (int k = 0; k < 9; ++k) {
    minus += (a[k] - b[k]) * (a[k] - b[k]);
    plus += (a[k] + b[k]) * (a[k] + b[k]);
  }
  return std::sqrt(std::min(minus, plus));
}

struct NetworkCase {
  const char* name;
  ConsensusSpec spec;
};

class ConsensusNetworkTest : public ::testing::TestWithParam<NetworkCase> {
 protected:
  const ConsensusModel model_ = RandomConsensusModel(GetParam().spec, 1);
  const int columns_ = GetParam().spec.inputs;
};

TEST_P(ConsensusNetworkTest, EqualsTheNaiveNetwork) {
  for (const auto& kernels : SupportedConsensusKernels()) {
    const ConsensusNetwork network(model_, kernels);
    for (const int count : {0, 1, 7, 8, 63, 513}) {
      const auto inputs = RandomMatches(count, columns_, 2);
      const ConsensusResult fast = network.Run(inputs);
      const ConsensusResult naive = RunNaiveConsensus(model_, inputs);
      ASSERT_EQ(fast.logits.size(), static_cast<size_t>(count));
      ASSERT_EQ(fast.weights.size(), static_cast<size_t>(count));
      for (int i = 0; i < count; ++i) {
        ASSERT_NEAR(fast.logits[i], naive.logits[i], 1e-3)
            << kernels.name << " " << count << " " << i;
        ASSERT_EQ(fast.weights[i], std::max(0.0f, std::tanh(fast.logits[i])));
      }
      ASSERT_EQ(fast.essential.has_value(), naive.essential.has_value());
      if (count < 8) {
        EXPECT_FALSE(fast.essential);
      }
      if (count < 63) continue;
      ASSERT_TRUE(fast.essential);
      EXPECT_LT(Difference(*fast.essential, *naive.essential), 1e-3);
    }
  }
}

TEST_P(ConsensusNetworkTest, PermutedMatchesHavePermutedWeights) {
  const ConsensusNetwork network(model_);
  constexpr int kCount = 200;
  const auto inputs = RandomMatches(kCount, columns_, 3);
  std::vector<int> order(kCount);
  std::iota(order.begin(), order.end(), 0);
  Random random(4);
  for (int i = kCount - 1; i > 0; --i) {
    std::swap(order[i], order[random.Integer(i + 1)]);
  }
  std::vector<float> permuted;
  for (const int i : order) {
    permuted.insert(permuted.end(), inputs.begin() + i * columns_,
                    inputs.begin() + (i + 1) * columns_);
  }
  const auto before = network.Run(inputs).weights;
  const auto after = network.Run(permuted).weights;
  for (int k = 0; k < kCount; ++k) {
    EXPECT_NEAR(after[k], before[order[k]], 1e-4);
  }
}

TEST_P(ConsensusNetworkTest, UnusableMatchesTakeNoPart) {
  const ConsensusNetwork network(model_);
  auto inputs = RandomMatches(100, columns_, 5);
  const ConsensusResult alone = network.Run(inputs);
  const int last = columns_ - 1;
  std::vector<float> bad(inputs.begin(), inputs.begin() + columns_);
  for (const auto& [column, value] :
       {std::pair(0, NAN), {last, INFINITY}, {2, -INFINITY}, {1, 1e30f}}) {
    auto match = bad;
    match[column] = value;
    inputs.insert(inputs.begin() + 10 * columns_, match.begin(), match.end());
  }
  const ConsensusResult together = network.Run(inputs);
  for (int i = 0; i < 104; ++i) {
    if (i >= 10 && i < 14) {
      EXPECT_EQ(together.weights[i], 0);
      EXPECT_EQ(together.logits[i], -INFINITY);
    } else {
      EXPECT_EQ(together.logits[i], alone.logits[i < 10 ? i : i - 4]);
    }
  }
  EXPECT_EQ(together.essential, alone.essential);
}

TEST_P(ConsensusNetworkTest, ManyThreadsMayCallAtOnce) {
  const ConsensusNetwork network(model_);
  std::vector<std::vector<float>> inputs;
  std::vector<ConsensusResult> alone;
  for (int t = 0; t < 4; ++t) {
    inputs.push_back(RandomMatches(40 + 60 * t, columns_, 6 + t));
    alone.push_back(network.Run(inputs.back()));
  }
  std::vector<ConsensusResult> together(4);
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int k = 0; k < 5; ++k) together[t] = network.Run(inputs[t]);
    });
  }
  for (auto& thread : threads) thread.join();
  for (int t = 0; t < 4; ++t) {
    EXPECT_EQ(together[t].logits, alone[t].logits);
    EXPECT_EQ(together[t].essential, alone[t].essential);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Networks, ConsensusNetworkTest,
    ::testing::Values(NetworkCase{"Plain", {4, 128, {3}, false}},
                      NetworkCase{"SideInformation", {9, 64, {2}, false}},
                      NetworkCase{"Attention", {9, 32, {3}, true}},
                      NetworkCase{"TwoStages", {4, 64, {2, 1}, false}},
                      NetworkCase{"AllTogether", {9, 128, {2, 2}, true}},
                      // Channels that do not fill a vector.
                      NetworkCase{"FewChannels", {4, 5, {1, 1, 1}, true}},
                      NetworkCase{"ManyChannels", {4, 200, {1}, true}}),
    [](const auto& test) { return test.param.name; });

TEST(ConsensusNetworksTest, AsLargeAsThePaperEqualsTheNaiveNetwork) {
  const auto model = RandomConsensusModel({4, 128, {12}, false}, 1);
  const auto inputs = RandomMatches(2000, 4, 2);
  const ConsensusResult fast = ConsensusNetwork(model).Run(inputs);
  const ConsensusResult naive = RunNaiveConsensus(model, inputs);
  for (int i = 0; i < 2000; ++i) {
    ASSERT_NEAR(fast.logits[i], naive.logits[i], 1e-3) << i;
  }
}

TEST(ConsensusNetworksTest, AnUnknownNumberOfMatchesIsRefused) {
  const ConsensusNetwork network(RandomConsensusModel({4, 8, {1}, false}, 1));
  EXPECT_THROW(network.Run(std::vector<float>(7)), InputError);
}

TEST(ConsensusNetworksTest, WrongShapesAreRefused) {
  auto model = RandomConsensusModel({4, 8, {1}, false}, 1);
  model.weights["stage0.block0.conv1.weight"] = {{8, 4},
                                                 std::vector<float>(32)};
  EXPECT_THROW(ConsensusNetwork{model}, InputError);
  EXPECT_THROW(RunNaiveConsensus(model, {}), InputError);
}

// All weights are zeros: tests set those that they look at.
ConsensusModel Blank(const ConsensusSpec& spec) {
  ConsensusModel model = RandomConsensusModel(spec, 1);
  for (auto& [name, tensor] : model.weights) {
    tensor.data.assign(tensor.data.size(), 0);
  }
  return model;
}

TEST(ConsensusNetworksTest, TheSecondStageSeesResidualAndWeight) {
  ConsensusModel model = Blank({5, 8, {1, 1}, false});
  // Stage 0: the logit is the side information, 3 for good matches.
  model.weights["stage0.input.weight"].data[4] = 1;
  model.weights["stage0.output.weight"].data[0] = 1;
  // Stage 1: channel 1 is r, channel 2 is w.
  model.weights["stage1.input.weight"].data[1 * 7 + 5] = 1;
  model.weights["stage1.input.weight"].data[2 * 7 + 6] = 1;
  model.weights["stage1.output.weight"].data[1] = 1;
  model.weights["stage1.output.weight"].data[2] = 10;
  auto inputs = RandomMatches(100, 5, 7);
  for (int i = 0; i < 100; ++i) inputs[i * 5 + 4] = i % 2 == 0 ? 3.0f : -3.0f;
  const auto logits = ConsensusNetwork(model).Run(inputs).logits;
  int far = 0;
  for (int i = 0; i < 100; ++i) {
    if (i % 2 == 0) {  // on its epipolar line
      EXPECT_NEAR(logits[i], 10 * std::tanh(3), 0.01);
    } else {
      EXPECT_LE(logits[i], 6);
      far += logits[i] > 2;
    }
  }
  EXPECT_GT(far, 40);
  // Seven good matches leave no E.
  inputs.resize(14 * 5);
  const auto few = ConsensusNetwork(model).Run(inputs).logits;
  for (int i = 0; i < 14; ++i) {
    EXPECT_NEAR(few[i], i % 2 == 0 ? 6 + 10 * std::tanh(3) : 6, 1e-4);
  }
}

TEST(EpipolarResidualTest, GrowsWithTheDistanceUpToSix) {
  const Matrix3 sideways{0, 0, 0, 0, 0, -1, 0, 1, 0};  // y2 = y1
  const float root = std::sqrt(2.0f);
  EXPECT_EQ(EpipolarResidual(sideways, {0.3, 0.2, 0.1, 0.2}), 0);
  EXPECT_NEAR(EpipolarResidual(sideways, {0.3, 0.2, 0.1, 0.203}),
              std::log(1 + root), 1e-5);
  EXPECT_EQ(EpipolarResidual(sideways, {0.3, 0.2, 0.1, 99}), 6);
  EXPECT_EQ(EpipolarResidual(std::nullopt, {0.3, 0.2, 0.1, 0.2}), 6);
  // Forward motion: the centre is the epipole and has no line.
  const Matrix3 forward{0, -1, 0, 1, 0, 0, 0, 0, 0};
  EXPECT_EQ(EpipolarResidual(forward, {0, 0, 0, 0}), 6);
}

}  // namespace
}  // namespace tiepoint
