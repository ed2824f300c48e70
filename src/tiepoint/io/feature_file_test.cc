// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/feature_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>

#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/io/journaled_file.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const std::map<std::string, std::string> kAttributes = {
    {"tiepoint", "0.1.0"}, {"preset", "sift"}, {"options", "{\"a\": 1}"}};

// Features that only `seed` has; strongest first.
FeatureSet MakeFeatures(int count, int length, int seed) {
  FeatureSet features;
  features.image_width = 640 + seed;
  features.image_height = 480;
  for (int i = 0; i < count; ++i) {
    const float x = static_cast<float>(seed) + 0.25f * i;
    features.keypoints.push_back(
        {x, x + 1, 1.5f + i, 0.01f * i - 3, static_cast<float>(count - i)});
  }
  features.descriptors = {count, length, {}};
  for (int i = 0; i < count * length; ++i) {
    features.descriptors.data.push_back(static_cast<float>(seed * 1000 + i));
  }
  return features;
}

void ExpectEqual(const FeatureSet& a, const FeatureSet& b) {
  EXPECT_EQ(a.image_width, b.image_width);
  EXPECT_EQ(a.image_height, b.image_height);
  EXPECT_EQ(a.keypoints, b.keypoints);
  EXPECT_EQ(a.descriptors.rows, b.descriptors.rows);
  EXPECT_EQ(a.descriptors.cols, b.descriptors.cols);
  EXPECT_EQ(a.descriptors.data, b.descriptors.data);
}

class FeatureFileTest : public ::testing::Test {
 protected:
  FeatureFileTest()
      : folder_(fs::temp_directory_path() /
                ("tiepoint_feature_test_" + std::to_string(getpid()))),
        path_(folder_ / "features.h5") {
    fs::create_directories(folder_);
  }
  ~FeatureFileTest() override { fs::remove_all(folder_); }

  // Files of others are written here with HDF5 itself: datasets of a group.
  void WriteDataset(const std::string& group, const std::string& name,
                    const std::vector<hsize_t>& shape,
                    const std::vector<double>& data,
                    hid_t type = H5T_IEEE_F32LE) const {
    const hid_t file =
        fs::exists(path_)
            ? H5Fopen(path_.c_str(), H5F_ACC_RDWR, H5P_DEFAULT)
            : H5Fcreate(path_.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    const hid_t space =
        H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
    const hid_t dataset = H5Dcreate2(file, (group + "/" + name).c_str(), type,
                                     space, links, H5P_DEFAULT, H5P_DEFAULT);
    ASSERT_GE(dataset, 0);
    if (!data.empty()) {
      ASSERT_GE(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL,
                         H5P_DEFAULT, data.data()),
                0);
    }
    H5Dclose(dataset);
    H5Sclose(space);
    H5Pclose(links);
    H5Fclose(file);
  }
  void WriteTwoKeypoints() const {
    WriteDataset("a.jpg", "keypoints", {2, 2}, {1, 2, 3, 4});
  }
  // One line that names file, photograph and what is wrong.
  void ExpectRefused(const std::string& word, const std::string& reason) const {
    const FeatureFile file(path_);
    EXPECT_THAT([&] { file.Find("a.jpg"); },
                ThrowsMessage<InputError>(AllOf(
                    HasSubstr(path_), HasSubstr(word), HasSubstr(reason))));
  }

  fs::path folder_;
  std::string path_;
};

