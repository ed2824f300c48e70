// SPDX-License-Identifier: Apache-2.0
// `tiepoint export`, `import` and `match-features` on the exact pictures of
// points in space, read back by other programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <iterator>
#include <opencv2/imgcodecs.hpp>
#include <random>

#include "run_program.h"
#include "tiepoint/io/colmap_database.h"
#include "tiepoint/io/colmap_database_reader.h"
#include "tiepoint/io/colmap_model.h"
#include "tiepoint/io/feature_file.h"
#include "tiepoint/io/match_file.h"
#include "tiepoint/io/program.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kWidth = 800, kHeight = 600, kPoints = 250;
constexpr double kFocal = 900;
const std::vector<std::string> kNames = {"a 1/one.png", "two.png", "x/3.png",
                                         "x/4.png"};

class FormatsTest : public ProgramTest {
 protected:
  // Keypoint i of photograph p is point (i * 7 + p) mod kPoints; a fifth
  // photograph has none.
  FormatsTest() {
    std::mt19937 random(7);
    std::uniform_real_distribution<float> unit(0, 1);
    std::vector<std::array<double, 3>> points;
    std::vector<std::vector<float>> descriptors;
    for (int i = 0; i < kPoints; ++i) {
      points.push_back(
          {4 * unit(random) - 2, 3 * unit(random) - 1.5, 5 + 4 * unit(random)});
      std::vector<float> descriptor(128);
      float squares = 0;
      for (float& value : descriptor) {
        value = unit(random) < 0.6f ? 0 : unit(random);
        squares += value * value;
      }
      for (float& value : descriptor) value /= std::sqrt(squares);
      descriptors.push_back(descriptor);
    }
    FeatureFileWriter writer(Features(), {{"tiepoint", "test"}});
    for (size_t p = 0; p < kNames.size(); ++p) {
      FeatureSet set{kWidth, kHeight, {}, {0, 128, {}}};
      const double turn = 0.06 * (static_cast<double>(p) - 1.5);
      for (int i = 0; i < kPoints; ++i) {
        const int at = (i * 7 + static_cast<int>(p)) % kPoints;
        const auto& [x, y, z] = points[at];
        // Cameras on a line that look at the middle.
        const double rx = x - 8 * turn;
        const double u = std::cos(turn) * rx + std::sin(turn) * z;
        const double w = -std::sin(turn) * rx + std::cos(turn) * z;
        const float px = static_cast<float>(kFocal * u / w + kWidth / 2.0 - .5);
        const float py =
            static_cast<float>(kFocal * y / w + kHeight / 2.0 - .5);
        if (px < 0 || py < 0 || px > kWidth - 1 || py > kHeight - 1) continue;
        set.keypoints.push_back({px, py, 1.5f + unit(random),
                                 6.2f * unit(random) - 3.1f,
                                 1.0f - 0.001f * static_cast<float>(i)});
        set.descriptors.data.insert(set.descriptors.data.end(),
                                    descriptors[at].begin(),
                                    descriptors[at].end());
      }
      set.descriptors.rows = static_cast<int>(set.keypoints.size());
      sets_.push_back(set);
      writer.Add(kNames[p], set);
    }
  }

