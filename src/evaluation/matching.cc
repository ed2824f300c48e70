// SPDX-License-Identifier: Apache-2.0
#include "evaluation/matching.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "tiepoint/base/parallel.h"
#include "tiepoint/image/read_image.h"
#include "tiepoint/pipeline/extract.h"

namespace tiepoint {
namespace {

constexpr double kRepeatabilityError = 3;

struct Point {
  double x = 0, y = 0;
};

Point Transferred(const Matrix3& h, const Keypoint& k) {
  const double w = h[6] * k.x + h[7] * k.y + h[8];
  return {(h[0] * k.x + h[1] * k.y + h[2]) / w,
          (h[3] * k.x + h[4] * k.y + h[5]) / w};
}

Matrix3 Inverse(const Matrix3& m) {
  // The adjugate: the scale of a homography does not matter.
  return {m[4] * m[8] - m[5] * m[7], m[2] * m[7] - m[1] * m[8],
          m[1] * m[5] - m[2] * m[4], m[5] * m[6] - m[3] * m[8],
          m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
          m[3] * m[7] - m[4] * m[6], m[1] * m[6] - m[0] * m[7],
          m[0] * m[4] - m[1] * m[3]};
}

struct Counts {
  int shared = 0;    // keypoints that the other photograph sees
  int repeated = 0;  // of them, those with a keypoint nearby
};

Counts CountRepeated(const FeatureSet& from, const FeatureSet& to,
                     const Matrix3& to_from) {
  std::vector<Counts> each(from.keypoints.size());
  ParallelFor(static_cast<int>(each.size()), [&](int i) {
    const Point p = Transferred(to_from, from.keypoints[i]);
    if (!(p.x >= -0.5 && p.y >= -0.5 && p.x < to.image_width - 0.5 &&
          p.y < to.image_height - 0.5)) {
      return;
    }
    each[i].shared = 1;
    for (const Keypoint& k : to.keypoints) {
      if (std::hypot(k.x - p.x, k.y - p.y) <= kRepeatabilityError) {
        each[i].repeated = 1;
        return;
      }
    }
  });
  Counts sum;
  for (const Counts& counts : each) {
    sum.shared += counts.shared;
    sum.repeated += counts.repeated;
  }
  return sum;
}

FeatureSet ShiftUndone(FeatureSet features, const Image& image) {
  for (Keypoint& k : features.keypoints) {
    k.x -= kOpenCvSiftShift * static_cast<float>(image.ScaleX());
    k.y -= kOpenCvSiftShift * static_cast<float>(image.ScaleY());
  }
  return features;
}

}  // namespace

MatchingScore ScoreMatching(const FeatureSet& first, const FeatureSet& second,
                            const std::vector<Match>& matches,
                            const Matrix3& homography) {
  MatchingScore score;
  score.size1 = {first.image_width, first.image_height};
  score.size2 = {second.image_width, second.image_height};
  score.keypoints1 = static_cast<double>(first.keypoints.size());
  score.keypoints2 = static_cast<double>(second.keypoints.size());
  score.matches = static_cast<double>(matches.size());
  for (const Match& match : matches) {
    const Keypoint& a = first.keypoints[match.i];
    const Keypoint& b = second.keypoints[match.j];
    const double error = TransferError(homography, {a.x, a.y, b.x, b.y});
    for (size_t k = 0; k < kMatchErrors.size(); ++k) {
      score.correct[k] += error <= kMatchErrors[k];
    }
  }
  for (size_t k = 0; k < kMatchErrors.size() && !matches.empty(); ++k) {
    score.accuracy[k] = score.correct[k] / score.matches;
  }
  const Counts forward = CountRepeated(first, second, homography);
  const Counts backward = CountRepeated(second, first, Inverse(homography));
  const int shared = forward.shared + backward.shared;
  if (shared > 0) {
    score.repeatability =
        static_cast<double>(forward.repeated + backward.repeated) / shared;
  }
  return score;
}

MatchingScore Mean(const std::vector<MatchingScore>& scores) {
  MatchingScore mean;
  const auto average = [&](double& result, const auto& number) {
    for (const MatchingScore& score : scores) result += number(score);
    if (!scores.empty()) result /= static_cast<double>(scores.size());
  };
  using Score = const MatchingScore&;
  average(mean.keypoints1, [](Score s) { return s.keypoints1; });
  average(mean.keypoints2, [](Score s) { return s.keypoints2; });
  average(mean.matches, [](Score s) { return s.matches; });
  average(mean.repeatability, [](Score s) { return s.repeatability; });
  for (size_t k = 0; k < kMatchErrors.size(); ++k) {
    average(mean.correct[k], [k](Score s) { return s.correct[k]; });
    average(mean.accuracy[k], [k](Score s) { return s.accuracy[k]; });
  }
  return mean;
}

std::vector<MatchingRow> EvaluateMatching(
    const std::vector<HomographyPair>& pairs, const MatchingOptions& options,
    const std::function<void(const std::string&)>& progress) {
  std::vector<MatchingRow> rows;
  for (const std::string& name : options.presets) {
    const Steps steps = MakeSteps(ParsePreset(name), options.extractor);
    MatchingRow row{name, steps.preset, false, {}};
    MatchingRow shifted{name + " -0.25", steps.preset, true, {}};
    const bool sift = steps.preset.detector == "sift";
    struct Extracted {
      Image image;
      FeatureSet features;
    };
    const auto extract = [&](const std::string& path) {
      Extracted result;
      result.image =
          ReadImage(path, {.max_image_size = options.max_image_size});
      result.features =
          Extract(result.image, steps, options.extractor.max_keypoints);
      return result;
    };
    // The first photograph of a sequence serves all its pairs.
    std::string path1;
    Extracted first;
    for (const HomographyPair& pair : pairs) {
      progress(name + ": " + pair.sequence + " 1-" +
               std::to_string(pair.index));
      if (path1 != pair.path1) {
        first = extract(pair.path1);
        path1 = pair.path1;
      }
      const Extracted second = extract(pair.path2);
      const auto matches = MatchDescriptors(first.features.descriptors,
                                            second.features.descriptors);
      row.scores.push_back(ScoreMatching(first.features, second.features,
                                         matches, pair.homography));
      if (sift) {
        shifted.scores.push_back(
            ScoreMatching(ShiftUndone(first.features, first.image),
                          ShiftUndone(second.features, second.image), matches,
                          pair.homography));
      }
    }
    rows.push_back(std::move(row));
    if (sift) rows.push_back(std::move(shifted));
  }
  return rows;
}

}  // namespace tiepoint
