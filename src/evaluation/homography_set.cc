// SPDX-License-Identifier: Apache-2.0
#include "evaluation/homography_set.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

double Determinant(const Matrix3& m) {
  return m[0] * (m[4] * m[8] - m[5] * m[7]) -
         m[1] * (m[3] * m[8] - m[5] * m[6]) +
         m[2] * (m[3] * m[7] - m[4] * m[6]);
}

Matrix3 ReadMatrix(const fs::path& path) {
  std::ifstream file(path);
  Matrix3 matrix{};
  for (double& v : matrix) file >> v;
  std::string rest;
  if (!file || file >> rest) {
    throw InputError(path.string() + ": is not nine numbers");
  }
  const double determinant = Determinant(matrix);
  if (!std::isfinite(determinant) || determinant == 0) {
    throw InputError(path.string() + ": is not an invertible matrix");
  }
  return matrix;
}

std::string FindPhotograph(const fs::path& folder, const std::string& stem) {
  for (const char* extension : {".png", ".ppm", ".pgm", ".jpg", ".jpeg"}) {
    const fs::path path = folder / (stem + extension);
    if (fs::is_regular_file(path)) return path.string();
  }
  throw InputError((folder / stem).string() +
                   ".png (or .ppm, .pgm, .jpg): no such photograph");
}

// K of H1toKp or H_1_K; 0 for other names.
int IndexInName(const std::string& name, const char* form) {
  int index = 0;
  int length = 0;
  const bool fits = std::sscanf(name.c_str(), form, &index, &length) == 1;
  return fits && length == static_cast<int>(name.size()) ? index : 0;
}

}  // namespace

std::vector<HomographyPair> ReadHomographySequence(const std::string& path) {
  const fs::path folder(path);
  std::vector<HomographyPair> pairs;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const int oxford = IndexInName(name, "H1to%3dp%n");
    const int hpatches = IndexInName(name, "H_1_%3d%n");
    if (oxford <= 0 && hpatches <= 0) continue;
    const std::string prefix = oxford > 0 ? "img" : "";
    HomographyPair pair;
    pair.sequence = folder.filename().string();
    pair.index = std::max(oxford, hpatches);
    pair.path1 = FindPhotograph(folder, prefix + "1");
    pair.path2 = FindPhotograph(folder, prefix + std::to_string(pair.index));
    pair.homography = ReadMatrix(entry.path());
    pairs.push_back(pair);
  }
  std::sort(pairs.begin(), pairs.end(),
            [](const auto& a, const auto& b) { return a.index < b.index; });
  return pairs;
}

}  // namespace tiepoint
