// SPDX-License-Identifier: Apache-2.0
// Databases that exist already, of COLMAP 3.8 and 4, are extended and read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "tiepoint/base/error.h"
#include "tiepoint/io/colmap_database.h"
#include "tiepoint/io/colmap_database_reader.h"
#include "tiepoint/io/sqlite.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using Writer = ColmapDatabaseWriter;

// What differs in COLMAP 4: no priors in images, types of descriptors, poses of
// pairs with cameras, rigs and frames.
constexpr char kNewSchema[] = R"(
PRAGMA user_version = 4000;
CREATE TABLE cameras (camera_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  model INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
  params BLOB, prior_focal_length INTEGER NOT NULL);
CREATE TABLE rigs (rig_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  ref_sensor_id INTEGER NOT NULL, ref_sensor_type INTEGER NOT NULL);
CREATE TABLE rig_sensors (rig_id INTEGER NOT NULL, sensor_id INTEGER NOT NULL,
  sensor_type INTEGER NOT NULL, sensor_from_rig BLOB);
CREATE TABLE frames (frame_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  rig_id INTEGER NOT NULL);
CREATE TABLE frame_data (frame_id INTEGER NOT NULL, data_id INTEGER NOT NULL,
  sensor_id INTEGER NOT NULL, sensor_type INTEGER NOT NULL);
CREATE TABLE images (image_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  name TEXT NOT NULL UNIQUE, camera_id INTEGER NOT NULL);
CREATE TABLE keypoints (image_id INTEGER PRIMARY KEY NOT NULL,
  rows INTEGER NOT NULL, cols INTEGER NOT NULL, data BLOB);
CREATE TABLE descriptors (image_id INTEGER PRIMARY KEY NOT NULL,
  type INTEGER NOT NULL, rows INTEGER NOT NULL, cols INTEGER NOT NULL,
  data BLOB);
CREATE TABLE matches (pair_id INTEGER PRIMARY KEY NOT NULL,
  rows INTEGER NOT NULL, cols INTEGER NOT NULL, data BLOB);
CREATE TABLE two_view_geometries (pair_id INTEGER PRIMARY KEY NOT NULL,
  rows INTEGER NOT NULL, cols INTEGER NOT NULL, data BLOB,
  config INTEGER NOT NULL, F BLOB, E BLOB, H BLOB, qvec BLOB, tvec BLOB,
  camera1 BLOB, camera2 BLOB);
INSERT INTO cameras VALUES (5, 1, 640, 480, x'00', 1), (6, 1, 9, 9, x'00', 1);
INSERT INTO rigs VALUES (2, 5, 0);
INSERT INTO rig_sensors VALUES (2, 6, 0, NULL);
INSERT INTO frames VALUES (3, 2);
INSERT INTO images VALUES (8, 'old.png', 5);
INSERT INTO frame_data VALUES (3, 8, 5, 0);
)";

FeatureSet SomeFeatures(int count) {
  FeatureSet features{640, 480, {}, {count, 128, {}}};
  for (int i = 0; i < count; ++i) {
    features.keypoints.push_back({10.0f * i, 5.0f * i, 2, -1, 0});
  }
  features.descriptors.data.assign(static_cast<size_t>(count) * 128, 0.0625f);
  return features;
}

class ColmapDatabaseExtendTest : public ::testing::Test {
 protected:
  ColmapDatabaseExtendTest()
      : path_(fs::temp_directory_path() /
              ("tiepoint_extend_" + std::to_string(getpid()) + ".db")) {}
  ~ColmapDatabaseExtendTest() override { fs::remove(path_); }

