// SPDX-License-Identifier: Apache-2.0
#include "data_sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "evaluation/sfm.h"
#include "tiepoint/base/checksum.h"
#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/features/opencv_features.h"
#include "tiepoint/image/read_image.h"
#include "tiepoint/io/colmap_program.h"
#include "tiepoint/io/depth_map.h"
#include "tiepoint/io/hpatches.h"
#include "training/photographs.h"
#include "training/repeated_points.h"

namespace {

namespace fs = std::filesystem;
using namespace tiepoint;

bool IsModel(const fs::path& folder) {
  return fs::is_regular_file(folder / "images.bin") ||
         fs::is_regular_file(folder / "images.txt");
}

// The first line that says something; at most 200 bytes.
std::string FirstLine(const fs::path& path) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line[begin] == '#') continue;
    const size_t end = line.find_last_not_of(" \t\r");
    return line.substr(begin, std::min<size_t>(end - begin + 1, 200));
  }
  return "";
}

std::string LicenceIn(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    for (const char* begin : {"LICENSE", "LICENCE", "COPYING"}) {
      if (name.starts_with(begin) && entry.is_regular_file()) {
        files.push_back(entry.path());
      }
    }
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    if (const std::string line = FirstLine(file); !line.empty()) return line;
  }
  return "not stated";
}

}  // namespace

DataSource FindDataSource(const std::string& folder, const std::string& model,
                          const std::string& licence) {
  DataSource source;
  source.folder = folder;
  source.images = folder;
  if (!fs::is_directory(folder)) throw InputError(folder + ": no such folder");
  RefuseEvaluationData(folder);
  source.name = fs::canonical(folder).filename().string();
  source.licence = licence.empty() ? LicenceIn(folder) : licence;
  if (const fs::path info = fs::path(folder) / "info.txt"; fs::exists(info)) {
    source.form = DataForm::kBrown;
    source.paths = {info.string()};
    return source;
  }
  if (!FindHPatchesSequences(folder).empty()) source.form = DataForm::kHPatches;
  for (const char* name : {"images", "imgs"}) {
    const fs::path below = fs::path(folder) / name;
    if (fs::is_directory(below)) source.images = below.string();
  }
  source.paths = FindPhotographs({source.images});
  const fs::path root = fs::canonical(source.images);
  for (const std::string& path : source.paths) {
    source.names.push_back(
        fs::path(path).lexically_relative(root).generic_string());
  }
  source.model = model;
  for (const char* name : {"sparse/0", "sparse"}) {
    const fs::path below = fs::path(folder) / name;
    if (source.model.empty() && IsModel(below)) source.model = below.string();
  }
  if (!source.model.empty() && !IsModel(source.model)) {
    throw InputError(source.model + ": holds no COLMAP model");
  }
  return source;
}

std::string ContentChecksum(const DataSource& source) {
  std::vector<std::string> files = source.paths;
  if (!source.model.empty()) {
    std::vector<std::string> parts;
    for (const auto& entry : fs::directory_iterator(source.model)) {
      if (entry.is_regular_file()) parts.push_back(entry.path().string());
    }
    std::sort(parts.begin(), parts.end());
    files.insert(files.end(), parts.begin(), parts.end());
  }
  uint64_t sum = kChecksumOfNothing;
  for (const std::string& path : files) {
    CheckInterrupt();
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    sum = Checksum(bytes, Checksum(fs::path(path).filename().string(), sum));
  }
  return fmt::format("{:016x}", sum);
}

