// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/correspondence/consensus_kernels.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tiepoint/network/random_model.h"

namespace tiepoint {
namespace {

// Every kind of processor that this one can play.
class ConsensusKernelsTest
    : public ::testing::TestWithParam<const ConsensusKernels*> {
 protected:
  const ConsensusKernels& kernels_ = *GetParam();
};

TEST_P(ConsensusKernelsTest, MultiplyIsTheSumOfProducts) {
  constexpr int kStride = 64, kRows = 50;
  for (const int depth : {4, 11, 64}) {
    const auto weights = RandomValues(kRows * depth, 1);
    const auto packed = kernels_.Pack(weights, kRows, depth, kStride);
    for (const int count : {1, 2, 3, 5, 11, 13, 47, 48}) {
      const auto in = RandomValues(count * depth, 2);
      std::vector<float> out(count * kStride + 1, 99);
      kernels_.multiply(in.data(), count, depth, depth, packed.data(), kStride,
                        out.data());
      EXPECT_EQ(out.back(), 99);
      for (int i = 0; i < count; ++i) {
        for (int c = 0; c < kStride; ++c) {
          double sum = 0;
          for (int k = 0; k < depth && c < kRows; ++k) {
            sum += double(weights[c * depth + k]) * in[i * depth + k];
          }
          ASSERT_NEAR(out[i * kStride + c], sum, 2e-5)
              << depth << " " << count << " " << i << " " << c;
        }
      }
    }
  }
}

TEST_P(ConsensusKernelsTest, MomentsAreExactFarFromZero) {
  constexpr int kStride = 32, kCount = 37;
  auto u = RandomValues(kCount * kStride, 3);
  for (float& v : u) v = 0.01f * v + 1000;
  auto a = RandomValues(kCount, 4);
  for (float& v : a) v = std::fabs(v);
  for (const float* weights : {static_cast<const float*>(nullptr),
                               static_cast<const float*>(a.data())}) {
    double total = 0;
    for (int i = 0; i < kCount; ++i) total += weights ? weights[i] : 1;
    std::vector<float> mean(kStride), squares(kStride);
    kernels_.moments(u.data(), kCount, kStride, weights,
                     static_cast<float>(total), mean.data(), squares.data());
    for (int c = 0; c < kStride; ++c) {
      double sum = 0, spread = 0;
      for (int i = 0; i < kCount; ++i) {
        sum += (weights ? weights[i] : 1) * double(u[i * kStride + c]);
      }
      for (int i = 0; i < kCount; ++i) {
        spread += (weights ? weights[i] : 1) *
                  std::pow(u[i * kStride + c] - sum / total, 2);
      }
      // Sums of squares would be off by more than all of `spread`.
      EXPECT_NEAR(mean[c], sum / total, 1e-3);
      EXPECT_NEAR(squares[c], spread, 0.02 * spread);
    }
  }
}

TEST_P(ConsensusKernelsTest, RectifyAndDotAreTheirFormulas) {
  constexpr int kStride = 64, kCount = 7;
  const auto u = RandomValues(kCount * kStride, 5);
  const auto norm = RandomValues(3 * kStride, 6);
  std::vector<float> out(u.size()), sum(u.size(), 0.5f), dots(kCount);
  kernels_.rectify(u.data(), kCount, kStride, norm.data(), out.data());
  kernels_.add_rectified(u.data(), kCount, kStride, norm.data(), sum.data());
  kernels_.dot(u.data(), kCount, kStride, norm.data(), 0.25f, dots.data());
  for (int i = 0; i < kCount; ++i) {
    double dot = 0.25;
    for (int c = 0; c < kStride; ++c) {
      const int k = i * kStride + c;
      const float right = std::max(
          0.0f, (u[k] - norm[c]) * norm[kStride + c] + norm[2 * kStride + c]);
      EXPECT_NEAR(out[k], right, 1e-5);
      EXPECT_NEAR(sum[k], right + 0.5f, 1e-5);
      dot += double(u[k]) * norm[c];
    }
    EXPECT_NEAR(dots[i], dot, 1e-4);
  }
}

std::vector<const ConsensusKernels*> AllKernels() {
  std::vector<const ConsensusKernels*> all;
  for (const auto& kernels : SupportedConsensusKernels()) {
    all.push_back(&kernels);
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Processors, ConsensusKernelsTest,
                         ::testing::ValuesIn(AllKernels()),
                         [](const auto& test) {
                           std::string name = test.param->name;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace tiepoint
