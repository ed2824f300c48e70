// SPDX-License-Identifier: Apache-2.0
#include "reconstruction_stages.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/checksum.h"

namespace {

using Json = nlohmann::ordered_json;

// A file that is missing or no JSON: nothing is done.
Json ReadStages(const std::string& path) {
  std::ifstream file(path);
  Json stages = Json::parse(file, nullptr, /*allow_exceptions=*/false);
  return stages.is_object() ? stages : Json::object();
}

}  // namespace

ReconstructionStages::ReconstructionStages(const std::string& folder)
    : path_(folder + "/stages.json") {}

bool ReconstructionStages::Done(const std::string& stage,
                                const std::string& key) const {
  const Json stages = ReadStages(path_);
  return stages.contains(stage) && stages[stage] == key;
}

std::string ReconstructionStages::Key(const std::string& stage) const {
  const Json stages = ReadStages(path_);
  const auto found = stages.find(stage);
  return found != stages.end() && found->is_string() ? found->get<std::string>()
                                                     : "";
}

void ReconstructionStages::SetDone(const std::string& stage,
                                   const std::string& key) const {
  Json stages = ReadStages(path_);
  stages[stage] = key;
  tiepoint::WriteFileAtomically(path_, stages.dump(2) + "\n");
}

std::string StageKey(const std::string& text) {
  return fmt::format("{:016x}", tiepoint::Checksum(text));
}
