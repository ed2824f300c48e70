// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/opencv/descriptor_matcher.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "tiepoint/base/error.h"
#include "tiepoint/features/keypoint.h"
#include "tiepoint/matching/descriptor_index.h"

namespace tiepoint {
namespace {

// Neighbours that a search by radius begins with.
constexpr int kFirstNeighbours = 16;

DescriptorMatrix MatrixOf(const cv::Mat& rows, int norm_type) {
  const bool hamming = norm_type == cv::NORM_HAMMING;
  if (rows.type() != CV_8U && (hamming || rows.type() != CV_32F)) {
    CV_Error(cv::Error::StsUnsupportedFormat,
             hamming ? "descriptors: NORM_HAMMING needs CV_8U"
                     : "descriptors: CV_32F or CV_8U, one a row");
  }
  DescriptorMatrix matrix;
  matrix.rows = rows.rows;
  matrix.cols = hamming ? 8 * rows.cols : rows.cols;
  matrix.data.reserve(static_cast<size_t>(matrix.rows) * matrix.cols);
  for (int i = 0; i < rows.rows; ++i) {
    if (rows.type() == CV_32F) {
      const float* const row = rows.ptr<float>(i);
      matrix.data.insert(matrix.data.end(), row, row + rows.cols);
      continue;
    }
    const uint8_t* const row = rows.ptr<uint8_t>(i);
    for (int c = 0; c < rows.cols; ++c) {
      if (!hamming) {
        matrix.data.push_back(row[c]);
        continue;
      }
      // The Euclidean order of bits is the Hamming order.
      for (int bit = 0; bit < 8; ++bit) {
        matrix.data.push_back(static_cast<float>(row[c] >> bit & 1));
      }
    }
  }
  return matrix;
}

}  // namespace

struct DescriptorMatcher::Index {
  DescriptorIndex index;
  std::vector<int64_t> first_row;  // of each image, and the end
  int norm_type = cv::NORM_L2;

  int64_t Size() const { return first_row.back(); }

  cv::DMatch MatchOf(int query, const Neighbour& neighbour) const {
    const auto image =
        std::upper_bound(first_row.begin(), first_row.end(), neighbour.row) -
        first_row.begin() - 1;
    const float distance =
        norm_type == cv::NORM_HAMMING
            ? std::round(neighbour.distance * neighbour.distance)
            : neighbour.distance;
    return {query, static_cast<int>(neighbour.row - first_row[image]),
            static_cast<int>(image), distance};
  }
};

DescriptorMatcher::DescriptorMatcher(int norm_type) : norm_type_(norm_type) {
  if (norm_type != cv::NORM_L2 && norm_type != cv::NORM_HAMMING) {
    CV_Error(cv::Error::StsBadArg, "norm: NORM_L2 or NORM_HAMMING");
  }
}

DescriptorMatcher::~DescriptorMatcher() = default;

cv::Ptr<DescriptorMatcher> DescriptorMatcher::create(int norm_type) {
  return cv::Ptr<DescriptorMatcher>(new DescriptorMatcher(norm_type));
}

void DescriptorMatcher::add(cv::InputArrayOfArrays descriptors) {
  cv::DescriptorMatcher::add(descriptors);
  index_.reset();
}

void DescriptorMatcher::clear() {
  cv::DescriptorMatcher::clear();
  index_.reset();
}

void DescriptorMatcher::train() {
  if (index_) return;
  auto made = std::make_unique<Index>();
  made->norm_type = norm_type_;
  int64_t rows = 0;
  const auto take = [&](const cv::Mat& image) {
    made->first_row.push_back(rows);
    rows += image.rows;
    if (image.rows == 0) return;
    try {
      made->index.Add(MatrixOf(image, norm_type_));
    } catch (const InputError& error) {
      CV_Error(cv::Error::StsUnmatchedSizes, error.what());
    }
  };
  for (const cv::Mat& image : trainDescCollection) take(image);
  for (const cv::UMat& image : utrainDescCollection) {
    take(image.getMat(cv::ACCESS_READ));
  }
  made->first_row.push_back(rows);
  made->index.Build();
  index_ = std::move(made);
}

bool DescriptorMatcher::isMaskSupported() const { return true; }

cv::Ptr<cv::DescriptorMatcher> DescriptorMatcher::clone(
    bool emptyTrainData) const {
  const cv::Ptr<DescriptorMatcher> copy = create(norm_type_);
  if (!emptyTrainData) {
    for (const cv::Mat& image : trainDescCollection) {
      copy->trainDescCollection.push_back(image.clone());
    }
    for (const cv::UMat& image : utrainDescCollection) {
      copy->utrainDescCollection.push_back(image.clone());
    }
  }
  return copy;
}

void DescriptorMatcher::write(cv::FileStorage& storage) const {
  writeFormat(storage);
  storage << "norm_type" << norm_type_;
}

void DescriptorMatcher::read(const cv::FileNode& node) {
  int norm_type = norm_type_;
  if (!node["norm_type"].empty()) node["norm_type"] >> norm_type;
  norm_type_ = create(norm_type)->norm_type_;  // looked at
  index_.reset();
}

namespace {

// Whether a match is allowed by the masks: one an image, a row a query.
class Masks {
 public:
  explicit Masks(cv::InputArrayOfArrays masks) {
    if (!masks.empty()) masks.getMatVector(masks_);
  }
  bool Any() const { return !masks_.empty(); }
  bool Allow(const cv::DMatch& match) const {
    if (masks_.empty() || masks_[match.imgIdx].empty()) return true;
    return masks_[match.imgIdx].at<uint8_t>(match.queryIdx, match.trainIdx) !=
           0;
  }

