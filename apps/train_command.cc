// SPDX-License-Identifier: Apache-2.0
#include "train_command.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "training/train_config.h"

namespace tiepoint {

int TrainMain(int argc, char** argv) {
  std::signal(SIGINT, [](int) { RequestInterrupt(); });
  std::signal(SIGTERM, [](int) { RequestInterrupt(); });
  try {
    if (argc == 0) {
      std::fputs(TrainHelp().c_str(), stderr);
      return 2;
    }
    const TrainArguments a =
        ParseTrainArguments(std::vector<std::string>(argv, argv + argc));
    if (a.help) {
      std::fputs(TrainHelp().c_str(), stdout);
    } else if (a.print_config) {
      std::printf("%s\n", TrainConfig(a.options).dump(2).c_str());
    } else {
      // Not after the first hour that there is no such folder.
      const std::filesystem::path output(a.options.output);
      if (output.has_parent_path()) EnsureWritableFolder(output.parent_path());
      FindTrainKind(a.options.kind).train(a.options);
    }
    return 0;
  } catch (const Interrupted&) {
    std::fprintf(stderr,
                 "interrupted: the checkpoint is written; the same "
                 "command goes on from it\n");
    return 130;
  } catch (const std::exception& e) {
    std::string message = e.what();  // LibTorch's have many lines
    std::replace(message.begin(), message.end(), '\n', ' ');
    std::fprintf(stderr, "tiepoint train: %s\n", message.c_str());
    return 2;
  }
}

}  // namespace tiepoint
