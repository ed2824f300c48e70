// SPDX-License-Identifier: Apache-2.0
// `tiepoint evaluate` on small pictures whose truth is known, with OpenCV's
// features.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "run_program.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class EvaluateTest : public ProgramTest {
 protected:
  // data/planes/wall: a picture and the same turned and reduced;
  // data/webcam/roof: four pictures of one scene under noise.
  EvaluateTest() {
    fs::create_directories(Path("data/planes/wall"));
    fs::create_directories(Path("data/webcam/roof"));
    const cv::Mat wall = Blobs(1);
    const cv::Matx33d h(0.88, -0.15, 30, 0.15, 0.88, 5, 0, 0, 1);
    cv::Mat turned;
    cv::warpPerspective(wall, turned, h, wall.size(), cv::INTER_CUBIC,
                        cv::BORDER_REFLECT);
    cv::imwrite(Path("data/planes/wall/1.png"), wall);
    cv::imwrite(Path("data/planes/wall/2.png"), turned);
    Write("data/planes/wall/H_1_2", "0.88 -0.15 30\n0.15 0.88 5\n0 0 1\n");
    for (int i = 0; i < 4; ++i) {
      cv::Mat noise(wall.size(), CV_8U), picture;
      cv::RNG(10 + i).fill(noise, cv::RNG::UNIFORM, 0, 12);
      cv::add(wall, noise, picture);
      cv::imwrite(Path("data/webcam/roof/" + std::to_string(i) + ".png"),
                  picture);
    }
  }

  static cv::Mat Blobs(int seed) {
    cv::Mat pixels(240, 320, CV_32FC1);
    cv::RNG(seed).fill(pixels, cv::RNG::NORMAL, 0, 1);
    cv::GaussianBlur(pixels, pixels, {}, 2);
    pixels.convertTo(pixels, CV_8U, 250, 128);
    return pixels;
  }

  ProgramResult Evaluate(std::vector<std::string> arguments,
                         const std::string& started = "") const {
    arguments.insert(arguments.begin(), "evaluate");
    arguments.insert(arguments.end(), {"--cache", Path("cache")});
    return Run(arguments, started);
  }

  static void ExpectRefused(const ProgramResult& result,
                            const std::string& words) {
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.errors,
                AllOf(StartsWith("tiepoint: "), HasSubstr(words)));
    EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1)
        << result.errors;
  }

  int CacheFiles() const {
    int count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(Path("cache"))) {
      count += entry.is_regular_file();
    }
    return count;
  }
};

std::vector<std::string> Labels(const json& protocol) {
  std::vector<std::string> labels;
  for (const json& method : protocol["methods"]) {
    labels.push_back(method["label"]);
  }
  return labels;
}

TEST_F(EvaluateTest, AllWritesEveryForm) {
  const ProgramResult result =
      Evaluate({"all", "--data", Path("data"), "--presets", "sift,orb",
                "--max-keypoints", "200", "--runs", "2", "--json",
                Path("out/r.json"), "--csv", Path("out/r.csv"), "--report",
                Path("out/r.html"), "--markdown", Path("out/r.md")});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr("pose is left out"));

  const json record = ReadJson(Path("out/r.json"));
  std::vector<std::string> names;
  for (const json& protocol : record["protocols"]) {
    names.push_back(protocol["protocol"]);
    // SIFT never stands alone.
    EXPECT_THAT(Labels(protocol), ElementsAre("sift", "sift -0.25", "orb"));
  }
  EXPECT_THAT(names, ElementsAre("repeatability", "matching", "homography",
                                 "rotation", "scale"));
  for (const char* key : {"version", "commit", "date", "command", "machine"}) {
    EXPECT_NE(record[key], "") << key;
  }
  EXPECT_THAT(std::string(record["command"]),
              AllOf(StartsWith("tiepoint evaluate all --data data --presets "),
                    Not(HasSubstr(Path("")))));
  const json& matching = record["protocols"][1];
  EXPECT_EQ(matching["items"].size(), 3u);  // wall 1-2, roof 0-2 and 1-3
  EXPECT_EQ(matching["methods"][0]["settings"]["max_keypoints"], 200);
  const json& homography = record["protocols"][2];
  EXPECT_EQ(homography["settings"]["runs"], 2);

  const std::string page = Content(Path("out/r.html"));
  EXPECT_THAT(page,
              AllOf(HasSubstr("<svg"), HasSubstr("data:image/jpeg"),
                    Not(HasSubstr("http://")), Not(HasSubstr("https://"))));
  EXPECT_THAT(Content(Path("out/r.csv")),
              StartsWith("protocol,set,sequence,item,parameter,method,series,"
                         "run,value\n"));
  EXPECT_THAT(Content(Path("out/r.md")), HasSubstr("sift -0.25"));
}

