// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <numbers>
#include <opencv2/features2d.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "command.h"
#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/base/random.h"
#include "tiepoint/image/read_image.h"
#include "tiepoint/matching/matcher.h"
#include "tiepoint/pipeline/extract.h"
#include "tiepoint/pipeline/stopwatch.h"

namespace {

using namespace tiepoint;
using Json = nlohmann::ordered_json;

struct BenchArguments {
  CommonOptions common;
  std::vector<std::string> sizes = {"640x480", "1600x1200"};
  std::string preset = "default";
  ExtractorOptions extractor;
  std::string image;
  std::string json;
  int repetitions = 5;
};

struct Size {
  int width = 0, height = 0;
};

Size ParseSize(const std::string& text) {
  Size size;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%dx%d%c", &size.width, &size.height, &rest) !=
          2 ||
      size.width < 32 || size.height < 32 || size.width > 10000 ||
      size.height > 10000) {
    throw InputError("--sizes: '" + text +
                     "' is not WIDTHxHEIGHT between 32 and 10000, e.g. "
                     "640x480");
  }
  return size;
}

// Blurred spots of all sizes over one another: texture on every scale, the same
// for the same seed on every machine.
GrayImage SyntheticImage(const Size& size, uint64_t seed) {
  GrayImage image(size.width, size.height, 128);
  Random random(seed);
  const int count = size.width * size.height / 100;
  for (int k = 0; k < count; ++k) {
    const double sigma = 0.8 * std::exp2(4 * std::pow(random.Uniform(), 2));
    const double x0 = random.Uniform(0, size.width);
    const double y0 = random.Uniform(0, size.height);
    const double contrast = random.Uniform(-60, 60);
    const double turn = random.Uniform(0, std::numbers::pi);
    const double narrow = random.Uniform(0.3, 1);
    const double c = std::cos(turn), s = std::sin(turn);
    const int reach = static_cast<int>(std::ceil(3 * sigma));
    const int left = static_cast<int>(x0), top = static_cast<int>(y0);
    for (int y = std::max(0, top - reach);
         y <= std::min(size.height - 1, top + reach); ++y) {
      for (int x = std::max(0, left - reach);
           x <= std::min(size.width - 1, left + reach); ++x) {
        const double u = (c * (x - x0) + s * (y - y0)) / sigma;
        const double v = (c * (y - y0) - s * (x - x0)) / (sigma * narrow);
        image.At(x, y) +=
            static_cast<float>(contrast * std::exp(-(u * u + v * v) / 2));
      }
    }
  }
  for (float& v : image.pixels) v = std::round(std::clamp(v, 0.0f, 255.0f));
  return image;
}

GrayImage SizedTo(const GrayImage& image, const Size& size) {
  const cv::Mat source(image.height, image.width, CV_32F,
                       const_cast<float*>(image.pixels.data()));
  GrayImage result(size.width, size.height);
  cv::Mat target(size.height, size.width, CV_32F, result.pixels.data());
  const bool smaller = size.width < image.width;
  cv::resize(source, target, target.size(), 0, 0,
             smaller ? cv::INTER_AREA : cv::INTER_CUBIC);
  for (float& v : result.pixels) v = std::round(std::clamp(v, 0.0f, 255.0f));
  return result;
}

