// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace tiepoint {

// `tiepoint train KIND --data DIR --output FILE ...`; the arguments after
// "train". Plain parsing, because it also builds where CLI11 is missing.
// Returns the exit code: 0 trained, 2 bad usage or input, 130 interrupted.
int TrainMain(int argc, char** argv);

}  // namespace tiepoint
