// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

#include "tiepoint/base/error.h"
#include "tiepoint/network/random_model.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// A folder of this test's own, gone at the end.
class SafeTensorsTest : public testing::Test {
 protected:
  SafeTensorsTest()
      : folder_(fs::path(testing::TempDir()) /
                ("safetensors_" + std::string(testing::UnitTest::GetInstance()
                                                  ->current_test_info()
                                                  ->name()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~SafeTensorsTest() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ / name; }
  std::string WriteBytes(const std::string& bytes) const {
    const std::string path = Path("bytes.safetensors");
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  // A file with this header and these tensor bytes.
  std::string WriteParts(const std::string& header,
                         const std::string& data) const {
    const uint64_t size = header.size();
    std::string bytes(8, '\0');
    std::memcpy(bytes.data(), &size, 8);
    return WriteBytes(bytes + header + data);
  }
  static std::string ReadBytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  fs::path folder_;
};

SafeTensors Example() {
  SafeTensors content;
  content.tensors["conv.weight"] = {{2, 1, 2, 2},
                                    {1, -2, 0.5f, 4, 0.1f, 1e-7f, -3, 65504}};
  content.tensors["conv.bias"] = {{2}, {0, -0.25f}};
  content.metadata["licence"] = "CC0 \"quoted\"";
  return content;
}

std::string ErrorOf(const std::string& path) {
  try {
    ReadSafeTensors(path);
  } catch (const InputError& e) {
    return e.what();
  }
  return "no error";
}

TEST_F(SafeTensorsTest, RoundTripIsExact) {
  WriteSafeTensors(Path("a"), Example());
  const SafeTensors read = ReadSafeTensors(Path("a"));
  EXPECT_EQ(read.metadata, Example().metadata);
  ASSERT_EQ(read.tensors.size(), 2u);
  for (const auto& [name, tensor] : Example().tensors) {
    EXPECT_EQ(read.tensors.at(name).shape, tensor.shape);
    EXPECT_EQ(read.tensors.at(name).data, tensor.data);
  }
}

TEST_F(SafeTensorsTest, HalfRoundsTo11Bits) {
  WriteSafeTensors(Path("a"), Example(), true);
  const SafeTensors read = ReadSafeTensors(Path("a"));
  for (const auto& [name, tensor] : Example().tensors) {
    for (size_t i = 0; i < tensor.data.size(); ++i) {
      // Half a unit of the last place; below 2^-14 that place is 2^-24.
      const double unit = std::max(std::fabs(tensor.data[i]), 0x1p-14f) / 1024;
      EXPECT_NEAR(read.tensors.at(name).data[i], tensor.data[i], unit / 2);
    }
  }
  EXPECT_LT(fs::file_size(Path("a")) + 2 * 10 - 8, [&] {
    WriteSafeTensors(Path("b"), Example(), false);
    return fs::file_size(Path("b"));
  }());
}

TEST(Half, KnownNumbersAndEveryBitPattern) {
  EXPECT_EQ(HalfFromFloat(1), 0x3c00);
  EXPECT_EQ(HalfFromFloat(-2), 0xc000);
  EXPECT_EQ(HalfFromFloat(65504), 0x7bff);
  EXPECT_EQ(HalfFromFloat(0x1p-24f), 1);
  EXPECT_EQ(HalfFromFloat(0x1p-26f), 0);
  EXPECT_EQ(HalfFromFloat(1 + 0x1p-11f), 0x3c00);      // tie to even
  EXPECT_EQ(HalfFromFloat(1 + 3 * 0x1p-11f), 0x3c02);  // tie to even
  EXPECT_EQ(HalfFromFloat(70000), 0x7c00);
  for (int bits = 0; bits < 0x10000; ++bits) {
    const uint16_t half = static_cast<uint16_t>(bits);
    const float value = FloatFromHalf(half);
    if (std::isnan(value)) continue;
    EXPECT_EQ(HalfFromFloat(value), half) << bits;
  }
}

TEST_F(SafeTensorsTest, EveryTruncationIsAnError) {
  WriteSafeTensors(Path("a"), Example());
  const std::string bytes = ReadBytes(Path("a"));
  for (size_t size = 0; size < bytes.size(); ++size) {
    const std::string path = WriteBytes(bytes.substr(0, size));
    EXPECT_THAT(ErrorOf(path), HasSubstr(path)) << size;
  }
}

TEST_F(SafeTensorsTest, AnyDamagedByteIsReadOrRefusedInOneLine) {
  WriteSafeTensors(Path("a"), Example());
  const std::string bytes = ReadBytes(Path("a"));
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const char c : {'\0', '\xff', '9', '"'}) {
      std::string damaged = bytes;
      damaged[i] = c;
      EXPECT_THAT(ErrorOf(WriteBytes(damaged)), testing::Not(HasSubstr("\n")));
    }
  }
}

TEST_F(SafeTensorsTest, RefusesNumbersThatAreNotFinite) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(),
                          std::numeric_limits<float>::infinity()}) {
    std::string data(4, '\0');
    std::memcpy(data.data(), &bad, 4);
    EXPECT_THAT(
        ErrorOf(WriteParts(
            R"({"t": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})",
            data)),
        HasSubstr("'t' holds a value that is not finite"));
  }
}

