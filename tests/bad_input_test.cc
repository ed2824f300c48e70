// SPDX-License-Identifier: Apache-2.0
// Whatever the files are: one clear line and an exit code, or an empty result.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
// After cstdio, which jpeglib.h needs and does not include.
#include <jpeglib.h>
#include <sys/resource.h>

#include <cstdlib>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "run_program.h"
#include "tiepoint/pipeline/tiny_models.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// Structure of all sizes, as photographs have.
cv::Mat Texture(int width, int height) {
  cv::Mat sum(height, width, CV_32FC1, cv::Scalar(128));
  cv::RNG random(3);
  for (const double sigma : {1.5, 3.0, 6.0}) {
    cv::Mat noise(height, width, CV_32FC1);
    random.fill(noise, cv::RNG::NORMAL, 0, 1);
    cv::GaussianBlur(noise, noise, {}, sigma);
    sum += noise * (60 * sigma);
  }
  cv::Mat pixels;
  sum.convertTo(pixels, CV_8U);
  return pixels;
}

// Gray as black ink alone, stored as Adobe's programs do.
std::string CmykJpeg(const cv::Mat& gray) {
  jpeg_compress_struct info;
  jpeg_error_mgr error;
  info.err = jpeg_std_error(&error);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = gray.cols;
  info.image_height = gray.rows;
  info.input_components = 4;
  info.in_color_space = JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_set_colorspace(&info, JCS_YCCK);
  jpeg_set_quality(&info, 95, TRUE);
  jpeg_start_compress(&info, TRUE);
  std::vector<uint8_t> row(4 * gray.cols, 255);
  for (int y = 0; y < gray.rows; ++y) {
    for (int x = 0; x < gray.cols; ++x) row[4 * x + 3] = gray.at<uint8_t>(y, x);
    JSAMPROW pointer = row.data();
    jpeg_write_scanlines(&info, &pointer, 1);
  }
  jpeg_finish_compress(&info);
  const std::string bytes(reinterpret_cast<char*>(buffer), size);
  jpeg_destroy_compress(&info);
  std::free(buffer);
  return bytes;
}

class BadInputTest : public ProgramTest {
 protected:
  BadInputTest() : good_(Encode("good.png", Texture(200, 150))) {}

  std::string Encode(const std::string& name, const cv::Mat& pixels) const {
    EXPECT_TRUE(cv::imwrite(Path(name), pixels));
    return Path(name);
  }
  ProgramResult Match(const std::string& first, const std::string& second,
                      std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"match", first, second});
    if (std::find(more.begin(), more.end(), "--preset") == more.end()) {
      more.insert(more.end(), {"--preset", "rootsift"});
    }
    return Run(more);
  }
  // Nothing is printed before.
  static void ExpectRefused(const ProgramResult& result,
                            const std::vector<std::string>& words) {
    EXPECT_EQ(result.output, "");
    ProgramTest::ExpectRefused(result, words);
  }
  // The good photograph and this one, in both places, are refused.
  void ExpectRefusedFile(const std::string& path, const std::string& word) {
    ExpectRefused(Match(path, good_), {path, word});
    ExpectRefused(Match(good_, path), {path, word});
  }

  std::string good_;
};

TEST_F(BadInputTest, FilesThatAreNoPhotographs) {
  ExpectRefusedFile(Path("missing.jpg"), "no such file");
  ExpectRefusedFile(Write("empty.jpg", ""), "empty");
  ExpectRefusedFile(Write("text.jpg", "Not a photograph."), "not an image");
  ExpectRefusedFile(folder_.string(), "directory");
}

TEST_F(BadInputTest, TruncatedFiles) {
  for (const char* name : {"a.jpg", "a.png", "a.tif", "a.webp", "a.pgm"}) {
    const std::string whole = Content(Encode(name, Texture(200, 150)));
    ExpectRefusedFile(Write(name, whole.substr(0, whole.size() * 2 / 3)),
                      "truncated");
  }
}

