// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>
#include <memory>
#include <opencv2/features2d.hpp>
#include <string>
#include <vector>

#include "bench_image.h"
#include "bench_peaks.h"
#include "bench_record.h"
#include "bench_work.h"
#include "command.h"
#include "feature_options.h"
#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/correspondence/classifier.h"
#include "tiepoint/image/read_image.h"
#include "tiepoint/matching/matcher.h"
#include "tiepoint/network/consensus_model.h"
#include "tiepoint/pipeline/extract.h"
#include "tiepoint/pipeline/match_filter.h"
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
  std::vector<std::string> compare;
  int repetitions = 5;
};

double CpuSeconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

struct Time {
  double seconds = 0, cpu = 0;
};

Time operator+(const Time& a, const Time& b) {
  return {a.seconds + b.seconds, a.cpu + b.cpu};
}

// Seconds of `work`.
Time Measure(const std::function<void()>& work) {
  Stopwatch stopwatch;
  const double cpu = CpuSeconds();
  work();
  const double used = CpuSeconds() - cpu;
  CheckInterrupt();
  return {.seconds = stopwatch.Lap(), .cpu = used};
}

// Medians, each of its own.
class Times {
 public:
  void Add(const Time& time) {
    seconds_.push_back(time.seconds);
    cpu_.push_back(time.cpu);
  }
  Time Median() const {
    const auto median = [](std::vector<double> values) {
      const auto middle = values.begin() + values.size() / 2;
      std::nth_element(values.begin(), middle, values.end());
      return *middle;
    };
    return {.seconds = median(seconds_), .cpu = median(cpu_)};
  }

 private:
  std::vector<double> seconds_, cpu_;
};

// Everything that does not change between sizes.
struct Bench {
  const BenchArguments& arguments;
  Steps steps;
  std::unique_ptr<CorrespondenceClassifier> classifier;  // null: none
  MachinePeaks peaks;
};

cv::Mat Bytes(const GrayImage& gray) {
  cv::Mat bytes;
  cv::Mat(gray.height, gray.width, CV_32F,
          const_cast<float*>(gray.pixels.data()))
      .convertTo(bytes, CV_8U);
  return bytes;
}

// The seconds of one size.
struct Laps {
  Times detect, orient, describe, whole, sift, match, brute, classify;
  size_t keypoints = 0, second_keypoints = 0, matches = 0;
  int sift_keypoints = 0;
};

// One round: ours and OpenCV's in turns, so that both meet the same machine.
void Round(const Bench& bench, const GrayImage& gray, const FeatureSet& second,
           bool warm_up, Laps& laps) {
  const Steps& steps = bench.steps;
  const int max_keypoints = bench.arguments.extractor.max_keypoints;
  FeatureSet first;
  first.image_width = gray.width;
  first.image_height = gray.height;
  std::vector<Keypoint>& keypoints = first.keypoints;
  std::unique_ptr<ImagePyramid> pyramid;
  const Time detect = Measure([&] {
    pyramid = std::make_unique<ImagePyramid>(gray);
    keypoints = steps.detector->Detect(*pyramid, max_keypoints);
  });
  const Time orient = Measure([&] {
    if (steps.orientation) steps.orientation->Estimate(*pyramid, keypoints);
  });
  const Time describe = Measure([&] {
    if (steps.both) {
      first.descriptors = steps.both->OrientAndDescribe(*pyramid, keypoints);
    } else if (steps.descriptor) {
      first.descriptors = steps.descriptor->Describe(*pyramid, keypoints);
    }
  });

  const cv::Mat bytes = Bytes(gray);
  const auto sift_detector = cv::SIFT::create(max_keypoints, 3, 0.01);
  std::vector<cv::KeyPoint> sift_keypoints;
  cv::Mat sift_descriptors;
  const Time sift = Measure([&] {
    sift_detector->detectAndCompute(bytes, cv::noArray(), sift_keypoints,
                                    sift_descriptors);
  });

  Time match, brute, classify;
  if (steps.Describe() && !keypoints.empty() && !second.keypoints.empty()) {
    std::vector<Match> matches;
    match = Measure([&] {
      matches = MatchMutually(first.descriptors, second.descriptors);
    });
    const auto view = [](const DescriptorMatrix& d) {
      return cv::Mat(d.rows, d.cols, CV_32F, const_cast<float*>(d.data.data()));
    };
    std::vector<std::vector<cv::DMatch>> theirs;
    brute = Measure([&] {
      cv::BFMatcher(cv::NORM_L2)
          .knnMatch(view(first.descriptors), view(second.descriptors), theirs,
                    2);
    });
    if (bench.classifier) {
      classify =
          Measure([&] { bench.classifier->Classify(first, second, matches); });
    }
    laps.matches = matches.size();
  }
  if (warm_up) return;
  laps.detect.Add(detect);
  laps.orient.Add(orient);
  laps.describe.Add(describe);
  laps.whole.Add(detect + orient + describe);
  laps.sift.Add(sift);
  laps.match.Add(match);
  laps.brute.Add(brute);
  laps.classify.Add(classify);
  laps.keypoints = keypoints.size();
  laps.second_keypoints = second.keypoints.size();
  laps.sift_keypoints = static_cast<int>(sift_keypoints.size());
}

