// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/find_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class FindModelTest : public ::testing::Test {
 protected:
  FindModelTest()
      : folder_(fs::temp_directory_path() /
                ("tiepoint_find_model_test_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~FindModelTest() override {
    unsetenv("TIEPOINT_MODELS");
    fs::remove_all(folder_);
  }

  fs::path folder_;
};

TEST_F(FindModelTest, FoundInTheGivenFolderElseTheEnvironment) {
  const std::string path = folder_ / "deepdesc.safetensors";
  std::ofstream(path) << "weights";
  EXPECT_EQ(FindModel(folder_, "deepdesc"), path);
  setenv("TIEPOINT_MODELS", folder_.c_str(), 1);
  EXPECT_EQ(FindModel("", "deepdesc"), path);
  EXPECT_EQ(FindModel("/no/such/folder:" + folder_.string(), "deepdesc"), path);
  EXPECT_EQ(FindModel(folder_.string() + ":/no/such/folder", "deepdesc"), path);
  EXPECT_THAT([&] { FindModel("/no/such/folder", "deepdesc"); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("deepdesc.safetensors"),
                                              HasSubstr("/no/such"))));
}

}  // namespace
}  // namespace tiepoint