  std::string Features() const { return Path("features.h5"); }
  std::string Matches() const { return Path("matches.h5"); }
  ProgramResult Ran(const std::vector<std::string>& arguments) const {
    ProgramResult result = Run(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(result.errors, "");
    return result;
  }
  void Match() const {
    Ran({"match-features", Features(), "-o", Matches(), "--filter", "ratio"});
  }
  ProgramResult ExportDatabase(std::vector<std::string> more = {}) const {
    std::vector<std::string> all = {
        "export",          "colmap",          Features(),
        "--matches",       Matches(),         "-o",
        Path("colmap.db"), "--camera-params", "900,400,300,0"};
    all.insert(all.end(), more.begin(), more.end());
    return Run(all);
  }
  // Whether another program did its work; its last line otherwise.
  std::string RunOther(const std::vector<std::string>& command) const {
    const std::string log = Path("other.log");
    const ProgramEnd end =
        RunProgram({command, log, {{"QT_QPA_PLATFORM", "offscreen"}}});
    return end.Succeeded() ? "" : end.Describe() + ": " + LastLine(log);
  }

  size_t NumKeypoints() const {
    size_t count = 0;
    for (const FeatureSet& set : sets_) count += set.keypoints.size();
    return count;
  }

  std::vector<FeatureSet> sets_;
};

void ExpectSame(const FeatureSet& found, const FeatureSet& expected,
                double place, double scale, bool angle, double descriptor) {
  ASSERT_EQ(found.keypoints.size(), expected.keypoints.size());
  for (size_t i = 0; i < found.keypoints.size(); ++i) {
    const Keypoint& k = found.keypoints[i];
    const Keypoint& l = expected.keypoints[i];
    EXPECT_NEAR(k.x, l.x, place);
    EXPECT_NEAR(k.y, l.y, place);
    EXPECT_NEAR(k.scale, l.scale, scale);
    if (angle) {
      EXPECT_NEAR(k.angle, l.angle, 1e-6);
    }
  }
  ASSERT_EQ(found.descriptors.data.size(), expected.descriptors.data.size());
  for (size_t i = 0; i < found.descriptors.data.size(); ++i) {
    ASSERT_NEAR(found.descriptors.data[i], expected.descriptors.data[i],
                descriptor);
  }
}

TEST_F(FormatsTest, MatchesAreThePoints) {
  const ProgramResult result =
      Ran({"match-features", Features(), "-o", Matches(), "--filter", "ratio"});
  EXPECT_THAT(result.output, HasSubstr("6 pairs"));
  {
    const MatchFile file(Matches());
    EXPECT_EQ(file.Pairs().size(), 6u);
    EXPECT_EQ(file.Pairs()[0],
              std::pair(std::string("a 1-one.png"), std::string("two.png")));
    const auto matches = file.Find(kNames[0], kNames[2]).value().matches;
    EXPECT_GT(matches.size(), 150u);
    for (const PairMatch& match : matches) {
      for (int c = 0; c < 128; ++c) {
        ASSERT_EQ(sets_[0].descriptors.Row(match.i)[c],
                  sets_[2].descriptors.Row(match.j)[c]);
      }
    }
  }
  // Again: all are there. Other options are refused.
  EXPECT_THAT(
      Ran({"match-features", Features(), "-o", Matches(), "--filter", "ratio"})
          .output,
      HasSubstr("6 of 6 pairs were in"));
  ExpectRefused(
      Run({"match-features", Features(), "-o", Matches(), "--filter", "none"}),
      {Matches(), "another"});
  // A list of pairs.
  Write("pairs.txt", "# two\nx/3.png two.png\n\n");
  Ran({"match-features", Features(), "-o", Path("listed.h5"), "--pairs",
       Path("pairs.txt"), "--filter", "none", "--quiet"});
  EXPECT_THAT(
      MatchFile(Path("listed.h5")).Pairs(),
      ElementsAre(std::pair<std::string, std::string>("x-3.png", "two.png")));
  Write("pairs.txt", "x/3.png nobody.png\n");
  ExpectRefused(Run({"match-features", Features(), "-o", Path("n.h5"),
                     "--pairs", Path("pairs.txt"), "--filter", "none"}),
                {"nobody.png", Features()});
  Write("pairs.txt", "x/3.png\n");
  ExpectRefused(Run({"match-features", Features(), "-o", Path("n.h5"),
                     "--pairs", Path("pairs.txt"), "--filter", "none"}),
                {"line 1"});
}

// h5py, NumPy and sqlite3 find the same numbers.
TEST_F(FormatsTest, OthersReadThem) {
  Match();
  for (const char* format : {"npz", "vgg", "lowe"}) {
    Ran({"export", format, Features(), "-o", Path(format)});
  }
  Ran({"export", "hloc", Features(), "--matches", Matches(), "-o",
       Path("hloc")});
  EXPECT_EQ(ExportDatabase().exit_code, 0);
  if (!RunOther({TIEPOINT_PYTHON, "-c", "import h5py, sqlite3"}).empty()) {
    GTEST_SKIP() << "needs python3-h5py";
  }
  EXPECT_EQ(RunOther({TIEPOINT_PYTHON, TIEPOINT_CHECK_FORMATS, folder_}), "");
}

TEST_F(FormatsTest, EveryFormatComesBack) {
  struct Case {
    const char* format;
    double place, scale;
    bool angle;
    double descriptor;
  };
  for (const Case& c :
       {Case{"npz", 0, 0, true, 0}, Case{"vgg", 0, 1e-6, false, 0},
        Case{"lowe", 0, 0, true, 1.0 / 1024 + 1e-6},
        Case{"hloc", 0, 0, true, 0},
        Case{"colmap-text", 1e-4, 0, true, 1.0 / 1024 + 1e-6},
        Case{"colmap", 1e-4, 1e-5, true, 1.0 / 1024 + 1e-6}}) {
    SCOPED_TRACE(c.format);
    const std::string format = c.format, target = Path(format);
    Ran({"export", format, Features(), "-o", target});
    const std::string back = Path(format + ".back.h5");
    Ran({"import", format, format == "hloc" ? target + "/features.h5" : target,
         "-o", back, "--quiet"});
    const FeatureFile file(back);
    EXPECT_THAT(file.Names(), ::testing::UnorderedElementsAreArray(kNames));
    for (size_t p = 0; p < kNames.size(); ++p) {
      ExpectSame(file.FindAsStored(kNames[p]).value(), sets_[p], c.place,
                 c.scale, c.angle, c.descriptor);
    }
    ExpectRefused(Run({"import", format, target, "-o", back}),
                  {back, "exists already"});
  }
  // x before y, as some others write.
  Ran({"export", "lowe", Features(), "-o", Path("xy"), "--lowe-order", "xy"});
  Ran({"import", "lowe", Path("xy"), "-o", Path("yx.h5")});
  EXPECT_EQ(FeatureFile(Path("yx.h5")).FindAsStored("two.png")->keypoints[3].x,
            sets_[1].keypoints[3].y);
}

// What the mapper makes of it: the scene.
TEST_F(FormatsTest, ColmapMapsTheDatabase) {
  const std::string colmap = FindProgram("colmap");
  if (colmap.empty()) GTEST_SKIP() << "needs the program colmap";
  Match();
  const ProgramResult result = ExportDatabase();
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("images    4 (4 new), " +
                              std::to_string(NumKeypoints()) + " keypoints"),
                    HasSubstr("3 new cameras")));
  fs::create_directories(Path("sparse"));
  ASSERT_EQ(
      RunOther({colmap, "mapper", "--database_path", Path("colmap.db"),
                "--image_path", folder_, "--output_path", Path("sparse"),
                "--Mapper.extract_colors", "0", "--Mapper.num_threads", "1"}),
      "");
  const ColmapModel model = ReadColmapModel(Path("sparse/0"));
  EXPECT_EQ(model.images.size(), kNames.size());
  EXPECT_GT(model.points.size(), 150u);
  double error = 0;
  for (const auto& [id, point] : model.points) error += point.error;
  EXPECT_LT(error / static_cast<double>(model.points.size()), 0.05);
}

