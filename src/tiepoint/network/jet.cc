// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/jet.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace tiepoint {
namespace {

constexpr int kRadius = kJetReach - 1;

// out[x] = sum over k of kernel[|k|] in[x + kRadius + k], symmetric taps
// together.
void BlurRow(const std::vector<float>& kernel, const float* in, int count,
             float* out) {
  const float* middle = in + kRadius;
  for (int x = 0; x < count; ++x) out[x] = kernel[0] * middle[x];
  for (int k = 1; k <= kRadius; ++k) {
    const float w = kernel[k];
    const float* before = middle - k;
    const float* after = middle + k;
    for (int x = 0; x < count; ++x) out[x] += w * (before[x] + after[x]);
  }
}

// The same down the columns: rows around `row` of `plane`.
void BlurColumns(const std::vector<float>& kernel, const float* plane,
                 int width, int row, float* out) {
  const auto line = [&](int y) {
    return plane + static_cast<ptrdiff_t>(y) * width;
  };
  const float* middle = line(row);
  for (int x = 0; x < width; ++x) out[x] = kernel[0] * middle[x];
  for (int k = 1; k <= kRadius; ++k) {
    const float w = kernel[k];
    const float* before = line(row - k);
    const float* after = line(row + k);
    for (int x = 0; x < width; ++x) out[x] += w * (before[x] + after[x]);
  }
}

// From three blurred rows (count + 2 wide) to the three numbers of a scale.
void Derive(const float* above, const float* here, const float* below,
            int count, float sigma, float* blob, float* edge, float* slope) {
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

}  // namespace

std::vector<float> JetKernel(double sigma) {
  std::vector<float> kernel(kJetReach);
  double sum = 0;
  for (int k = 0; k <= kRadius; ++k) {
    kernel[k] = static_cast<float>(std::exp(-0.5 * k * k / (sigma * sigma)));
    sum += (k == 0 ? 1 : 2) * kernel[k];
  }
  for (float& w : kernel) w = static_cast<float>(w / sum);
  return kernel;
}

void ComputeJet(const float* plane, int width, int height, float* out) {
  const int columns = width - 2 * kJetReach, rows = height - 2 * kJetReach;
  const size_t area = static_cast<size_t>(columns) * rows;
  std::vector<float> line(width);
  // The last three blurred rows, each two columns wider than the result.
  std::array<std::vector<float>, 3> blurred;
  for (auto& row : blurred) row.resize(columns + 2);
  for (size_t s = 0; s < kJetSigmas.size(); ++s) {
    const std::vector<float> kernel = JetKernel(kJetSigmas[s]);
    float* planes = out + 3 * s * area;
    for (int y = 0; y < rows + 2; ++y) {
      BlurColumns(kernel, plane, width, y + kRadius, line.data());
      BlurRow(kernel, line.data(), columns + 2, blurred[y % 3].data());
      if (y < 2) continue;
      const size_t at = static_cast<size_t>(y - 2) * columns;
      Derive(blurred[(y - 2) % 3].data(), blurred[(y - 1) % 3].data(),
             blurred[y % 3].data(), columns, static_cast<float>(kJetSigmas[s]),
             planes + at, planes + area + at, planes + 2 * area + at);
    }
  }
}

}  // namespace tiepoint