Image ImageOf(const GrayImage& gray) {
  Image image;
  image.width = gray.width;
  image.height = gray.height;
  image.gray = gray;
  return image;
}

// Of a network on keypoints, per second on the threads of `peaks`.
double NetworkPeak(const MachinePeaks& peaks, bool half) {
  return 1e9 * (half && peaks.bf16 > 0 ? peaks.bf16 : peaks.f32);
}

std::vector<StageRecord> RecordsOf(const Bench& bench, const BenchSize& size,
                                   const Laps& laps) {
  // Processor seconds are of one thread, whatever their number.
  MachinePeaks peaks = bench.peaks;
  for (double* peak : {&peaks.f32, &peaks.bf16, &peaks.int8}) {
    *peak /= peaks.threads;
  }
  const StepsWork work = WorkOf(bench.steps.preset, bench.arguments.extractor,
                                size.width, size.height);
  const auto keypoints = static_cast<double>(laps.keypoints);
  const double f32 = 1e9 * peaks.f32;
  const double network = NetworkPeak(peaks, work.half);
  std::vector<StageRecord> records;
  const auto add = [&](const std::string& stage, const Times& times,
                       double multiply_adds, double peak,
                       const std::string& baseline = "",
                       const Times* baseline_times = nullptr) {
    const Time time = times.Median();
    if (!(time.seconds > 0)) return;
    records.push_back(
        {.size = fmt::format("{}x{}", size.width, size.height),
         .stage = stage,
         .seconds = time.seconds,
         .cpu = time.cpu,
         .baseline = baseline,
         .baseline_cpu = baseline_times ? baseline_times->Median().cpu : 0,
         .operations = 2 * multiply_adds,
         .peak = peak});
  };
  const std::string sift = "OpenCV SIFT";
  add("detect", laps.detect, work.detect, f32, sift, &laps.sift);
  if (bench.steps.orientation) {
    add("orient", laps.orient, keypoints * work.orient, network, sift,
        &laps.sift);
  }
  if (bench.steps.Describe()) {
    add("describe", laps.describe, keypoints * work.describe, network, sift,
        &laps.sift);
  }
  add("whole", laps.whole, 0, 0, sift, &laps.sift);
  if (bench.steps.Describe() && laps.matches > 0) {
    const DescriptorMatrix one{1, 1, {0.0f}};
    const bool half =
        DistanceBounds(one, one, ProductPrecision::kFastest).precision() ==
        ProductPrecision::kBfloat16;
    constexpr double kNumbers = 128;
    add("match", laps.match,
        keypoints * static_cast<double>(laps.second_keypoints) * kNumbers,
        NetworkPeak(peaks, half), "BFMatcher knn 2", &laps.brute);
    if (bench.classifier) {
      add("classify", laps.classify,
          static_cast<double>(laps.matches) *
              MultiplyAdds(bench.classifier->model().spec),
          f32);
    }
  }
  return records;
}

std::vector<StageRecord> RunSize(const Bench& bench, const BenchSize& size,
                                 const GrayImage& photograph) {
  const GrayImage gray = photograph.Empty()
                             ? SyntheticImage(size, bench.arguments.common.seed)
                             : SizedTo(photograph, size);
  const FeatureSet second = Extract(ImageOf(SecondView(gray)), bench.steps,
                                    bench.arguments.extractor.max_keypoints);
  Laps laps;
  for (int round = -1; round < bench.arguments.repetitions; ++round) {
    Round(bench, gray, second, round < 0, laps);
  }
  if (!bench.arguments.common.quiet) {
    fmt::print("{}x{}: {} keypoints (SIFT {}), {} mutual matches\n", size.width,
               size.height, laps.keypoints, laps.sift_keypoints, laps.matches);
  }
  return RecordsOf(bench, size, laps);
}

