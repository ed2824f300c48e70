// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/image/patch.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "tiepoint/image/bilinear_line.h"

namespace tiepoint {
namespace {

void SampleCartesian(const ImagePyramid& pyramid, double x, double y,
                     double scale, double angle, const PatchGeometry& g,
                     float* patch) {
  const double step = 2 * g.support * scale / g.size;
  const double cx = step * std::cos(angle), sx = step * std::sin(angle);
  const double middle = (g.size - 1) / 2.0 + g.centre_shift;
  std::vector<float> columns(g.size);
  double reach = 0;
  for (int i = 0; i < g.size; ++i) {
    columns[i] = static_cast<float>(i - middle);
    reach = std::max(reach, std::abs(i - middle));
  }
  for (int j = 0; j < g.size; ++j, patch += g.size) {
    const double v = j - middle;
    SampleAlong(pyramid, step,
                {.x = x - sx * v,
                 .y = y + cx * v,
                 .dx = cx,
                 .dy = sx,
                 .reach = reach,
                 .a = columns.data(),
                 .b = columns.data(),
                 .count = g.size},
                patch);
  }
}

void SampleLogPolar(const ImagePyramid& pyramid, double x, double y,
                    double scale, double angle, const PatchGeometry& g,
                    float* patch) {
  const double growth = std::pow(g.support / g.inner, 1.0 / (g.size - 1));
  const double turn = 2 * std::numbers::pi / g.size;
  const double density = std::sqrt(turn * std::log(growth));
  for (int j = 0; j < g.size; ++j) {
    const double radius = scale * g.inner * std::pow(growth, j);
    // Samples are not equally dense along and across the rings: the geometric
    // mean of both spacings neither blurs nor aliases much either way.
    const PyramidSampler sampler(pyramid, radius * density);
    for (int i = 0; i < g.size; ++i) {
      const double a = angle + turn * i;
      *patch++ = sampler(x + radius * std::cos(a), y + radius * std::sin(a));
    }
  }
}

}  // namespace

std::string PatchGeometry::Validate() const {
  if (size < 4 || size > 512) return "patch size must be between 4 and 512";
  if (!(support > 0 && support <= 100)) {
    return "patch support must be above 0 and at most 100 sigma";
  }
  if (!(std::abs(centre_shift) <= size)) {
    return "the centre of a patch must not lie outside it";
  }
  if (grid == Grid::kLogPolar && !(inner > 0 && inner < support)) {
    return "the inner radius of a log-polar patch must lie between 0 and its "
           "support";
  }
  return "";
}

void SamplePatch(const ImagePyramid& pyramid, double x, double y, double scale,
                 double angle, const PatchGeometry& geometry, float* patch) {
  if (geometry.grid == PatchGeometry::Grid::kLogPolar) {
    SampleLogPolar(pyramid, x, y, scale, angle, geometry, patch);
  } else {
    SampleCartesian(pyramid, x, y, scale, angle, geometry, patch);
  }
}

void SampleBytes(const ImagePyramid& pyramid, double x, double y, double scale,
                 double angle, const PatchGeometry& geometry, uint8_t* patch) {
  std::vector<float> values(static_cast<size_t>(geometry.size) * geometry.size);
  SamplePatch(pyramid, x, y, scale, angle, geometry, values.data());
  for (const float value : values) {
    *patch++ =
        static_cast<uint8_t>(std::lround(std::clamp(value, 0.0f, 255.0f)));
  }
}

}  // namespace tiepoint
