// SPDX-License-Identifier: Apache-2.0
#include "evaluation/pose.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "evaluation/cache_key.h"
#include "evaluation/draw_pair.h"
#include "evaluation/pose_metrics.h"
#include "evaluation/statistics.h"
#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/random.h"
#include "tiepoint/correspondence/classifier.h"
#include "tiepoint/geometry/essential.h"
#include "tiepoint/geometry/pose_confidence.h"
#include "tiepoint/pipeline/match_filter.h"

namespace tiepoint {
namespace {

struct Method {
  std::string name;  // as asked for
  MatchFilter filter = MatchFilter::kNone;
  PoseEstimator estimator = PoseEstimator::kMagsac;
};

Method ParseMethod(const std::string& name) {
  Method method;
  method.name = name;
  const size_t plus = name.find('+');
  if (plus == std::string::npos) {
    method.estimator = ParsePoseEstimator(name);
    return method;
  }
  const std::string filter = name.substr(0, plus);
  method.filter = ParseMatchFilter(filter);
  method.estimator = ParsePoseEstimator(name.substr(plus + 1));
  return method;
}

// A keypoint where a camera without distortion would see it, working pixels.
std::array<double, 2> PinholePlace(const Keypoint& k, const Features& features,
                                   const GroundTruthCamera& camera) {
  const auto [x, y] = Undistorted(camera, (k.x + 0.5) * features.scale_x - 0.5,
                                  (k.y + 0.5) * features.scale_y - 0.5);
  return {(x + 0.5) / features.scale_x - 0.5,
          (y + 0.5) / features.scale_y - 0.5};
}

std::vector<std::array<double, 2>> PinholePlaces(
    const Features& features, const GroundTruthCamera& camera) {
  std::vector<std::array<double, 2>> places;
  for (const Keypoint& k : features.set.keypoints) {
    places.push_back(PinholePlace(k, features, camera));
  }
  return places;
}

// A pair as the estimators see it, in working pixels without distortion.
struct View {
  std::shared_ptr<const Features> first, second;
  std::vector<std::array<double, 2>> places1, places2;
  PinholeCamera camera1, camera2;
  Matrix3 fundamental{};  // the true one
  double max_ratio = 0.8;