 private:
  std::vector<cv::Mat> masks_;
};

void DropEmpty(std::vector<std::vector<cv::DMatch>>& matches) {
  std::erase_if(matches, [](const auto& found) { return found.empty(); });
}

}  // namespace

void DescriptorMatcher::knnMatchImpl(
    cv::InputArray queryDescriptors,
    std::vector<std::vector<cv::DMatch>>& matches, int k,
    cv::InputArrayOfArrays masks, bool compactResult) {
  const cv::Mat queries = queryDescriptors.getMat();
  const Masks allowed(masks);
  train();
  matches.assign(queries.rows, {});
  // One query after the other where masks may forbid any neighbour.
  const int block = allowed.Any() ? 1 : std::max(queries.rows, 1);
  const int64_t most = index_->Size();
  const int count =
      static_cast<int>(allowed.Any() ? most : std::min<int64_t>(k, most));
  for (int from = 0; count > 0 && from < queries.rows; from += block) {
    const cv::Mat rows =
        queries.rowRange(from, std::min(from + block, queries.rows));
    std::vector<Neighbour> found;
    try {
      found = index_->index.Search(MatrixOf(rows, norm_type_), count);
    } catch (const InputError& error) {
      CV_Error(cv::Error::StsUnmatchedSizes, error.what());
    }
    for (size_t n = 0; n < found.size(); ++n) {
      if (found[n].row < 0) continue;
      const int query = from + static_cast<int>(n) / count;
      const cv::DMatch match = index_->MatchOf(query, found[n]);
      if (std::ssize(matches[query]) < k && allowed.Allow(match)) {
        matches[query].push_back(match);
      }
    }
  }
  if (compactResult) DropEmpty(matches);
}

void DescriptorMatcher::radiusMatchImpl(
    cv::InputArray queryDescriptors,
    std::vector<std::vector<cv::DMatch>>& matches, float maxDistance,
    cv::InputArrayOfArrays masks, bool compactResult) {
  const cv::Mat queries = queryDescriptors.getMat();
  const Masks allowed(masks);
  train();
  matches.assign(queries.rows, {});
  const int64_t most = index_->Size();
  for (int query = 0; most > 0 && query < queries.rows; ++query) {
    const DescriptorMatrix row = MatrixOf(queries.row(query), norm_type_);
    // More neighbours until one is too far away.
    for (int64_t count = std::min<int64_t>(kFirstNeighbours, most);;
         count = std::min(4 * count, most)) {
      std::vector<Neighbour> found;
      try {
        found = index_->index.Search(row, static_cast<int>(count));
      } catch (const InputError& error) {
        CV_Error(cv::Error::StsUnmatchedSizes, error.what());
      }
      std::vector<cv::DMatch> near;
      bool all = false;
      for (const Neighbour& neighbour : found) {
        if (neighbour.row < 0) continue;
        const cv::DMatch match = index_->MatchOf(query, neighbour);
        if (match.distance > maxDistance) {
          all = true;
          break;
        }
        if (allowed.Allow(match)) near.push_back(match);
      }
      if (!all && count < most) continue;
      matches[query] = std::move(near);
      break;
    }
  }
  if (compactResult) DropEmpty(matches);
}

}  // namespace tiepoint