TEST_F(BadInputTest, OnePixelAndBlankHaveNoKeypoints) {
  WriteTinyModels(folder_);
  const std::string one = Encode("one.png", cv::Mat(1, 1, CV_8UC1, {200}));
  const std::string blank = Encode("blank.png", cv::Mat(90, 120, CV_8UC1, {9}));
  for (const char* preset :
       {"sift", "orb", "akaze", "lift/lift/deepdesc", "lift/sift/rootsift"}) {
    for (const std::string& path : {one, blank}) {
      const ProgramResult result = Match(path, path,
                                         {"--preset", preset, "--models",
                                          folder_.string(), "-o", Path("out")});
      EXPECT_EQ(result.exit_code, 1) << preset << result.errors;
      EXPECT_EQ(result.errors, "") << preset;
      EXPECT_THAT(result.output, HasSubstr("no keypoints"));
      const auto json = ReadJson(Path("out/matches.json"));
      ASSERT_TRUE(json.is_object()) << preset;
      EXPECT_EQ(json["success"], false);
      EXPECT_NE(json["reason"], "");
      EXPECT_TRUE(json["keypoints1"].empty());
      EXPECT_TRUE(json["matches"].empty());
      EXPECT_GT(fs::file_size(Path("out/matches.png")), 0u);
    }
  }
}

TEST_F(BadInputTest, UnusualFilesMatchTheOrdinaryOne) {
  const cv::Mat gray = Texture(200, 150);
  cv::Mat deep, bgra;
  gray.convertTo(deep, CV_16U, 257);
  cv::cvtColor(gray, bgra, cv::COLOR_GRAY2BGRA);
  for (const std::string& path :
       {Encode("deep.png", deep), Encode("deep.tif", deep),
        Encode("alpha.png", bgra), Write("cmyk.jpg", CmykJpeg(gray))}) {
    const ProgramResult result =
        Match(good_, path, {"--model", "homography", "--json", Path("m.json")});
    EXPECT_EQ(result.exit_code, 0) << path << result.errors;
    const auto json = ReadJson(Path("m.json"));
    EXPECT_GT(json["inliers"].size(), 0.8 * json["keypoints1"].size()) << path;
    for (const auto& inlier : json["inliers"]) {
      const auto match = json["matches"][inlier.get<size_t>()];
      const auto a = json["keypoints1"][match[0].get<size_t>()];
      const auto b = json["keypoints2"][match[1].get<size_t>()];
      EXPECT_NEAR(a[0].get<double>(), b[0].get<double>(), 2) << path;
    }
  }
}

TEST_F(BadInputTest, AHundredMegapixels) {
  const std::string path = Path("large.pgm");
  Write("large.pgm", "P5 10000 10000 255\n" + std::string(100'000'000, '\x80'));
  ExpectRefused(Match(path, good_),
                {path, "10000 x 10000", "--max-image-size"});
  const ProgramResult reduced =
      Match(path, good_, {"--max-image-size", "500", "--json", Path("m.json")});
  EXPECT_EQ(reduced.exit_code, 1) << reduced.errors;
  EXPECT_EQ(ReadJson(Path("m.json"))["image1"]["width"], 10000);
  ExpectRefused(Match(Write("lie.pgm", "P5 100000 100000 255\n"), good_),
                {"too many pixels"});
}

TEST_F(BadInputTest, WrongOrDamagedWeights) {
  // A photograph against itself: no motion, which no fundamental matrix tells.
  const std::vector<std::string> learned = {"--preset", "lift/lift/deepdesc",
                                            "--models", folder_.string(),
                                            "--model",  "homography"};
  ExpectRefused(Match(good_, good_, learned),
                {"lift_detector.safetensors", "--models"});
  WriteTinyModels(folder_);
  const ProgramResult first = Match(good_, good_, learned);
  EXPECT_EQ(first.exit_code, 0) << first.output << first.errors;
  const std::string detector = Path("lift_detector.safetensors");
  const std::string whole = Content(detector);
  Write("lift_detector.safetensors", whole.substr(0, whole.size() / 2));
  ExpectRefused(Match(good_, good_, learned), {detector});
  Write("lift_detector.safetensors", "");
  ExpectRefused(Match(good_, good_, learned), {detector});
  Write("lift_detector.safetensors", Content(Path("deepdesc.safetensors")));
  ExpectRefused(Match(good_, good_, learned), {"detector"});
}

TEST_F(BadInputTest, OutputThatCannotBeWritten) {
  const std::string below = Write("file", "") + "/out";
  ExpectRefused(Match(good_, good_, {"-o", below}), {below});
  ExpectRefused(Match(good_, good_, {"--json", below + "/m.json"}), {below});
  ExpectRefused(Match(good_, good_, {"--quiet", "--json", "/dev/full"}),
                {"/dev/full", "No space left"});
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
}

