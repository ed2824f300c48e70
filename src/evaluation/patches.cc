// SPDX-License-Identifier: Apache-2.0
#include "evaluation/patches.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <tuple>
#include <utility>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/random.h"
#include "tiepoint/image/pyramid.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDefaultMatchFile = "m50_100000_100000_0.txt";
constexpr double kRecall = 0.95;

// Infinitely far when it is not a number, so that every decision has a place.
double Distance(const DescriptorMatrix& descriptors, int i, int j) {
  const float* a = descriptors.Row(i);
  const float* b = descriptors.Row(j);
  double square = 0;
  for (int k = 0; k < descriptors.cols; ++k) {
    const double difference = static_cast<double>(a[k]) - b[k];
    square += difference * difference;
  }
  return std::isnan(square) ? std::numeric_limits<double>::infinity()
                            : std::sqrt(square);
}

ImagePyramid PyramidOf(const uint8_t* patch) {
  GrayImage image(kPatchSide, kPatchSide);
  std::copy(patch, patch + kPatchPixels, image.pixels.begin());
  return ImagePyramid(std::move(image));
}

// `count` different patches of points other than `point`.
std::vector<int> DrawOthers(std::span<const int> points, int point, int count,
                            Random& random) {
  std::set<int> seen;
  std::vector<int> drawn;
  while (static_cast<int>(drawn.size()) < count) {
    const int patch = random.Integer(static_cast<int>(points.size()));
    if (points[patch] != point && seen.insert(patch).second) {
      drawn.push_back(patch);
    }
  }
  return drawn;
}

// Two different ones, in random order.
std::pair<int, int> DrawTwo(const std::vector<int>& patches, Random& random) {
  const int count = static_cast<int>(patches.size());
  const int first = random.Integer(count);
  const int second = (first + 1 + random.Integer(count - 1)) % count;
  return {patches[first], patches[second]};
}

struct LoadedSet {
  PatchSet set;
  PatchQueries queries;
};

// One match file (or none) of one set; in the order of the items.
struct Task {
  size_t set = 0;
  std::string match_file;
};

std::vector<std::string> MatchFilesOf(const PatchSet& set,
                                      const PatchesOptions& options) {
  const std::vector<std::string> all = set.MatchFiles();
  const auto has = [&](const std::string& name) {
    return fs::exists(fs::path(set.Folder()) / name);
  };
  if (!options.match_file.empty()) {
    if (!has(options.match_file)) {
      throw InputError((fs::path(set.Folder()) / options.match_file).string() +
                       ": no such file");
    }
    return {options.match_file};
  }
  if (has(kDefaultMatchFile)) return {kDefaultMatchFile};
  // Without pairs there is the precision-recall curve alone.
  return all.empty() ? std::vector<std::string>{""} : all;
}

std::vector<Column> MakeColumns() {
  const auto mean = [](std::span<const double> values) { return Mean(values); };
  return {
      {.key = "fpr95",
       .title = "FPR95",
       .meaning = "share of the match file's wrong pairs that are accepted by "
                  "the distance that accepts 95 % of the right ones",
       .series = "fpr95",
       .summarize = mean,
       .decimals = 4,
       .smaller_is_better = true},
      {.key = "roc_auc",
       .title = "ROC AUC",
       .meaning = "probability that a right pair of the match file is nearer "
                  "than a wrong one",
       .series = "roc_auc",
       .summarize = mean,
       .decimals = 4},
      {.key = "pr_auc",
       .title = "PR AUC",
       .meaning = "area under the precision-recall curve of one right pair a "
                  "point among many wrong ones (1000 where the set is large "
                  "enough)",
       .series = "pr_auc",
       .summarize = mean,
       .decimals = 4},
  };
}

class PatchesProtocol : public Protocol {
 public:
  PatchesProtocol(const std::vector<std::string>& folders,
                  const PatchesOptions& options)
      : options_(options), columns_(MakeColumns()) {
    for (const std::string& folder : folders) {
      for (const std::string& path : FindPatchSets(folder)) AddSet(path);
    }
    if (sets_.empty()) throw InputError("patches: no patch set was given");
  }

  std::string Name() const override { return "patches"; }

