// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/import_weights.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "tiepoint/base/error.h"
#include "tiepoint/io/import_lift.h"
#include "tiepoint/io/import_orientation.h"
#include "tiepoint/io/import_torch7.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

std::string ReadHead(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(path + ": cannot be opened for reading");
  std::string head(64, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(file.gcount());
  return head;
}

bool IsText(const std::string& head) {
  return !head.empty() &&
         head.find_first_not_of("0123456789.+-eE \t\r\n") == std::string::npos;
}

// An object of Torch 7 begins with its type.
bool IsTorch7(const std::string& head) {
  return head.size() >= 8 && (head[0] == 3 || head[0] == 4) && head[1] == 0 &&
         head[2] == 0 && head[3] == 0;
}

// The length of a JSON header, then the header.
bool IsSafeTensors(const std::string& head) {
  return head.size() > 8 && head[8] == '{' && head[6] == 0 && head[7] == 0;
}

}  // namespace

WeightsForm FormOf(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) throw InputError(path + ": no such file");
  if (fs::is_directory(path, error)) {
    if (fs::exists(fs::path(path) / "layer0_W.npy", error)) {
      return WeightsForm::kOrientation;
    }
    throw InputError(path + ": is a folder without layer0_W.npy");
  }
  const std::string head = ReadHead(path);
  const std::string_view start = head;
  if (start.substr(0, 6) == "\x93NUMPY") return WeightsForm::kOrientation;
  if (start.substr(0, 8) == "\x89HDF\r\n\x1A\n") return WeightsForm::kLift;
  if (IsSafeTensors(head)) return WeightsForm::kTiepoint;
  if (IsTorch7(head)) return WeightsForm::kTorch7;
  if (IsText(head)) return WeightsForm::kTilde;
  throw InputError(path +
                   ": is none of the weights that can be read: TILDE's text, "
                   "DeepDesc's .t7, LIFT's .h5, a folder of an orientation "
                   "network, .safetensors");
}

Model ImportModel(const std::string& path) {
  switch (FormOf(path)) {
    case WeightsForm::kTorch7:
      return ReadTorch7Model(path);
    case WeightsForm::kLift:
      return ReadLiftModel(path);
    case WeightsForm::kOrientation:
      return ReadOrientationModel(path);
    case WeightsForm::kTiepoint:
      return ReadModel(path);
    case WeightsForm::kTilde:
      break;
  }
  throw InputError(path +
                   ": TILDE's filters are no network; they run as they are: "
                   "--preset imported:" +
                   path);
}

WeightsRole RoleOf(const Model& model) {
  const Shape out = OutputShape(model.spec);
  if (out.channels == 1) return WeightsRole::kDetector;
  return out.Size() == 2 ? WeightsRole::kOrientation : WeightsRole::kDescriptor;
}

}  // namespace tiepoint
