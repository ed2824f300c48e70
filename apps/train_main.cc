// SPDX-License-Identifier: Apache-2.0
// The trainer alone, for machines without OpenCV: tiepoint_train KIND ...
#include <csignal>

#include "train_command.h"

int main(int argc, char** argv) {
  return tiepoint::TrainMain(argc - 1, argv + 1);
}