  void Execute(const char* sql) const {
    SqliteConnection(path_, path_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
        .Execute(sql);
  }
  int64_t Number(const std::string& sql) const {
    const SqliteConnection connection(path_, path_, SQLITE_OPEN_READONLY);
    return SqliteStatement(connection, sql).Row(1)[0];
  }

  std::string path_;
};

TEST_F(ColmapDatabaseExtendTest, NewerSchemasGetRigsFramesAndTypes) {
  Execute(kNewSchema);
  {
    Writer writer(path_, Writer::Existing::kExtend);
    EXPECT_FALSE(writer.FindImage("new.png"));
    EXPECT_EQ(writer.FindImage("old.png")->id, 8);
    EXPECT_EQ(writer.FindImage("old.png")->camera_id, 5);
    EXPECT_TRUE(writer.SetFeatures(8, SomeFeatures(4)));
    EXPECT_FALSE(writer.SetFeatures(8, SomeFeatures(4)));  // are there
    const int camera =
        writer.AddCamera({"PINHOLE", 640, 480, {500, 500, 320, 240}}, true);
    EXPECT_EQ(camera, 7);
    EXPECT_EQ(writer.AddImage("new.png", camera, SomeFeatures(3)), 9);
    EXPECT_EQ(writer.AddImage("rig.png", 6, SomeFeatures(0)), 10);
    writer.AddMatches(9, 8, {{2, 3}});
    writer.AddTwoView(9, 8,
                      {.configuration = ColmapConfiguration::kUncalibrated,
                       .inliers = {{2, 3}}});
    writer.Commit();
  }
  EXPECT_EQ(Number("SELECT user_version FROM pragma_user_version"), 4000);
  // A rig of its own for the new camera; the other is part of one.
  EXPECT_EQ(Number("SELECT count(*) FROM rigs"), 2);
  EXPECT_EQ(Number("SELECT ref_sensor_id FROM rigs WHERE rig_id = 3"), 7);
  EXPECT_EQ(Number("SELECT count(*) FROM images i JOIN frame_data d ON "
                   "d.data_id = i.image_id JOIN frames f USING (frame_id) JOIN "
                   "rigs r USING (rig_id) WHERE d.sensor_id = i.camera_id"),
            3);
  EXPECT_EQ(Number("SELECT f.rig_id FROM frames f JOIN frame_data d USING "
                   "(frame_id) WHERE d.data_id = 10"),
            2);
  EXPECT_EQ(Number("SELECT count(*) FROM descriptors WHERE type = 0"), 3);
  const ColmapDatabaseReader reader(path_);
  EXPECT_THAT(reader.Names(), ElementsAre("old.png", "new.png", "rig.png"));
  EXPECT_NEAR(reader.Features("new.png").descriptors.Row(2)[7], 0.0883883f,
              1.0 / 1024);
  for (const bool verified : {false, true}) {
    const auto pairs = reader.Matches(verified);
    ASSERT_EQ(pairs.size(), 1u);
    EXPECT_EQ(pairs[0].first, "old.png");
    EXPECT_THAT(pairs[0].matches, ElementsAre(std::pair(3, 2)));
  }
}

TEST_F(ColmapDatabaseExtendTest, KindsOfDescriptorsAreNotMixed) {
  Execute(kNewSchema);
  // Two of COLMAP's learned descriptors: columns are bytes.
  Execute(
      "INSERT INTO keypoints VALUES (8, 2, 2, x'0000803f0000803f"
      "0000003f0000003f');"
      "INSERT INTO descriptors VALUES (8, 1, 2, 8, x'0000803f000000400000803f"
      "00000040');");
  const FeatureSet old = ColmapDatabaseReader(path_).Features("old.png");
  EXPECT_EQ(old.keypoints[0].x, 0.5f);
  EXPECT_EQ(old.keypoints[0].scale, 1);
  EXPECT_THAT(old.descriptors.data, ElementsAre(1, 2, 1, 2));
  Writer writer(path_, Writer::Existing::kExtend);
  EXPECT_THROW(writer.AddImage("new.png", 5, SomeFeatures(3)), InputError);
}

TEST_F(ColmapDatabaseExtendTest, NothingIsChangedWithoutCommit) {
  {
    Writer writer(path_);
    const int camera = writer.AddCamera({"PINHOLE", 9, 9, {9, 9, 4, 4}}, true);
    writer.AddImage("a", camera, SomeFeatures(2));
    writer.AddImage("b", camera, SomeFeatures(2));
    writer.AddImage("c", camera, SomeFeatures(2));
    writer.AddMatches(1, 2, {{0, 0}});
    writer.AddMatches(2, 3, {{0, 0}});
    writer.Commit();
  }
  {
    Writer writer(path_, Writer::Existing::kExtend);
    writer.SetFeatures(1, SomeFeatures(9));
    EXPECT_THROW(Writer(path_, Writer::Existing::kExtend), InputError);  // busy
  }
  EXPECT_EQ(Number("SELECT sum(rows) FROM keypoints"), 6);
  EXPECT_EQ(Number("SELECT count(*) FROM matches"), 2);
  {
    Writer writer(path_, Writer::Existing::kExtend);
    writer.SetFeatures(1, SomeFeatures(9));
    writer.Commit();
  }
  // The pair of the other two is still there.
  EXPECT_EQ(Number("SELECT pair_id FROM matches"), 2147483647LL * 2 + 3);
  EXPECT_EQ(Number("SELECT count(*) FROM matches"), 1);
}

// Matrices are those of COLMAP's pixels, from the smaller id to the larger.
TEST_F(ColmapDatabaseExtendTest, GeometriesAreTurnedAndMoved) {
  {
    Writer writer(path_);
    const int camera = writer.AddCamera({"PINHOLE", 9, 9, {9, 9, 4, 4}}, true);
    writer.AddImage("a", camera, SomeFeatures(2));
    writer.AddImage("b", camera, SomeFeatures(2));
    // From b to a: x_a = 2 x_b + 1 in our pixels.
    const std::array<double, 9> homography = {2, 0, 1, 0, 2, 1, 0, 0, 1};
    // x_a' F x_b = 0 for y_a = y_b.
    const std::array<double, 9> fundamental = {0, 0, 0, 0, 0, 1, 0, -1, 0};
    writer.AddTwoView(2, 1,
                      {.configuration = ColmapConfiguration::kPlanarOrPanoramic,
                       .inliers = {{1, 0}},
                       .fundamental = fundamental,
                       .homography = homography});
    writer.Commit();
  }
  const SqliteConnection connection(path_, path_, SQLITE_OPEN_READONLY);
  SqliteStatement row(
      connection, "SELECT F, H, E IS NULL, config FROM two_view_geometries");
  ASSERT_TRUE(row.Next());
  EXPECT_EQ(row.Integer(2), 1);
  EXPECT_EQ(row.Integer(3), 6);
  const auto f = row.Blob<double>(0, 9), h = row.Blob<double>(1, 9);
  const auto bilinear = [&](double xb, double yb, double xa, double ya) {
    return xb * (f[0] * xa + f[1] * ya + f[2]) +
           yb * (f[3] * xa + f[4] * ya + f[5]) + f[6] * xa + f[7] * ya + f[8];
  };
  EXPECT_NEAR(bilinear(3, 5, 8, 5), 0, 1e-12);
  EXPECT_GT(std::abs(bilinear(3, 5, 8, 6)), 0.5);
  // Pixel 4 of b (4.5 in COLMAP's) is pixel 9 of a (9.5).
  EXPECT_NEAR(
      (h[0] * 9.5 + h[1] * 9.5 + h[2]) / (h[6] * 9.5 + h[7] * 9.5 + h[8]), 4.5,
      1e-12);
}

TEST_F(ColmapDatabaseExtendTest, DamagedRowsAreRefused) {
  Execute(kNewSchema);
  const auto refuses = [&](const char* sql) {
    Execute("DELETE FROM keypoints; DELETE FROM descriptors;");
    Execute(sql);
    EXPECT_THROW(ColmapDatabaseReader(path_).Features("old.png"), InputError)
        << sql;
  };
  refuses("INSERT INTO keypoints VALUES (8, 2, 2, x'00')");
  refuses("INSERT INTO keypoints VALUES (8, 1, 3, x'00')");
  refuses("INSERT INTO keypoints VALUES (8, -1, 2, x'00')");
  refuses("INSERT INTO keypoints VALUES (8, 1000000000000, 2, x'00')");
  refuses(
      "INSERT INTO keypoints VALUES (8, 1, 2, x'0000c07f00000000')");  // NaN
  refuses("INSERT INTO descriptors VALUES (8, 0, 1, 128, x'00')");
  Execute("INSERT INTO matches VALUES (99, 1, 2, x'0000000000000000')");
  EXPECT_THROW(ColmapDatabaseReader(path_).Matches(false), InputError);
  Execute("DROP TABLE images");
  EXPECT_THAT([&] { Writer(path_, Writer::Existing::kExtend); },
              ThrowsMessage<InputError>(HasSubstr("no table images")));
  EXPECT_THROW(ColmapDatabaseReader{path_}, InputError);
}

}  // namespace
}  // namespace tiepoint
