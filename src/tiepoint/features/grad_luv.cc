// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/grad_luv.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "tiepoint/base/all_processors.h"
#include "tiepoint/base/parallel.h"

namespace tiepoint {
namespace {

constexpr int kSteps = 1024;  // of Y, in the table of L
constexpr int kReach = 2;     // of the taps of gradients
constexpr int kTaps = 2 * kReach + 1;

// Our own loops, because training runs without OpenCV and must see the same
// channels.

// Blue, green and red of bytes.
TIEPOINT_ALL_PROCESSORS void SplitBytes(const uint8_t* __restrict bgr,
                                        int count, float* __restrict blue,
                                        float* __restrict green,
                                        float* __restrict red) {
  for (int x = 0; x < count; ++x) {
    blue[x] = bgr[3 * x];
    green[x] = bgr[3 * x + 1];
    red[x] = bgr[3 * x + 2];
  }
}

TIEPOINT_INLINE float Slope(float before2, float before, float after,
                            float after2) {
  return 0.276691f * (after - before) + 0.109604f * (after2 - before2);
}
TIEPOINT_INLINE float Smooth(float before2, float before, float here,
                             float after, float after2) {
  return 0.426375f * here + 0.249153f * (before + after) +
         0.037659f * (before2 + after2);
}

// Slopes and means along a row that has kReach pixels more on both sides.
TIEPOINT_ALL_PROCESSORS void AlongRow(const float* __restrict in, int count,
                                      float* __restrict slope,
                                      float* __restrict smooth) {
  for (int x = 0; x < count; ++x) {
    slope[x] = Slope(in[x], in[x + 1], in[x + 3], in[x + 4]);
    smooth[x] = Smooth(in[x], in[x + 1], in[x + 2], in[x + 3], in[x + 4]);
  }
}

// The gradient of one more colour, from slopes and means of five rows; kept
// where its squared length exceeds `longest`.
TIEPOINT_ALL_PROCESSORS void TakeLonger(
    const float* __restrict slope0, const float* __restrict slope1,
    const float* __restrict slope2, const float* __restrict slope3,
    const float* __restrict slope4, const float* __restrict smooth0,
    const float* __restrict smooth1, const float* __restrict smooth3,
    const float* __restrict smooth4, int count, float* __restrict gx,
    float* __restrict gy, float* __restrict longest) {
  for (int x = 0; x < count; ++x) {
    const float dx =
        Smooth(slope0[x], slope1[x], slope2[x], slope3[x], slope4[x]);
    const float dy = Slope(smooth0[x], smooth1[x], smooth3[x], smooth4[x]);
    const float square = dx * dx + dy * dy;
    const bool longer = square > longest[x];
    gx[x] = longer ? dx : gx[x];
    gy[x] = longer ? dy : gy[x];
    longest[x] = longer ? square : longest[x];
  }
}

// From gradients to channels, in place; `square`: of the length.
TIEPOINT_ALL_PROCESSORS void FinishGradients(int count,
                                             const float* __restrict middle,
                                             float* __restrict gx,
                                             float* __restrict gy,
                                             float* __restrict square) {
  const float x0 = 128 - middle[0], y0 = 128 - middle[1], length = middle[2];
  for (int x = 0; x < count; ++x) {
    gx[x] = 0.5f * gx[x] + x0;
    gy[x] = 0.5f * gy[x] + y0;
    square[x] = std::sqrt(square[x]) - length;
  }
}

// L for Y in 0..1, by its step.
const std::array<float, kSteps + 1>& LightnessTable() {
  static const std::array<float, kSteps + 1> table = [] {
    std::array<float, kSteps + 1> t{};
    const double knee = std::pow(6.0 / 29, 3), slope = std::pow(29.0 / 3, 3);
    for (int i = 0; i <= kSteps; ++i) {
      const double y = static_cast<double>(i) / kSteps;
      t[i] = static_cast<float>(y > knee ? 116 * std::cbrt(y) - 16 : y * slope);
    }
    return t;
  }();
  return table;
}

// `middle`: of L, u, v.
TIEPOINT_ALL_PROCESSORS void LuvRow(
    const float* __restrict blue, const float* __restrict green,
    const float* __restrict red, int count, const float* __restrict table,
    const float* __restrict middle, int* __restrict steps,
    float* __restrict lightness, float* __restrict out_u,
    float* __restrict out_v) {
  constexpr float kScale = 1 / 255.0f;
  const float l0 = middle[0], u0 = middle[1], v0 = middle[2];
  // x + 15 y + 3 z waits in out_u, y in out_v: the table between them is read
  // number by number.
  for (int i = 0; i < count; ++i) {
    const float r = kScale * red[i], g = kScale * green[i],
                b = kScale * blue[i];
    const float x = 0.430574f * r + 0.341550f * g + 0.178325f * b;
    const float y = 0.222015f * r + 0.706655f * g + 0.071330f * b;
    const float z = 0.020183f * r + 0.129553f * g + 0.939180f * b;
    steps[i] = std::clamp(static_cast<int>(y * kSteps), 0, kSteps);
    lightness[i] = x;
    out_u[i] = x + 15 * y + 3 * z;
    out_v[i] = y;
  }
  for (int i = 0; i < count; ++i) {
    const float x = lightness[i], y = out_v[i];
    const float l = table[steps[i]];
    const float c = 1 / (out_u[i] + 1e-35f);
    const float u = 13 * l * (4 * x * c - 0.197833f);
    const float v = 13 * l * (9 * y * c - 0.468331f);
    lightness[i] = 2.55f * l - l0;
    out_u[i] = (u + 134) * (255 / 354.0f) - u0;
    out_v[i] = (v + 140) * (255 / 256.0f) - v0;
  }
}

// Walks down a part of the picture. Of each colour the last kTaps rows are
// kept: as they are, and the slopes and means along them.
class Rows {
 public:
  Rows(const ColourSource& source, const PicturePart& part)
      : source_(source),
        part_(part),
        padded_(part.width + 2 * kReach),
        colours_(source.planes.empty() ? 3 : source.planes.size()),
        lines_(static_cast<size_t>(colours_) * kTaps *
               (padded_ + 2 * part.width)),
        steps_(part.width) {
    for (int y = -kReach; y < kReach; ++y) Read(part.y + y);
  }

