// SPDX-License-Identifier: Apache-2.0
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>

#include "tiepoint/base/checksum.h"
#include "tiepoint/base/error.h"
#include "tiepoint/io/import_orientation.h"
#include "tiepoint/io/import_weights.h"
#include "tiepoint/pipeline/preset.h"
#include "tiepoint/pipeline/preset_step.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

// The path of the weights of a step; empty when it has none.
std::string WeightsOf(const std::string& step, const std::string& name,
                      const ExtractorOptions& options) {
  if (IsImported(step)) return PathOfImported(step);
  return name.empty() ? "" : FindModel(options.models, name);
}

uint64_t ChecksumOfFile(const std::string& path, uint64_t before) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(path + ": cannot be opened for reading");
  std::vector<char> bytes(1 << 20);
  while (file) {
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    before = Checksum(
        std::string_view(bytes.data(), static_cast<size_t>(file.gcount())),
        before);
  }
  return before;
}

std::string ChecksumOfWeights(const std::string& path) {
  uint64_t sum = kChecksumOfNothing;
  if (FormOf(path) == WeightsForm::kOrientation) {
    for (const std::string& file : OrientationFiles(path)) {
      sum = ChecksumOfFile(file, sum);
    }
  } else {
    sum = ChecksumOfFile(path, sum);
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, sum);
  return text;
}

}  // namespace

std::map<std::string, std::string> WeightsChecksums(
    const Preset& preset, const ExtractorOptions& options) {
  std::map<std::string, std::string> checksums;
  const WeightsNames names = NamesOfWeights(preset);
  for (const std::string& path :
       {WeightsOf(preset.detector, names.detector, options),
        WeightsOf(preset.orientation, names.orientation, options),
        WeightsOf(preset.descriptor, names.descriptor, options)}) {
    if (path.empty()) continue;
    const std::string checksum = ChecksumOfWeights(path);
    const fs::path clean = fs::path(path).lexically_normal();
    const std::string name = clean.has_filename()
                                 ? clean.filename().string()
                                 : clean.parent_path().filename().string();
    const auto [place, added] = checksums.try_emplace(name, checksum);
    if (!added && place->second != checksum) checksums[path] = checksum;
  }
  return checksums;
}

}  // namespace tiepoint
