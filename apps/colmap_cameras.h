// SPDX-License-Identifier: Apache-2.0
// Cameras for photographs that a COLMAP database does not know yet.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "export_colmap.h"
#include "tiepoint/geometry/two_view.h"
#include "tiepoint/io/colmap_database.h"

class ColmapCameras {
 public:
  // Throws InputError for parameters that do not fit the model.
  ColmapCameras(tiepoint::ColmapDatabaseWriter& writer,
                const ColmapExportOptions& options);

  struct Camera {
    int id = 0;
    // Where the focal length is known.
    std::optional<tiepoint::PinholeCamera> known;
  };
  // The camera of a photograph, a new one or one that it shares. Sets the size
  // of the features' image where they do not have it. Throws InputError when
  // nobody knows the size, and for sizes that differ where a camera is shared.
  Camera Of(const std::string& name, tiepoint::FeatureSet& features);
  int NumAdded() const { return static_cast<int>(cameras_.size()) + alone_; }

 private:
  Camera Add(int width, int height, std::optional<double> focal);

  tiepoint::ColmapDatabaseWriter& writer_;
  const ColmapExportOptions& options_;
  // Folder, size, focal length (0: not known), as far as the mode looks at
  // them.
  using Key = std::tuple<std::string, int, int, double>;
  struct Shared {
    Camera camera;
    std::string name;  // of the first photograph
    int width = 0, height = 0;
  };
  std::map<Key, Shared> cameras_;
  int alone_ = 0;
};
