// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/import_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tiepoint/base/error.h"
#include "tiepoint/io/published_weights.h"
#include "tiepoint/network/inference_network.h"
#include "tiepoint/network/random_model.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class ImportWeightsTest : public ::testing::Test {
 protected:
  ImportWeightsTest()
      : folder_(fs::temp_directory_path() /
                ("tiepoint_weights_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~ImportWeightsTest() override { fs::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }

  fs::path folder_;
};

// By content: every name is misleading.
TEST_F(ImportWeightsTest, TheContentTellsTheForm) {
  EXPECT_EQ(FormOf(Write("a.h5", "1.0\n4 4 4 6 21\n")), WeightsForm::kTilde);
  EXPECT_EQ(FormOf(Write("a.txt", std::string("\3\0\0\0\1\0\0\0", 8))),
            WeightsForm::kTorch7);
  EXPECT_EQ(FormOf(Write("a.t7", "\x89HDF\r\n\x1A\n")), WeightsForm::kLift);
  EXPECT_EQ(FormOf(Write("layer0_W.npy", "\x93NUMPY")),
            WeightsForm::kOrientation);
  EXPECT_EQ(FormOf(folder_), WeightsForm::kOrientation);
  const Model model = RandomModel(
      R"({"architecture": "a", "input": [1, 2, 3],
          "layers": [{"type": "linear", "name": "p", "out": 2}]})",
      1);
  const std::string own = folder_ / "a.npy";
  WriteModel(own, model);
  EXPECT_EQ(FormOf(own), WeightsForm::kTiepoint);
  EXPECT_EQ(ImportModel(own).weights.at("p.weight").data,
            model.weights.at("p.weight").data);
  EXPECT_EQ(RoleOf(model), WeightsRole::kOrientation);
}

TEST_F(ImportWeightsTest, OtherThingsAreRefused) {
  EXPECT_THROW(FormOf(folder_ / "missing"), InputError);
  EXPECT_THAT([&] { FormOf(folder_); },
              ThrowsMessage<InputError>(HasSubstr("layer0_W.npy")));
  EXPECT_THROW(FormOf(Write("picture", "\x89PNG....")), InputError);
  EXPECT_THROW(FormOf(Write("empty", "")), InputError);
  const std::string text = Write("tilde", "1.0\n4 6 21\n");
  EXPECT_THAT([&] { ImportModel(text); },
              ThrowsMessage<InputError>(HasSubstr("imported:" + text)));
}

// Written as safetensors and read back, a released network gives the same
// numbers.
TEST_F(ImportWeightsTest, PublishedNetworksSurviveOurFormat) {
  if (PublishedWeights().empty()) {
    GTEST_SKIP() << "TIEPOINT_PUBLISHED_WEIGHTS is not set";
  }
  for (const std::string name :
       {"/deepdesc/CNN3_p8_n8_split4_073000.t7",
        "/lift/new-CNN3-picc-iter-56k.h5", "/orientation"}) {
    const Model model = ImportModel(PublishedWeights() + name);
    const std::string path = folder_ / "imported.safetensors";
    WriteModel(path, model);
    const Model back = ReadModel(path);
    EXPECT_THAT(back.notes.at("licence"), HasSubstr("not for redistribution"));
    EXPECT_EQ(back.notes.count("imported from"), 1u);
    const int side = model.spec.input.width;
    const auto run = [&](const Model& m) {
      std::vector<float> patch = WavyPatch(side);
      NormalizeInput(m, patch.data(), side * side);
      std::vector<float> output(OutputShape(m.spec).Size());
      InferenceNetwork(m).Run(patch.data(), 1, output.data());
      return output;
    };
    EXPECT_EQ(run(model), run(back)) << name;
  }
}

}  // namespace
}  // namespace tiepoint
