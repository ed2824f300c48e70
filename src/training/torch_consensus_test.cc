// SPDX-License-Identifier: Apache-2.0
#include "training/torch_consensus.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tiepoint/base/error.h"
#include "tiepoint/correspondence/consensus_network.h"
#include "training/made_matches.h"
#include "training/match_batches.h"

namespace tiepoint {
namespace {

torch::Tensor Rows(const std::vector<float>& values, int64_t matches,
                   int64_t columns) {
  const auto count = static_cast<int64_t>(values.size()) / (matches * columns);
  return torch::from_blob(const_cast<float*>(values.data()),
                          {count, matches, columns}, torch::kFloat)
      .clone();
}

MatchBatch Batch() {
  const std::vector<MatchSet> sets = {MadeMatches(3)};
  return MatchBatches(sets, MatchBatches::Part::kAll, {}, 1).Real(4, 380);
}

TEST(WeightedEightPointsTest, TruthFromRightMatches) {
  const MatchBatch batch = Batch();
  const torch::Tensor points = Rows(batch.inputs, 380, kMatchInputs);
  // Ratios tell the matches of points from those that are near their line by
  // chance.
  const torch::Tensor right =
      torch::logical_and(Rows(batch.labels, 380, 1).squeeze(2) == 1,
                         points.select(2, 4) < 0.8)
          .to(torch::kFloat);
  const torch::Tensor e =
      WeightedEightPoints(points.narrow(2, 0, 4), right).contiguous();
  for (int p = 0; p < batch.pairs; ++p) {
    EXPECT_LT(EssentialErrorDegrees({e.data_ptr<float>() + p * 9, 9},
                                    {batch.essential.data() + p * 9, 9}),
              0.5);
  }
}

TEST(WeightedEightPointsTest, GradientIsTheDifferenceQuotient) {
  const MatchBatch batch = Batch();
  const torch::Tensor points =
      Rows(batch.inputs, 380, kMatchInputs).narrow(2, 0, 4).narrow(0, 0, 1);
  torch::manual_seed(1);
  const torch::Tensor toward = torch::randn({1, 9});
  const auto value = [&](const torch::Tensor& w) {
    const torch::Tensor e = WeightedEightPoints(points, w);
    return ((e * toward).sum() * (e * toward).sum());  // the sign is arbitrary
  };
  torch::Tensor w = (torch::rand({1, 380}) + 0.5).set_requires_grad(true);
  value(w).backward();
  const torch::Tensor direction = torch::randn({1, 380});
  const double slope = (w.grad() * direction).sum().item<double>();
  const torch::NoGradGuard guard;
  const double step = 1e-2;
  const double quotient =
      (value(w + step * direction) - value(w - step * direction))
          .item<double>() /
      (2 * step);
  EXPECT_NEAR(slope, quotient, 0.02 * std::abs(quotient) + 1e-4);
}

TEST(WeightedEightPointsTest, TooFewMatchesHaveNoGradient) {
  const MatchBatch batch = Batch();
  const torch::Tensor points =
      Rows(batch.inputs, 380, kMatchInputs).narrow(2, 0, 4);
  torch::Tensor w = torch::zeros({4, 380});
  w.narrow(1, 0, 5).fill_(1);
  w.set_requires_grad(true);
  const torch::Tensor e = WeightedEightPoints(points, w);
  EXPECT_TRUE(torch::isfinite(e).all().item<bool>());
  e.sum().backward();
  EXPECT_TRUE(torch::isfinite(w.grad()).all().item<bool>());
}

// Order of the matches does not matter, and a batch is its pairs.
TEST(TorchConsensusTest, IsEquivariant) {
  torch::manual_seed(2);
  TorchConsensus network({kMatchInputs, 32, {2, 2}, true},
                         TorchConsensus::Norm::kAffine);
  network.eval();
  const torch::NoGradGuard guard;
  const torch::Tensor x = Rows(Batch().inputs, 380, kMatchInputs);
  const torch::Tensor order = torch::randperm(380);
  const torch::Tensor a = network.forward(x).back().logits;
  const torch::Tensor b =
      network.forward(x.index_select(1, order)).back().logits;
  EXPECT_TRUE(torch::allclose(a.index_select(1, order), b, 1e-3, 1e-3));
  const torch::Tensor alone = network.forward(x.narrow(0, 1, 1)).back().logits;
  EXPECT_TRUE(torch::allclose(a.narrow(0, 1, 1), alone, 1e-3, 1e-3));
}

TEST(TorchConsensusTest, HasThePapersNumberOfParameters) {
  const ConsensusSpec spec;  // the paper's
  TorchConsensus network(spec, TorchConsensus::Norm::kBatch);
  int64_t count = 0;
  for (const auto& p : network.parameters()) count += p.numel();
  // Biases before a normalisation are not learned.
  EXPECT_EQ(count + 24 * 128, CountParameters(spec));
  EXPECT_EQ(CountParameters(spec), 397057);
}

TEST(TorchConsensusTest, ExportsAllTensors) {
  for (const bool attention : {false, true}) {
    const ConsensusSpec spec{kMatchInputs, 16, {1, 2}, attention};
    for (const auto norm :
         {TorchConsensus::Norm::kBatch, TorchConsensus::Norm::kAffine}) {
      const TorchConsensus network(spec, norm);
      ConsensusModel model;
      network.Export(model);
      EXPECT_EQ(model.spec, spec);
      EXPECT_NO_THROW(CheckConsensusModel(model));
    }
  }
}

// Training may go on from a file.
TEST(TorchConsensusTest, TakesBackWhatItGave) {
  using Norm = TorchConsensus::Norm;
  const ConsensusSpec spec{kMatchInputs, 16, {1, 2}, true};
  TorchConsensus first(spec, Norm::kAffine), second(spec, Norm::kAffine);
  ConsensusModel model;
  first.Export(model);
  second.Import(model);
  const torch::NoGradGuard guard;
  const torch::Tensor x = Rows(Batch().inputs, 380, kMatchInputs);
  EXPECT_TRUE(torch::equal(first.forward(x).back().logits,
                           second.forward(x).back().logits));
  TorchConsensus other({kMatchInputs, 16, {2, 1}, true}, Norm::kAffine);
  EXPECT_THROW(other.Import(model), InputError);
  TorchConsensus folded(spec, Norm::kBatch);
  EXPECT_THROW(folded.Import(model), InputError);
}

// What is trained is what users run.
TEST(TorchConsensusTest, IsTheInferenceNetwork) {
  const MatchBatch batch = Batch();
  for (const bool attention : {false, true}) {
    for (const auto norm :
         {TorchConsensus::Norm::kBatch, TorchConsensus::Norm::kAffine}) {
      torch::manual_seed(4);
      TorchConsensus network({kMatchInputs, 32, {2, 2}, attention}, norm);
      const torch::Tensor x = Rows(batch.inputs, 380, kMatchInputs);
      {  // means and deviations of the batch normalisation, weights of
         // attention
        const torch::NoGradGuard guard;
        for (auto& p : network.parameters()) p += 0.05 * torch::randn_like(p);
        network.forward(x);
      }
      network.eval();
      const torch::NoGradGuard guard;
      const torch::Tensor logits =
          network.forward(x).back().logits.contiguous();
      ConsensusModel model;
      network.Export(model);
      const ConsensusNetwork inference(model);
      const size_t row = size_t{380} * kMatchInputs;
      for (int p = 0; p < batch.pairs; ++p) {
        const ConsensusResult result =
            inference.Run({batch.inputs.data() + p * row, row});
        for (int k = 0; k < 380; ++k) {
          EXPECT_NEAR(result.logits[k], logits.data_ptr<float>()[p * 380 + k],
                      5e-3);
        }
      }
    }
  }
}

}  // namespace
}  // namespace tiepoint
