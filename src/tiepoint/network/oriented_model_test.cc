// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/oriented_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <numbers>

#include "tiepoint/base/error.h"
#include "tiepoint/base/random.h"
#include "tiepoint/network/naive_network.h"
#include "tiepoint/network/random_oriented_model.h"

namespace tiepoint {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class OrientedModelTest : public ::testing::Test {
 protected:
  OrientedModelTest()
      : path_(std::filesystem::temp_directory_path() /
              ("tiepoint_oriented_" + std::to_string(getpid()) +
               ".safetensors")) {}
  ~OrientedModelTest() override { std::filesystem::remove(path_); }

  void Refuses(const std::string& why) {
    EXPECT_THAT([&] { ReadOrientedModel(path_); },
                ThrowsMessage<InputError>(HasSubstr(why)));
  }

  std::string path_;
};

TEST_F(OrientedModelTest, ComesBackFromTheFile) {
  OrientedModel model = RandomOrientedModel(3);
  model.trunk.notes["data"] = "none";
  WriteOrientedModel(path_, model);
  EXPECT_TRUE(IsOrientedFile(path_));
  const OrientedModel back = ReadOrientedModel(path_);
  for (const auto part : {&OrientedModel::trunk, &OrientedModel::orientation,
                          &OrientedModel::descriptor}) {
    EXPECT_EQ(ToJson((back.*part).spec), ToJson((model.*part).spec));
    ASSERT_EQ((back.*part).weights.size(), (model.*part).weights.size());
    for (const auto& [name, tensor] : (model.*part).weights) {
      EXPECT_EQ((back.*part).weights.at(name).data, tensor.data) << name;
    }
  }
  EXPECT_EQ(back.trunk.per_patch, model.trunk.per_patch);
  EXPECT_EQ(back.trunk.notes.at("data"), "none");
  EXPECT_EQ(back.trunk.notes.at("grid"), "1");
}

TEST_F(OrientedModelTest, OtherFilesAreRefused) {
  Refuses("");  // there is none
  EXPECT_FALSE(IsOrientedFile(path_));
  WriteModel(path_, RandomOrientedModel(3).trunk);
  EXPECT_FALSE(IsOrientedFile(path_));
  Refuses("another kind");
  EXPECT_THAT(
      [&] {
        WriteOrientedModel(path_, RandomOrientedModel(3));
        ReadModel(path_);
      },
      ThrowsMessage<InputError>(HasSubstr("no chain of layers")));
}

TEST_F(OrientedModelTest, PartsMustFit) {
  OrientedModel model = RandomOrientedModel(3);
  model.descriptor.weights.erase("fc.bias");
  EXPECT_THAT([&] { CheckOrientedModel(model); },
              ThrowsMessage<InputError>(HasSubstr("fc.bias")));
  model = RandomOrientedModel(3);
  model.descriptor.spec.input.width = 4;
  EXPECT_THAT([&] { CheckOrientedModel(model); },
              ThrowsMessage<InputError>(HasSubstr("'descriptor'")));
  model = RandomOrientedModel(3);
  std::swap(model.orientation, model.descriptor);
  EXPECT_THAT([&] { CheckOrientedModel(model); },
              ThrowsMessage<InputError>(HasSubstr("2 outputs")));
}

TEST(TurnColumnsTest, MovesColumns) {
  const Shape shape{2, 1, 4};
  const std::vector<float> in = {0, 1, 2, 3, 10, 20, 30, 40};
  const auto turned = [&](double columns) {
    std::vector<float> out(8);
    TurnColumns(shape, in.data(),
                static_cast<float>(columns * std::numbers::pi / 2), out.data());
    return out;
  };
  using ::testing::FloatNear;
  using ::testing::Pointwise;
  const auto is = [](const std::vector<float>& values) {
    return Pointwise(FloatNear(1e-4f), values);
  };
  EXPECT_THAT(turned(0), is(in));
  EXPECT_THAT(turned(1), is({1, 2, 3, 0, 20, 30, 40, 10}));
  EXPECT_THAT(turned(-1), is({3, 0, 1, 2, 40, 10, 20, 30}));
  EXPECT_THAT(turned(4), is(in));
  EXPECT_THAT(turned(0.5), is({0.5, 1.5, 2.5, 1.5, 15, 25, 35, 25}));
  EXPECT_THAT(turned(-2.25), is(turned(1.75)));
}

// What the whole idea rests on.
TEST(OrientedNetworkTest, TrunkTurnsWithThePatch) {
  const OrientedModel model = RandomOrientedModel(5);
  const Shape in = model.trunk.spec.input;
  const Shape map = OutputShape(model.trunk.spec);
  Random random(7);
  std::vector<float> patch(in.Size()), moved(in.Size());
  for (float& v : patch) v = static_cast<float>(random.Normal());
  const int step = in.width / map.width;  // columns of the patch
  const auto angle = static_cast<float>(2 * std::numbers::pi / map.width);
  TurnColumns(in, patch.data(), angle, moved.data());
  for (int y = 0; y < in.height; ++y) {
    ASSERT_NEAR(moved[y * in.width], patch[y * in.width + step], 1e-4);
  }
  const std::vector<float> first = RunNaive(model.trunk, in, patch);
  const std::vector<float> second = RunNaive(model.trunk, in, moved);
  std::vector<float> turned(first.size());
  TurnColumns(map, first.data(), angle, turned.data());
  for (size_t i = 0; i < turned.size(); ++i) {
    EXPECT_NEAR(second[i], turned[i], 1e-4);
  }
}

}  // namespace
}  // namespace tiepoint
