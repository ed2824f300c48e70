// SPDX-License-Identifier: Apache-2.0
// What one step of each training sees. Batch k of a seed is always the same,
// whatever was made before it: training resumes exactly.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "tiepoint/image/patch.h"
#include "tiepoint/network/model_file.h"
#include "training/photographs.h"
#include "training/shard_points.h"
#include "training/training_points.h"

namespace tiepoint {

// How far the keypoint of the second view is from where it should be: a
// detector and an orientation network are never exact.
struct KeypointJitter {
  double place = 0.25;  // standard deviation, sigma
  double scale = 0.18;  // standard deviation of log2
  double angle = 9;     // standard deviation, degrees
};

// Pairs of patches of one physical point, as one network sees them.
struct PatchPairs {
  int count = 0;
  std::vector<float> first, second;  // count x size x size, normalised
};

// Upright patches in both views for the orientation network, and upright
// patches for the (frozen) descriptor.
struct OrientationPairs {
  int count = 0;
  std::vector<float> first, second;            // normalised, orientation
  std::vector<float> first_wide, second_wide;  // gray, descriptor
  std::vector<float> turn;  // radians, angle in second minus angle in first
};

// Upright patches in both views, as 8-bit grays.
struct UprightPairs {
  int count = 0;
  std::vector<uint8_t> first, second;  // count x size x size
  std::vector<float> turn;  // radians, angle in second minus angle in first
};

// Stacks of windows of consecutive scale-space levels around points.
struct DetectorStacks {
  static constexpr int kLevels = 5;   // per stack
  static constexpr int kWindow = 38;  // 14 + 25 - 1 pixels
  static constexpr int kScores = 14;  // side of the score map
  int count = 0;
  std::vector<float> first, second;  // count x kLevels x 38 x 38, normalised
  std::vector<float> negative;       // the same, of places that do not repeat
  // Of each level of a stack: x and y (image pixels) of the middle of its
  // window, and the spacing of its pixels. count x kLevels x 3.
  std::vector<float> first_frames, second_frames;
  // second_from_first around the point (x0, y0) of the first view:
  // p2 = J (p1 - p0) + p0', as rows x0, y0, J00, J01, J10, J11, x0', y0'.
  std::vector<float> affine;  // count x 8
};

// LIFT's training patches (spec section 6): two views of a point, upright,
// moved off the point, and places in the second view that are no keypoints.
struct LiftQuadruplets {
  // For detector, orientation and small descriptors, and, coarser, for wide
  // descriptors. Half widths in sigma.
  static constexpr PatchGeometry Near() {
    return {PatchGeometry::Grid::kCartesian, 128, 16.0, 1.0, 0};
  }
  static constexpr PatchGeometry Wide() {
    return {PatchGeometry::Grid::kCartesian, 128, 32.0, 1.0, 0};
  }
  // Patches are moved by up to this much along each axis: the paper's 20 %.
  static constexpr double kMaxOff = 2.4;  // sigma

  int count = 0;
  std::vector<float> near_first, near_second, near_negative;  // gray
  std::vector<float> wide_first, wide_second;
  // Where the point lies in the patches of both views, sigma: count x 4
  // (x1, y1, x2, y2).
  std::vector<float> places;
  std::vector<float> turn;  // radians, angle in second minus angle in first
};

struct BatchOptions {
  int pairs = 512;
  int pairs_a_view = 96;
  ViewOptions views;
  KeypointJitter jitter;
};

// Where points come from: two views made of each photograph, or shards
// (docs/training_data.md). Detectors look at whole views and learn from
// photographs alone. Throws InputError where patches of a shard are too small
// for what is cut from them.
class BatchMaker {
 public:
  // Views of the photographs of these indices. `photographs` outlives this.
  BatchMaker(const PhotographStore& photographs, std::vector<int> indices,
             BatchOptions options, uint64_t seed);
  // `shards` outlives this. Of the options, views and pairs_a_view do not
  // matter.
  BatchMaker(const ShardPoints& shards, BatchOptions options, uint64_t seed);

  // `model` gives the normalisation, `geometry` the patch.
  PatchPairs MakePatchPairs(uint64_t index, const Model& model,
                            const PatchGeometry& geometry) const;
  // The wide patches: `wide` with angle 0.
  OrientationPairs MakeOrientationPairs(uint64_t index, const Model& model,
                                        const PatchGeometry& geometry,
                                        const PatchGeometry& wide) const;
  UprightPairs MakeUprightPairs(uint64_t index,
                                const PatchGeometry& geometry) const;
  DetectorStacks MakeDetectorStacks(uint64_t index, const Model& model) const;
  // With `wide`, the wide patches as well.
  LiftQuadruplets MakeLiftQuadruplets(uint64_t index, bool wide) const;

 private:
  // A point, the pictures that show it, and which way is up in them.
  struct SeenPoint {
    const ImagePyramid& first;
    const ImagePyramid& second;
    PointInViews point;
    double up_first = 0, up_second = 0;
    // A place without a keypoint; without a picture nobody asked for it.
    const ImagePyramid* elsewhere = nullptr;
    Keypoint no_keypoint;
  };
  // The point upright in both pictures, that of the second jittered, and how
  // far the point turned between them.
  struct UprightPoint {
    Keypoint first, second;
    float turn = 0;
  };
  UprightPoint Upright(const SeenPoint& p, Random& random) const;
  using Visit = std::function<void(const SeenPoint&)>;
  struct Wanted {
    double support = 0;  // how far patches reach, sigma
    bool no_keypoint = false;
  };

  ViewPair MakeViews(Random& random) const;
  // Calls visit for the options_.pairs points of batch `index`.
  void ForPoints(uint64_t index, const Wanted& wanted, Random& random,
                 const Visit& visit) const;
  void ForPointsOfViews(const Wanted& wanted, Random& random,
                        const Visit& visit) const;
  void ForPointsOfShards(uint64_t index, const Wanted& wanted,
                         const Visit& visit) const;

  const PhotographStore* photographs_ = nullptr;
  const ShardPoints* shards_ = nullptr;
  std::vector<int> indices_;
  BatchOptions options_;
  uint64_t seed_;
};

// Makes batches on threads of its own while the network trains, and hands them
// out in order.
template <typename Batch>
class Prefetch {
 public:
  Prefetch(uint64_t first_index, std::function<Batch(uint64_t)> make)
      : next_(first_index),
        make_(std::move(make)),
        thread_([this] { Run(); }) {}
  ~Prefetch() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
  }
  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;

  Batch Take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !ready_.empty() || failure_; });
    if (ready_.empty()) std::rethrow_exception(failure_);
    Batch batch = std::move(ready_.front());
    ready_.pop_front();
    changed_.notify_all();
    return batch;
  }

 private:
  static constexpr size_t kAhead = 3;

  void Run() {
    for (;; ++next_) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return stop_ || ready_.size() < kAhead; });
        if (stop_) return;
      }
      try {
        Batch batch = make_(next_);
        const std::lock_guard lock(mutex_);
        ready_.push_back(std::move(batch));
      } catch (...) {
        const std::lock_guard lock(mutex_);
        failure_ = std::current_exception();
        changed_.notify_all();
        return;
      }
      changed_.notify_all();
    }
  }

  uint64_t next_;
  std::function<Batch(uint64_t)> make_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> ready_;
  std::exception_ptr failure_;
  bool stop_ = false;
  std::jthread thread_;  // last: joined before the rest is destroyed
};

}  // namespace tiepoint
