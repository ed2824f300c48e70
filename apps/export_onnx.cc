// SPDX-License-Identifier: Apache-2.0
#include "export_onnx.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tiepoint/base/atomic_file.h"
#include "tiepoint/onnx/export_onnx.h"

namespace {

using namespace tiepoint;
namespace fs = std::filesystem;

OnnxFacts FactsOf(const fs::path& source) {
  OnnxFacts facts = {{"name", source.stem()}, {"version", TIEPOINT_VERSION}};
  std::ifstream file(fs::path(source).replace_extension(".md"));
  const std::string card{std::istreambuf_iterator<char>(file), {}};
  if (!card.empty()) facts["card"] = card;
  return facts;
}

}  // namespace

std::vector<std::string> ExportOnnx(const std::string& source,
                                    const std::string& target) {
  const OnnxFacts facts = FactsOf(source);
  if (IsOrientedFile(source)) {
    WriteFileAtomically(target, OnnxOf(ReadOrientedModel(source), facts));
    return {target};
  }
  if (ArchitectureInFile(source) != "correspondence") {
    WriteFileAtomically(target, OnnxOf(ReadModel(source), facts));
    return {target};
  }
  const ConsensusModel model = ReadConsensusModel(source);
  std::vector<std::string> written;
  for (int stage = 0; stage < model.spec.Stages(); ++stage) {
    const fs::path path = model.spec.Stages() == 1
                              ? fs::path(target)
                              : fs::path(target).replace_extension(
                                    ".stage" + std::to_string(stage) + ".onnx");
    WriteFileAtomically(path, OnnxOfStage(model, stage, facts));
    written.push_back(path);
  }
  return written;
}
