// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/import_tilde.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <vector>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

constexpr int kMostFilters = 1 << 12;  // of any count in the file

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path), file_(path) {
    if (!file_) throw InputError(path + ": cannot be opened for reading");
  }

  [[noreturn]] void Refuse(const std::string& why) const {
    throw InputError(path_ + ": is not a file of TILDE filters: " + why);
  }

  double Number() {
    double value = 0;
    if (!(file_ >> value)) {
      Refuse(file_.eof() ? "it ends too early" : "a number is damaged");
    }
    if (!std::isfinite(value)) Refuse("a number is not finite");
    return value;
  }

  std::vector<double> Numbers(size_t count) {
    std::vector<double> values(count);
    for (double& v : values) v = Number();
    return values;
  }

  // The numbers of a line: how many there are tells the form of the file.
  std::vector<int> Counts() {
    std::string line;
    while (line.find_first_not_of(" \t\r") == std::string::npos) {
      if (!std::getline(file_, line)) Refuse("it ends too early");
    }
    std::istringstream in(line);
    std::vector<int> counts;
    for (int n = 0; in >> n;) counts.push_back(n);
    if (!in.eof()) Refuse("the line of sizes holds something else");
    for (const int n : counts) {
      if (n < 1 || n > kMostFilters) Refuse("a size is out of range");
    }
    return counts;
  }

  bool AtEnd() { return (file_ >> std::ws).peek() == EOF; }

 private:
  std::string path_;
  std::ifstream file_;
};

void ReadGroup(Reader& reader, TildeFilters& tilde) {
  const int window = tilde.size * tilde.size;
  for (int m = 0; m < tilde.maxes; ++m) {
    for (const double w :
         reader.Numbers(static_cast<size_t>(tilde.channels) * window)) {
      tilde.filters.push_back(window * w);
    }
    tilde.bias.push_back(reader.Number());
  }
}

void ReadFull(Reader& reader, const std::vector<int>& first,
              TildeFilters& tilde) {
  tilde.maxes = first[0];
  tilde.channels = first[1];
  tilde.size = first[2];
  tilde.sums = 1;
  ReadGroup(reader, tilde);
  while (!reader.AtEnd()) {
    if (reader.Counts() != first) reader.Refuse("its groups differ in size");
    ReadGroup(reader, tilde);
    ++tilde.sums;
  }
}

void ReadSeparable(Reader& reader, const std::vector<int>& sizes,
                   TildeFilters& tilde) {
  tilde.maxes = sizes[0];
  tilde.sums = sizes[1];
  tilde.channels = sizes[3];
  tilde.size = sizes[4];
  const int size = tilde.size;
  const int count = tilde.sums * tilde.maxes;
  const int kernels = sizes[2] * tilde.channels;
  tilde.bias = reader.Numbers(count);
  const auto coefficients =
      reader.Numbers(static_cast<size_t>(count) * kernels);
  const auto lines = reader.Numbers(2 * static_cast<size_t>(kernels) * size);
  if (!reader.AtEnd()) reader.Refuse("there is text after its end");
  tilde.filters.assign(
      static_cast<size_t>(count) * tilde.channels * size * size, 0.0);
  for (int f = 0; f < count; ++f) {
    for (int j = 0; j < kernels; ++j) {
      const int channel = j / sizes[2];
      double* filter =
          tilde.filters.data() +
          (static_cast<size_t>(f) * tilde.channels + channel) * size * size;
      const double* vertical = lines.data() + 2 * static_cast<size_t>(j) * size;
      const double* horizontal = vertical + size;
      const double c = coefficients[static_cast<size_t>(f) * kernels + j];
      for (int y = 0; y < size; ++y) {
        for (int x = 0; x < size; ++x) {
          filter[y * size + x] += c * vertical[y] * horizontal[x];
        }
      }
    }
  }
}

}  // namespace

TildeFilters ReadTildeFilters(const std::string& path) {
  Reader reader(path);
  TildeFilters tilde;
  tilde.resize_ratio = reader.Number();
  const std::vector<int> sizes = reader.Counts();
  const bool separable = sizes.size() == 5;
  if (!separable && sizes.size() != 3) {
    reader.Refuse("its second line does not hold 3 or 5 sizes");
  }
  const int size = sizes.back();
  const int channels = sizes[sizes.size() - 2];
  const int most = *std::max_element(sizes.begin(), sizes.end());
  if (size > FilterBank::kMaxKernel || channels > 6 || most > 64) {
    reader.Refuse("a size is out of range");
  }
  if (separable) {
    ReadSeparable(reader, sizes, tilde);
  } else {
    ReadFull(reader, sizes, tilde);
  }
  if (const std::string why = tilde.Validate(); !why.empty()) {
    reader.Refuse(why);
  }
  return tilde;
}

}  // namespace tiepoint
