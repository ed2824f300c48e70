// SPDX-License-Identifier: Apache-2.0
// What a training is told. One table of options (train_config.cc) makes the
// command line, its help, the files of recipes and the printed configuration.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "training/train.h"

namespace tiepoint {

// What can be trained.
struct TrainKind {
  const char* name;
  const char* what;  // for the help
  void (*train)(const TrainOptions& options);
  int batch;  // pairs a step unless told otherwise
};
const std::vector<TrainKind>& TrainKinds();
// Throws InputError naming the choices.
const TrainKind& FindTrainKind(const std::string& name);

struct TrainArguments {
  TrainOptions options;
  bool help = false;          // --help
  bool print_config = false;  // --print-config
};

// The arguments after "train": [KIND] and options, those of yes and no as
// --NAME or --no-NAME. `--config FILE` is read first, wherever it stands, and
// what the command line says wins over it; the first --data replaces the
// file's list. The kind stands in one of the two or is the same in both.
// Throws InputError: unknown names, values of a wrong type, no such file.
TrainArguments ParseTrainArguments(const std::vector<std::string>& arguments);

std::string TrainHelp();

// One line of that help, for manuals and completion in shells.
struct TrainOptionText {
  std::string name;           // without dashes
  std::string value;          // "FILE"; flags: ""
  std::string default_value;  // "" when there is none, or the kind says it
  std::string help;
};
std::vector<TrainOptionText> TrainOptionTexts();

// The kind and all options by their names on the command line, as --config
// reads them.
nlohmann::ordered_json TrainConfig(const TrainOptions& options);
// Only what the weights depend on, without names of files and folders, which
// may move: a checkpoint is resumed only with the same.
nlohmann::ordered_json DecidingConfig(const TrainOptions& options);

}  // namespace tiepoint