TEST_F(EvaluateTest, FeatureFilesHaveTheNumbersOfTheirPreset) {
  ASSERT_EQ(Run({"extract", Path("data"), "-o", Path("f.h5"), "--preset",
                 "sift", "--max-keypoints", "150"})
                .exit_code,
            0);
  const ProgramResult result =
      Evaluate({"matching", "--data", Path("data"), "--presets", "sift",
                "--features", "file=" + Path("f.h5"), "--max-keypoints", "150",
                "--json", Path("r.json")});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const json protocol = ReadJson(Path("r.json"))["protocols"][0];
  ASSERT_THAT(Labels(protocol), ElementsAre("sift", "sift -0.25", "file"));
  EXPECT_GT(protocol["summaries"][0]["columns"]["correct_3"]["mean"], 30);
  EXPECT_EQ(protocol["summaries"][0]["columns"],
            protocol["summaries"][2]["columns"]);
}

TEST_F(EvaluateTest, GoesOnWhereItStopped) {
  const std::vector<std::string> arguments = {
      "rotation", "--data", Path("data"), "--presets",   "akaze",
      "--step",   "1",      "--json",     Path("r.json")};
  const ProgramResult stopped = Evaluate(arguments, Path("cache/features"));
  ASSERT_EQ(stopped.exit_code, 130);
  EXPECT_EQ(stopped.errors, "tiepoint: interrupted\n");
  EXPECT_FALSE(fs::exists(Path("r.json")));
  const int kept = CacheFiles();
  EXPECT_GT(kept, 1);

  std::vector<std::string> shorter = arguments;
  shorter[6] = "120";
  ASSERT_EQ(Evaluate(shorter).exit_code, 0);
  const int all = CacheFiles();
  const json first = ReadJson(Path("r.json"));
  // The same again: nothing is measured, nothing changes.
  ASSERT_EQ(Evaluate(shorter).exit_code, 0);
  EXPECT_EQ(CacheFiles(), all);
  EXPECT_EQ(ReadJson(Path("r.json"))["protocols"], first["protocols"]);
}

TEST_F(EvaluateTest, ThreadsDoNotMatter) {
  std::vector<json> records;
  for (const char* threads : {"1", "2"}) {
    const ProgramResult result = Evaluate(
        {"homography", "--data", Path("data"), "--presets", "sift", "--runs",
         "3", "--threads", threads, "--no-cache", "--json", Path("r.json")});
    ASSERT_EQ(result.exit_code, 0) << result.errors;
    records.push_back(ReadJson(Path("r.json"))["protocols"]);
  }
  EXPECT_EQ(records[0], records[1]);
}

TEST_F(EvaluateTest, BadInputIsOneLine) {
  const auto matching = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"matching"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Evaluate(arguments);
  };
  const std::string data = Path("data");
  ExpectRefused(matching({"--data", Path("none")}), "none");
  fs::create_directories(Path("empty"));
  ExpectRefused(matching({"--data", Path("empty")}), "empty");
  ExpectRefused(matching({"--data", data, "--presets", "sfit"}), "sfit");
  ExpectRefused(
      matching({"--data", data, "--presets", "sift", "--pairs", "1-9"}), "1-9");
  ExpectRefused(matching({"--data", data, "--presets", "", "--features",
                          Path("none.h5")}),
                "none.h5");
  ExpectRefused(matching({"--data", data, "--presets", "sift", "--json",
                          "/proc/none/r.json"}),
                "/proc/none");
  ExpectRefused(matching({"--data", data, "--presets", "sift", "--check"}),
                "rootsift");
  ExpectRefused(Evaluate({"all", "--data", Path("empty")}), "--data");
  ExpectRefused(Evaluate({"pose", "--data", data, "--presets", "sift"}),
                "data");
  ExpectRefused(Evaluate({"patches", "--data", data, "--presets", "sift"}),
                "data");
  ExpectRefused(Evaluate({"sfm", "--data", data, "--presets", "sift",
                          "--colmap", "no-such-program"}),
                "no-such-program");

  Write("data/planes/wall/H_1_2", "1 2 3");
  ExpectRefused(matching({"--data", data, "--presets", "sift"}), "H_1_2");
  Write("data/planes/wall/H_1_2", "1 0 0\n0 1 0\n0 0 1\n");
  Write("data/planes/wall/2.png", "no picture");
  ExpectRefused(matching({"--data", data, "--presets", "sift"}), "2.png");
}

}  // namespace
}  // namespace tiepoint