TEST_F(SafeTensorsTest, RefusesBadHeaders) {
  const std::string data(8, '\0');
  for (const char* header :
       {"", "[]", "3", "\"x\"", "{\"t\": 3}", "{\"t\": {}}",
        "{\"__metadata__\": 3}",
        R"({"t": {"dtype": "I64", "shape": [1], "data_offsets": [0, 8]}})",
        R"({"t": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}})",
        R"({"t": {"dtype": "F32", "shape": [2], "data_offsets": [0]}})",
        R"({"t": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}})",
        R"({"t": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}})",
        R"({"t": {"dtype": "F32", "shape": [2], "data_offsets": [-8, 0]}})",
        R"({"t": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}})",
        R"({"t": {"dtype": "F32", "shape": [1e30], "data_offsets": [0, 8]}})",
        R"({"t": {"dtype": "F32", "shape": [2147483648, 2147483648, 4],
            "data_offsets": [0, 0]}})"}) {
    EXPECT_THAT(ErrorOf(WriteParts(header, data)), HasSubstr("weights file"))
        << header;
  }
  // The same header with nothing wrong in it.
  EXPECT_EQ(
      ErrorOf(WriteParts(
          R"({"t": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}})",
          data)),
      "no error");
}

TEST_F(SafeTensorsTest, MissingFilesAndPlacesThatCannotBeWritten) {
  EXPECT_THAT(ErrorOf(Path("none")), HasSubstr("no such file"));
  EXPECT_THAT(ErrorOf(folder_), HasSubstr("no such file"));
  EXPECT_THROW(WriteSafeTensors(Path("no/folder/a"), Example()), InputError);
  fs::create_directories(Path("folder/inside"));
  EXPECT_THROW(WriteSafeTensors(Path("folder"), Example()), InputError);
  EXPECT_FALSE(fs::exists(Path("folder.part")));
}

TEST_F(SafeTensorsTest, AModelComesBackAsItWas) {
  Model model = RandomModel(
      R"({"architecture": "tiny", "input": [1, 6, 6], "layers": [
          {"type": "conv", "name": "c", "out": 2, "kernel": 3},
          {"type": "linear", "name": "f", "out": 3}]})",
      5);
  model.mean = 116.4;
  model.deviation = 88.08;
  model.notes["support"] = "6.5";
  WriteModel(Path("m"), model);
  const Model read = ReadModel(Path("m"));
  EXPECT_EQ(ToJson(read.spec), ToJson(model.spec));
  EXPECT_EQ(read.mean, 116.4);
  EXPECT_EQ(read.deviation, 88.08);
  EXPECT_FALSE(read.per_patch);
  EXPECT_EQ(read.Number("support", 0), 6.5);
  EXPECT_EQ(read.Number("inner", 1.5), 1.5);
  EXPECT_EQ(read.weights.at("f.weight").data, model.weights["f.weight"].data);

  Model wrong = model;
  wrong.weights["c.weight"].shape = {2, 1, 9};
  WriteModel(Path("m"), wrong);
  EXPECT_THROW(ReadModel(Path("m")), InputError);
  wrong = model;
  wrong.weights.erase("f.bias");
  WriteModel(Path("m"), wrong);
  EXPECT_THROW(ReadModel(Path("m")), InputError);
  wrong = model;
  wrong.deviation = 0;
  WriteModel(Path("m"), wrong);
  EXPECT_THROW(ReadModel(Path("m")), InputError);
  wrong = model;
  wrong.notes["support"] = "six";
  EXPECT_THROW(wrong.Number("support", 0), InputError);
  WriteSafeTensors(Path("m"), Example());
  EXPECT_THROW(ReadModel(Path("m")), InputError);
}

}  // namespace
}  // namespace tiepoint