// Text into COLMAP, its database back to us.
TEST_F(FormatsTest, ColmapImportsTheText) {
  const std::string colmap = FindProgram("colmap");
  if (colmap.empty()) GTEST_SKIP() << "needs the program colmap";
  // Its lists know no spaces.
  Match();
  ExpectRefused(Run({"export", "colmap-text", Features(), "--matches",
                     Matches(), "-o", Path("spaces")}),
                {"a 1/one.png", "spaces"});
  Write("pairs.txt", "x/3.png two.png\n");
  Ran({"match-features", Features(), "-o", Path("two.h5"), "--pairs",
       Path("pairs.txt"), "--filter", "ratio"});
  Ran({"export", "colmap-text", Features(), "--matches", Path("two.h5"), "-o",
       Path("text")});
  for (const std::string& name : kNames) {
    const fs::path path = Path("in/" + name);
    fs::create_directories(path.parent_path());
    cv::imwrite(path, cv::Mat(kHeight, kWidth, CV_8UC1, {9}));
  }
  ASSERT_EQ(RunOther({colmap, "feature_importer", "--database_path",
                      Path("theirs.db"), "--image_path", Path("in"),
                      "--import_path", Path("text")}),
            "");
  ASSERT_EQ(RunOther({colmap, "matches_importer", "--database_path",
                      Path("theirs.db"), "--match_list_path",
                      Path("text/matches.list"), "--match_type", "raw",
                      "--SiftMatching.use_gpu", "0"}),
            "");
  Ran({"import", "colmap", Path("theirs.db"), "-o", Path("theirs.h5"),
       "--matches", Path("theirs.matches.h5"), "--verified"});
  const FeatureFile file(Path("theirs.h5"));
  for (size_t p = 0; p < kNames.size(); ++p) {
    const FeatureSet found = file.FindAsStored(kNames[p]).value();
    EXPECT_EQ(found.image_width, kWidth);
    ExpectSame(found, sets_[p], 1e-4, 1e-5, true, 1.0 / 512);
  }
  EXPECT_GT(MatchFile(Path("theirs.matches.h5"))
                .Find("two.png", "x/3.png")
                .value()
                .matches.size(),
            150u);
}

