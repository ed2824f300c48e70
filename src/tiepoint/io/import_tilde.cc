// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/import_tilde.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "tiepoint/base/error.h"
#include "tiepoint/network/filter_bank.h"

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

SeparableTilde ReadSeparable(Reader& reader, const std::vector<int>& sizes,
                             double resize_ratio) {
  SeparableTilde tilde;
  tilde.resize_ratio = resize_ratio;
  tilde.maxes = sizes[0];
  tilde.sums = sizes[1];
  tilde.rank = sizes[2];
  tilde.channels = sizes[3];
  tilde.size = sizes[4];
  const size_t count = static_cast<size_t>(tilde.sums) * tilde.maxes;
  const size_t products = static_cast<size_t>(tilde.rank) * tilde.channels;
  tilde.bias = reader.Numbers(count);
  tilde.coefficients = reader.Numbers(count * products);
  tilde.lines = reader.Numbers(2 * products * tilde.size);
  if (!reader.AtEnd()) reader.Refuse("there is text after its end");
  return tilde;
}

}  // namespace

std::variant<TildeFilters, SeparableTilde> ReadTilde(const std::string& path) {
  Reader reader(path);
  const double resize_ratio = reader.Number();
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
  const auto checked = [&](auto tilde) {
    if (const std::string why = tilde.Validate(); !why.empty()) {
      reader.Refuse(why);
    }
    return tilde;
  };
  if (separable) return checked(ReadSeparable(reader, sizes, resize_ratio));
  TildeFilters tilde;
  tilde.resize_ratio = resize_ratio;
  ReadFull(reader, sizes, tilde);
  return checked(std::move(tilde));
}

TildeFilters ReadTildeFilters(const std::string& path) {
  const auto tilde = ReadTilde(path);
  const auto* separable = std::get_if<SeparableTilde>(&tilde);
  return separable != nullptr ? DenseTilde(*separable)
                              : std::get<TildeFilters>(tilde);
}

}  // namespace tiepoint