std::string ReconstructInto(
    const DataSource& source, const std::string& preset,
    const ExtractorOptions& extractor, const std::string& model,
    const std::function<void(const std::string&)>& say) {
  const std::string work = model + ".work";
  SfmOptions options;
  options.work_folder = work;
  options.dense = false;
  options.report = say;
  const auto protocol = MakeSfmProtocol({source.images}, options);
  if (protocol->Items().size() != 1) {
    throw InputError(source.folder + ": holds several scenes; name each");
  }
  FeatureSourceOptions features;
  features.extractor = extractor;
  features.cache = work + "/features";
  protocol->Measure(*MakeFeatureSource(preset, features), protocol->Items()[0]);
  std::string summary = "no model could be made";
  for (const auto& entry : fs::recursive_directory_iterator(work)) {
    if (entry.path().filename() != "sparse") continue;
    const auto mapped = LargestModel(entry.path().parent_path().string());
    if (!mapped) continue;
    summary = fmt::format("{} of {} photographs and {} points reconstructed",
                          mapped->model.images.size(), source.paths.size(),
                          mapped->model.points.size());
    // COLMAP's note of its options names folders of this machine.
    fs::remove(fs::path(mapped->folder) / "project.ini");
    fs::rename(mapped->folder, model);
    break;
  }
  fs::remove_all(work);
  return summary;
}

std::function<double(int, double, double)> DepthMaps(const std::string& folder,
                                                     const ColmapModel& model) {
  constexpr int kStep = 4;
  const auto maps = std::make_shared<std::map<int, GrayImage>>();
  for (const auto& [id, image] : model.images) {
    CheckInterrupt();
    const fs::path whole = fs::path(folder) / (image.name + ".h5");
    const fs::path stem =
        (fs::path(folder) / image.name).replace_extension(".h5");
    const fs::path path = fs::exists(whole) ? whole : stem;
    if (!fs::exists(path)) continue;
    const GrayImage all = ReadDepthMap(path.string());
    const ColmapCamera& camera = model.cameras.at(image.camera_id);
    if (all.width != camera.width || all.height != camera.height) {
      throw InputError(path.string() + ": is not as large as its photograph");
    }
    GrayImage& some = (*maps)[id];
    some = GrayImage((all.width + kStep - 1) / kStep,
                     (all.height + kStep - 1) / kStep);
    for (int y = 0; y < some.height; ++y) {
      for (int x = 0; x < some.width; ++x) {
        some.At(x, y) = all.At(kStep * x, kStep * y);
      }
    }
  }
  if (maps->empty()) {
    throw InputError(folder + ": holds no depth maps of the photographs");
  }
  return [maps](int image_id, double x, double y) -> double {
    const auto found = maps->find(image_id);
    if (found == maps->end()) return 0;
    const GrayImage& map = found->second;
    const auto at = [](double v, int size) {
      return std::clamp(static_cast<int>(std::lround(v / kStep)), 0, size - 1);
    };
    return map.At(at(x, map.width), at(y, map.height));
  };
}

std::string StackJson(const DataSource& source,
                      const std::function<void(int, int)>& progress) {
  constexpr int kDetections = 1000;  // a photograph
  const int count = static_cast<int>(source.paths.size());
  if (count < 2) {
    throw InputError(source.folder + ": fewer than two photographs");
  }
  int width = 0, height = 0;
  std::vector<std::vector<Keypoint>> detections;
  const auto sift = MakeOpenCvDetector("sift");
  for (int i = 0; i < count; ++i) {
    CheckInterrupt();
    progress(i, count);
    const Image image = ReadImage(source.paths[i]);
    if (i == 0) {
      width = image.width;
      height = image.height;
    } else if (image.width != width || image.height != height) {
      throw InputError(source.paths[i] + ": is not as large as " +
                       source.names[0] + "; a fixed camera makes no such");
    }
    detections.push_back(sift->Detect(ImagePyramid(image.gray), kDetections));
  }
  nlohmann::ordered_json json = {{"version", 1},
                                 {"source", source.name},
                                 {"licence", source.licence},
                                 {"width", width},
                                 {"height", height},
                                 {"photographs", source.names},
                                 {"detector", "sift"},
                                 {"detections", kDetections},
                                 {"points", nlohmann::ordered_json::array()}};
  for (const RepeatedPoint& p : FindRepeatedPoints(detections, {})) {
    json["points"].push_back({p.x, p.y, p.scale, p.photographs});
  }
  return json.dump(1) + "\n";
}
