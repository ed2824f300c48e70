// SPDX-License-Identifier: Apache-2.0
#include "training/sift_table.h"

#include <cmath>
#include <numbers>

namespace tiepoint {
namespace {

constexpr int kCells = 4, kBins = 8;
constexpr double kCellSigma = 3;  // side of a cell, sigma
constexpr double kTurn = 2 * std::numbers::pi;
constexpr int kSize = 40;
// The farthest pixel with a share: half a cell beyond the corner.
constexpr double kSupport =
    kCellSigma * (kCells + 1) / 2.0 * std::numbers::sqrt2;
constexpr double kPixelsPerSigma = kSize / (2 * kSupport);
constexpr int kBlurReach = 5;

torch::Tensor Hat(const torch::Tensor& distance) {
  return torch::relu(1 - distance.abs());
}

}  // namespace

PatchGeometry SiftTable::Patch() {
  PatchGeometry geometry;
  geometry.size = kSize;
  geometry.support = kSupport;
  return geometry;
}

SiftTable::SiftTable(torch::Device device) {
  // Places in cells, the middle of the patch at 0.
  const torch::Tensor line =
      (torch::arange(kSize, torch::kFloat) - (kSize - 1) / 2.0) /
      (kPixelsPerSigma * kCellSigma);
  const torch::Tensor x = line.view({1, kSize}).expand({kSize, kSize});
  const torch::Tensor y = line.view({kSize, 1}).expand({kSize, kSize});
  std::vector<torch::Tensor> tables;
  for (int k = 0; k < kAngles; ++k) {
    const double a = kTurn * k / kAngles;
    const torch::Tensor u = std::cos(a) * x + std::sin(a) * y;
    const torch::Tensor v = std::cos(a) * y - std::sin(a) * x;
    const torch::Tensor window =
        torch::exp(-(u * u + v * v) / (2.0 * kCells * kCells / 4));
    for (int j = 0; j < kCells; ++j) {
      for (int i = 0; i < kCells; ++i) {
        const double middle = (kCells - 1) / 2.0;
        tables.push_back(
            (window * Hat(u + middle - i) * Hat(v + middle - j)).flatten());
      }
    }
  }
  shares_ = torch::stack(tables)
                .view({kAngles, kCells * kCells, kSize * kSize})
                .to(device);
  const torch::Tensor offset =
      torch::arange(2 * kBlurReach + 1, torch::kFloat) - double(kBlurReach);
  torch::Tensor kernel =
      torch::exp(-offset * offset / (2 * kPixelsPerSigma * kPixelsPerSigma));
  kernel = kernel / kernel.sum();
  blur_ = torch::outer(kernel, kernel)
              .view({1, 1, 2 * kBlurReach + 1, 2 * kBlurReach + 1})
              .to(device);
}

torch::Tensor SiftTable::Describe(const torch::Tensor& gray,
                                  const torch::Tensor& angle) const {
  namespace F = torch::nn::functional;
  const int64_t n = gray.size(0);
  const auto pad = [](const torch::Tensor& image, int64_t by) {
    return F::pad(image,
                  F::PadFuncOptions({by, by, by, by}).mode(torch::kReplicate));
  };
  const torch::Tensor wide =
      pad(torch::conv2d(pad(gray, kBlurReach), blur_), 1);
  const auto shifted = [&](int dx, int dy) {
    return wide.narrow(3, 1 + dx, kSize).narrow(2, 1 + dy, kSize);
  };
  const torch::Tensor gx = (shifted(1, 0) - shifted(-1, 0)).reshape({n, -1});
  const torch::Tensor gy = (shifted(0, 1) - shifted(0, -1)).reshape({n, -1});
  const torch::Tensor strength = torch::sqrt(gx * gx + gy * gy);
  const torch::Tensor direction = torch::atan2(gy, gx);

  // At entry `index` (N) of the table.
  const auto entry = [&](const torch::Tensor& index) {
    const torch::Tensor turned =
        (direction - (index * (kTurn / kAngles)).unsqueeze(1)) *
        (kBins / kTurn);
    std::vector<torch::Tensor> bins;
    for (int b = 0; b < kBins; ++b) {
      // -4 .. 4 around the bin.
      const torch::Tensor off =
          torch::remainder(turned - b + kBins / 2.0, kBins) - kBins / 2.0;
      bins.push_back(strength * Hat(off));
    }
    const torch::Tensor shares =
        shares_.index_select(0, index.to(torch::kLong));
    torch::Tensor histogram =
        torch::bmm(shares, torch::stack(bins, 2)).flatten(1);
    const auto unit = F::NormalizeFuncOptions().p(2).dim(1);
    histogram = F::normalize(histogram, unit).clamp_max(0.2);
    return F::normalize(histogram, unit);
  };
  const torch::Tensor position =
      torch::remainder(angle, kTurn) * (kAngles / kTurn);
  const torch::Tensor below = torch::floor(position.detach());
  const torch::Tensor part = (position - below).unsqueeze(1);
  return (1 - part) * entry(torch::remainder(below, kAngles)) +
         part * entry(torch::remainder(below + 1, kAngles));
}

}  // namespace tiepoint
