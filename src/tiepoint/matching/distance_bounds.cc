// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/matching/distance_bounds.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "tiepoint/base/all_processors.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/network/one_dnn.h"

namespace tiepoint {
namespace {

using Desc = dnnl::memory::desc;
using Tag = dnnl::memory::format_tag;
using DataType = dnnl::memory::data_type;

constexpr int kRows = DistanceBounds::kRows;
constexpr int kColumns = DistanceBounds::kColumns;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
// A float's rounding, and that of a bfloat16 (8 bits of mantissa).
constexpr double kFloatUnit = 0x1p-24;
constexpr double kHalfUnit = 0x1p-8;

ProductPrecision Resolve(ProductPrecision precision) {
  if (precision != ProductPrecision::kFastest) return precision;
  return HasFastHalf() ? ProductPrecision::kBfloat16 : ProductPrecision::kFloat;
}

#if DNNL_VERSION_MAJOR >= 3
dnnl::matmul::primitive_desc DescribeProduct(
    const Desc& a, const Desc& b, const Desc& c,
    const dnnl::primitive_attr& attributes) {
  return {OneDnnEngine(), a, b, c, attributes};
}
#else
dnnl::matmul::primitive_desc DescribeProduct(
    const Desc& a, const Desc& b, const Desc& c,
    const dnnl::primitive_attr& attributes) {
  return {dnnl::matmul::desc(a, b, c), attributes, OneDnnEngine()};
}
#endif

DataType LeftType(ProductPrecision precision) {
  switch (precision) {
    case ProductPrecision::kInt8:
      return DataType::u8;  // oneDNN wants the left side without a sign
    case ProductPrecision::kBfloat16:
      return DataType::bf16;
    default:
      return DataType::f32;
  }
}

DataType RightType(ProductPrecision precision) {
  const DataType left = LeftType(precision);
  return left == DataType::u8 ? DataType::s8 : left;
}

// The product of one tile, of rows of `size` numbers.
dnnl::matmul::primitive_desc Describe(ProductPrecision precision, int size) {
  const DataType sums =
      precision == ProductPrecision::kInt8 ? DataType::s32 : DataType::f32;
  // Several threads run one product, so each brings its own scratchpad: that of
  // the library is shared among them.
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return DescribeProduct(Desc({kRows, size}, LeftType(precision), Tag::ab),
                         Desc({size, kColumns}, RightType(precision), Tag::any),
                         Desc({kRows, kColumns}, sums, Tag::ab), attributes);
}

// How the numbers of both sets become those of the product.
struct Rounding {
  ProductPrecision precision = ProductPrecision::kFloat;
  // kInt8: q = (v - shift) / step, nearest integer. Distances do not see the
  // shift.
  float shift = 0, step = 1;  // 0 and 1 but for kInt8
  double error = 0;           // kInt8: of one number, at most
};

// Calls visit(row) for the rows without NaN and infinity.
template <typename Visit>
void ForUsable(const DescriptorMatrix& set, const std::vector<char>& usable,
               const Visit& visit) {
  for (int i = 0; i < set.rows; ++i) {
    if (usable[i]) visit(set.Row(i));
  }
}

TIEPOINT_ALL_PROCESSORS float SquaredNorm(const float* row, int size) {
  float sums[8] = {};
  int k = 0;
  for (; k + 8 <= size; k += 8) {
    for (int s = 0; s < 8; ++s) sums[s] += row[k + s] * row[k + s];
  }
  for (; k < size; ++k) sums[k % 8] += row[k] * row[k];
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) +
         ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

struct Set {
  std::vector<float> norms;  // squared, rounded as sums of floats are
  std::vector<char> usable;
};

Set Look(const DescriptorMatrix& set) {
  Set result;
  result.norms.resize(set.rows);
  result.usable.resize(set.rows);
  for (int i = 0; i < set.rows; ++i) {
    result.norms[i] = SquaredNorm(set.Row(i), set.cols);
    result.usable[i] = std::isfinite(result.norms[i]);
  }
  return result;
}

Rounding ChooseSteps(const DescriptorMatrix& first, const Set& first_set,
                     const DescriptorMatrix& second, const Set& second_set) {
  float lowest = std::numeric_limits<float>::infinity(), highest = -lowest;
  bool integers = true;
  const auto look = [&](const DescriptorMatrix& set) {
    return [&, cols = set.cols](const float* row) {
      for (int k = 0; k < cols; ++k) {
        lowest = std::min(lowest, row[k]);
        highest = std::max(highest, row[k]);
        integers = integers && row[k] == std::nearbyint(row[k]);
      }
    };
  };
  ForUsable(first, first_set.usable, look(first));
  ForUsable(second, second_set.usable, look(second));
  Rounding r{.precision = ProductPrecision::kInt8};
  if (!(lowest <= highest)) return r;  // nothing usable
  if (integers && lowest >= 0 && highest <= 255) {
    r.shift = 128;
    // All sums are integers that floats hold, for so many numbers a row.
    if (first.cols > 128) r.error = 0.1;
    return r;
  }
  const float largest = std::max(std::abs(lowest), std::abs(highest));
  r.step = largest / 127;
  if (!(r.step > 0) || !std::isfinite(1 / r.step)) r.step = 1;
  // Half a step, and what the division rounds.
  r.error = r.step * (0.5 + 127 * 4 * kFloatUnit);
  return r;
}

double SumOfSizes(const float* row, int size) {
  double sum = 0;
  for (int k = 0; k < size; ++k) sum += std::abs(row[k]);
  return sum;
}

// What a row adds to a bound: its squared norm less its share of the rounding.
float BoundOf(const float* row, int size, float norm, const Rounding& r) {
  // Sums of `size` products in any order, in the norms, the product, and the
  // distance that is measured in the end.
  double slack = 8.0 * (size + 8) * kFloatUnit;
  double lost = 0;
  if (r.precision == ProductPrecision::kBfloat16) {
    // |a'b| changes by at most (2 u + u^2) |a||b| <= (u + u^2 / 2) (|a|^2 +
    // |b|^2); twice that.
    slack += 2 * kHalfUnit + kHalfUnit * kHalfUnit;
  } else if (r.precision == ProductPrecision::kInt8) {
    // Of the shifted numbers: |a'b| changes by at most e (|a|_1 + |b|_1) + n
    // e^2; twice that, each row its half.
    lost = 2 * r.error * SumOfSizes(row, size) + size * r.error * r.error;
  }
  // 1.02: the terms of the shift are rounded when they are added up.
  return static_cast<float>(norm * (1 - slack) - lost * 1.02);
}

TIEPOINT_ALL_PROCESSORS void ToBfloat16(const float* __restrict in, int count,
                                        uint16_t* __restrict out) {
  for (int k = 0; k < count; ++k) {
    uint32_t bits;
    std::memcpy(&bits, in + k, sizeof bits);
    out[k] = static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
  }
}

TIEPOINT_ALL_PROCESSORS void ToInt8(const float* __restrict in, int count,
                                    float shift, float step, int offset,
                                    uint8_t* __restrict out) {
  for (int k = 0; k < count; ++k) {
    const float q = (in[k] - shift) / step;
    const float clamped = q < -128 ? -128 : q > 127 ? 127 : q;
    // To the nearest: the offset of 1.5 x 2^23 leaves the integer in the lowest
    // bits.
    const float moved = clamped + 12582912.0f;
    int32_t bits;
    std::memcpy(&bits, &moved, sizeof bits);
    out[k] = static_cast<uint8_t>(bits + offset);
  }
}

size_t BytesOf(ProductPrecision precision) {
  switch (precision) {
    case ProductPrecision::kInt8:
      return 1;
    case ProductPrecision::kBfloat16:
      return 2;
    default:
      return 4;
  }
}

// A row as the product wants it; bytes are q + offset. Zeros in place of a row
// that cannot be used: NaN would spread.
void Convert(const float* row, int size, bool usable, const Rounding& r,
             int offset, void* out) {
  if (!usable) {
    std::memset(out, 0, size * BytesOf(r.precision));
    return;
  }
  switch (r.precision) {
    case ProductPrecision::kInt8:
      ToInt8(row, size, r.shift, r.step, offset, static_cast<uint8_t*>(out));
      break;
    case ProductPrecision::kBfloat16:
      ToBfloat16(row, size, static_cast<uint16_t*>(out));
      break;
    default:
      std::memcpy(out, row, size * sizeof(float));
  }
}

// In place.
TIEPOINT_ALL_PROCESSORS void IntegersToFloats(float* numbers, int count) {
  for (int i = 0; i < count; ++i) {
    int32_t integer;
    std::memcpy(&integer, numbers + i, sizeof integer);
    numbers[i] = static_cast<float>(integer);
  }
}

}  // namespace

std::string NameOf(ProductPrecision precision) {
  switch (precision) {
    case ProductPrecision::kInt8:
      return "int8";
    case ProductPrecision::kBfloat16:
      return "bf16";
    case ProductPrecision::kFloat:
      return "f32";
    case ProductPrecision::kFastest:
      break;
  }
  return "fastest";
}

struct DistanceBounds::State {
  const DescriptorMatrix& first;
  int second_rows = 0;
  Set first_set;
  Rounding rounding;
  dnnl::matmul::primitive_desc description;
  dnnl::matmul product;
  std::vector<dnnl::memory> packed;  // of the second set, one a tile
  std::vector<float> row_bounds, column_bounds;  // padded to whole tiles