// Instead of pages that say it until Ctrl-C.
TEST_F(BadInputTest, WhatViewCannotShow) {
  const auto view = [&](const std::string& path) {
    return RunKilled({"view", path}, 60);
  };
  ExpectRefused(view(good_), {good_, "tiepoint match"});
  ExpectRefused(view(Write("empty.json", "")), {"empty.json"});
  ExpectRefused(view(Path("none")), {"no such file"});
  const std::string long_path = Path(std::string(300, 'a'));
  ExpectRefused(view(long_path), {long_path, "too long"});
  const std::string number = Write("number.json", R"({"image1": {"path": 3}})");
  ExpectRefused(Run({"view", number, "-o", Path("page.html")}),
                {number, "image1.path"});
  EXPECT_FALSE(fs::exists(Path("page.html")));
  Write("report.html", "<p>");
  ExpectRefused(RunKilledWithoutOutput({"view", folder_}, 60),
                {"standard output"});
}

TEST_F(BadInputTest, FilesLargerThanAllowed) {
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small = {10240, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const ProgramResult text =
      Run({"models", "export", "tilde", "-o", Path("x.txt")});
  const ProgramResult features =
      Run({"extract", good_, "--preset", "sift", "-o", Path("x.h5")});
  setrlimit(RLIMIT_FSIZE, &before);
  ExpectRefused(text, {Path("x.txt"), "File too large"});
  ExpectRefused(features, {Path("x.h5")});
  for (const auto& entry : fs::directory_iterator(folder_)) {
    EXPECT_NE(entry.path().extension(), ".part") << entry.path();
  }
}

TEST_F(BadInputTest, Usage) {
  ExpectRefused(Run({}), {"--help"});
  ExpectRefused(Run({"match", good_}), {"match --help"});
  ExpectRefused(Run({"dream"}), {"--help"});
  ExpectRefused(Match(good_, good_, {"--colour"}), {"--colour"});
  ExpectRefused(Match(good_, good_, {"--preset", "surf"}),
                {"surf", "rootsift"});
  ExpectRefused(Match(good_, good_, {"--preset", "sift/none/orb"}), {"orb"});
  ExpectRefused(Match(good_, good_, {"--max-keypoints", "-3"}),
                {"--max-keypoints"});
  ExpectRefused(Match(good_, good_, {"--max-error", "x"}), {"--max-error"});
  ExpectRefused(Match(good_, good_, {"--camera1", "640,640"}), {"--camera1"});
  ExpectRefused(Match(good_, good_, {"--camera1", "0,1,2,3"}), {"positive"});
  ExpectRefused(Match(good_, good_, {"--model", "essential"}), {"--camera1"});
  ExpectRefused(Match(good_, good_, {"--model", "affine"}), {"--model"});
  ExpectRefused(Match(good_, good_, {"--descriptors"}), {"--json"});
  ExpectRefused(
      Match(good_, good_, {"--check-homography", Write("h.txt", "1 2 3")}),
      {"h.txt"});
}

TEST_F(BadInputTest, HelpIsAnAnswer) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--help"},
        {"match", "--help"},
        {"models", "--help"},
        {"--version"}}) {
    const ProgramResult result = Run(arguments);
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.errors, "");
    EXPECT_THAT(result.output, HasSubstr("tiepoint"));
  }
}

TEST_F(BadInputTest, CtrlCLeavesNoHalfFiles) {
  WriteTinyModels(folder_);
  const std::string large = Encode("large.png", Texture(5000, 4000));
  const ProgramResult result =
      Run({"match", large, large, "--preset", "lift/lift/deepdesc", "--models",
           folder_.string(), "-o", Path("out")},
          Path("out"));
  EXPECT_EQ(result.exit_code, 130);
  EXPECT_EQ(result.output, "");
  EXPECT_EQ(result.errors, "tiepoint: interrupted\n");
  EXPECT_TRUE(fs::is_empty(Path("out")));
}

TEST_F(BadInputTest, ModelsSayWhatTheyAre) {
  WriteTinyModels(folder_);
  const ProgramResult list =
      Run({"models", "list", "--models", folder_.string()});
  EXPECT_EQ(list.exit_code, 0);
  EXPECT_THAT(list.output, HasSubstr("lift-detector"));
  EXPECT_THAT(list.output, HasSubstr("not found"));  // logpolar
  const ProgramResult show =
      Run({"models", "show", "deepdesc", "--models", folder_.string()});
  EXPECT_EQ(show.exit_code, 0);
  EXPECT_THAT(show.output, HasSubstr("16448"));  // 64 x 256 + 64 parameters
  ExpectRefused(Run({"models", "show", good_}), {good_});
  ExpectRefused(Run({"models", "show", "x", "--models", folder_.string()}),
                {"x.safetensors"});
}

}  // namespace
}  // namespace tiepoint
