// SPDX-License-Identifier: Apache-2.0
// With a program that only behaves as COLMAP does; the real one runs in
// sfm_test.cc.
#include "tiepoint/io/colmap_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ColmapTest : public ::testing::Test {
 protected:
  // A program that answers `help`, writes down how it was called, then does
  // `script`.
  std::string Program(const std::string& help, const std::string& script) {
    const std::string path = folder_.Path() + "/program";
    std::ofstream(path) << "#!/bin/sh\nif [ $1 = help ]; then\necho '" << help
                        << "'; exit 0; fi\necho \"$@\" >> " << Calls() << "\n"
                        << script << "\n";
    fs::permissions(path, fs::perms::owner_all);
    return path;
  }
  std::string Calls() const { return folder_.Path() + "/calls"; }
  std::string Called() const {
    std::ifstream file(Calls());
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void WriteModel(const std::string& number, int images, int points) const {
    const fs::path folder = fs::path(folder_.Path()) / "sparse" / number;
    fs::create_directories(folder);
    std::ofstream(folder / "cameras.txt") << "1 PINHOLE 9 9 9 9 4 4\n";
    std::ofstream list(folder / "images.txt");
    for (int i = 1; i <= images; ++i) {
      list << i << " 1 0 0 0 0 0 0 1 " << i << ".jpg\n\n";
    }
    std::ofstream positions(folder / "points3D.txt");
    for (int i = 1; i <= points; ++i) {
      positions << i << " 0 0 1 0 0 0 0.5\n";
    }
  }

  TemporaryFolder folder_;
};

constexpr const char* kHelp = "COLMAP 3.8 -- SfM\n(Commit 1 without CUDA)";
constexpr const char* kCudaHelp = "COLMAP 4.1 -- SfM\n(Commit 1 with CUDA)";

TEST_F(ColmapTest, KnowsWhatItIs) {
  const Colmap without(Program(kHelp, ""));
  EXPECT_EQ(without.Version(), "COLMAP 3.8");
  EXPECT_FALSE(without.HasCuda());
  const Colmap with(Program(kCudaHelp, ""));
  EXPECT_EQ(with.Version(), "COLMAP 4.1");
  EXPECT_TRUE(with.HasCuda());
}

TEST_F(ColmapTest, OtherProgramsAreRefused) {
  EXPECT_THROW(Colmap("/no/such/program"), InputError);
  EXPECT_THROW(Colmap(Program("something else", "")), InputError);
}

TEST_F(ColmapTest, CallsTheSteps) {
  const Colmap colmap(Program(kHelp, ""));
  ColmapOptions options;
  options.threads = 3;
  EXPECT_THAT(colmap.Verify("d.db", "p.txt", folder_.Path(), options),
              IsEmpty());
  EXPECT_THAT(Called(), HasSubstr("matches_importer --database_path d.db "
                                  "--match_list_path p.txt --match_type pairs "
                                  "--SiftMatching.use_gpu 0 "
                                  "--SiftMatching.num_threads 3"));
  EXPECT_THAT(colmap.Map("d.db", "images", folder_.Path(), options), IsEmpty());
  EXPECT_THAT(Called(), HasSubstr("--Mapper.ba_refine_focal_length 0"));
  options.fixed_intrinsics = false;
  EXPECT_THAT(colmap.Map("d.db", "images", folder_.Path(), options), IsEmpty());
  EXPECT_THAT(Called(), HasSubstr("--Mapper.ba_refine_focal_length 1"));
  EXPECT_TRUE(fs::exists(folder_.Path() + "/mapper.log"));
}

TEST_F(ColmapTest, LaterVersionsNameTheirOptionsAnew) {
  const Colmap colmap(Program(kHelp, "echo --FeatureMatching.use_gpu"));
  colmap.Verify("d.db", "p.txt", folder_.Path(), {});
  EXPECT_THAT(Called(), HasSubstr("--FeatureMatching.use_gpu 0"));
}

TEST_F(ColmapTest, SaysHowAStepFailed) {
  const Colmap failing(Program(kHelp, "echo reason; echo; exit 3"));
  EXPECT_EQ(failing.Verify("d", "p", folder_.Path(), {}),
            "colmap matches_importer: exit code 3, last line: reason");
  const Colmap crashing(Program(kHelp, "kill -SEGV $$"));
  EXPECT_THAT(crashing.Map("d", "i", folder_.Path(), {}),
              HasSubstr("colmap mapper: signal 11"));
}

TEST_F(ColmapTest, TheModelWithTheMostImagesCounts) {
  EXPECT_FALSE(LargestModel(folder_.Path()));
  WriteModel("0", 2, 9);
  WriteModel("1", 4, 1);
  WriteModel("2", 4, 3);
  WriteModel("3", 4, 3);
  fs::remove(folder_.Path() + "/sparse/0/cameras.txt");  // cannot be read
  const auto largest = LargestModel(folder_.Path());
  ASSERT_TRUE(largest);
  EXPECT_EQ(largest->folder, folder_.Path() + "/sparse/2");
  EXPECT_EQ(largest->model.images.size(), 4u);
  EXPECT_EQ(largest->model.points.size(), 3u);
  const std::string sparse = folder_.Path() + "/sparse/";
  EXPECT_EQ(ModelsLargestFirst(folder_.Path()),
            (std::vector<std::string>{sparse + "2", sparse + "3", sparse + "1",
                                      sparse + "0"}));
}

TEST_F(ColmapTest, AModelWithoutImagesIsNone) {
  WriteModel("0", 0, 0);
  EXPECT_FALSE(LargestModel(folder_.Path()));
}

TEST_F(ColmapTest, CountsDensePoints) {
  // stereo_fusion writes what its last argument names.
  const Colmap colmap(
      Program(kCudaHelp,
              "if [ $1 = stereo_fusion ]; then for last; do :; done; mkdir -p "
              "${last%/*}; printf 'ply\\nformat ascii 1.0\\nelement vertex "
              "1234\\nend_header\\n' > $last; fi"));
  int64_t points = 0;
  EXPECT_THAT(colmap.Dense("model", "images", folder_.Path(), points),
              IsEmpty());
  EXPECT_EQ(points, 1234);
  EXPECT_THAT(Called(), HasSubstr("--max_image_size 1200"));
  EXPECT_THAT(Called(), HasSubstr("--PatchMatchStereo.geom_consistency false"));
  EXPECT_THAT(Called(), HasSubstr("--input_type photometric "
                                  "--StereoFusion.min_num_pixels 5"));
}

TEST_F(ColmapTest, PlyFilesSayHowManyVerticesTheyHave) {
  const std::string path = folder_.Path() + "/a.ply";
  EXPECT_FALSE(CountPlyVertices(path));
  std::ofstream(path) << "ply\nend_header\nelement vertex 5\n";
  EXPECT_FALSE(CountPlyVertices(path));
  std::ofstream(path) << "elements\nelement vertex 5\nend_header\n";
  EXPECT_FALSE(CountPlyVertices(path));
  std::ofstream(path) << "ply\ncomment\nelement vertex 5\nend_header\n";
  EXPECT_EQ(CountPlyVertices(path), 5);
}

TEST_F(ColmapTest, TemporaryFoldersGo) {
  std::string path;
  {
    const TemporaryFolder folder;
    path = folder.Path();
    std::ofstream(path + "/file") << "content";
    EXPECT_TRUE(fs::exists(path));
  }
  EXPECT_FALSE(fs::exists(path));
}

}  // namespace
}  // namespace tiepoint