double Median(std::vector<double> values) {
  const auto middle = values.begin() + values.size() / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double CpuSeconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

struct Times {
  double detect = 0, orient = 0, describe = 0, total = 0;  // ours
  double sift = 0;   // OpenCV detectAndCompute, same number of keypoints
  double match = 0;  // our features with themselves
  // Processor seconds of all threads: what a busy machine does not change.
  double cpu = 0, sift_cpu = 0;
  int keypoints = 0;
  int sift_keypoints = 0;
};

Times Measure(const GrayImage& gray, const Steps& steps,
              const BenchArguments& arguments) {
  Image image;
  image.width = gray.width;
  image.height = gray.height;
  image.gray = gray;
  cv::Mat bytes;
  cv::Mat(gray.height, gray.width, CV_32F,
          const_cast<float*>(gray.pixels.data()))
      .convertTo(bytes, CV_8U);
  const auto sift =
      cv::SIFT::create(arguments.extractor.max_keypoints, 3, 0.01);

  Times result;
  std::vector<double> detect, orient, describe, total, theirs, match;
  std::vector<double> cpu, sift_cpu;
  // Ours and OpenCV's in turns, so that both meet the same machine; the first
  // round warms up.
  for (int round = -1; round < arguments.repetitions; ++round) {
    Stopwatch stopwatch;
    const double cpu0 = CpuSeconds();
    ExtractSeconds seconds;
    const FeatureSet features =
        Extract(image, steps, arguments.extractor.max_keypoints, &seconds);
    const double ours = stopwatch.Lap();
    const double cpu1 = CpuSeconds();
    MatchDescriptors(features.descriptors, features.descriptors);
    const double matching = stopwatch.Lap();
    const double cpu2 = CpuSeconds();
    std::vector<cv::KeyPoint> keypoints;
    cv::Mat descriptors;
    sift->detectAndCompute(bytes, cv::noArray(), keypoints, descriptors);
    const double opencv = stopwatch.Lap();
    const double cpu3 = CpuSeconds();
    CheckInterrupt();
    if (round < 0) continue;
    detect.push_back(seconds.detect);
    orient.push_back(seconds.orient);
    describe.push_back(seconds.describe);
    total.push_back(ours);
    match.push_back(matching);
    theirs.push_back(opencv);
    cpu.push_back(cpu1 - cpu0);
    sift_cpu.push_back(cpu3 - cpu2);
    result.keypoints = static_cast<int>(features.keypoints.size());
    result.sift_keypoints = static_cast<int>(keypoints.size());
  }
  result.detect = Median(detect);
  result.orient = Median(orient);
  result.describe = Median(describe);
  result.total = Median(total);
  result.match = Median(match);
  result.sift = Median(theirs);
  result.cpu = Median(cpu);
  result.sift_cpu = Median(sift_cpu);
  return result;
}

int RunBench(const BenchArguments& arguments) {
  ApplyCommonOptions(arguments.common);
  std::vector<Size> sizes;
  for (const std::string& text : arguments.sizes) {
    sizes.push_back(ParseSize(text));
  }
  const Steps steps =
      MakeSteps(ParsePreset(arguments.preset), arguments.extractor);
  GrayImage photograph;
  if (!arguments.image.empty()) photograph = ReadImage(arguments.image).gray;

  const bool quiet = arguments.common.quiet;
  if (!quiet) {
    fmt::print(
        "{} ({}/{}/{}) beside OpenCV SIFT detectAndCompute, {} threads, at "
        "most {} keypoints,\nmedian seconds of {} runs after one to warm up, "
        "{}.\n(cpu): the ratio of processor seconds, which a busy machine "
        "does not change.\n\n",
        steps.preset.name, steps.preset.detector, steps.preset.orientation,
        steps.preset.descriptor, NumThreads(),
        arguments.extractor.max_keypoints, arguments.repetitions,
        arguments.image.empty() ? fmt::format("on a synthetic image (seed {})",
                                              arguments.common.seed)
                                : "on " + arguments.image + " resized");
    fmt::print(
        "{:>11} {:>9} {:>8} {:>8} {:>8} {:>8} {:>8} {:>10} {:>6} {:>6} {:>8}\n",
        "size", "keypoints", "detect", "orient", "describe", "total", "SIFT",
        "SIFT keyp.", "/SIFT", "(cpu)", "match");
  }
  Json json = {
      {"command", "bench"},
      {"version", TIEPOINT_VERSION},
      {"preset",
       {{"name", steps.preset.name},
        {"detector", steps.preset.detector},
        {"orientation", steps.preset.orientation},
        {"descriptor", steps.preset.descriptor}}},
      {"threads", NumThreads()},
      {"seed", arguments.common.seed},
      {"max_keypoints", arguments.extractor.max_keypoints},
      {"repetitions", arguments.repetitions},
      {"image", arguments.image.empty() ? "synthetic" : arguments.image}};
  for (const Size& size : sizes) {
    const GrayImage image = arguments.image.empty()
                                ? SyntheticImage(size, arguments.common.seed)
                                : SizedTo(photograph, size);
    const Times t = Measure(image, steps, arguments);
    if (!quiet) {
      fmt::print(
          "{:>11} {:>9} {:>8.4f} {:>8.4f} {:>8.4f} {:>8.4f} {:>8.4f} {:>10} "
          "{:>6.2f} {:>6.2f} {:>8.4f}\n",
          fmt::format("{}x{}", size.width, size.height), t.keypoints, t.detect,
          t.orient, t.describe, t.total, t.sift, t.sift_keypoints,
          t.total / t.sift, t.cpu / t.sift_cpu, t.match);
      std::fflush(stdout);
    }
    json["sizes"].push_back({{"width", size.width},
                             {"height", size.height},
                             {"keypoints", t.keypoints},
                             {"detect", t.detect},
                             {"orient", t.orient},
                             {"describe", t.describe},
                             {"total", t.total},
                             {"opencv_sift", t.sift},
                             {"opencv_sift_keypoints", t.sift_keypoints},
                             {"total_over_opencv_sift", t.total / t.sift},
                             {"cpu", t.cpu},
                             {"opencv_sift_cpu", t.sift_cpu},
                             {"cpu_over_opencv_sift", t.cpu / t.sift_cpu},
                             {"match", t.match}});
  }
  if (!arguments.json.empty()) {
    WriteFileAtomically(arguments.json, json.dump(1) + "\n");
    if (!quiet) fmt::print("\nwritten  {}\n", arguments.json);
  }
  return kExitAnswer;
}

}  // namespace

void AddBenchCommand(CLI::App& app, CommandContext& context) {
  const auto arguments = std::make_shared<BenchArguments>();
  CLI::App* command = app.add_subcommand(
      "bench", "Times beside OpenCV SIFT on this machine, in the same run");
  command->add_option("IMAGE", arguments->image,
                      "Photograph, resized to each size; without it a "
                      "synthetic image drawn from the seed");
  command->add_option("--sizes", arguments->sizes, "WIDTHxHEIGHT, by commas")
      ->delimiter(',')
      ->capture_default_str();
  command
      ->add_option("--preset", arguments->preset,
                   "Preset (or detector/orientation/descriptor)")
      ->capture_default_str();
  command
      ->add_option("--max-keypoints", arguments->extractor.max_keypoints,
                   "The strongest are kept, at most this many")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      ->add_option("--repetitions", arguments->repetitions,
                   "Timed runs; the median is reported")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_option("--models", arguments->extractor.models,
                      "Folder of the weights");
  command->add_option("--json", arguments->json, "Write the times as JSON");
  AddCommonOptions(*command, arguments->common);
  command->footer(
      "Examples:\n"
      "  tiepoint bench --threads 1\n"
      "  tiepoint bench photo.jpg --preset rootsift --sizes 640x480");
  command->callback(
      [arguments, &context] { context.exit_code = RunBench(*arguments); });
}
