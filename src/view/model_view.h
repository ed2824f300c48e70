// SPDX-License-Identifier: Apache-2.0
// A sparse model of COLMAP as the page that shows it takes it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tiepoint/io/colmap_model.h"
#include "tiepoint/report/model_page.h"

namespace tiepoint {

struct ModelViewOptions {
  // Folder of the photographs; empty: unknown. Cameras whose photograph is not
  // there, or cannot be read, have no picture.
  std::string photographs;
  int thumbnail_size = 320;  // the longer side, pixels
  // Models of more photographs have no pictures: each takes some 15 KB.
  int max_thumbnails = 500;
};

// Points by their ids, cameras by their names. `partners`: for names of
// photographs, those with most matches. The notes say what is missing.
ModelPageInput ViewOfModel(
    const ColmapModel& model, const std::string& title,
    const std::map<std::string, std::vector<PagePartner>>& partners,
    const ModelViewOptions& options);

}  // namespace tiepoint