  Json Settings() const override {
    Json settings = {{"recall", kRecall},
                     {"keypoint_scale", options_.scale},
                     {"seed", options_.seed},
                     {"max_points", options_.max_points},
                     {"max_negatives", options_.negatives}};
    for (const LoadedSet& loaded : sets_) {
      settings["sets"].push_back(
          {{"name", loaded.set.Name()},
           {"patches", loaded.set.NumPatches()},
           {"pr_points", loaded.queries.queries.size()},
           {"pr_negatives_each", loaded.queries.NegativesEach()}});
    }
    return settings;
  }

  const std::vector<Item>& Items() const override { return items_; }
  const std::vector<Column>& Columns() const override { return columns_; }

  Measurement Measure(const FeatureSource& source,
                      const Item& item) const override {
    const Task& task = TaskOf(item);
    const LoadedSet& loaded = sets_[task.set];
    // Read first: a wrong line must not cost a set of descriptors.
    std::vector<PatchPair> pairs;
    if (!task.match_file.empty()) pairs = loaded.set.ReadPairs(task.match_file);
    const std::lock_guard lock(mutex_);
    const DescriptorMatrix& descriptors = Describe(source, task.set);
    Measurement numbers;
    const std::vector<Scored> scored = ScorePairs(descriptors, pairs);
    numbers["fpr95"] = {FalsePositiveRate(scored, kRecall)};
    numbers["roc_auc"] = {RocAuc(scored)};
    const size_t positives = loaded.queries.queries.size();
    numbers["pr_auc"] = {
        positives == 0
            ? kUndefined
            : PrecisionRecallAuc(ScoreQueries(descriptors, loaded.queries),
                                 static_cast<double>(positives))};
    return numbers;
  }

  std::vector<std::string> Notes(const ProtocolResult&) const override {
    std::vector<std::string> notes = {
        "Each patch is described as a picture of 64 x 64 pixels, with one "
        "keypoint in its middle: angle 0, sigma " +
        Rounded(options_.scale) +
        " pixels, so that a square of 6 sigma half width, which is what SIFT "
        "reads, has a half width of " +
        Rounded(6 * options_.scale) +
        " pixels. Descriptors that look further out read the patch reflected "
        "at its border and are at a disadvantage here."};
    for (const LoadedSet& loaded : sets_) {
      notes.push_back(loaded.set.Name() + ": " +
                      std::to_string(loaded.set.NumPatches()) +
                      " patches; PR AUC of " +
                      std::to_string(loaded.queries.queries.size()) +
                      " points, one right and " +
                      std::to_string(loaded.queries.NegativesEach()) +
                      " wrong pairs each.");
    }
    return notes;
  }

 private:
  static std::string Rounded(double value) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.4g", value);
    return text;
  }

  void AddSet(const std::string& path) {
    PatchSet set(path);
    for (const std::string& match_file : MatchFilesOf(set, options_)) {
      Item item;
      item.set = set.Name();
      item.sequence = set.Name();
      item.name =
          match_file.empty() ? "queries" : fs::path(match_file).stem().string();
      item.image1 = (fs::path(path) / "info.txt").string();
      if (!match_file.empty()) {
        item.image2 = (fs::path(path) / match_file).string();
      }
      tasks_[{item.image1, item.name}] = {sets_.size(), match_file};
      items_.push_back(std::move(item));
    }
    PatchQueries queries = DrawQueries(set.Points(), options_);
    sets_.push_back({std::move(set), std::move(queries)});
  }

  const Task& TaskOf(const Item& item) const {
    return tasks_.at({item.image1, item.name});
  }

  // Those of the last set and source are kept for its other match files.
  const DescriptorMatrix& Describe(const FeatureSource& source,
                                   size_t set) const {
    const Steps* steps = source.GetSteps();
    if (steps == nullptr) {
      throw InputError(source.Label() +
                       ": patches need a descriptor that can be run, not "
                       "features from a file");
    }
    const auto key = std::pair(set, source.Settings().dump());
    if (key != described_key_ || described_.rows == 0) {
      described_ =
          DescribePatches(*steps->descriptor, sets_[set].set, options_.scale);
      described_key_ = key;
    }
    return described_;
  }

  PatchesOptions options_;
  std::vector<Column> columns_;
  std::vector<LoadedSet> sets_;
  std::vector<Item> items_;
  std::map<std::pair<std::string, std::string>, Task> tasks_;
  mutable std::mutex mutex_;
  mutable std::pair<size_t, std::string> described_key_;
  mutable DescriptorMatrix described_;
};

}  // namespace

