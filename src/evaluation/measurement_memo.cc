// SPDX-License-Identifier: Apache-2.0
#include "evaluation/measurement_memo.h"

#include <fstream>
#include <iterator>

#include "evaluation/cache_key.h"
#include "evaluation/number_json.h"
#include "tiepoint/base/atomic_file.h"

namespace tiepoint {

MeasurementMemo::MeasurementMemo(const std::string& folder,
                                 const Protocol& protocol)
    : folder_(folder.empty() ? "" : folder + "/measurements"),
      protocol_(protocol) {
  if (!folder_.empty()) EnsureWritableFolder(folder_);
}

std::optional<Measurement> MeasurementMemo::Find(const FeatureSource& source,
                                                 const Item& item) const {
  if (folder_.empty()) return std::nullopt;
  const std::string key = Key(source, item);
  std::ifstream file(Path(key), std::ios::binary);
  if (!file) return std::nullopt;
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  try {
    const Json json = Json::parse(text);
    if (json.at("key") != key) return std::nullopt;
    return MeasurementFromJson(json.at("measurement"));
  } catch (const Json::exception&) {
    return std::nullopt;  // damaged: it is measured and written again
  }
}

void MeasurementMemo::Keep(const FeatureSource& source, const Item& item,
                           const Measurement& measurement) const {
  if (folder_.empty()) return;
  const std::string key = Key(source, item);
  const Json json = {{"key", key},
                     {"measurement", MeasurementJson(measurement)}};
  WriteFileAtomically(Path(key), JsonText(json) + "\n");
}

std::string MeasurementMemo::Key(const FeatureSource& source,
                                 const Item& item) const {
  Json key = {{"program", ProgramChecksum()},
              {"protocol", protocol_.Name()},
              {"settings", protocol_.Settings()},
              {"features", source.Settings()},
              {"set", item.set},
              {"sequence", item.sequence},
              {"item", item.name}};
  if (item.parameter) key["parameter"] = NumberJson(*item.parameter);
  for (const std::string& image : {item.image1, item.image2}) {
    key["images"].push_back(image.empty() ? "" : FileStamp(image));
  }
  return JsonText(key);
}

std::string MeasurementMemo::Path(const std::string& key) const {
  return folder_ + "/" + HexChecksum(key) + ".json";
}

}  // namespace tiepoint