  PointPair Points(const Match& match) const {
    const auto& a = places1[match.i];
    const auto& b = places2[match.j];
    return {a[0], a[1], b[0], b[1]};
  }
  // False where there is no distance: a place that no pinhole camera sees.
  bool IsCorrect(const PointPair& points) const {
    return EpipolarDistance(fundamental, points) <= kCorrectDistance;
  }
};

View ViewOf(const FeatureSource& source, const PosePair& pair,
            const PoseProtocolOptions& options) {
  const int max_image_size = options.max_image_size;
  View view;
  view.max_ratio = RatioFor(source, options.max_ratio);
  view.first = source.Of(pair.camera1.image, max_image_size);
  view.second = source.Of(pair.camera2.image, max_image_size);
  view.places1 = PinholePlaces(*view.first, pair.camera1);
  view.places2 = PinholePlaces(*view.second, pair.camera2);
  view.camera1 = view.first->Working(pair.camera1.Pinhole());
  view.camera2 = view.second->Working(pair.camera2.Pinhole());
  view.fundamental = FundamentalFromEssential(
      EssentialFromPose(pair.cam2_from_cam1), view.camera1, view.camera2);
  return view;
}

// Candidates of one filter, and what it keeps of them.
struct Filtered {
  std::vector<Match> matches;
  std::vector<PointPair> points;  // of the matches
  std::vector<double> weights;    // of the matches; empty: all alike
  // With weights: every candidate and its weight, for estimators that take
  // weights.
  std::vector<PointPair> all_points;
  std::vector<double> all_weights;
  SecondLook second_look;  // at the candidates; empty: there is no classifier
  int candidates_correct = 0;  // right ones before the filter
  int correct = 0;             // and after
  double milliseconds = 0;     // that the filter took
};

// Leaves matches out at random until `share` of them is wrong.
void MakeHarder(const View& view, double share, uint64_t seed,
                std::vector<Match>& matches) {
  std::vector<int> right, wrong;
  for (int k = 0; k < static_cast<int>(matches.size()); ++k) {
    (view.IsCorrect(view.Points(matches[k])) ? right : wrong).push_back(k);
  }
  Random random(seed);
  const auto thin = [&](std::vector<int>& list, double count) {
    while (static_cast<double>(list.size()) > count) {
      const int k = random.Integer(static_cast<int>(list.size()));
      list[k] = list.back();
      list.pop_back();
    }
  };
  thin(right, static_cast<double>(wrong.size()) * (1 - share) / share);
  thin(wrong, static_cast<double>(right.size()) * share / (1 - share));
  right.insert(right.end(), wrong.begin(), wrong.end());
  std::sort(right.begin(), right.end());
  std::vector<Match> kept;
  kept.reserve(right.size());
  for (const int k : right) kept.push_back(matches[k]);
  matches = std::move(kept);
}

// The features with their places corrected for distortion.
FeatureSet WithPlaces(const FeatureSet& set,
                      const std::vector<std::array<double, 2>>& places) {
  FeatureSet result;
  result.image_width = set.image_width;
  result.image_height = set.image_height;
  result.keypoints = set.keypoints;
  for (size_t i = 0; i < places.size(); ++i) {
    result.keypoints[i].x = static_cast<float>(places[i][0]);
    result.keypoints[i].y = static_cast<float>(places[i][1]);
  }
  return result;
}

Filtered ApplyFilter(const View& view, MatchFilter filter,
                     const PoseProtocolOptions& options,
                     const CorrespondenceClassifier* classifier) {
  Filtered result;
  const DescriptorMatrix& first = view.first->set.descriptors;
  const DescriptorMatrix& second = view.second->set.descriptors;
  std::vector<Match> matches;
  if (filter == MatchFilter::kLearned) {
    matches = MatchMutually(first, second);
  } else {
    matches = MatchDescriptors(first, second,
                               {.mutual = filter != MatchFilter::kGms});
  }
  if (options.outliers > 0) {
    MakeHarder(view, options.outliers, options.seed, matches);
  }
  for (const Match& match : matches) {
    result.candidates_correct += view.IsCorrect(view.Points(match));
  }
  const auto start = std::chrono::steady_clock::now();
  switch (filter) {
    case MatchFilter::kNone:
      result.matches = std::move(matches);
      break;
    case MatchFilter::kRatio:
      for (const Match& match : matches) {
        if (match.ratio <= view.max_ratio) result.matches.push_back(match);
      }
      break;
    case MatchFilter::kGms:
      result.matches =
          FilterGms(view.first->set, view.second->set, matches, options.gms);
      break;
    case MatchFilter::kLearned: {
      const auto first_set = std::make_shared<const FeatureSet>(
          WithPlaces(view.first->set, view.places1));
      const auto second_set = std::make_shared<const FeatureSet>(
          WithPlaces(view.second->set, view.places2));
      const Classification seen = classifier->Classify(
          *first_set, *second_set, matches, view.camera1, view.camera2);
      result.second_look = [=, camera1 = view.camera1, camera2 = view.camera2](
                               std::span<const int> explained) {
        const FilterInput input{.first = first_set.get(),
                                .second = second_set.get(),
                                .camera1 = camera1,
                                .camera2 = camera2,
                                .classifier = classifier};
        return ClassifyWithout(input, matches, explained);
      };
      for (size_t k = 0; k < matches.size(); ++k) {
        result.all_points.push_back(view.Points(matches[k]));
        result.all_weights.push_back(seen.weights[k]);
        if (!(seen.weights[k] > 0)) continue;
        result.matches.push_back(matches[k]);
        result.weights.push_back(seen.weights[k]);
      }
      break;
    }
  }
  result.milliseconds = std::chrono::duration<double, std::milli>(
                            std::chrono::steady_clock::now() - start)
                            .count();
  for (const Match& match : result.matches) {
    result.points.push_back(view.Points(match));
    result.correct += view.IsCorrect(result.points.back());
  }
  return result;
}

// One run of one method.
struct Trial {
  PoseError error;
  bool answered = false;
  int inliers = 0;
  double milliseconds = 0;
  PoseEvidence evidence;
  double confidence = 0;
};

Trial Try(const View& view, const Filtered& filtered, PoseEstimator estimator,
          const RelativePose& truth, PoseOptions options, uint64_t seed) {
  options.seed = seed;
  const bool weighs = estimator == PoseEstimator::kGuided ||
                      estimator == PoseEstimator::kTiepoint;
  const bool all = weighs && !filtered.all_weights.empty();
  const auto& given = all ? filtered.all_points : filtered.points;
  const auto& given_weights = all ? filtered.all_weights : filtered.weights;
  std::vector<int> order(given.size());
  Random random(StreamSeed(seed, 2));
  for (int i = 0; i < static_cast<int>(order.size()); ++i) order[i] = i;
  for (int i = static_cast<int>(order.size()) - 1; i > 0; --i) {
    std::swap(order[i], order[random.Integer(i + 1)]);
  }
  std::vector<PointPair> shuffled;
  std::vector<double> weights;
  for (const int i : order) {
    shuffled.push_back(given[i]);
    if (!given_weights.empty()) weights.push_back(given_weights[i]);
  }
  if (all && filtered.second_look) {
    options.two_view.second_look = [&](std::span<const int> explained) {
      std::vector<int> places;
      places.reserve(explained.size());
      for (const int i : explained) places.push_back(order[i]);
      const std::vector<double> found = filtered.second_look(places);
      std::vector<double> in_order;
      in_order.reserve(order.size());
      for (const int i : order) in_order.push_back(found[i]);
      return in_order;
    };
  }
  const auto start = std::chrono::steady_clock::now();
  const PoseEstimate estimate = EstimatePose(
      estimator, shuffled, weights, view.camera1, view.camera2, options);
  const std::chrono::duration<double, std::milli> time =
      std::chrono::steady_clock::now() - start;
  Trial trial;
  trial.answered = estimate.pose.has_value();
  if (trial.answered) {
    trial.error = PoseErrorOf(*estimate.pose, truth);
    trial.evidence = FindPoseEvidence(
        shuffled, estimate.weights.empty() ? weights : estimate.weights,
        *estimate.pose, view.camera1, view.camera2, options.max_error);
    trial.confidence = PoseConfidence(trial.evidence);
  }
  trial.inliers = static_cast<int>(estimate.inliers.size());
  trial.milliseconds = time.count();
  return trial;
}

// Changes when a number does that the pairs are judged by.
std::string TruthChecksum(const std::vector<PosePair>& pairs) {
  std::string text;
  const auto add = [&](const auto& numbers) {
    for (const double v : numbers) {
      char number[40];
      std::snprintf(number, sizeof(number), "%.17g ", v);
      text += number;
    }
  };
  for (const PosePair& pair : pairs) {
    for (const auto* camera : {&pair.camera1, &pair.camera2}) {
      add(std::array{camera->fx, camera->fy, camera->cx, camera->cy});
      add(camera->distortion);
    }
    add(pair.cam2_from_cam1.rotation);
    add(pair.cam2_from_cam1.translation);
  }
  return HexChecksum(text);
}

// All runs of all items of a series.
std::vector<double> Flat(const MethodResult& method, const char* series) {
  std::vector<double> values;
  for (const Measurement& measurement : method.measurements) {
    const auto found = measurement.find(series);
    if (found == measurement.end()) continue;
    values.insert(values.end(), found->second.begin(), found->second.end());
  }
  return values;
}

// Of tenths of the confidence: how many of the poses are right.
Plot ReliabilityPlot(const ProtocolResult& result) {
  Plot plot{"Reliability of the confidence",
            "confidence",
            "share of poses within 5 degrees",
            {}};
  for (const MethodResult& method : result.methods) {
    const std::vector<double> confidences = Flat(method, "confidence");
    const std::vector<double> errors = Flat(method, "error");
    constexpr int kBins = 10;
    constexpr double kFewest = 5;
    std::array<double, kBins> count{}, sum{}, right{};
    for (size_t i = 0; i < std::min(confidences.size(), errors.size()); ++i) {
      const int bin =
          std::clamp(static_cast<int>(confidences[i] * kBins), 0, kBins - 1);
      count[bin] += 1;
      sum[bin] += confidences[i];
      right[bin] += errors[i] <= kConfidentWithin;
    }
    Curve curve{method.label, {}, {}};
    for (int bin = 0; bin < kBins; ++bin) {
      if (count[bin] < kFewest) continue;
      curve.x.push_back(sum[bin] / count[bin]);
      curve.y.push_back(right[bin] / count[bin]);
    }
    if (!curve.x.empty()) plot.curves.push_back(std::move(curve));
  }
  return plot;
}

// The coefficients that would suit these pairs best (pose_confidence.h).
std::string FittedConfidence(const MethodResult& method) {
  const std::vector<double> inliers = Flat(method, "evidence_inliers");
  const std::vector<double> shares = Flat(method, "evidence_share");
  const std::vector<double> sigmas = Flat(method, "evidence_sigma");
  const std::vector<double> errors = Flat(method, "error");
  std::vector<PoseEvidence> evidence;
  std::vector<bool> right;
  for (size_t i = 0; i < inliers.size(); ++i) {
    evidence.push_back({inliers[i], shares[i], sigmas[i]});
    right.push_back(errors[i] <= kConfidentWithin);
  }
  const ConfidenceCoefficients c = FitPoseConfidence(evidence, right);
  char text[200];
  std::snprintf(text, sizeof(text),
                "%s: coefficients of the confidence fitted to these pairs "
                "(geometry/pose_confidence.h): %.3f, %.3f, %.3f, %.3f.",
                method.label.c_str(), c[0], c[1], c[2], c[3]);
  return text;
}

class Implementation final : public PoseProtocol {
 public:
  Implementation(const std::vector<std::string>& folders,
                 const PoseProtocolOptions& options)
      : options_(options), columns_(PoseColumns()) {
    for (const std::string& name : options.estimators) {
      methods_.push_back(ParseMethod(name));
      const bool learned = methods_.back().filter == MatchFilter::kLearned;
      if (!learned || classifier_) continue;
      if (options.classifier.empty()) {
        throw InputError("the filter learned needs a correspondence network");
      }
      classifier_.emplace(options.classifier);
    }
    for (const std::string& folder : folders) {
      for (const PosePair& pair : FindPosePairs(folder, options.pairs)) {
        Add(pair);
      }
    }
  }

