// SPDX-License-Identifier: Apache-2.0
// The program COLMAP: which one it is, and its steps from matches to a model.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tiepoint/io/colmap_model.h"

namespace tiepoint {

// A folder below the system's folder for temporary files; removed with
// everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder();  // throws InputError when it cannot be made
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& Path() const { return path_; }

 private:
  std::string path_;
};

struct ColmapOptions {
  std::string program = "colmap";  // name on PATH, or path
  // One thread: the same model every time. With more, the seeds and the sums
  // depend on which thread is first.
  int threads = 1;
  // Leave the given cameras as they are.
  bool fixed_intrinsics = true;
  // Points of a model get the colours of the photographs.
  bool colours = false;
};

// Each step returns what went wrong in one line (empty: nothing), and keeps
// what the program printed in `folder`/STEP.log. No step needs a display or a
// GPU, but for Dense. Interrupted is thrown as in io/program.h.
class Colmap {
 public:
  // Asks the program what it is. Throws InputError in one line when it is not
  // there or does not answer as COLMAP does.
  explicit Colmap(const std::string& program);

  const std::string& Version() const { return version_; }  // "COLMAP 3.8"
  bool HasCuda() const { return has_cuda_; }

  // Verifies the pairs of a file (`name1 name2` a line) whose matches are in
  // the database: COLMAP's defaults.
  std::string Verify(const std::string& database, const std::string& pairs,
                     const std::string& folder,
                     const ColmapOptions& options) const;

  // Models in `folder`/sparse/0, 1, ...: COLMAP's defaults.
  std::string Map(const std::string& database, const std::string& image_folder,
                  const std::string& folder,
                  const ColmapOptions& options) const;

  // The dense points of a model, as the benchmark makes them: photographs of at
  // most 1200 pixels, photometric stereo, points seen in 5 images. `points` is
  // set to their number. Needs HasCuda().
  std::string Dense(const std::string& model, const std::string& image_folder,
                    const std::string& folder, int64_t& points) const;

 private:
  std::string Run(const std::vector<std::string>& arguments,
                  const std::string& folder, int threads) const;

  std::string path_, version_;
  bool has_cuda_ = false;
  // COLMAP 3: "SiftMatching"; later versions: "FeatureMatching".
  std::string matching_ = "SiftMatching";
};

// A model and the folder that it was read from.
struct MappedModel {
  std::string folder;
  ColmapModel model;
};

// The folders of the models that Map left in `folder`: those with more images
// before others, of equal ones those with more points, else in COLMAP's order.
// Models that cannot be read, or have no image, come last.
std::vector<std::string> ModelsLargestFirst(const std::string& folder);

// The first of them; empty when it has no image that can be read.
std::optional<MappedModel> LargestModel(const std::string& folder);

// The number of vertices that a PLY file says it has; empty when it is none.
std::optional<int64_t> CountPlyVertices(const std::string& path);

}  // namespace tiepoint