TEST_F(FormatsTest, DatabasesAreExtended) {
  Match();
  {
    // As `colmap feature_extractor` leaves it: a camera and other keypoints.
    ColmapDatabaseWriter writer(Path("colmap.db"));
    writer.AddCamera({"PINHOLE", kWidth, kHeight, {1, 1, 0, 0}}, true);
    writer.AddImage("other.png", 1, sets_[3]);
    writer.AddImage("two.png", 1, sets_[2]);
    writer.AddMatches(1, 2, {{0, 0}});
    writer.Commit();
  }
  const std::string before = Content(Path("colmap.db"));
  ExpectRefused(ExportDatabase(), {"two.png", "--overwrite"});
  EXPECT_EQ(Content(Path("colmap.db")), before);
  const ProgramResult result = ExportDatabase({"--overwrite"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("(3 new)"), HasSubstr("features of 1 images")));
  {
    ColmapDatabaseReader reader(Path("colmap.db"));
    EXPECT_THAT(reader.Names(), ElementsAre("other.png", "two.png", kNames[0],
                                            kNames[2], kNames[3]));
    ExpectSame(reader.Features("two.png"), sets_[1], 1e-4, 1e-5, true,
               1.0 / 1024 + 1e-6);
  }
  // Matches with the old keypoints are gone.
  EXPECT_EQ(CountColmapDatabase(Path("colmap.db")).matched_pairs, 6);
  EXPECT_EQ(CountColmapDatabase(Path("colmap.db")).inlier_pairs, 6);
  // A second time changes nothing.
  const ProgramResult again = ExportDatabase();
  EXPECT_EQ(again.exit_code, 0) << again.errors;
  EXPECT_THAT(again.output, HasSubstr("(0 new)"));
  EXPECT_EQ(CountColmapDatabase(Path("colmap.db")).matched_pairs, 6);
}

