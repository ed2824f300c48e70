// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/jet.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "tiepoint/base/all_processors.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/symmetric_sums.h"

namespace tiepoint {

std::vector<float> JetKernel(double sigma) {
  constexpr int kRadius = kJetReach - 1;
  std::vector<float> kernel(kJetReach);
  double sum = 0;
  for (int k = 0; k <= kRadius; ++k) {
    kernel[k] = static_cast<float>(std::exp(-0.5 * k * k / (sigma * sigma)));
    sum += (k == 0 ? 1 : 2) * kernel[k];
  }
  for (float& w : kernel) w = static_cast<float>(w / sum);
  return kernel;
}

namespace {

constexpr int kRadius = kJetReach - 1;

TIEPOINT_ALL_PROCESSORS void BlurRow(const float* __restrict kernel,
                                     const float* __restrict in, int count,
                                     float* __restrict out) {
  SymmetricSums<kRadius>(kernel, in, 1, count, out);
}

TIEPOINT_ALL_PROCESSORS void BlurColumns(const float* __restrict kernel,
                                         const float* __restrict in,
                                         ptrdiff_t stride, int count,
                                         float* __restrict out) {
  SymmetricSums<kRadius>(kernel, in, stride, count, out);
}

// From three blurred rows (count + 2 wide) to the three numbers of a scale.
TIEPOINT_ALL_PROCESSORS void Derive(const float* __restrict above,
                                    const float* __restrict here,
                                    const float* __restrict below, int count,
                                    float sigma, float* __restrict blob,
                                    float* __restrict edge,
                                    float* __restrict slope) {
  const float squared = sigma * sigma;
  for (int x = 0; x < count; ++x) {
    const float dx = 0.5f * (here[x + 2] - here[x]);
    const float dy = 0.5f * (below[x + 1] - above[x + 1]);
    const float twice = 2 * here[x + 1];
    const float xx = here[x] + here[x + 2] - twice;
    const float yy = above[x + 1] + below[x + 1] - twice;
    const float xy2 =
        0.5f * (below[x + 2] - below[x] - above[x + 2] + above[x]);
    blob[x] = -squared * (xx + yy);
    edge[x] = squared * std::sqrt((xx - yy) * (xx - yy) + xy2 * xy2);
    slope[x] = sigma * std::sqrt(dx * dx + dy * dy);
  }
}

// One hidden unit: score += out * max(0, bias + weights . channels).
TIEPOINT_ALL_PROCESSORS void AddUnit(const float* __restrict weights,
                                     float bias, float out,
                                     const float* __restrict channels,
                                     ptrdiff_t stride, int count,
                                     float* __restrict score) {
  static_assert(kJetChannels == 6);
  const float w0 = weights[0], w1 = weights[1], w2 = weights[2];
  const float w3 = weights[3], w4 = weights[4], w5 = weights[5];
  for (int x = 0; x < count; ++x) {
    const float* c = channels + x;
    const float sum = bias + w0 * c[0] + w1 * c[stride] + w2 * c[2 * stride] +
                      w3 * c[3 * stride] + w4 * c[4 * stride] +
                      w5 * c[5 * stride];
    score[x] += out * (sum > 0 ? sum : 0.0f);
  }
}

// Walks down a picture: the jet of one row after the other.
class JetRows {
 public:
  // Rows of the jet: those around `first` + kJetReach of the plane and on.
  JetRows(const float* plane, int width, int first)
      : plane_(plane), width_(width), row_(first), line_(width) {
    for (auto& scale : blurred_) {
      for (auto& row : scale) row.resize(width - 2 * kJetReach + 2);
    }
    for (size_t s = 0; s < kJetSigmas.size(); ++s) {
      kernels_[s] = JetKernel(kJetSigmas[s]);
    }
    Blur();
    Blur();
  }

  // The channels of the next row to out[channel * stride + x].
  void Next(float* out, ptrdiff_t stride) {
    Blur();
    for (size_t s = 0; s < kJetSigmas.size(); ++s) {
      const auto row = [&](int back) {
        return blurred_[s][(row_ - 1 - back) % 3].data();
      };
      float* to = out + static_cast<ptrdiff_t>(3 * s) * stride;
      Derive(row(2), row(1), row(0), width_ - 2 * kJetReach,
             static_cast<float>(kJetSigmas[s]), to, to + stride,
             to + 2 * stride);
    }
  }

 private:
  void Blur() {
    for (size_t s = 0; s < kJetSigmas.size(); ++s) {
      BlurColumns(kernels_[s].data(),
                  plane_ + static_cast<ptrdiff_t>(row_) * width_, width_,
                  width_, line_.data());
      BlurRow(kernels_[s].data(), line_.data(), width_ - 2 * kJetReach + 2,
              blurred_[s][row_ % 3].data());
    }
    ++row_;
  }

  const float* plane_;
  int width_, row_;
  std::vector<float> line_;
  std::array<std::vector<float>, kJetSigmas.size()> kernels_;
  // The last three blurred rows of each scale.
  std::array<std::array<std::vector<float>, 3>, kJetSigmas.size()> blurred_;
};

}  // namespace

void ComputeJet(const float* plane, int width, int height, float* out) {
  const ptrdiff_t columns = width - 2 * kJetReach,
                  rows = height - 2 * kJetReach;
  JetRows jet(plane, width, 0);
  for (ptrdiff_t y = 0; y < rows; ++y) {
    jet.Next(out + y * columns, rows * columns);
  }
}

std::vector<float> ScoreJet(const JetScore& score, const float* plane,
                            int width, int height) {
  const int columns = width - 2 * kJetReach, rows = height - 2 * kJetReach;
  std::vector<float> scores(static_cast<size_t>(columns) * rows, score.bias);
  const auto units = static_cast<int>(score.out.size());
  constexpr int kRows = 48;  // of a strip, which blurs two rows for nothing
  ParallelFor((rows + kRows - 1) / kRows, [&](int strip) {
    const int first = strip * kRows;
    JetRows jet(plane, width, first);
    std::vector<float> channels(static_cast<size_t>(kJetChannels) * columns);
    for (int y = first; y < std::min(first + kRows, rows); ++y) {
      jet.Next(channels.data(), columns);
      float* row = scores.data() + static_cast<size_t>(y) * columns;
      for (int u = 0; u < units; ++u) {
        AddUnit(score.weights.data() + static_cast<ptrdiff_t>(u) * kJetChannels,
                score.biases[u], score.out[u], channels.data(), columns,
                columns, row);
      }
    }
  });
  return scores;
}

}  // namespace tiepoint