  std::string Name() const override { return "pose"; }
  Json Settings() const override;
  const std::vector<Item>& Items() const override { return items_; }
  const std::vector<Column>& Columns() const override { return columns_; }
  Measurement Measure(const FeatureSource& source,
                      const Item& item) const override;
  std::vector<Variant> Variants() const override;
  std::vector<Plot> Plots(const ProtocolResult& result) const override;
  std::vector<std::string> Notes(const ProtocolResult& result) const override;
  std::string WorstColumn() const override { return "error_median"; }
  std::string Draw(const FeatureSource& source,
                   const Item& item) const override;
  Matches MatchesOf(const FeatureSource& source,
                    const Item& item) const override;

 private:
  // A pair that comes twice (folders within each other) is one.
  void Add(const PosePair& pair) {
    const std::pair key(pair.camera1.image, pair.camera2.image);
    if (!index_.insert({key, pairs_.size()}).second) return;
    Item item;
    item.set = pair.set;
    item.sequence = pair.sequence;
    item.name = pair.name;
    item.image1 = pair.camera1.image;
    item.image2 = pair.camera2.image;
    items_.push_back(item);
    pairs_.push_back(pair);
  }
  const PosePair& PairOf(const Item& item) const {
    return pairs_[index_.at({item.image1, item.image2})];
  }
  int RunsOf(const Method& method) const {
    // Nothing about it is random.
    const bool exact = method.estimator == PoseEstimator::kEightPoint ||
                       method.estimator == PoseEstimator::kRegression;
    return exact ? 1 : options_.runs;
  }
  std::vector<Trial> Trials(
      const View& view, const PosePair& pair,
      const std::map<MatchFilter, Filtered>& filtered) const;

