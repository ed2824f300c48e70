// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/colmap_program.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <tuple>
#include <utility>
#include <vector>

#include "tiepoint/base/error.h"
#include "tiepoint/io/program.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Nothing of COLMAP or of the libraries under it may ask for a display, or
// start more threads than it was told.
std::vector<std::pair<std::string, std::string>> EnvironmentOf(int threads) {
  const std::string count = std::to_string(threads);
  return {{"QT_QPA_PLATFORM", "offscreen"},
          {"OMP_NUM_THREADS", count},
          {"OPENBLAS_NUM_THREADS", count}};
}

// "COLMAP 3.8" of "COLMAP 3.8 -- Structure-from-Motion ...".
std::string VersionIn(const std::string& help) {
  const size_t begin = help.find("COLMAP ");
  if (begin == std::string::npos) return "";
  std::istringstream words(help.substr(begin));
  std::string name, number;
  words >> name >> number;
  return name + " " + number;
}

std::string Flag(bool value) { return value ? "1" : "0"; }

}  // namespace

// --------------------------------------------------------- temporary folder

TemporaryFolder::TemporaryFolder() {
  std::error_code error;
  std::string name =
      (fs::temp_directory_path(error) / "tiepoint-XXXXXX").string();
  if (error || mkdtemp(name.data()) == nullptr) {
    throw InputError(name + ": no temporary folder can be made there");
  }
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  fs::remove_all(path_, error);
}

// ------------------------------------------------------------------- COLMAP

Colmap::Colmap(const std::string& program) : path_(FindProgram(program)) {
  if (path_.empty()) {
    throw InputError(program +
                     ": program not found; install COLMAP (Debian package "
                     "colmap) or give the path of the program");
  }
  const TemporaryFolder folder;
  const std::string log = folder.Path() + "/help.log";
  RunProgram({{path_, "help"}, log, EnvironmentOf(1)});
  const std::string help = ReadText(log);
  version_ = VersionIn(help);
  if (version_.empty()) {
    throw InputError(path_ + ": does not answer 'help' as COLMAP does");
  }
  has_cuda_ = help.find("with CUDA") != std::string::npos;
  RunProgram({{path_, "matches_importer", "--help"}, log, EnvironmentOf(1)});
  if (ReadText(log).find("FeatureMatching.use_gpu") != std::string::npos) {
    matching_ = "FeatureMatching";
  }
}

std::string Colmap::Run(const std::vector<std::string>& arguments,
                        const std::string& folder, int threads) const {
  ProgramCall call{
      {path_}, folder + "/" + arguments[0] + ".log", EnvironmentOf(threads)};
  call.command.insert(call.command.end(), arguments.begin(), arguments.end());
  const ProgramEnd end = RunProgram(call);
  if (end.Succeeded()) return "";
  const std::string last = LastLine(call.log);
  return "colmap " + arguments[0] + ": " + end.Describe() +
         (last.empty() ? "" : ", last line: " + last);
}

std::string Colmap::Verify(const std::string& database,
                           const std::string& pairs, const std::string& folder,
                           const ColmapOptions& options) const {
  return Run(
      {"matches_importer", "--database_path", database, "--match_list_path",
       pairs, "--match_type", "pairs", "--" + matching_ + ".use_gpu", "0",
       "--" + matching_ + ".num_threads", std::to_string(options.threads)},
      folder, options.threads);
}

std::string Colmap::Map(const std::string& database,
                        const std::string& image_folder,
                        const std::string& folder,
                        const ColmapOptions& options) const {
  const std::string models = folder + "/sparse";
  std::error_code error;
  fs::create_directories(models, error);
  if (error) return models + ": " + error.message();
  const std::string refined = Flag(!options.fixed_intrinsics);
  return Run(
      {"mapper", "--database_path", database, "--image_path", image_folder,
       "--output_path", models, "--Mapper.extract_colors",
       Flag(options.colours), "--Mapper.num_threads",
       std::to_string(options.threads), "--Mapper.ba_refine_focal_length",
       refined, "--Mapper.ba_refine_extra_params", refined},
      folder, options.threads);
}

std::string Colmap::Dense(const std::string& model,
                          const std::string& image_folder,
                          const std::string& folder, int64_t& points) const {
  const std::string dense = folder + "/dense";
  const std::string fused = dense + "/fused.ply";
  const std::vector<std::vector<std::string>> steps = {
      {"image_undistorter", "--image_path", image_folder, "--input_path", model,
       "--output_path", dense, "--max_image_size", "1200"},
      {"patch_match_stereo", "--workspace_path", dense,
       "--PatchMatchStereo.geom_consistency", "false"},
      {"stereo_fusion", "--workspace_path", dense, "--input_type",
       "photometric", "--StereoFusion.min_num_pixels", "5", "--output_path",
       fused}};
  for (const std::vector<std::string>& step : steps) {
    // Not reproducible to the last bit anyway: as many threads as it likes.
    const std::string problem = Run(step, folder, 16);
    if (!problem.empty()) return problem;
  }
  const std::optional<int64_t> count = CountPlyVertices(fused);
  if (!count) return fused + ": is not a PLY file";
  points = *count;
  return "";
}

std::vector<std::string> ModelsLargestFirst(const std::string& folder) {
  std::vector<std::tuple<size_t, size_t, std::string>> models;
  for (int number = 0;; ++number) {
    const std::string place = folder + "/sparse/" + std::to_string(number);
    if (!fs::is_directory(place)) break;
    size_t images = 0, points = 0;
    try {
      const ColmapModel model = ReadColmapModel(place);
      images = model.images.size();
      points = images > 0 ? model.points.size() : 0;
    } catch (const InputError&) {  // cut off by a crash
    }
    models.emplace_back(images, points, place);
  }
  std::stable_sort(models.begin(), models.end(),
                   [](const auto& a, const auto& b) {
                     return std::tie(std::get<0>(a), std::get<1>(a)) >
                            std::tie(std::get<0>(b), std::get<1>(b));
                   });
  std::vector<std::string> folders;
  for (auto& model : models) folders.push_back(std::move(std::get<2>(model)));
  return folders;
}

std::optional<MappedModel> LargestModel(const std::string& folder) {
  const std::vector<std::string> folders = ModelsLargestFirst(folder);
  if (folders.empty()) return std::nullopt;
  try {
    MappedModel largest{folders[0], ReadColmapModel(folders[0])};
    if (!largest.model.images.empty()) return largest;
  } catch (const InputError&) {  // all of them are damaged
  }
  return std::nullopt;
}

std::optional<int64_t> CountPlyVertices(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string line;
  if (!std::getline(file, line) || !line.starts_with("ply")) {
    return std::nullopt;
  }
  while (std::getline(file, line) && !line.starts_with("end_header")) {
    std::istringstream words(line);
    std::string element, vertex;
    int64_t count = 0;
    if (words >> element >> vertex >> count && element == "element" &&
        vertex == "vertex" && count >= 0) {
      return count;
    }
  }
  return std::nullopt;
}

}  // namespace tiepoint