void PrintHead(const Bench& bench) {
  const MachinePeaks& p = bench.peaks;
  const Preset& preset = bench.steps.preset;
  fmt::print(
      "{}, {} threads: at most {:.0f} GFLOP/s in f32, {} in bf16, {:.0f} in "
      "int8, {:.0f} GB/s of memory\n{} ({}/{}/{}), at most {} keypoints, {}, "
      "medians of {} runs after one to warm up.\ncpu: seconds of all threads, "
      "which other work on the machine changes little; GFLOP/s: of one "
      "thread,\nof the plain form of each step (Fourier transforms may exceed "
      "the peak); of peak: f32, or bf16 where\nnetworks and products use "
      "it.\n\n",
      p.processor, p.threads, p.f32,
      p.bf16 > 0 ? fmt::format("{:.0f}", p.bf16) : "none", p.int8, p.memory,
      preset.name, preset.detector, preset.orientation, preset.descriptor,
      bench.arguments.extractor.max_keypoints,
      bench.arguments.image.empty()
          ? fmt::format("on a synthetic image (seed {})",
                        bench.arguments.common.seed)
          : "on " + bench.arguments.image + " resized",
      bench.arguments.repetitions);
  std::fflush(stdout);
}

std::unique_ptr<CorrespondenceClassifier> FindClassifier(
    const BenchArguments& arguments) {
  try {
    return std::make_unique<CorrespondenceClassifier>(
        FindModel(arguments.extractor.models, kCorrespondenceWeights));
  } catch (const InputError&) {
    return nullptr;  // a folder of other weights
  }
}

int RunBench(const BenchArguments& arguments) {
  ApplyCommonOptions(arguments.common);
  if (!arguments.compare.empty()) {
    fmt::print("{}",
               CompareBenches(arguments.compare[0], arguments.compare[1]));
    return kExitAnswer;
  }
  std::vector<BenchSize> sizes;
  for (const std::string& text : arguments.sizes) {
    sizes.push_back(ParseBenchSize(text));
  }
  GrayImage photograph;
  if (!arguments.image.empty()) photograph = ReadImage(arguments.image).gray;
  const Bench bench{
      .arguments = arguments,
      .steps = MakeSteps(ParsePreset(arguments.preset), arguments.extractor),
      .classifier = FindClassifier(arguments),
      .peaks = MeasurePeaks()};

  const bool quiet = arguments.common.quiet;
  if (!quiet) PrintHead(bench);
  Json json = {
      {"command", "bench"},
      {"version", TIEPOINT_VERSION},
      {"machine", ToJson(bench.peaks)},
      {"preset",
       {{"name", bench.steps.preset.name},
        {"detector", bench.steps.preset.detector},
        {"orientation", bench.steps.preset.orientation},
        {"descriptor", bench.steps.preset.descriptor}}},
      {"seed", arguments.common.seed},
      {"max_keypoints", arguments.extractor.max_keypoints},
      {"repetitions", arguments.repetitions},
      {"image", arguments.image.empty() ? "synthetic" : arguments.image},
      {"stages", Json::array()}};
  std::string table;
  for (const BenchSize& size : sizes) {
    for (const StageRecord& record : RunSize(bench, size, photograph)) {
      json["stages"].push_back(ToJson(record));
      table += TableLine(record);
    }
  }
  if (!quiet) fmt::print("\n{}{}", TableHead(), table);
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
      ->add_option("--repetitions", arguments->repetitions,
                   "Timed runs; the median is reported")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_option("--json", arguments->json, "Write the times as JSON");
  command
      ->add_option("--compare", arguments->compare,
                   "Times nothing; compares two files that --json wrote")
      ->type_name("BEFORE AFTER")
      ->expected(2);
  AddPresetOption(*command, arguments->preset);
  AddExtractorOptions(*command, arguments->extractor);
  AddDetectorOptions(*command, arguments->extractor);
  AddCommonOptions(*command, arguments->common);
  command->footer(
      "Examples:\n"
      "  tiepoint bench --threads 1\n"
      "  tiepoint bench photo.jpg --preset rootsift --sizes 640x480\n"
      "  tiepoint bench --compare before.json after.json");
  command->callback(
      [arguments, &context] { context.exit_code = RunBench(*arguments); });
}
