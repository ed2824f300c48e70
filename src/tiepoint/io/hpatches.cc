// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/hpatches.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "tiepoint/base/error.h"
#include "tiepoint/image/read_image.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

constexpr const char* kReference = "ref.png";

HPatchesFile ReadColumn(const fs::path& path) {
  const GrayImage gray = ReadImage(path.string()).gray;
  if (gray.width != kHPatchesSide || gray.height % kHPatchesSide != 0) {
    throw InputError(path.string() + ": is " + std::to_string(gray.width) +
                     " x " + std::to_string(gray.height) +
                     " pixels, not a column of 65 x 65 patches");
  }
  HPatchesFile file;
  file.name = path.filename().string();
  for (const float value : gray.pixels) {
    file.pixels.push_back(static_cast<uint8_t>(std::lround(value)));
  }
  return file;
}

}  // namespace

std::vector<std::string> FindHPatchesSequences(const std::string& folder) {
  std::vector<std::string> sequences;
  if (fs::is_regular_file(fs::path(folder) / kReference)) return {folder};
  if (!fs::is_directory(folder)) return {};
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (fs::is_regular_file(entry.path() / kReference)) {
      sequences.push_back(entry.path().string());
    }
  }
  std::sort(sequences.begin(), sequences.end());
  return sequences;
}

std::vector<HPatchesFile> ReadHPatchesSequence(const std::string& folder) {
  std::vector<HPatchesFile> files = {ReadColumn(fs::path(folder) / kReference)};
  for (const char kind : {'e', 'h', 't'}) {
    for (int number = 1; number <= 5; ++number) {
      const fs::path path =
          fs::path(folder) / (kind + std::to_string(number) + ".png");
      if (!fs::exists(path)) continue;
      files.push_back(ReadColumn(path));
      if (files.back().pixels.size() != files[0].pixels.size()) {
        throw InputError(path.string() +
                         ": holds another number of patches than ref.png");
      }
    }
  }
  return files;
}

}  // namespace tiepoint