  explicit State(const DescriptorMatrix& set) : first(set) {}
};

class DistanceBounds::Workspace {
 public:
  explicit Workspace(const State& state)
      : stream(OneDnnEngine()),
        rows(state.description.src_desc(), OneDnnEngine()),
        products(state.description.dst_desc(), OneDnnEngine()),
        scratchpad(state.description.scratchpad_desc(), OneDnnEngine()) {}

  dnnl::stream stream;
  dnnl::memory rows, products, scratchpad;
  int block = 0;
};

DistanceBounds::~DistanceBounds() = default;

DistanceBounds::DistanceBounds(const DescriptorMatrix& first,
                               const DescriptorMatrix& second,
                               ProductPrecision precision)
    : state_(std::make_unique<State>(first)) {
  State& s = *state_;
  const int size = first.cols;
  s.second_rows = second.rows;
  s.first_set = Look(first);
  const Set second_set = Look(second);
  s.rounding.precision = Resolve(precision);
  if (s.rounding.precision == ProductPrecision::kInt8) {
    s.rounding = ChooseSteps(first, s.first_set, second, second_set);
  }
  try {
    s.description = Describe(s.rounding.precision, size);
  } catch (const dnnl::error&) {  // bfloat16 needs AVX-512
    s.rounding = {};
    s.description = Describe(s.rounding.precision, size);
  }
  s.product = dnnl::matmul(s.description);
  const Rounding& r = s.rounding;
  const bool integers = r.precision == ProductPrecision::kInt8;

  // The shift moves norms, too: |a - shift|^2.
  const auto bounds = [&](const DescriptorMatrix& set, const Set& looked,
                          int padded) {
    std::vector<float> result(padded, kNan);
    std::vector<float> moved(size);
    for (int i = 0; i < set.rows; ++i) {
      if (!looked.usable[i]) continue;
      const float* row = set.Row(i);
      float norm = looked.norms[i];
      if (r.shift != 0) {
        for (int k = 0; k < size; ++k) moved[k] = row[k] - r.shift;
        row = moved.data();
        norm = SquaredNorm(row, size);
      }
      result[i] = BoundOf(row, size, norm, r);
    }
    return result;
  };
  s.row_bounds = bounds(first, s.first_set, RowBlocks() * kRows);
  s.column_bounds = bounds(second, second_set, Tiles() * kColumns);

  const size_t row_bytes = size * BytesOf(r.precision);
  const Desc plain({size, kColumns}, RightType(r.precision), Tag::ba);
  s.packed.resize(Tiles());
  ParallelFor(Tiles(), [&](int tile) {
    const OneThread one_thread;
    dnnl::memory from(plain, OneDnnEngine());
    auto* bytes = static_cast<char*>(from.get_data_handle());
    std::memset(bytes, 0, row_bytes * kColumns);
    const int begin = tile * kColumns;
    const int count = std::min(kColumns, second.rows - begin);
    for (int c = 0; c < count; ++c) {
      Convert(second.Row(begin + c), size, second_set.usable[begin + c] != 0, r,
              0, bytes + c * row_bytes);
      if (!integers) continue;
      // The left side is moved by 128: sum (q + 128) p = sum q p + 128 sum p.
      int sum = 0;
      for (int k = 0; k < size; ++k) {
        sum += std::bit_cast<int8_t>(bytes[c * row_bytes + k]);
      }
      s.column_bounds[begin + c] += static_cast<float>(
          2.0 * r.step * r.step * 128 * static_cast<double>(sum));
    }
    s.packed[tile] = dnnl::memory(s.description.weights_desc(), OneDnnEngine());
    dnnl::stream stream(OneDnnEngine());
    dnnl::reorder(from, s.packed[tile]).execute(stream, from, s.packed[tile]);
    stream.wait();
  });
}

int DistanceBounds::RowBlocks() const {
  return (state_->first.rows + kRows - 1) / kRows;
}
int DistanceBounds::Tiles() const {
  return (state_->second_rows + kColumns - 1) / kColumns;
}
ProductPrecision DistanceBounds::precision() const {
  return state_->rounding.precision;
}

std::shared_ptr<DistanceBounds::Workspace> DistanceBounds::MakeWorkspace()
    const {
  return std::make_shared<Workspace>(*state_);
}

void DistanceBounds::SetBlock(Workspace& work, int block) const {
  const State& s = *state_;
  const int size = s.first.cols;
  const size_t row_bytes = size * BytesOf(s.rounding.precision);
  auto* bytes = static_cast<char*>(work.rows.get_data_handle());
  work.block = block;
  for (int r = 0; r < kRows; ++r) {
    const int i = block * kRows + r;
    char* out = bytes + r * row_bytes;
    if (i >= s.first.rows) {
      std::memset(out, 0, row_bytes);
    } else {
      Convert(s.first.Row(i), size, s.first_set.usable[i] != 0, s.rounding, 128,
              out);
    }
  }
}

DistanceBounds::Tile DistanceBounds::Compute(Workspace& work, int tile) const {
  const State& s = *state_;
  const OneThread one_thread;
  s.product.execute(work.stream, {{DNNL_ARG_SRC, work.rows},
                                  {DNNL_ARG_WEIGHTS, s.packed[tile]},
                                  {DNNL_ARG_DST, work.products},
                                  {DNNL_ARG_SCRATCHPAD, work.scratchpad}});
  work.stream.wait();
  auto* products = static_cast<float*>(work.products.get_data_handle());
  if (s.rounding.precision == ProductPrecision::kInt8) {
    IntegersToFloats(products, kRows * kColumns);
  }
  return {.row_bounds = s.row_bounds.data() + work.block * kRows,
          .column_bounds = s.column_bounds.data() + tile * kColumns,
          .products = products,
          .factor = 2 * s.rounding.step * s.rounding.step};
}

}  // namespace tiepoint