  PoseProtocolOptions options_;
  std::vector<Method> methods_;
  std::optional<CorrespondenceClassifier> classifier_;
  std::vector<PosePair> pairs_;
  std::vector<Item> items_;
  std::vector<Column> columns_;
  std::map<std::pair<std::string, std::string>, size_t> index_;
};

Json Implementation::Settings() const {
  const PosePairOptions& pairs = options_.pairs;
  const PoseOptions& pose = options_.pose;
  return {{"max_image_size", options_.max_image_size},
          {"pairs",
           {{"min_angle", pairs.min_angle},
            {"max_angle", pairs.max_angle},
            {"max_pairs_of_a_sequence", pairs.max_pairs},
            {"min_shared_points", pairs.min_shared_points},
            {"truth", TruthChecksum(pairs_)}}},
          {"estimators", options_.estimators},
          {"runs", options_.runs},
          {"seed", options_.seed},
          {"max_ratio", RatioJson(options_.max_ratio)},
          {"gms",
           {{"rotation", options_.gms.rotation},
            {"scale", options_.gms.scale},
            {"factor", options_.gms.factor}}},
          {"classifier", options_.classifier.empty()
                             ? Json()
                             : Json(FileChecksum(options_.classifier))},
          {"outliers", options_.outliers},
          {"max_error", pose.max_error},
          {"magsac",
           {{"confidence", pose.confidence},
            {"max_iterations", pose.max_iterations}}},
          {"ransac",
           {{"confidence", pose.ransac_confidence},
            {"max_iterations", pose.ransac_max_iterations}}},
          {"tiepoint",
           {{"max_error", pose.two_view.max_error},
            {"confidence", pose.two_view.confidence},
            {"max_iterations", pose.two_view.max_iterations},
            {"min_inliers", pose.two_view.min_inliers}}},
          {"correct",
           {{"distance", "mean of the distances from both epipolar lines"},
            {"max_error", kCorrectDistance}}}};
}

// Of all methods, one after the other, each with its runs.
std::vector<Trial> Implementation::Trials(
    const View& view, const PosePair& pair,
    const std::map<MatchFilter, Filtered>& filtered) const {
  struct Work {
    const Method* method;
    int run;
  };
  std::vector<Work> work;
  for (const Method& method : methods_) {
    for (int run = 0; run < RunsOf(method); ++run) {
      work.push_back({&method, run});
    }
  }
  std::vector<Trial> trials(work.size());
  ParallelFor(static_cast<int>(work.size()), [&](int k) {
    const Method& method = *work[k].method;
    trials[k] = Try(view, filtered.at(method.filter), method.estimator,
                    pair.cam2_from_cam1, options_.pose,
                    StreamSeed(options_.seed, work[k].run));
  });
  return trials;
}

Measurement Implementation::Measure(const FeatureSource& source,
                                    const Item& item) const {
  const PosePair& pair = PairOf(item);
  const View view = ViewOf(source, pair, options_);
  std::map<MatchFilter, Filtered> filtered;
  for (const Method& method : methods_) {
    if (filtered.contains(method.filter)) continue;
    filtered[method.filter] = ApplyFilter(
        view, method.filter, options_, classifier_ ? &*classifier_ : nullptr);
  }
  const std::vector<Trial> trials = Trials(view, pair, filtered);

  const auto keypoints =
      static_cast<double>(std::min(view.places1.size(), view.places2.size()));
  Measurement measurement;
  auto trial = trials.begin();
  for (const Method& method : methods_) {
    const auto series = [&](const char* name) -> std::vector<double>& {
      return measurement[method.name + "." + name];
    };
    const Filtered& given = filtered[method.filter];
    const auto share = [&](double of) {
      return of > 0 ? given.correct / of : 0;
    };
    const auto count = static_cast<double>(given.matches.size());
    series("matches") = {count};
    series("correct") = {static_cast<double>(given.correct)};
    series("precision") = {share(count)};
    series("recall") = {share(given.candidates_correct)};
    series("score") = {share(keypoints)};
    for (int run = 0; run < RunsOf(method); ++run, ++trial) {
      series("error").push_back(trial->error.Max());
      series("rotation_error").push_back(trial->error.rotation);
      series("translation_error").push_back(trial->error.translation);
      series("answered").push_back(trial->answered);
      series("inliers").push_back(trial->inliers);
      series("confidence").push_back(trial->confidence);
      const double right = trial->error.Max() <= kConfidentWithin ? 1 : 0;
      series("brier").push_back((trial->confidence - right) *
                                (trial->confidence - right));
      series("evidence_inliers").push_back(trial->evidence.inliers);
      series("evidence_share").push_back(trial->evidence.share);
      series("evidence_sigma").push_back(trial->evidence.sigma);
      series("milliseconds")
          .push_back(trial->milliseconds + given.milliseconds);
    }
  }
  return measurement;
}

std::vector<Protocol::Variant> Implementation::Variants() const {
  std::vector<Variant> variants;
  for (const Method& method : methods_) {
    variants.push_back({" + " + method.name, method.name + "."});
  }
  return variants;
}

std::vector<Plot> Implementation::Plots(const ProtocolResult& result) const {
  Plot plot{
      "Pose accuracy", "largest pose error (degrees)", "share of pairs", {}};
  for (const MethodResult& method : result.methods) {
    std::vector<double> errors;  // of all runs
    for (const Measurement& measurement : method.measurements) {
      const auto series = measurement.find("error");
      if (series == measurement.end()) continue;
      errors.insert(errors.end(), series->second.begin(), series->second.end());
    }
    Curve curve{method.label, {}, {}};
    for (int step = 0; step <= 80; ++step) {
      curve.x.push_back(step / 4.0);
      curve.y.push_back(errors.empty() ? 0 : AccuracyAt(errors, step / 4.0));
    }
    plot.curves.push_back(std::move(curve));
  }
  return {plot, ReliabilityPlot(result)};
}

std::vector<std::string> Implementation::Notes(
    const ProtocolResult& result) const {
  char text[200];
  std::snprintf(text, sizeof(text),
                "Pairs are %g to %g degrees apart, at most %d a sequence, "
                "evenly taken in order of the images.",
                options_.pairs.min_angle, options_.pairs.max_angle,
                options_.pairs.max_pairs);
  std::vector<std::string> notes = {text};
  notes.emplace_back(
      "A match is correct within 3 working pixels of the true epipolar lines "
      "(mean of both images); this says nothing of its place on the line.");
  for (const MethodResult& method : result.methods) {
    notes.push_back(FittedConfidence(method));
  }
  const auto sideways = std::count_if(pairs_.begin(), pairs_.end(),
                                      [](const auto& p) { return p.sideways; });
  if (sideways > 0) {
    notes.push_back(std::to_string(sideways) +
                    " pairs hold a photograph that is stored on its side; it "
                    "is looked at as stored, not turned upright.");
  }
  return notes;
}

PoseProtocol::Matches Implementation::MatchesOf(const FeatureSource& source,
                                                const Item& item) const {
  const View view = ViewOf(source, PairOf(item), options_);
  Matches result{
      view.first,
      view.second,
      ApplyFilter(view, MatchFilter::kNone, options_, nullptr).matches,
      {},
      {}};
  for (const Match& match : result.matches) {
    result.points.push_back(view.Points(match));
    result.correct.push_back(view.IsCorrect(result.points.back()));
  }
  return result;
}

std::string Implementation::Draw(const FeatureSource& source,
                                 const Item& item) const {
  const Matches matches = MatchesOf(source, item);
  return DrawPair(item.image1, item.image2, *matches.first, *matches.second,
                  matches.matches, matches.correct);
}

}  // namespace

std::string PoseProtocolOptions::Validate() const {
  if (estimators.empty()) return "no pose estimator was asked for";
  if (max_image_size < 0) return "the largest image size cannot be negative";
  if (runs < 1) return "at least one run is needed";
  if (!(max_ratio >= 0 && max_ratio <= 1)) {
    return "the ratio of distances must lie above 0 and be at most 1, or be 0";
  }
  if (!(outliers >= 0 && outliers < 1)) {
    return "the share of wrong matches must be at least 0 and below 1";
  }
  if (!(gms.factor > 0)) return "the factor of GMS must be positive";
  TwoViewOptions limits = pose.two_view;
  const std::string problem = limits.Validate();
  if (!problem.empty()) return problem;
  limits.max_error = pose.max_error;
  limits.confidence = pose.confidence;
  limits.max_iterations = pose.max_iterations;
  const std::string magsac = limits.Validate();
  if (!magsac.empty()) return magsac;
  limits.confidence = pose.ransac_confidence;
  limits.max_iterations = pose.ransac_max_iterations;
  return limits.Validate();
}

std::unique_ptr<PoseProtocol> MakePoseProtocol(
    const std::vector<std::string>& folders,
    const PoseProtocolOptions& options) {
  const std::string problem = options.Validate();
  if (!problem.empty()) throw InputError(problem);
  if (folders.empty()) throw InputError("no folder with image pairs was given");
  return std::make_unique<Implementation>(folders, options);
}

}  // namespace tiepoint