  // The row `y` of the part, each after the one above it.
  void Write(int y, const float (&middle)[kGradLuvChannels],
             const std::array<float*, kGradLuvChannels>& out) {
    Read(part_.y + y + kReach);
    const int first = part_.y + y - kReach;
    const int count = part_.width;
    std::fill_n(out[2], count, -1.0f);
    for (int p = 0; p < colours_; ++p) {
      const auto slope = [&](int k) { return Pixels(p, first + k) + padded_; };
      const auto smooth = [&](int k) { return slope(k) + count; };
      TakeLonger(slope(0), slope(1), slope(2), slope(3), slope(4), smooth(0),
                 smooth(1), smooth(3), smooth(4), count, out[0], out[1],
                 out[2]);
    }
    FinishGradients(count, middle, out[0], out[1], out[2]);
    const auto colour = [&](int p) {
      return Pixels(std::min(p, colours_ - 1), part_.y + y) + kReach;
    };
    LuvRow(colour(0), colour(1), colour(2), count, LightnessTable().data(),
           middle + 3, steps_.data(), out[3], out[4], out[5]);
  }

 private:
  // Of a colour, the row `y` of the picture and of what lies around it:
  // pixels, slopes, means.
  float* Pixels(int colour, int y) {
    const int slot = (y + kReach) % kTaps;
    return lines_.data() + static_cast<size_t>(colour * kTaps + slot) *
                               (padded_ + 2 * part_.width);
  }

  void Read(int y) {
    const int from = MirrorIndex(y, source_.height);
    const int left = std::max(part_.x - kReach, 0);
    const int right = std::min(part_.x + part_.width + kReach, source_.width);
    const ptrdiff_t start = static_cast<ptrdiff_t>(from) * source_.width + left;
    const int before = left - (part_.x - kReach);
    float* rows[3];
    for (int p = 0; p < colours_; ++p) rows[p] = Pixels(p, y) + before;
    if (source_.planes.empty()) {
      SplitBytes(source_.bytes + 3 * start, right - left, rows[0], rows[1],
                 rows[2]);
    } else {
      for (int p = 0; p < colours_; ++p) {
        std::copy_n(source_.planes[p] + start, right - left, rows[p]);
      }
    }
    for (int p = 0; p < colours_; ++p) {
      float* row = Pixels(p, y);
      const auto mirror = [&](int x) {
        const int first = part_.x - kReach;
        row[x] = row[MirrorIndex(first + x, source_.width) - first];
      };
      for (int x = 0; x < before; ++x) mirror(x);
      for (int x = before + right - left; x < padded_; ++x) mirror(x);
      AlongRow(row, part_.width, row + padded_, row + padded_ + part_.width);
    }
  }

  const ColourSource& source_;
  PicturePart part_;
  int padded_;
  int colours_;
  std::vector<float> lines_;
  std::vector<int> steps_;
};

}  // namespace

int MirrorIndex(int i, int n) {
  i %= 2 * n;
  if (i < 0) i += 2 * n;
  return i < n ? i : 2 * n - 1 - i;
}

ColourSource::ColourSource(const std::vector<GrayImage>& bgr)
    : width(bgr[0].width), height(bgr[0].height) {
  for (const GrayImage& plane : bgr) planes.push_back(plane.pixels.data());
}

void GradLuvOfPart(const ColourSource& source, const PicturePart& part,
                   const float (&middle)[kGradLuvChannels], float* out,
                   ptrdiff_t stride, ptrdiff_t channel_stride) {
  Rows rows(source, part);
  for (int y = 0; y < part.height; ++y) {
    std::array<float*, kGradLuvChannels> row;
    for (int c = 0; c < kGradLuvChannels; ++c) {
      row[c] = out + c * channel_stride + y * stride;
    }
    rows.Write(y, middle, row);
  }
}

std::vector<GrayImage> GradLuv(const std::vector<GrayImage>& bgr) {
  const int width = bgr[0].width, height = bgr[0].height;
  const ColourSource source(bgr);
  std::vector<GrayImage> channels;
  channels.reserve(kGradLuvChannels);
  for (int c = 0; c < kGradLuvChannels; ++c) {
    channels.emplace_back(width, height);
  }
  constexpr int kRows = 64;  // of a strip, which reads four rows for nothing
  constexpr float kNothing[kGradLuvChannels] = {};
  ParallelFor((height + kRows - 1) / kRows, [&](int strip) {
    const int first = strip * kRows;
    const PicturePart part{0, first, width, std::min(kRows, height - first)};
    Rows rows(source, part);
    for (int y = 0; y < part.height; ++y) {
      std::array<float*, kGradLuvChannels> row;
      for (int c = 0; c < kGradLuvChannels; ++c) {
        row[c] = channels[c].Row(first + y);
      }
      rows.Write(y, kNothing, row);
    }
  });
  return channels;
}

}  // namespace tiepoint
