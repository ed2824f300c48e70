// SPDX-License-Identifier: Apache-2.0
#include "train_description.h"

#include <string>

#include "training/train_config.h"

void DescribeTrain(CommandDescription& train) {
  OptionDescription kind;
  kind.positional = kind.value = "KIND";
  kind.values = 1;
  kind.kind = ValueKind::kChoice;
  kind.help = "What is trained.";
  for (const tiepoint::TrainKind& k : tiepoint::TrainKinds()) {
    kind.choices.emplace_back(k.name);
    kind.help += "\n" + std::string(k.name) + ": " + k.what +
                 " (--batch: " + std::to_string(k.batch) + ").";
  }
  train.positionals = {kind};
  train.options.clear();
  for (const tiepoint::TrainOptionText& text : tiepoint::TrainOptionTexts()) {
    OptionDescription option;
    option.names = {"--" + text.name};
    option.value = text.value;
    option.default_value = text.default_value;
    option.help = text.help;
    option.group = "Options";
    option.values = text.value.empty() ? 0 : 1;
    if (text.value == "FILE") option.kind = ValueKind::kFile;
    if (text.value == "DIR") option.kind = ValueKind::kFolder;
    train.options.push_back(option);
  }
  train.notes = {
      "Each option is a key of a recipe (JSON), too, without dashes.",
      "Flags have an opposite: --no-resume."};
  train.examples = {
      "tiepoint train descriptor --data shards --output descriptor.safetensors",
      "tiepoint train --config RECIPE.json --data DIR"};
}
