// SPDX-License-Identifier: Apache-2.0
#include "feature_formats.h"

#include <unistd.h>

#include <filesystem>
#include <optional>

#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/image/read_image.h"
#include "tiepoint/io/colmap_text.h"
#include "tiepoint/io/journaled_file.h"
#include "tiepoint/io/npz.h"
#include "tiepoint/io/sift_bytes.h"
#include "tiepoint/io/vgg_text.h"

using namespace tiepoint;
namespace fs = std::filesystem;

namespace {

// The first is what we write; longer ones before what they end with.
const std::map<std::string, std::vector<std::string>> kEndings = {
    {"colmap-text", {".txt"}},
    {"lowe", {".key"}},
    {"npz", {".npz"}},
    {"vgg",
     {".vgg", ".haraff.sift", ".hesaff.sift", ".haraff", ".hesaff", ".sift"}}};

}  // namespace

DescriptorMode ParseDescriptorMode(const std::string& name) {
  if (name == "sift") return DescriptorMode::kSift;
  if (name == "none") return DescriptorMode::kNone;
  return DescriptorMode::kAuto;
}

bool HasFileAPhotograph(const std::string& format) {
  return kEndings.contains(format);
}

std::string FileOfPhotograph(const std::string& format,
                             const std::string& photograph) {
  const fs::path path = fs::path(photograph).lexically_normal();
  if (path.empty() || path.is_absolute() || *path.begin() == "..") {
    throw InputError("'" + photograph + "' is no name below a folder");
  }
  return photograph + kEndings.at(format).front();
}

std::string PhotographOfFile(const std::string& format,
                             const std::string& file) {
  for (const std::string& ending : kEndings.at(format)) {
    if (file.ends_with(ending) && file.size() > ending.size()) {
      return file.substr(0, file.size() - ending.size());
    }
  }
  return "";
}

void PrepareDescriptors(const std::string& format, DescriptorMode mode,
                        const std::string& name, FeatureSet& features) {
  DescriptorMatrix& descriptors = features.descriptors;
  const bool bytes =
      format == "colmap" || format == "colmap-text" || format == "lowe";
  if (bytes && mode == DescriptorMode::kSift &&
      descriptors.cols != kSiftLength && descriptors.rows > 0) {
    throw InputError(name + ": descriptors of " +
                     std::to_string(descriptors.cols) +
                     " numbers cannot be written as SIFT's, which are 128");
  }
  const bool fit = FitSiftBytes(descriptors);
  if (bytes && mode == DescriptorMode::kAuto && !fit && format != "colmap" &&
      (descriptors.cols > 0 || format == "lowe")) {
    throw InputError(
        name +
        ": the descriptors are not 128 numbers of 0 or more, which this "
        "format holds as bytes; " +
        (format == "lowe" ? "choose npz or vgg"
                          : "--descriptors none writes zeros (for matches "
                            "that are known)"));
  }
  if (mode == DescriptorMode::kNone ||
      (format == "colmap" && mode == DescriptorMode::kAuto && !fit)) {
    descriptors.cols = 0;
    descriptors.data.clear();
  }
}

std::string FormatContent(const std::string& format, const FeatureSet& features,
                          const FormatOptions& options) {
  if (format == "colmap-text") return ColmapFeatureText(features);
  if (format == "lowe") return LoweText(features, options.lowe_order);
  if (format == "vgg") return VggText(features);
  return NpzContent(features);
}

FeatureSet ParseFormat(const std::string& format, const std::string& content,
                       const std::string& where, const FormatOptions& options) {
  if (format == "colmap-text") return ParseColmapFeatureText(content, where);
  if (format == "lowe") {
    return ParseLoweText(content, where, options.lowe_order);
  }
  if (format == "vgg") return ParseVggText(content, where);
  return ParseNpz(content, where);
}

std::pair<int, int> PhotographSize(const std::string& path) {
  if (const auto head = PeekPhotograph(path)) {
    return {head->width, head->height};
  }
  const Image image = ReadImage(path);  // says what is wrong, if anything is
  return {image.width, image.height};
}

PairNames::PairNames(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    names_.emplace(MatchFileName(name), name);
  }
}

std::pair<std::string, std::string> PairNames::Find(
    const std::string& where,
    const std::pair<std::string, std::string>& pair) const {
  const auto find = [&](const std::string& name) {
    const auto [begin, end] = names_.equal_range(name);
    if (begin == end) {
      throw InputError(where + ": holds matches of '" + name +
                       "', which the feature file does not hold");
    }
    if (std::next(begin) != end) {
      throw InputError(where + ": '" + name + "' may be " + begin->second +
                       " or " + std::next(begin)->second);
    }
    return begin->second;
  };
  return {find(pair.first), find(pair.second)};
}

PartFile::PartFile(const std::string& path)
    : path_(path), part_(path + "." + std::to_string(getpid()) + ".part") {
  std::error_code error;
  if (fs::exists(path, error)) {
    throw InputError(path + ": exists already; remove it or name another file");
  }
  const fs::path parent = fs::path(path).parent_path();
  if (!parent.empty()) EnsureWritableFolder(parent);
  fs::remove(part_, error);
}

PartFile::~PartFile() {
  std::error_code error;
  fs::remove(part_, error);
  fs::remove(JournalPath(part_), error);
}

void PartFile::Commit() {
  std::error_code error;
  fs::rename(part_, path_, error);
  if (error) {
    throw InputError(path_ + ": cannot be written (" + error.message() + ")");
  }
}
