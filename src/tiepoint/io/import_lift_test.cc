// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/import_lift.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "tiepoint/base/error.h"
#include "tiepoint/io/published_weights.h"
#include "tiepoint/network/inference_network.h"
#include "tiepoint/network/random_model.h"

namespace tiepoint {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class ImportLiftTest : public ::testing::Test {
 protected:
  ImportLiftTest()
      : path_(std::filesystem::temp_directory_path() /
              ("tiepoint_lift_" + std::to_string(getpid()) + ".h5")) {
    // conv 5 x 5 to 2 maps, ReLU, L2 pooling by 4, conv 3 x 3 to 3, max pooling
    // by 13.
    sets_["layers"] = {{5}, {1, 6, 4, 1, 3}};
    sets_["patch-mean"] = {{1}, {100}};
    sets_["patch-std"] = {{1}, {50}};
    sets_["l-1-weights"] = {{2, 1, 5, 5}, RandomValues(50, 1)};
    sets_["l-1-bias"] = {{2}, {1, 2}};
    sets_["l-3-kw"] = sets_["l-3-kh"] = {{1}, {4}};
    sets_["l-4-weights"] = {{3, 2, 3, 3}, RandomValues(54, 2)};
    sets_["l-4-bias"] = {{3}, {0, 1, 2}};
    sets_["l-5-kw"] = sets_["l-5-kh"] = {{1}, {13}};
  }
  ~ImportLiftTest() override { std::filesystem::remove(path_); }

  void Write() const {
    const hid_t file =
        H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    for (const auto& [name, tensor] : sets_) {
      const std::vector<hsize_t> shape(tensor.shape.begin(),
                                       tensor.shape.end());
      const hid_t space = H5Screate_simple(static_cast<int>(shape.size()),
                                           shape.data(), nullptr);
      const hid_t set = H5Dcreate2(file, name.c_str(), H5T_IEEE_F32LE, space,
                                   H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
      H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT,
               tensor.data.data());
      H5Dclose(set);
      H5Sclose(space);
    }
    H5Fclose(file);
  }
  void Refuses(const std::string& why) const {
    Write();
    EXPECT_THAT([&] { ReadLiftModel(path_); },
                ThrowsMessage<InputError>(
                    testing::AllOf(HasSubstr(path_), HasSubstr(why))));
  }

  std::map<std::string, Tensor> sets_;
  std::string path_;
};

TEST_F(ImportLiftTest, ReadsLayersAndWeights) {
  Write();
  const Model model = ReadLiftModel(path_);
  using Type = LayerSpec::Type;
  const std::vector<Type> types = {Type::kConv, Type::kRelu, Type::kL2Pool,
                                   Type::kConv, Type::kMaxPool};
  ASSERT_EQ(model.spec.layers.size(), types.size());
  for (size_t i = 0; i < types.size(); ++i) {
    EXPECT_EQ(model.spec.layers[i].type, types[i]) << i;
  }
  EXPECT_EQ(OutputShape(model.spec), (Shape{3, 1, 1}));
  EXPECT_EQ(model.weights.at("conv2.weight").data, sets_["l-4-weights"].data);
  EXPECT_EQ(model.mean, 100);
  EXPECT_EQ(model.deviation, 50);
  EXPECT_THAT(model.notes.at("imported from"), HasSubstr(".h5"));
}

TEST_F(ImportLiftTest, RefusesInOneLine) {
  EXPECT_THROW(ReadLiftModel("/no/such.h5"), InputError);
  std::ofstream(path_) << "not HDF5";
  EXPECT_THAT([&] { ReadLiftModel(path_); },
              ThrowsMessage<InputError>(HasSubstr("HDF5")));
  const auto sets = sets_;
  sets_.erase("patch-std");
  Refuses("patch-std");
  sets_ = sets;
  sets_["patch-std"].data[0] = 0;
  Refuses("above 0");
  sets_ = sets;
  sets_["layers"].data[1] = 2;
  Refuses("code 2");
  sets_["layers"].data[1] = 1e30f;
  Refuses("'layers'");
  sets_ = sets;
  sets_["layers"].data[1] = 7;  // no filter of it
  Refuses("l-2-filter");
  sets_["l-2-filter"] = {{3, 3}, std::vector<float>(9, 1)};
  Refuses("Gaussian");
  sets_ = sets;
  sets_["l-4-weights"] = {{3, 1, 3, 3}, RandomValues(27, 2)};
  Refuses("do not fit");
  sets_ = sets;
  sets_["l-1-bias"].data[0] = NAN;
  Refuses("finite");
}

TEST(PublishedLift, GivesTheKnownDescriptors) {
  if (PublishedWeights().empty()) {
    GTEST_SKIP() << "TIEPOINT_PUBLISHED_WEIGHTS is not set";
  }
  const Model model =
      ReadLiftModel(PublishedWeights() + "/lift/new-CNN3-picc-iter-56k.h5");
  EXPECT_NEAR(model.mean, 110.7539, 1e-4);
  EXPECT_NEAR(model.deviation, 61.53689, 1e-5);
  const std::vector<float> striped = {3.994042f, 3.708437f, 3.987132f,
                                      3.830215f, 3.254826f, 3.473859f,
                                      1.909241f, 3.989359f};
  const std::vector<float> wavy = {3.964079f, 2.865574f, 3.957536f, 2.568529f,
                                   2.071090f, 3.324440f, 2.425485f, 3.961124f};
  const InferenceNetwork network(model);
  for (const bool wave : {false, true}) {
    std::vector<float> patch = wave ? WavyPatch(64) : StripedPatch(64);
    NormalizeInput(model, patch.data(), 64 * 64);
    std::vector<float> output(128);
    network.Run(patch.data(), 1, output.data());
    double square = 0, sum = 0;
    for (const float v : output) {
      square += static_cast<double>(v) * v;
      sum += v;
    }
    for (int i = 0; i < 8; ++i) {
      EXPECT_NEAR(output[i], (wave ? wavy : striped)[i], 1e-4) << i;
    }
    EXPECT_NEAR(std::sqrt(square), wave ? 38.774486 : 40.735091, 2e-4);
    EXPECT_NEAR(sum, wave ? 427.326622 : 451.636276, 3e-3);
  }
}

}  // namespace
}  // namespace tiepoint