// What `reconstruct` verified is not estimated a second time.
TEST_F(FormatsTest, StoredGeometriesGoIntoDatabases) {
  MatchedPair pair;
  for (int k = 0; k < 20; ++k) pair.matches.push_back({k, k, 1});
  pair.geometry = ColmapTwoView{.configuration = ColmapConfiguration::kPlanar,
                                .inliers = {{0, 0}, {1, 1}, {2, 2}},
                                .fundamental = {{0, 0, 1, 0, 0, 2, -1, -2, 0}}};
  const int count = static_cast<int>(sets_[1].keypoints.size());
  { MatchFileWriter(Matches(), {}).Add("two.png", "x/3.png", count, pair); }
  EXPECT_EQ(ExportDatabase().exit_code, 0);
  {
    const auto verified = ColmapDatabaseReader(Path("colmap.db")).Matches(true);
    ASSERT_EQ(verified.size(), 1u);
    EXPECT_EQ(verified[0].matches.size(), 3u);
  }
  fs::remove(Path("colmap.db"));
  EXPECT_EQ(ExportDatabase({"--geometry", "trust"}).exit_code, 0);
  const auto trusted = ColmapDatabaseReader(Path("colmap.db")).Matches(true);
  ASSERT_EQ(trusted.size(), 1u);
  EXPECT_EQ(trusted[0].matches.size(), 20u);
  // An essential matrix of cameras that the export does not know: without it.
  fs::remove(Path("colmap.db"));
  fs::remove(Matches());
  pair.geometry->configuration = ColmapConfiguration::kCalibrated;
  pair.geometry->essential = {{0, 0, 0, 0, 0, -1, 0, 1, 0}};
  pair.cameras = PairCameras{{{700, 700, 1, 2}}, {{700, 700, 1, 2}}};
  { MatchFileWriter(Matches(), {}).Add("two.png", "x/3.png", count, pair); }
  EXPECT_EQ(ExportDatabase().exit_code, 0);
  EXPECT_EQ(RunOther({TIEPOINT_PYTHON, "-c", R"py(
import sqlite3, sys
query = "SELECT config, E FROM two_view_geometries"
found = sqlite3.connect(sys.argv[1]).execute(query).fetchall()
sys.exit(found != [(3, None)])
)py",
                      Path("colmap.db")}),
            "");
  // hloc's file has it, too.
  Ran({"export", "hloc", Features(), "--matches", Matches(), "-o",
       Path("hloc")});
  EXPECT_EQ(MatchFile(Path("hloc/matches.h5")).Find("two.png", "x/3.png"),
            pair);
}

TEST_F(FormatsTest, CamerasAreShared) {
  const auto cameras = [&](const std::string& mode) {
    const std::string path = Path(mode + ".db");
    Ran({"export", "colmap", Features(), "-o", path, "--camera-mode", mode});
    return CountColmapDatabase(path).cameras;
  };
  EXPECT_EQ(cameras("auto"), 3);
  EXPECT_EQ(cameras("per-folder"), 3);
  EXPECT_EQ(cameras("single"), 1);
  EXPECT_EQ(cameras("per-image"), 4);
  // Portrait and landscape are two cameras.
  {
    FeatureFileWriter writer(Features(), {{"tiepoint", "test"}});
    writer.Add("x/portrait.png", {kHeight, kWidth, {}, {}});
  }
  fs::remove(Path("auto.db"));
  EXPECT_EQ(cameras("auto"), 4);
  ExpectRefused(Run({"export", "colmap", Features(), "-o", Path("n.db"),
                     "--camera-mode", "per-folder"}),
                {"x/portrait.png", "x/3.png", "--camera-mode"});
  EXPECT_FALSE(fs::exists(Path("n.db")));
  ExpectRefused(Run({"export", "colmap", Features(), "-o", Path("n.db"),
                     "--camera-params", "1,2"}),
                {"SIMPLE_RADIAL", "4 numbers"});
  ExpectRefused(Run({"export", "colmap", Features(), "-o", Path("n.db"),
                     "--images", Path("nowhere")}),
                {Path("nowhere"), "--images"});
}