std::string PatchesOptions::Validate() const {
  if (!(scale > 0 && scale <= kPatchSide)) {
    return "the keypoint's scale must be above 0 and at most 64 pixels of the "
           "patch";
  }
  if (max_points < 1 || negatives < 1) {
    return "points and wrong pairs a point must be at least 1";
  }
  return "";
}

PatchQueries DrawQueries(std::span<const int> points,
                         const PatchesOptions& options) {
  std::map<int, std::vector<int>> patches_of;
  size_t most = 0;
  for (size_t p = 0; p < points.size(); ++p) {
    auto& patches = patches_of[points[p]];
    patches.push_back(static_cast<int>(p));
    most = std::max(most, patches.size());
  }
  std::vector<int> candidates;
  for (const auto& [point, patches] : patches_of) {
    if (patches.size() >= 2) candidates.push_back(point);
  }
  const int total = static_cast<int>(candidates.size());
  const int asked = std::min(options.max_points, total);
  const int others =
      std::min<int>(options.negatives, static_cast<int>(points.size() - most));
  PatchQueries result;
  result.queries.resize(asked);
  result.positives.resize(asked);
  result.negatives.resize(asked);
  Random choice(options.seed);
  for (int i = 0; i < asked; ++i) {
    std::swap(candidates[i], candidates[i + choice.Integer(total - i)]);
  }
  ParallelFor(asked, [&](int i) {
    Random random(StreamSeed(options.seed, i));
    std::tie(result.queries[i], result.positives[i]) =
        DrawTwo(patches_of.at(candidates[i]), random);
    result.negatives[i] = DrawOthers(points, candidates[i], others, random);
  });
  return result;
}

DescriptorMatrix DescribePatches(const Descriptor& descriptor,
                                 const PatchSet& set, double scale) {
  constexpr float kMiddle = (kPatchSide - 1) / 2.0f;
  const Keypoint keypoint{
      .x = kMiddle, .y = kMiddle, .scale = static_cast<float>(scale)};
  DescriptorMatrix result;
  result.rows = set.NumPatches();
  for (int m = 0; m < set.NumMosaics(); ++m) {
    const std::vector<uint8_t> pixels = set.ReadMosaic(m);
    const int count = static_cast<int>(pixels.size() / kPatchPixels);
    std::vector<DescriptorMatrix> rows(count);
    ParallelFor(count, [&](int i) {
      rows[i] = descriptor.Describe(
          PyramidOf(pixels.data() + static_cast<size_t>(i) * kPatchPixels),
          {&keypoint, 1});
    });
    if (m == 0) {
      result.cols = rows[0].cols;
      result.data.reserve(static_cast<size_t>(result.rows) * result.cols);
    }
    for (const DescriptorMatrix& row : rows) {
      result.data.insert(result.data.end(), row.data.begin(), row.data.end());
    }
  }
  return result;
}

std::vector<Scored> ScorePairs(const DescriptorMatrix& descriptors,
                               std::span<const PatchPair> pairs) {
  std::vector<Scored> scored(pairs.size());
  for (size_t i = 0; i < pairs.size(); ++i) {
    scored[i] = {-Distance(descriptors, pairs[i].patch1, pairs[i].patch2),
                 pairs[i].same_point};
  }
  return scored;
}

std::vector<Scored> ScoreQueries(const DescriptorMatrix& descriptors,
                                 const PatchQueries& queries) {
  const size_t each = queries.NegativesEach() + 1;
  std::vector<Scored> scored(each * queries.queries.size());
  ParallelFor(static_cast<int>(queries.queries.size()), [&](int i) {
    Scored* out = scored.data() + each * i;
    const int query = queries.queries[i];
    *out++ = {-Distance(descriptors, query, queries.positives[i]), true};
    for (const int other : queries.negatives[i]) {
      *out++ = {-Distance(descriptors, query, other), false};
    }
  });
  return scored;
}

std::unique_ptr<Protocol> MakePatchesProtocol(
    const std::vector<std::string>& folders, const PatchesOptions& options) {
  if (const std::string why = options.Validate(); !why.empty()) {
    throw InputError("patches: " + why);
  }
  return std::make_unique<PatchesProtocol>(folders, options);
}

}  // namespace tiepoint
