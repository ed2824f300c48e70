// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/import_torch7.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include "tiepoint/base/error.h"
#include "tiepoint/io/published_weights.h"
#include "tiepoint/network/inference_network.h"
#include "tiepoint/network/naive_network.h"

namespace tiepoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// Writes the bytes of a file, object by object.
class Bytes {
 public:
  template <typename T>
  Bytes& Raw(T value) {
    text_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Bytes& Int(int32_t v) { return Raw(v); }
  Bytes& Long(int64_t v) { return Raw(v); }
  Bytes& Text(const std::string& s) {
    Int(static_cast<int32_t>(s.size()));
    text_ += s;
    return *this;
  }
  Bytes& Number(double v) { return Int(1).Raw(v); }
  Bytes& String(const std::string& s) { return Int(2).Text(s); }
  Bytes& Table(int index, int size) { return Int(3).Int(index).Int(size); }
  Bytes& Object(int index, const std::string& name) {
    return Int(4).Int(index).Text("V 1").Text(name);
  }
  // Float, of a storage with the numbers 1, 2, 3, ...
  Bytes& Tensor(int index, const std::vector<int64_t>& shape,
                const std::vector<int64_t>& stride, int64_t offset, int count) {
    Object(index, "torch.FloatTensor").Int(static_cast<int32_t>(shape.size()));
    for (const int64_t n : shape) Long(n);
    for (const int64_t n : stride) Long(n);
    Long(offset).Object(index + 1, "torch.FloatStorage").Long(count);
    for (int i = 1; i <= count; ++i) Raw(static_cast<float>(i));
    return *this;
  }
  const std::string& Get() const { return text_; }

 private:
  std::string text_;
};

class Torch7Test : public ::testing::Test {
 protected:
  Torch7Test()
      : path_(std::filesystem::temp_directory_path() /
              ("tiepoint_torch7_" + std::to_string(getpid()) + ".t7")) {}
  ~Torch7Test() override { std::filesystem::remove(path_); }

  std::string Write(const std::string& bytes) const {
    std::ofstream(path_, std::ios::binary) << bytes;
    return path_;
  }
  void Refuses(const Bytes& bytes, const std::string& why) const {
    Write(bytes.Get());
    EXPECT_THAT([&] { Torch7File{path_}; },
                ThrowsMessage<InputError>(
                    testing::AllOf(HasSubstr(path_), HasSubstr(why))));
  }