// Descriptors that bytes cannot hold are left out of databases, and refused
// where the format demands some.
TEST_F(FormatsTest, OtherDescriptors) {
  FeatureSet set{40, 30, {{1, 2, 3, 0.5f, 1}}, {1, 128, {}}};
  set.descriptors.data.assign(128, -0.1f);
  FeatureFileWriter(Path("s.h5"), {}).Add("s.png", set);
  const auto write = [&](const std::string& format, const std::string& mode) {
    return Run({"export", format, Path("s.h5"), "-o", Path(format + mode),
                "--descriptors", mode});
  };
  EXPECT_THAT(write("colmap", "auto").output, HasSubstr("left out"));
  EXPECT_EQ(CountColmapDatabase(Path("colmapauto")).descriptors, 0);
  EXPECT_EQ(write("colmap", "sift").exit_code, 0);
  EXPECT_EQ(CountColmapDatabase(Path("colmapsift")).descriptors, 1);
  ExpectRefused(write("colmap-text", "auto"), {"s.png", "--descriptors none"});
  EXPECT_EQ(write("colmap-text", "none").exit_code, 0);
  EXPECT_THAT(Content(Path("colmap-textnone/s.png.txt")),
              ::testing::StartsWith("1 128\n1.5 2.5 3 0.5 0 0 0"));
  ExpectRefused(write("lowe", "auto"), {"s.png", "npz"});
  ExpectRefused(write("lowe", "none"), {"s.png", "128"});
}

TEST_F(FormatsTest, BadInputIsRefused) {
  Match();
  ExpectRefused(Run({"export", "npz", Path("no.h5"), "-o", Path("o")}),
                {Path("no.h5")});
  ExpectRefused(Run({"export", "vgg", Features(), "--matches", Matches(), "-o",
                     Path("o")}),
                {"--matches", "vgg"});
  ExpectRefused(Run({"export", "hloc", Features(), "--camera-params",
                     "100,50,50,0", "-o", Path("o")}),
                {"--camera-params", "hloc"});
  ExpectRefused(
      Run({"export", "npz", Features(), "--overwrite", "-o", Path("o")}),
      {"--overwrite", "npz"});
  EXPECT_FALSE(fs::exists(Path("o")));
  Write("text.h5", "no HDF5 at all");
  ExpectRefused(Run({"export", "colmap", Path("text.h5"), "-o", Path("o.db")}),
                {Path("text.h5")});
  ExpectRefused(Run({"export", "colmap", Features(), "--matches",
                     Path("text.h5"), "-o", Path("o.db")}),
                {Path("text.h5")});
  ExpectRefused(Run({"export", "colmap", Features(), "-o", Path("text.h5")}),
                {Path("text.h5"), "not a database"});
  EXPECT_FALSE(fs::exists(Path("o.db")));
  // Matches of other features.
  FeatureFileWriter(Path("small.h5"), {})
      .Add("two.png", {9, 9, {{1, 2, 3, 0, 1}}, {1, 1, {1}}});
  ExpectRefused(Run({"export", "colmap", Path("small.h5"), "--matches",
                     Matches(), "-o", Path("o.db")}),
                {"a 1-one.png", "does not hold"});
  fs::create_directories(Path("empty"));
  for (const char* format : {"npz", "vgg", "lowe", "colmap-text"}) {
    ExpectRefused(Run({"import", format, Path("empty"), "-o", Path("o.h5")}),
                  {Path("empty"), "holds no files"});
    Write("bad", "7 128\n1 2 nan");
    ExpectRefused(Run({"import", format, Path("bad"), "-o", Path("o.h5")}),
                  {Path("bad")});
  }
  ExpectRefused(Run({"import", "colmap", Path("bad"), "-o", Path("o.h5")}),
                {Path("bad")});
  EXPECT_FALSE(fs::exists(Path("o.h5")));
  for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
    EXPECT_THAT(entry.path().string(), ::testing::Not(HasSubstr(".part")));
  }
}

}  // namespace
}  // namespace tiepoint
