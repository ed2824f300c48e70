// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/model_scorer.h"

#include <array>
#include <cmath>

#include "tiepoint/base/all_processors.h"
#include "tiepoint/geometry/magsac_score.h"

namespace tiepoint {
namespace {

// A of the sequential test: one in a hundred good models is lost.
constexpr double kLargestRatio = 100;
constexpr int kBlock = ModelScorer::kBlock;

// t = squared Sampson error / cutoff^2 of the pairs of a block; `by` are
// cutoff^2 / f^2 of x2, y2, x1, y1.
TIEPOINT_ALL_PROCESSORS void SquaredErrors(const float* __restrict e,
                                           const float* __restrict by,
                                           const float* __restrict x1,
                                           const float* __restrict y1,
                                           const float* __restrict x2,
                                           const float* __restrict y2,
                                           float* __restrict t) {
  for (int i = 0; i < kBlock; ++i) {
    const float a = e[0] * x1[i] + e[1] * y1[i] + e[2];
    const float b = e[3] * x1[i] + e[4] * y1[i] + e[5];
    const float c = e[0] * x2[i] + e[3] * y2[i] + e[6];
    const float d = e[1] * x2[i] + e[4] * y2[i] + e[7];
    const float product =
        x2[i] * a + y2[i] * b + e[6] * x1[i] + e[7] * y1[i] + e[8];
    t[i] = product * product /
           (by[0] * a * a + by[1] * b * b + by[2] * c * c + by[3] * d * d);
  }
}

}  // namespace

ModelScorer::ModelScorer(std::span<const PointPair> normalized,
                         std::span<const double> weights,
                         const PinholeCamera& camera1,
                         const PinholeCamera& camera2, double max_error,
                         double cutoff)
    : count_(static_cast<int>(normalized.size())),
      inlier_share_(
          static_cast<float>(max_error * max_error / (cutoff * cutoff))) {
  const size_t padded = (normalized.size() + kBlock - 1) / kBlock * kBlock;
  for (auto* values : {&x1_, &y1_, &x2_, &y2_, &weights_}) {
    values->assign(padded, 0.0f);
  }
  remaining_.assign(padded / kBlock + 1, 0.0);
  for (size_t i = 0; i < normalized.size(); ++i) {
    x1_[i] = static_cast<float>(normalized[i].x1);
    y1_[i] = static_cast<float>(normalized[i].y1);
    x2_[i] = static_cast<float>(normalized[i].x2);
    y2_[i] = static_cast<float>(normalized[i].y2);
    weights_[i] = static_cast<float>(weights[i]);
    remaining_[i / kBlock] += weights[i];
  }
  for (size_t b = remaining_.size() - 1; b-- > 0;) {
    remaining_[b] += remaining_[b + 1];
  }
  const double f[] = {camera2.fx, camera2.fy, camera1.fx, camera1.fy};
  for (int k = 0; k < 4; ++k) {
    by_[k] = static_cast<float>(cutoff * cutoff / (f[k] * f[k]));
  }
}

template <typename GiveUp>
std::optional<ModelScore> ModelScorer::Sum(const Matrix3& essential,
                                           const GiveUp& give_up) const {
  std::array<float, 9> e;
  for (int k = 0; k < 9; ++k) e[k] = static_cast<float>(essential[k]);
  const MagsacTable& table = MagsacTable::Get();
  ModelScore score;
  std::array<float, kBlock> t;
  for (int begin = 0; begin < count_; begin += kBlock) {
    SquaredErrors(e.data(), by_.data(), &x1_[begin], &y1_[begin], &x2_[begin],
                  &y2_[begin], t.data());
    const int size = std::min(kBlock, count_ - begin);
    float quality = 0;
    for (int i = 0; i < size; ++i) {
      quality += weights_[begin + i] * (1 - table.Loss(t[i]));
      score.num_inliers += t[i] <= inlier_share_;
    }
    score.quality += quality;
    if (give_up(score, begin + size)) return std::nullopt;
  }
  return score;
}

std::optional<ModelScore> ModelScorer::Score(const Matrix3& essential,
                                             double to_beat) {
  const double wrong_share = hits_ / seen_;
  // A best model hardly better than the wrong ones is no measure.
  const bool tested = best_share_ > 2 * wrong_share;
  const double hit = tested ? std::log(wrong_share / best_share_) : 0;
  const double miss =
      tested ? std::log((1 - wrong_share) / (1 - best_share_)) : 0;
  const double largest = std::log(kLargestRatio);
  return Sum(essential, [&](const ModelScore& score, int seen) {
    const bool hopeless =
        score.quality + remaining_[(seen + kBlock - 1) / kBlock] <= to_beat ||
        score.num_inliers * hit + (seen - score.num_inliers) * miss > largest;
    if (hopeless) {
      seen_ += seen;
      hits_ += score.num_inliers;
    }
    return hopeless;
  });
}

ModelScore ModelScorer::FullScore(const Matrix3& essential) const {
  return *Sum(essential, [](const ModelScore&, int) { return false; });
}

void ModelScorer::SetBest(int num_inliers) {
  // Below 1, that a miss is not proof.
  best_share_ = std::min(0.95, static_cast<double>(num_inliers) / count_);
}

}  // namespace tiepoint
