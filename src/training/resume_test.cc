// SPDX-License-Identifier: Apache-2.0
// A whole training on photographs: the same weights to the last bit, however
// often it is interrupted.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tiepoint/base/error.h"
#include "tiepoint/network/oriented_model.h"
#include "training/blob_photograph.h"
#include "training/sample_shard.h"
#include "training/train.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

class ResumeTest : public ::testing::Test {
 protected:
  ResumeTest() {
    fs::create_directories(folder_ / "photos");
    for (int i = 0; i < 11; ++i) {
      const std::string path =
          folder_ / "photos" / (std::to_string(10 + i) + ".png");
      WriteBlobPhotograph(path, 320, 240, i);
    }
  }
  ~ResumeTest() override { fs::remove_all(folder_); }

  TrainOptions Options(const std::string& name) const {
    TrainOptions options;
    options.kind = "descriptor";
    options.architecture = "logpolar";
    options.data = {folder_ / "photos"};
    options.output = folder_ / name;
    options.iterations = 6;
    options.batch = 16;
    options.threads = 1;
    options.device = "cpu";
    options.quiet = true;
    return options;
  }
  // The weights file of a training in one go, or interrupted after a step.
  std::string Weights(TrainOptions options, int interrupted = 0) const {
    if (interrupted > 0) {
      options.stop_at = interrupted;
      TrainDescriptor(options);
      options.stop_at = 0;
    }
    TrainDescriptor(options);
    std::ifstream file(options.output, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const fs::path folder_ = fs::temp_directory_path() /
                           ("tiepoint_resume_" + std::to_string(getpid()));
};

TEST_F(ResumeTest, InterruptedOrNotTheWeightsAreTheSameToTheBit) {
  const std::string whole = Weights(Options("whole"));
  EXPECT_GT(whole.size(), 1'000'000u);
  EXPECT_TRUE(whole == Weights(Options("again"))) << "two runs, one seed";
  EXPECT_TRUE(whole == Weights(Options("parts"), 3)) << "3 + 3 steps";
  TrainOptions other = Options("other");
  other.seed = 2;
  EXPECT_FALSE(whole == Weights(other));
}

// Shards of one texture a point, seen twice.
void WriteShards(const fs::path& folder) {
  for (const char* name : {"train.shard", "validation.shard"}) {
    fs::create_directories(folder);
    ShardHead head;
    head.kind = "quadruplets";
    head.patch_size = 64;
    head.support = 30;
    ShardWriter shard(folder / name, head);
    std::vector<uint8_t> patch(size_t{64} * 64);
    for (int point = 0; point < 40; ++point) {
      for (int view = 0; view < 2; ++view) {
        for (int i = 0; i < 64 * 64; ++i) {
          patch[i] = static_cast<uint8_t>(
              128 + 90 * std::sin(0.01 * point * (i % 64) + 0.1 * i / 64));
        }
        shard.Add({point, view, 0, 0, 2, 0}, patch);
      }
    }
    shard.Finish();
  }
}

// The same patches, cut before.
TEST_F(ResumeTest, ShardsTakeThePlaceOfPhotographs) {
  WriteShards(folder_ / "shards");
  TrainOptions options = Options("whole");
  options.data = {folder_ / "shards"};
  const std::string whole = Weights(options);
  EXPECT_GT(whole.size(), 1'000'000u);
  options.output = Options("parts").output;
  EXPECT_TRUE(whole == Weights(options, 3));
  options.output = Options("detector").output;
  EXPECT_THROW(TrainDetector(options), InputError);
}

TEST_F(ResumeTest, OneNetworkForAngleAndDescriptor) {
  TrainOptions options = Options("whole");
  options.architecture = "oriented";
  options.pool = 40;
  const std::string whole = Weights(options);
  options.output = Options("parts").output;
  EXPECT_TRUE(whole == Weights(options, 3));
  // And on from there.
  options.output = Options("on").output;
  options.descriptor = Options("whole").output;
  TrainDescriptor(options);
  const OrientedModel begin = ReadOrientedModel(options.descriptor);
  const OrientedModel end = ReadOrientedModel(options.output);
  EXPECT_EQ(ToJson(end.trunk.spec), ToJson(begin.trunk.spec));
  EXPECT_NE(end.trunk.weights.at("conv1.weight").data,
            begin.trunk.weights.at("conv1.weight").data);
}

TEST_F(ResumeTest, PhotographsAndShardsTogetherNeedAPool) {
  WriteShards(folder_ / "shards");
  TrainOptions options = Options("both");
  options.data.push_back(folder_ / "shards");
  EXPECT_THROW(TrainDescriptor(options), InputError) << "not this network";
  options.architecture = "oriented";
  EXPECT_THROW(TrainDescriptor(options), InputError) << "without a pool";
  options.pool = 40;
  options.agreement_weight = 0.1;
  options.json = folder_ / "both.jsonl";
  TrainDescriptor(options);
  std::ifstream report(options.json);
  std::string line;
  std::getline(report, line);
  EXPECT_NE(line.find("accuracy_photographs"), std::string::npos) << line;
  EXPECT_NE(line.find("accuracy_shards"), std::string::npos) << line;
}

// Descriptor and orientation together: both are written, what is frozen stays,
// and an interruption changes neither.
TEST_F(ResumeTest, DescriptorAndOrientationTogether) {
  TrainOptions options = Options("descriptor");
  options.iterations = 2;
  TrainDescriptor(options);
  options.output = folder_ / "orientation";
  options.architecture = "logpolar-orientation";
  options.descriptor = folder_ / "descriptor";
  TrainOrientation(options);

  TrainOptions joint = Options("whole");
  joint.descriptor = folder_ / "descriptor";
  joint.orientation = folder_ / "orientation";
  joint.iterations = 4;
  const std::string whole = Weights(joint);
  const auto values = [&](const std::string& name, const std::string& weight) {
    return ReadModel(folder_ / name).weights.at(weight).data;
  };
  const auto turned = values("whole.orientation.safetensors", "fc5.weight");
  EXPECT_NE(values("whole", "fc.weight"), values("descriptor", "fc.weight"));
  EXPECT_NE(turned, values("orientation", "fc5.weight"));

  joint.output = folder_ / "parts";
  EXPECT_TRUE(whole == Weights(joint, 2));
  EXPECT_EQ(turned, values("parts.orientation.safetensors", "fc5.weight"));

  joint.output = folder_ / "frozen";
  joint.frozen = "orientation";
  joint.iterations = 2;
  TrainDescriptor(joint);
  EXPECT_EQ(values("frozen.orientation.safetensors", "fc5.weight"),
            values("orientation", "fc5.weight"));
  EXPECT_NE(values("frozen", "fc.weight"), values("descriptor", "fc.weight"));

  joint.descriptor.clear();
  EXPECT_THROW(TrainDescriptor(joint), InputError);
}

// This loss draws random numbers in each step.
TEST_F(ResumeTest, RandomNumbersOfTheLossGoOnToo) {
  TrainOptions options = Options("whole");
  options.descriptor_loss = "hinge";
  const std::string whole = Weights(options);
  options.output = Options("parts").output;
  EXPECT_TRUE(whole == Weights(options, 3));
}

}  // namespace
}  // namespace tiepoint