  std::string path_;
};

TEST_F(Torch7Test, ValuesOfEveryKind) {
  Bytes bytes;
  bytes.Table(1, 5);
  bytes.String("n").Number(2.5);
  bytes.String("s").String("text");
  bytes.String("b").Int(5).Int(1);
  bytes.Number(7).Int(0);
  bytes.String("o").Object(2, "nn.Tanh").Table(3, 1).String("k").Number(3);
  const Torch7File file(Write(bytes.Get()));
  const Torch7Value& root = file.Root();
  EXPECT_EQ(root.Find("n")->number, 2.5);
  EXPECT_EQ(root.Find("s")->text, "text");
  EXPECT_EQ(root.Find("b")->number, 1);
  EXPECT_EQ(root.Find(7)->kind, Torch7Value::Kind::kNil);
  EXPECT_EQ(root.Find("o")->text, "nn.Tanh");
  EXPECT_EQ(root.Find("o")->Find("k")->number, 3);
  EXPECT_EQ(root.Find("missing"), nullptr);
  EXPECT_EQ(root.Find(8), nullptr);
}

// A table that was seen is the same table, also inside itself.
TEST_F(Torch7Test, ReferencesAreFollowed) {
  Bytes bytes;
  bytes.Table(1, 2);
  bytes.String("self").Int(3).Int(1);
  bytes.String("n").Number(4);
  const Torch7File file(Write(bytes.Get()));
  EXPECT_EQ(file.Root().Find("self"), &file.Root());
}

// 2 x 3 numbers from the second of the storage on, columns first.
TEST_F(Torch7Test, StridesAreUndone) {
  const Torch7File file(Write(Bytes().Tensor(1, {2, 3}, {1, 2}, 2, 8).Get()));
  EXPECT_THAT(file.Root().tensor.shape, ElementsAre(2, 3));
  EXPECT_THAT(file.Root().tensor.data, ElementsAre(2, 4, 6, 3, 5, 7));
}

TEST_F(Torch7Test, RefusesDamage) {
  EXPECT_THROW(Torch7File("/no/such.t7"), InputError);
  Refuses(Bytes(), "too early");
  Refuses(Bytes().Table(1, 1).String("a"), "too early");
  Refuses(Bytes().Table(1, -1), "negative");
  Refuses(Bytes().Int(2).Int(1000).Raw('x'), "too early");
  Refuses(Bytes().Int(2).Int(-5), "negative");
  Refuses(Bytes().Int(6), "function");
  Refuses(Bytes().Int(77), "unknown type");
  Refuses(Bytes().Number(1).Int(0), "after its end");
  Refuses(Bytes().Tensor(1, {2, 3}, {3, 1}, 1, 5), "does not fit");
  Refuses(Bytes().Tensor(1, {2, 3}, {3, 1}, 0, 6), "does not fit");
  Refuses(Bytes().Tensor(1, {int64_t{1} << 62, 4}, {0, 0}, 1, 6), "does not");
  Refuses(Bytes()
              .Object(1, "torch.FloatTensor")
              .Int(1)
              .Long(3)
              .Long(1)
              .Long(1)
              .Int(0),
          "does not fit");
  Refuses(Bytes().Object(1, "torch.FloatStorage").Long(int64_t{1} << 62),
          "impossible");
  Bytes deep;
  for (int i = 0; i < 1000; ++i) deep.Table(i, 1).Number(1);
  Refuses(deep, "deeply");
}

TEST_F(Torch7Test, AnotherFileIsNoDescriptor) {
  Write(Bytes().Table(1, 1).String("mean").Number(1).Get());
  EXPECT_THAT([&] { ReadTorch7Model(path_); },
              ThrowsMessage<InputError>(HasSubstr("desc")));
}

// ---- The released network ----

struct Golden {
  std::vector<float> first;
  double norm, sum;
};

void ExpectGolden(const std::vector<float>& output, const Golden& golden) {
  double square = 0, sum = 0;
  for (const float v : output) {
    square += static_cast<double>(v) * v;
    sum += v;
  }
  for (size_t i = 0; i < golden.first.size(); ++i) {
    EXPECT_NEAR(output[i], golden.first[i], 1e-4) << i;
  }
  EXPECT_NEAR(std::sqrt(square), golden.norm, 2e-4);
  EXPECT_NEAR(sum, golden.sum, 3e-3);
}

TEST(PublishedDeepDesc, GivesTheKnownDescriptors) {
  if (PublishedWeights().empty()) {
    GTEST_SKIP() << "TIEPOINT_PUBLISHED_WEIGHTS is not set";
  }
  const Model model = ReadTorch7Model(PublishedWeights() +
                                      "/deepdesc/CNN3_p8_n8_split4_073000.t7");
  int64_t parameters = 0;
  for (const auto& [name, tensor] : model.weights) parameters += tensor.Size();
  EXPECT_EQ(parameters, 280320);
  const Golden striped = {{3.945227f, 0.765226f, 3.969749f, 3.966846f,
                           3.956094f, 2.266784f, 3.961017f, 3.973821f},
                          41.388429,
                          458.257447};
  const Golden wavy = {{3.964977f, 0.916941f, 3.956380f, 3.960575f, 3.970408f,
                        2.004413f, 3.973399f, 3.982703f},
                       40.127128,
                       442.547313};
  const InferenceNetwork network(model);
  for (const bool wave : {false, true}) {
    std::vector<float> patch = wave ? WavyPatch(64) : StripedPatch(64);
    NormalizeInput(model, patch.data(), 64 * 64);
    std::vector<float> output(128);
    network.Run(patch.data(), 1, output.data());
    ExpectGolden(output, wave ? wavy : striped);
    ExpectGolden(RunNaive(model, model.spec.input, patch),
                 wave ? wavy : striped);
  }
}

}  // namespace
}  // namespace tiepoint
