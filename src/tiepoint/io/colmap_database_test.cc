// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/colmap_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

#include "tiepoint/base/error.h"
#include "tiepoint/io/program.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

FeatureSet SomeFeatures(int count, int columns) {
  FeatureSet features{640, 480, {}, {count, columns, {}}};
  for (int i = 0; i < count; ++i) {
    features.keypoints.push_back({10.0f * i, 5.0f * i + 0.25f, 2, -1, 1});
  }
  features.descriptors.data.resize(static_cast<size_t>(count) * columns, 0.1f);
  return features;
}

class ColmapDatabaseTest : public ::testing::Test {
 protected:
  ColmapDatabaseTest()
      : folder_(fs::temp_directory_path() /
                ("tiepoint_colmap_database_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~ColmapDatabaseTest() override { fs::remove_all(folder_); }

  std::string Path() const { return (folder_ / "database.db").string(); }

  // Three images (the last without keypoints), two pairs with matches.
  void WriteSome() const {
    ColmapDatabaseWriter writer(Path());
    const int known =
        writer.AddCamera({"PINHOLE", 640, 480, {500, 510, 319.5, 239.5}}, true);
    const int guessed = writer.AddCamera(
        {"SIMPLE_RADIAL", 640, 480, {768, 319.5, 239.5, 0}}, false);
    writer.AddImage("a.jpg", known, SomeFeatures(4, 128));
    writer.AddImage("folder/b.jpg", known, SomeFeatures(6, 128));
    writer.AddImage("c.jpg", guessed, SomeFeatures(0, 64));
    writer.AddMatches(1, 2, {{0, 5}, {3, 1}});
    writer.AddMatches(3, 1, {});
    writer.Commit();
  }

  // The first column of the first row.
  template <typename T>
  std::vector<T> Blob(const std::string& sql) const {
    sqlite3* handle = nullptr;
    sqlite3_stmt* statement = nullptr;
    sqlite3_open_v2(Path().c_str(), &handle, SQLITE_OPEN_READONLY, nullptr);
    sqlite3_prepare_v2(handle, sql.c_str(), -1, &statement, nullptr);
    std::vector<T> result;
    if (sqlite3_step(statement) == SQLITE_ROW) {
      const int bytes = sqlite3_column_bytes(statement, 0);
      result.resize(bytes / sizeof(T));
      if (bytes > 0) {
        std::memcpy(result.data(), sqlite3_column_blob(statement, 0), bytes);
      }
    }
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    return result;
  }
  std::string Text(const std::string& sql) const {
    const std::vector<char> text =
        Blob<char>("SELECT CAST((" + sql + ") AS TEXT)");
    return {text.begin(), text.end()};
  }

  fs::path folder_;
};

TEST_F(ColmapDatabaseTest, CountsAreThoseOfWhatWasWritten) {
  WriteSome();
  const ColmapDatabaseCounts counts = CountColmapDatabase(Path());
  EXPECT_EQ(counts.cameras, 2);
  EXPECT_EQ(counts.images, 3);
  EXPECT_EQ(counts.keypoints, 10);
  EXPECT_EQ(counts.descriptors, 10);
  EXPECT_EQ(counts.matched_pairs, 1);
  EXPECT_EQ(counts.matches, 2);
  EXPECT_EQ(counts.inlier_pairs, 0);
  EXPECT_EQ(counts.inlier_matches, 0);
}

TEST_F(ColmapDatabaseTest, PixelsAreThoseOfColmap) {
  WriteSome();
  EXPECT_THAT(Blob<double>("SELECT params FROM cameras WHERE camera_id = 1"),
              ElementsAre(500, 510, 320, 240));
  EXPECT_THAT(Blob<double>("SELECT params FROM cameras WHERE camera_id = 2"),
              ElementsAre(768, 320, 240, 0));
  const auto keypoints =
      Blob<float>("SELECT data FROM keypoints WHERE image_id = 1");
  ASSERT_EQ(keypoints.size(), 24u);
  // Scale 2, turned by -1 radian.
  const float cosine = 2 * std::cos(-1.0f), sine = 2 * std::sin(-1.0f);
  EXPECT_THAT(std::vector<float>(keypoints.begin() + 6, keypoints.begin() + 12),
              ElementsAre(10.5f, 5.75f, cosine, -sine, sine, cosine));
}

TEST_F(ColmapDatabaseTest, ImagesWithoutKeypointsHaveARow) {
  WriteSome();
  EXPECT_EQ(Text("SELECT rows || ' ' || cols FROM keypoints WHERE image_id=3"),
            "0 6");
  EXPECT_EQ(Text("SELECT count(*) FROM descriptors"), "2");
}

// Matrices of Tiepoint's pixels hold for COLMAP's in the file.
TEST_F(ColmapDatabaseTest, GeometriesOfPairs) {
  // R: a quarter turn about z; F of rank 2; H: a shear and a shift.
  const ColmapTwoView geometry{
      .configuration = ColmapConfiguration::kPlanar,
      .inliers = {{1, 2}},
      .fundamental = {{0, -1, 3, 1, 0, -2, -3, 2, 0}},
      .essential = {{0, -1, 0, 1, 0, 0, 0, 0, 0}},
      .homography = {{1, 0.5, 7, 0, 1, -3, 0, 0.25, 1}},
      .pose = {{{0, -1, 0, 1, 0, 0, 0, 0, 1}, {0, 0.6, 0.8}}}};
  {
    ColmapDatabaseWriter writer(Path());
    const int camera =
        writer.AddCamera({"SIMPLE_PINHOLE", 9, 9, {9, 4, 4}}, true);
    for (const char* name : {"a", "b", "c"}) {
      writer.AddImage(name, camera, SomeFeatures(4, 0));
    }
    writer.AddTwoView(1, 2, geometry);
    writer.AddTwoView(2, 3, {});
    EXPECT_THROW(writer.AddTwoView(1, 2, geometry), InputError);
    writer.AddTwoView(3, 1, geometry);  // turned round in the file
    EXPECT_THROW(writer.AddTwoView(1, 4, geometry), InputError);
    writer.Commit();
  }
  const std::string first =
      " FROM two_view_geometries WHERE pair_id=2147483649";
  const std::string turned =
      " FROM two_view_geometries WHERE pair_id=2147483650";
  const std::string rest = " FROM two_view_geometries WHERE pair_id>2147483650";
  EXPECT_EQ(Text("SELECT config || ' ' || rows" + first), "4 1");
  EXPECT_THAT(Blob<uint32_t>("SELECT data" + first), ElementsAre(1, 2));
  EXPECT_THAT(Blob<double>("SELECT E" + first),
              ElementsAreArray(*geometry.essential));
  const double half = std::sqrt(0.5);
  EXPECT_THAT(
      Blob<double>("SELECT qvec" + first),
      ElementsAre(DoubleNear(half, 1e-15), 0, 0, DoubleNear(half, 1e-15)));
  EXPECT_THAT(Blob<double>("SELECT tvec" + first), ElementsAre(0, 0.6, 0.8));
  EXPECT_THAT(Blob<uint32_t>("SELECT data" + turned), ElementsAre(2, 1));
  EXPECT_THAT(
      Blob<double>("SELECT qvec" + turned),
      ElementsAre(DoubleNear(half, 1e-15), 0, 0, DoubleNear(-half, 1e-15)));
  EXPECT_THAT(Blob<double>("SELECT tvec" + turned), ElementsAre(-0.6, 0, -0.8));
  EXPECT_EQ(Text("SELECT count(*)" + rest +
                 " AND config = 0 AND rows = 0 AND F IS NULL AND E IS NULL "
                 "AND H IS NULL AND qvec IS NULL AND tvec IS NULL"),
            "1");
  // x2' F x1 and H x1 for a point in both conventions.
  const auto apply = [](const auto& m, double x, double y) {
    return std::array{m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5],
                      m[6] * x + m[7] * y + m[8]};
  };
  const auto f = Blob<double>("SELECT F" + first);
  const auto h = Blob<double>("SELECT H" + first);
  ASSERT_EQ(f.size(), 9u);
  ASSERT_EQ(h.size(), 9u);
  const auto line = apply(*geometry.fundamental, 5, 8);
  const auto colmap_line = apply(f, 5.5, 8.5);
  EXPECT_NEAR(line[0] * 2 + line[1] * 7 + line[2],
              colmap_line[0] * 2.5 + colmap_line[1] * 7.5 + colmap_line[2],
              1e-12);
  const auto point = apply(*geometry.homography, 5, 8);
  const auto colmap_point = apply(h, 5.5, 8.5);
  for (int k = 0; k < 2; ++k) {
    EXPECT_NEAR(point[k] / point[2] + 0.5, colmap_point[k] / colmap_point[2],
                1e-12);
  }
}

TEST_F(ColmapDatabaseTest, DescriptorsAreBytes) {
  ColmapDatabaseWriter writer(Path());
  const int camera =
      writer.AddCamera({"SIMPLE_PINHOLE", 9, 9, {9, 4, 4}}, true);
  FeatureSet features = SomeFeatures(1, 128);
  features.descriptors.data[0] = 0.25f;
  features.descriptors.data[1] = 0.6f;
  features.descriptors.data[2] = -0.3f;
  features.descriptors.data[3] = std::numeric_limits<float>::quiet_NaN();
  writer.AddImage("a", camera, features);
  writer.Commit();
  // Length sqrt(124 / 100 + 0.25^2 + 0.6^2 + 0.3^2) = 1.3238.
  std::vector<uint8_t> expected(128, 39);  // 38.68
  expected[0] = 97;
  expected[1] = 232;
  expected[2] = expected[3] = 0;
  EXPECT_THAT(Blob<uint8_t>("SELECT data FROM descriptors"),
              ElementsAreArray(expected));
}

TEST_F(ColmapDatabaseTest, PairsGoFromTheSmallerId) {
  ColmapDatabaseWriter writer(Path());
  const int camera = writer.AddCamera({"RADIAL", 9, 9, {9, 4, 4, 0, 0}}, true);
  writer.AddImage("a", camera, SomeFeatures(3, 0));
  writer.AddImage("b", camera, SomeFeatures(9, 0));
  writer.AddMatches(2, 1, {{8, 0}, {4, 2}});
  writer.Commit();
  EXPECT_EQ(Text("SELECT pair_id FROM matches"), "2147483649");
  EXPECT_THAT(Blob<uint32_t>("SELECT data FROM matches"),
              ElementsAre(0, 8, 2, 4));
}

TEST_F(ColmapDatabaseTest, CountsWhatColmapVerified) {
  WriteSome();
  sqlite3* handle = nullptr;
  sqlite3_open(Path().c_str(), &handle);
  sqlite3_exec(handle,
               "INSERT INTO two_view_geometries (pair_id, rows, cols, config) "
               "VALUES (1, 20, 2, 2), (2, 0, 2, 1), (3, 15, 2, 3)",
               nullptr, nullptr, nullptr);
  sqlite3_close(handle);
  const ColmapDatabaseCounts counts = CountColmapDatabase(Path());
  EXPECT_EQ(counts.inlier_pairs, 2);
  EXPECT_EQ(counts.inlier_matches, 35);
}

TEST_F(ColmapDatabaseTest, NothingIsLeftWithoutCommit) {
  {
    ColmapDatabaseWriter writer(Path());
    writer.AddCamera({"PINHOLE", 640, 480, {500, 510, 319.5, 239.5}}, true);
  }
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(ColmapDatabaseTest, SaysWhatCannotBeWritten) {
  EXPECT_THROW(ColmapDatabaseWriter("/no/such/folder/a.db"), InputError);
  ColmapDatabaseWriter writer(Path());
  EXPECT_THROW(writer.AddCamera({"FOV", 9, 9, {1, 1, 1, 1, 1}}, true),
               InputError);
  EXPECT_THROW(writer.AddCamera({"PINHOLE", 9, 9, {1, 1, 1}}, true),
               InputError);
  const int camera = writer.AddCamera({"PINHOLE", 9, 9, {9, 9, 4, 4}}, true);
  EXPECT_THROW(writer.AddImage("a", camera + 1, SomeFeatures(1, 0)),
               InputError);
  writer.AddImage("a", camera, SomeFeatures(1, 0));
  EXPECT_THROW(writer.AddImage("a", camera, SomeFeatures(1, 0)), InputError);
  writer.AddImage("b", camera, SomeFeatures(1, 0));
  EXPECT_THROW(writer.AddMatches(1, 3, {}), InputError);
  EXPECT_THROW(writer.AddMatches(1, 1, {}), InputError);
  EXPECT_THROW(writer.AddMatches(1, 2, {{0, 1}}), InputError);
  writer.AddMatches(1, 2, {{0, 0}});
  EXPECT_THROW(writer.AddMatches(2, 1, {{0, 0}}), InputError);
  writer.Commit();
  EXPECT_THROW(ColmapDatabaseWriter{Path()}, InputError);  // exists
}

TEST_F(ColmapDatabaseTest, SaysWhatIsNoDatabase) {
  EXPECT_THROW(CountColmapDatabase(Path()), InputError);
  std::ofstream(Path()) << std::string(5000, 'x');
  EXPECT_THROW(CountColmapDatabase(Path()), InputError);
  fs::remove(Path());
  sqlite3* handle = nullptr;
  sqlite3_open(Path().c_str(), &handle);
  sqlite3_exec(handle, "CREATE TABLE cameras (x)", nullptr, nullptr, nullptr);
  sqlite3_close(handle);
  EXPECT_THROW(CountColmapDatabase(Path()), InputError);
}

// Tables and columns ("images.name TEXT") are those that COLMAP makes.
TEST_F(ColmapDatabaseTest, SchemaIsThatOfColmap) {
  const std::string colmap = FindProgram("colmap");
  if (colmap.empty()) GTEST_SKIP() << "needs the program colmap";
  const std::string schema =
      "SELECT group_concat(m.name || '.' || c.name || ' ' || c.type || c.pk || "
      "c.\"notnull\", char(10)) FROM sqlite_master m, "
      "pragma_table_info(m.name) c WHERE m.type = 'table'";
  const auto run = [&](const std::vector<std::string>& arguments) {
    ProgramCall call{{colmap}, (folder_ / "log").string(), {}};
    call.command.insert(call.command.end(), arguments.begin(), arguments.end());
    return RunProgram(call).Succeeded();
  };
  ASSERT_TRUE(run({"database_creator", "--database_path", Path()}));
  const std::string theirs = Text(schema);
  EXPECT_THAT(theirs, HasSubstr("images.name TEXT"));
  const std::string version =
      Text("SELECT user_version FROM pragma_user_version");
  fs::remove(Path());
  WriteSome();
  if (version == "3800") {
    EXPECT_EQ(Text(schema), theirs);
    EXPECT_EQ(Text("SELECT user_version FROM pragma_user_version"), version);
  }
  // It opens the file, whatever its version, and finds the names.
  std::ofstream(folder_ / "pairs.txt") << "a.jpg folder/b.jpg\n";
  EXPECT_TRUE(
      run({"matches_importer", "--database_path", Path(), "--match_list_path",
           (folder_ / "pairs.txt").string(), "--SiftMatching.use_gpu", "0"}));
  EXPECT_EQ(Text("SELECT count(*) FROM two_view_geometries"), "1");
}

}  // namespace
}  // namespace tiepoint
