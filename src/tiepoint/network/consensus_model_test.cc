// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/consensus_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "tiepoint/base/error.h"
#include "tiepoint/network/model_file.h"
#include "tiepoint/network/random_consensus_model.h"

namespace tiepoint {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

const ConsensusSpec kSmall{9, 5, {1, 2}, true};

TEST(ConsensusSpecTest, ThePaperHas397057Parameters) {
  EXPECT_EQ(CountParameters({4, 128, {12}, false}), 397057);
}

TEST(ConsensusSpecTest, AttentionAddsOneLogitAConvolution) {
  ConsensusSpec spec{4, 128, {12}, false};
  const int64_t plain = CountParameters(spec);
  spec.attention = true;
  EXPECT_EQ(CountParameters(spec) - plain, 24 * 129);
}

TEST(ConsensusSpecTest, LaterStagesReadTwoNumbersMore) {
  const auto shapes = ConsensusShapes(kSmall);
  EXPECT_EQ(shapes.at("stage0.input.weight"), (std::vector<int64_t>{5, 9}));
  EXPECT_EQ(shapes.at("stage1.input.weight"), (std::vector<int64_t>{5, 11}));
  EXPECT_TRUE(shapes.contains("stage1.block1.conv1.attention.weight"));
  EXPECT_FALSE(shapes.contains("stage0.block1.conv0.weight"));
}

TEST(ConsensusSpecTest, JsonBringsItBack) {
  EXPECT_EQ(ConsensusSpecFromJson(ToJson(kSmall)), kSmall);
}

TEST(ConsensusSpecTest, WhatIsNoNetworkIsRefused) {
  EXPECT_THROW(ConsensusShapes({3, 128, {12}, false}), InputError);
  EXPECT_THROW(ConsensusShapes({4, 0, {12}, false}), InputError);
  EXPECT_THROW(ConsensusShapes({4, 128, {}, false}), InputError);
  EXPECT_THROW(ConsensusShapes({4, 128, {6, 0}, false}), InputError);
  EXPECT_THROW(ConsensusSpecFromJson("{}"), InputError);
  EXPECT_THROW(ConsensusSpecFromJson("[1"), InputError);
}

class ConsensusFileTest : public ::testing::Test {
 protected:
  ConsensusFileTest()
      : path_(std::filesystem::temp_directory_path() /
              ("tiepoint_consensus_" + std::to_string(getpid()) +
               ".safetensors")),
        model_(RandomConsensusModel(kSmall, 1)) {
    model_.notes = {{"licence", "Apache-2.0"}};
  }
  ~ConsensusFileTest() override { std::filesystem::remove(path_); }

  // Writes `model` although it is wrong.
  void WriteUnchecked(const ConsensusModel& model) {
    SafeTensors file{model.weights, {{"network", ToJson(model.spec)}}};
    WriteSafeTensors(path_, file);
  }
  void ExpectRefused(const std::string& why) {
    EXPECT_THAT([&] { ReadConsensusModel(path_); },
                ThrowsMessage<InputError>(AllOf(
                    HasSubstr(path_), HasSubstr(why), Not(HasSubstr("\n")))));
  }

  std::string path_;
  ConsensusModel model_;
};

TEST_F(ConsensusFileTest, ComesBackFromTheFile) {
  WriteConsensusModel(path_, model_);
  const ConsensusModel back = ReadConsensusModel(path_);
  EXPECT_EQ(back.spec, model_.spec);
  EXPECT_EQ(back.notes, model_.notes);
  ASSERT_EQ(back.weights.size(), model_.weights.size());
  for (const auto& [name, tensor] : model_.weights) {
    EXPECT_EQ(back.weights.at(name).shape, tensor.shape) << name;
    EXPECT_EQ(back.weights.at(name).data, tensor.data) << name;
  }
}

TEST_F(ConsensusFileTest, HalfPrecisionKeepsThreeDigits) {
  WriteConsensusModel(path_, model_, true);
  const ConsensusModel back = ReadConsensusModel(path_);
  for (const auto& [name, tensor] : model_.weights) {
    for (size_t i = 0; i < tensor.data.size(); ++i) {
      EXPECT_NEAR(back.weights.at(name).data[i], tensor.data[i],
                  1e-3 * std::fabs(tensor.data[i]) + 1e-7);
    }
  }
}

TEST_F(ConsensusFileTest, AMissingTensorIsNamed) {
  model_.weights.erase("stage1.output.bias");
  WriteUnchecked(model_);
  ExpectRefused("stage1.output.bias");
  EXPECT_THROW(WriteConsensusModel(path_, model_), InputError);
}

TEST_F(ConsensusFileTest, AnotherShapeIsNamed) {
  model_.weights["stage1.input.weight"] = {{5, 9}, std::vector<float>(45)};
  WriteUnchecked(model_);
  ExpectRefused("shape 5x9, not 5x11");
}

TEST_F(ConsensusFileTest, AnUnknownTensorIsNamed) {
  model_.weights["stage9.input.bias"] = {{5}, std::vector<float>(5)};
  WriteUnchecked(model_);
  ExpectRefused("stage9.input.bias");
}

TEST_F(ConsensusFileTest, ValuesMustBeFinite) {
  model_.weights["stage0.input.bias"].data[2] = NAN;
  EXPECT_THAT([&] { WriteConsensusModel(path_, model_); },
              ThrowsMessage<InputError>(HasSubstr("stage0.input.bias")));
  WriteUnchecked(model_);
  ExpectRefused("not finite");
}

TEST_F(ConsensusFileTest, ATruncatedFileIsRefused) {
  WriteConsensusModel(path_, model_);
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 5);
  ExpectRefused("truncated");
}

TEST_F(ConsensusFileTest, AnotherKindOfNetworkIsRefusedBothWays) {
  WriteModel(path_, RandomModel(
                        R"({"architecture": "lift-detector",
                            "input": [1, 2, 3], "layers": [
                            {"type": "linear", "name": "p", "out": 2}]})",
                        1));
  ExpectRefused("it holds a network 'lift-detector'");
  WriteConsensusModel(path_, model_);
  EXPECT_THAT([&] { ReadModel(path_); },
              ThrowsMessage<InputError>(
                  AllOf(HasSubstr(path_), HasSubstr("'correspondence'"),
                        HasSubstr("no chain of layers"))));
}

TEST_F(ConsensusFileTest, AFileWithoutNetworkIsRefused) {
  WriteSafeTensors(path_, {model_.weights, {}});
  ExpectRefused("not a Tiepoint model");
}

}  // namespace
}  // namespace tiepoint