TEST_F(FeatureFileTest, ComesBackEqual) {
  const std::vector<std::string> names = {
      "a.jpg", "b/a.jpg", "b/c d/photo 1.jpg", "b/c d/\xc3\xa4.png", "b"};
  {
    FeatureFileWriter writer(path_, kAttributes);
    for (size_t i = 0; i < names.size(); ++i) {
      EXPECT_FALSE(writer.Has(names[i]));
      writer.Add(names[i], MakeFeatures(5, 7, static_cast<int>(i)));
      EXPECT_TRUE(writer.Has(names[i]));
    }
  }
  const FeatureFile file(path_);
  EXPECT_THAT(file.Names(),
              ElementsAre("a.jpg", "b", "b/a.jpg", "b/c d/photo 1.jpg",
                          "b/c d/\xc3\xa4.png"));
  EXPECT_EQ(file.Attributes(), kAttributes);
  for (size_t i = 0; i < names.size(); ++i) {
    const auto found = file.Find(names[i]);
    ASSERT_TRUE(found.has_value()) << names[i];
    ExpectEqual(*found, MakeFeatures(5, 7, static_cast<int>(i)));
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(FeatureFileTest, NoKeypointsAndNoDescriptors) {
  const FeatureSet bare = MakeFeatures(3, 0, 1);
  {
    FeatureFileWriter writer(path_, kAttributes);
    writer.Add("empty.jpg", MakeFeatures(0, 128, 0));
    writer.Add("bare.jpg", bare);
  }
  const FeatureFile file(path_);
  ExpectEqual(file.Find("empty.jpg").value(), MakeFeatures(0, 128, 0));
  ExpectEqual(file.Find("bare.jpg").value(), bare);
}

TEST_F(FeatureFileTest, TheLongestTailIsFound) {
  {
    FeatureFileWriter writer(path_, kAttributes);
    writer.Add("c.jpg", MakeFeatures(1, 1, 1));
    writer.Add("b/c.jpg", MakeFeatures(1, 1, 2));
  }
  const FeatureFile file(path_);
  const auto seed = [&](const std::string& path) {
    return file.Find(path).value().image_width - 640;
  };
  EXPECT_EQ(seed("c.jpg"), 1);
  EXPECT_EQ(seed("/x/c.jpg"), 1);
  EXPECT_EQ(seed("b/c.jpg"), 2);
  EXPECT_EQ(seed("/a//b/./c.jpg"), 2);
  EXPECT_EQ(seed("a/b/d/../c.jpg"), 2);
  EXPECT_FALSE(file.Find("a/b/d.jpg").has_value());
  EXPECT_FALSE(file.Find("xc.jpg").has_value());
  EXPECT_FALSE(file.Find("b").has_value());  // a folder
  EXPECT_FALSE(file.Find("").has_value());
}

// D x N: the second descriptor is the second column.
TEST_F(FeatureFileTest, FilesOfOthers) {
  const hid_t half = H5Tcopy(H5T_IEEE_F32LE);
  H5Tset_fields(half, 15, 10, 5, 0, 10);
  H5Tset_size(half, 2);
  H5Tset_ebias(half, 15);
  const std::string name = "db/1.jpg";
  WriteDataset(name, "keypoints", {2, 2}, {10.5, 20, 30, 40.25}, half);
  WriteDataset(name, "descriptors", {3, 2}, {1, 4, 2, 5, -0.5, 6}, half);
  WriteDataset(name, "scores", {2}, {0.25, 0.75});
  WriteDataset(name, "image_size", {2}, {1024, 768}, H5T_STD_I64LE);
  WriteDataset(name, "uncertainty", {}, {1}, H5T_IEEE_F64LE);
  H5Tclose(half);

  const FeatureFile file(path_);
  EXPECT_THAT(file.Names(), ElementsAre(name));
  EXPECT_TRUE(file.Attributes().empty());
  const FeatureSet features = file.Find("/data/db/1.jpg").value();
  // Strongest first.
  EXPECT_THAT(features.keypoints,
              ElementsAre(Keypoint{30, 40.25f, 1, 0, 0.75f},
                          Keypoint{10.5f, 20, 1, 0, 0.25f}));
  EXPECT_EQ(features.descriptors.rows, 2);
  EXPECT_EQ(features.descriptors.cols, 3);
  EXPECT_THAT(features.descriptors.data, ElementsAre(4, 5, 6, 1, 2, -0.5f));
  EXPECT_EQ(features.image_width, 1024);
  EXPECT_EQ(features.image_height, 768);
}

TEST_F(FeatureFileTest, KeypointsAloneAreEnough) {
  WriteTwoKeypoints();
  WriteDataset("other", "data", {1}, {1});  // no photograph
  const FeatureFile file(path_);
  EXPECT_THAT(file.Names(), ElementsAre("a.jpg"));
  const FeatureSet features = file.Find("a.jpg").value();
  EXPECT_THAT(features.keypoints,
              ElementsAre(Keypoint{1, 2, 1, 0, 0}, Keypoint{3, 4, 1, 0, 0}));
  EXPECT_EQ(features.descriptors.rows, 2);
  EXPECT_EQ(features.descriptors.cols, 0);
  EXPECT_EQ(features.image_width, 0);
}

TEST_F(FeatureFileTest, WrongShapes) {
  WriteDataset("a.jpg", "keypoints", {4}, {1, 2, 3, 4});
  ExpectRefused("a.jpg/keypoints", "4, not N x 2");
  for (const auto& [name, shape] :
       {std::pair<std::string, std::vector<hsize_t>>("descriptors", {2, 3}),
        {"descriptors", {2}},
        {"scores", {3}},
        {"scores", {2, 1}},
        {"scales", {1}},
        {"oris", {}},
        {"image_size", {3}}}) {
    fs::remove(path_);
    WriteTwoKeypoints();
    WriteDataset("a.jpg", name, shape, {});
    ExpectRefused("a.jpg/" + name, "has the shape");
  }
}

TEST_F(FeatureFileTest, NumbersThatAreNone) {
  const double nan = std::nan("");
  const double infinity = std::numeric_limits<double>::infinity();
  WriteDataset("a.jpg", "keypoints", {1, 2}, {1, nan});
  ExpectRefused("a.jpg/keypoints", "not finite");
  fs::remove(path_);
  WriteTwoKeypoints();
  WriteDataset("a.jpg", "descriptors", {1, 2}, {1, infinity});
  ExpectRefused("a.jpg/descriptors", "not finite");
  fs::remove(path_);
  WriteTwoKeypoints();
  // Too large for float32.
  WriteDataset("a.jpg", "scores", {2}, {1, 1e300}, H5T_IEEE_F64LE);
  ExpectRefused("a.jpg/scores", "not finite");
  fs::remove(path_);
  WriteTwoKeypoints();
  WriteDataset("a.jpg", "scores", {2}, {}, H5T_C_S1);
  ExpectRefused("a.jpg/scores", "does not hold numbers");
  fs::remove(path_);
  WriteTwoKeypoints();
  WriteDataset("a.jpg", "image_size", {2}, {-1, 1}, H5T_STD_I64LE);
  ExpectRefused("a.jpg/image_size", "out of range");
  fs::remove(path_);
  // Nobody wrote these 2^60 numbers.
  WriteDataset("a.jpg", "keypoints", {hsize_t{1} << 58, 4}, {});
  ExpectRefused("a.jpg/keypoints", "too large");
}

TEST_F(FeatureFileTest, FilesThatAreNone) {
  const auto refused = [&](const std::string& path, const std::string& word) {
    testing::internal::CaptureStderr();
    EXPECT_THAT(
        [&] { FeatureFile file(path); },
        ThrowsMessage<InputError>(AllOf(HasSubstr(path), HasSubstr(word))));
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  };
  refused(path_, "no such file");
  refused(folder_.string(), "cannot be read");
  WriteFileAtomically(path_, "hello");
  refused(path_, "signature");
  EXPECT_THROW(FeatureFileWriter(path_, kAttributes), InputError);
  EXPECT_EQ(fs::file_size(path_), 5u);
  fs::remove(path_);
  {
    FeatureFileWriter writer(path_, kAttributes);
    writer.Add("a.jpg", MakeFeatures(50, 128, 0));
  }
  fs::resize_file(path_, fs::file_size(path_) / 2);
  refused(path_, "truncated");
  EXPECT_THROW(FeatureFileWriter(path_, kAttributes), InputError);
}

TEST_F(FeatureFileTest, WritingGoesOnWhereItWasLeft) {
  for (int i = 0; i < 4; ++i) {
    FeatureFileWriter writer(path_, kAttributes);
    for (int j = 0; j < i; ++j) {
      EXPECT_TRUE(writer.Has("f/" + std::to_string(j)));
    }
    const std::string name = "f/" + std::to_string(i);
    EXPECT_FALSE(writer.Has(name));
    writer.Add(name, MakeFeatures(4, 8, i));
    EXPECT_THAT([&] { writer.Add("./" + name, MakeFeatures(4, 8, i)); },
                ThrowsMessage<InputError>(HasSubstr("there already")));
  }
  const FeatureFile file(path_);
  ASSERT_EQ(file.Names().size(), 4u);
  for (int i = 0; i < 4; ++i) {
    ExpectEqual(file.Find("f/" + std::to_string(i)).value(),
                MakeFeatures(4, 8, i));
  }
}

TEST_F(FeatureFileTest, OtherOptionsAreRefused) {
  { FeatureFileWriter writer(path_, kAttributes); }
  auto other = kAttributes;
  other["options"] = "{\"a\": 2}";
  EXPECT_THAT([&] { FeatureFileWriter writer(path_, other); },
              ThrowsMessage<InputError>(
                  AllOf(HasSubstr(path_), HasSubstr("options"),
                        HasSubstr("{\"a\": 1}, not {\"a\": 2}"))));
  EXPECT_EQ(FeatureFile(path_).Attributes(), kAttributes);
  fs::remove(path_);
  WriteTwoKeypoints();
  EXPECT_THAT([&] { FeatureFileWriter writer(path_, kAttributes); },
              ThrowsMessage<InputError>(HasSubstr("not made by this command")));
}

TEST_F(FeatureFileTest, PlacesThatCannotBeWritten) {
  EXPECT_THROW(FeatureFileWriter(folder_ / "no" / "x.h5", kAttributes),
               InputError);
  FeatureFileWriter writer(path_, kAttributes);
  EXPECT_THAT([&] { FeatureFileWriter other(path_, kAttributes); },
              ThrowsMessage<InputError>(HasSubstr("another program")));
  EXPECT_THROW(writer.Add("", MakeFeatures(1, 1, 0)), InputError);
  EXPECT_THROW(writer.Add("x/..//", MakeFeatures(1, 1, 0)), InputError);
  FeatureSet uneven = MakeFeatures(2, 1, 0);
  uneven.keypoints.pop_back();
  EXPECT_THROW(writer.Add("a", uneven), InputError);
  // What failed halfway is not in the file, what was there before is.
  writer.Add("a", MakeFeatures(2, 3, 4));
  EXPECT_THROW(writer.Add("a/scores", MakeFeatures(1, 1, 0)), InputError);
  EXPECT_THROW(writer.Add("b", MakeFeatures(1, 1, 0)), InputError);
}

// A program that writes as fast as it can is killed at any moment, thirty
// times: every photograph that it had reported is there, and nothing else.
TEST_F(FeatureFileTest, SurvivesKilledPrograms) {
  const auto name = [](int i) {
    return "folder " + std::to_string(i % 7) + "/" + std::to_string(i) + ".jpg";
  };
  int reported = 0;
  for (int round = 0; round < 30; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      FeatureFileWriter writer(path_, kAttributes);
      int next = reported;
      // One more may have been written than was reported.
      while (writer.Has(name(next))) ++next;
      for (;; ++next) {
        writer.Add(name(next), MakeFeatures(3, 5, next));
        if (write(ends[1], &next, sizeof(next)) != sizeof(next)) _exit(1);
      }
    }
    close(ends[1]);
    // Let it write a few, then a little more, of another length each time.
    int last = 0;
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(read(ends[0], &last, sizeof(last)), ssize_t{sizeof(last)});
    }
    usleep(37 * round);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    while (read(ends[0], &last, sizeof(last)) == sizeof(last)) continue;
    close(ends[0]);
    reported = last + 1;

    const FeatureFile file(path_);
    const int found = static_cast<int>(file.Names().size());
    ASSERT_GE(found, reported);
    ASSERT_LE(found, reported + 1);
    // All of them in the end; the newest are those at risk.
    const int first = round < 29 ? std::max(0, found - 20) : 0;
    for (int i = first; i < found; ++i) {
      const auto features = file.Find(name(i));
      ASSERT_TRUE(features.has_value()) << name(i);
      ExpectEqual(*features, MakeFeatures(3, 5, i));
    }
    EXPECT_FALSE(fs::exists(JournalPath(path_)));
  }
}

}  // namespace
}  // namespace tiepoint
