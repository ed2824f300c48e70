// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/export_tilde.h"

#include <sstream>

#include "tiepoint/base/atomic_file.h"

namespace tiepoint {
namespace {

std::ostringstream Text() {
  std::ostringstream out;
  out.precision(12);
  return out;
}

// `count` numbers a line.
void WriteLines(std::ostream& out, const double* values, size_t lines,
                size_t count, double factor = 1) {
  for (size_t i = 0; i < lines; ++i) {
    for (size_t k = 0; k < count; ++k) out << *values++ * factor << ' ';
    out << '\n';
  }
}

}  // namespace

void WriteTildeFilters(const std::string& path, const TildeFilters& t) {
  std::ostringstream out = Text();
  const auto size = static_cast<size_t>(t.size);
  const double area = static_cast<double>(t.size) * t.size;
  out << t.resize_ratio << '\n';
  for (int n = 0; n < t.sums; ++n) {
    out << t.maxes << ' ' << t.channels << ' ' << t.size << '\n';
    for (int m = 0; m < t.maxes; ++m) {
      const size_t f = static_cast<size_t>(n) * t.maxes + m;
      WriteLines(out, t.filters.data() + f * t.channels * size * size,
                 t.channels * size, size, 1 / area);
      out << t.bias[f] << '\n';
    }
  }
  WriteFileAtomically(path, out.str());
}

void WriteTildeFilters(const std::string& path, const SeparableTilde& s) {
  std::ostringstream out = Text();
  const size_t filters = static_cast<size_t>(s.sums) * s.maxes;
  const size_t products = static_cast<size_t>(s.channels) * s.rank;
  out << s.resize_ratio << '\n'
      << s.maxes << ' ' << s.sums << ' ' << s.rank << ' ' << s.channels << ' '
      << s.size << '\n';
  WriteLines(out, s.bias.data(), 1, filters);
  WriteLines(out, s.coefficients.data(), filters, products);
  WriteLines(out, s.lines.data(), 2 * products, s.size);
  WriteFileAtomically(path, out.str());
}

}  // namespace tiepoint
