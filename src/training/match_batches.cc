// SPDX-License-Identifier: Apache-2.0
#include "training/match_batches.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/random.h"
#include "tiepoint/features/keypoint.h"

namespace tiepoint {
namespace {

using Eigen::Matrix3d;
using Eigen::Vector2d;
using Eigen::Vector3d;

constexpr size_t kFewestRight = 30;
// Share of pairs whose photographs are nearly the same: almost all matches are
// right, and nearer than any other by far.
constexpr double kAlike = 0.08;
// Share of pairs of which only matches that are nearest both ways are taken,
// as in use.
constexpr double kMutual = 0.8;
// Chance of a repeated structure.
constexpr double kGhosts = 0.4;

struct Candidate {
  double x1 = 0, y1 = 0, x2 = 0, y2 = 0;
  double ratio = 1, reverse_ratio = 1;
  double log_scale = 0, angle = 0;  // second against first
};

struct Motion {
  Matrix3d rotation = Matrix3d::Identity();
  Vector3d translation = Vector3d::Zero();  // zero: the camera only turned
};

// One direction of a pair.
struct View {
  const MatchedImage* first;
  const MatchedImage* second;
  const std::vector<CandidateMatch>* matches;
  Motion motion;

  View(const MatchSet& set, const MatchedPair& pair, bool forward) {
    first = &set.images[forward ? pair.image1 : pair.image2];
    second = &set.images[forward ? pair.image2 : pair.image1];
    matches = forward ? &pair.forward : &pair.backward;
    motion.rotation =
        Eigen::Map<const Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(
            pair.rotation.data());
    motion.translation = Vector3d(pair.translation.data());
    if (forward) return;
    motion.rotation.transposeInPlace();
    motion.translation = -(motion.rotation * motion.translation);
  }

  Candidate Get(int k) const {
    const CandidateMatch& m = (*matches)[k];
    return {first->x[m.i],
            first->y[m.i],
            second->x[m.j],
            second->y[m.j],
            m.ratio,
            m.reverse_ratio,
            std::log(second->scale[m.j] / first->scale[m.i]),
            second->angle[m.j] - first->angle[m.i]};
  }
};

Matrix3d Cross(const Vector3d& t) {
  Matrix3d m;
  m << 0, -t.z(), t.y(), t.z(), 0, -t.x(), -t.y(), t.x(), 0;
  return m;
}

// Mean of the distances from the epipolar lines, pixels of each image.
double EpipolarPixels(const Matrix3d& essential, const Candidate& c,
                      double focal1, double focal2) {
  const Vector3d a(c.x1, c.y1, 1), b(c.x2, c.y2, 1);
  const Vector3d line2 = essential * a;
  const Vector3d line1 = essential.transpose() * b;
  const double product = std::abs(b.dot(line2));
  const double mean = (product * focal2 / line2.head<2>().norm() +
                       product * focal1 / line1.head<2>().norm()) /
                      2;
  return std::isfinite(mean) ? mean : std::numeric_limits<double>::infinity();
}

// Depth in the first camera of the point nearest to both rays, in baselines; 0
// where they are parallel within half a degree or meet behind a camera.
double Depth(const Motion& motion, const Candidate& c) {
  const Vector3d a = motion.rotation * Vector3d(c.x1, c.y1, 1);
  const Vector3d b(c.x2, c.y2, 1);
  const double sine = a.cross(b).norm() / (a.norm() * b.norm());
  constexpr double kSmallestSine = 0.0087;
  if (sine < kSmallestSine) return 0;
  // z1 a + t = z2 b, in least squares.
  Eigen::Matrix<double, 3, 2> system;
  system << a, -b;
  const Vector2d z = (system.transpose() * system)
                         .ldlt()
                         .solve(-system.transpose() * motion.translation);
  return z(0) > 0 && z(1) > 0 ? z(0) : 0;
}

// What a small patch facing the first camera at `depth` does to scale (log of
// the ratio) and angle. The angle turns with the direction, so it is that of a
// patch whose own angle is `angle1`.
struct Turn {
  double log_scale = 0, angle = 0;
};
Turn Predicted(const Motion& motion, const Candidate& c, double depth,
               double angle1) {
  const Vector3d x = depth * Vector3d(c.x1, c.y1, 1);
  const Vector3d moved = motion.rotation * x + motion.translation;
  const Vector3d side =
      motion.rotation * Vector3d(std::cos(angle1), std::sin(angle1), 0);
  // Derivative of the projection along `side`.
  const Vector2d on_image =
      side.head<2>() / moved.z() -
      moved.head<2>() * side.z() / (moved.z() * moved.z());
  return {std::log(depth / moved.z()),
          std::atan2(on_image.y(), on_image.x()) - angle1};
}

void Fill(const View& view, const MatchBatchOptions& options,
          MatchModel& model) {
  const Matrix3d essential =
      Cross(view.motion.translation) * view.motion.rotation;
  for (int k = 0; k < static_cast<int>(view.matches->size()); ++k) {
    const Candidate c = view.Get(k);
    const double distance = EpipolarPixels(
        essential, c, view.first->focal_length, view.second->focal_length);
    if (distance >= options.wrong) model.wrong.push_back(k);
    if (distance >= options.right) continue;
    model.right.push_back(k);
    const double depth = Depth(view.motion, c);
    const double angle1 = view.first->angle[(*view.matches)[k].i];
    Turn error;
    if (depth > 0) {
      const Turn predicted = Predicted(view.motion, c, depth, angle1);
      error = {c.log_scale - predicted.log_scale,
               WrapAngle(c.angle - predicted.angle)};
    }
    model.depth.push_back(static_cast<float>(depth));
    model.scale_error.push_back(static_cast<float>(error.log_scale));
    model.angle_error.push_back(static_cast<float>(error.angle));
  }
}

double LogUniform(Random& random, double low, double high) {
  return std::exp(random.Uniform(std::log(low), std::log(high)));
}

Vector3d OnSphere(Random& random) {
  const Vector3d v(random.Normal(), random.Normal(), random.Normal());
  return v.norm() > 1e-6 ? Vector3d(v.normalized()) : Vector3d(1, 0, 0);
}

// A second camera that looks about where the first does; the scene lies around
// depth 1.
Motion DrawMotion(Random& random) {
  Motion motion;
  Vector3d centre = Vector3d::Zero();
  if (!random.Chance(0.03)) {
    centre = LogUniform(random, 0.03, 2) * OnSphere(random);
    if (random.Chance(0.15)) {  // forward or backward
      centre = Vector3d(0.1 * random.Normal(), 0.1 * random.Normal(), 1)
                   .normalized() *
               centre.norm() * (random.Chance(0.5) ? 1 : -1);
    }
    if (centre.z() > 0.6) centre *= 0.6 / centre.z();
  }
  const Vector3d target(random.Uniform(-0.25, 0.25),
                        random.Uniform(-0.25, 0.25), 1);
  const Vector3d forward = (target - centre).normalized();
  const Matrix3d look =
      Eigen::Quaterniond::FromTwoVectors(forward, Vector3d::UnitZ())
          .toRotationMatrix();
  motion.rotation = look;
  motion.translation = -look * centre;
  return motion;
}

// Depth of a made scene along each ray: a few planes, a wavy surface, or a
// cloud.
class MadeDepth {
 public:
  explicit MadeDepth(Random& random) : kind_(random.Integer(4)) {
    for (Vector3d& plane : planes_) {
      plane = Vector3d(random.Normal() * 0.5, random.Normal() * 0.5, 1) /
              LogUniform(random, 0.6, 1.8);
    }
    for (double& v : wave_) v = random.Normal();
    spread_ = LogUniform(random, 0.05, 0.6);
  }
  double At(double x, double y, Random& random) const {
    const Vector3d ray(x, y, 1);
    const auto on_plane = [&](const Vector3d& plane) {
      const double along = plane.dot(ray);
      return along > 0.1 ? 1 / along : 10;
    };
    if (kind_ == 0) return on_plane(planes_[0]);
    if (kind_ == 1) {  // the nearest of several
      double depth = 10;
      for (const Vector3d& plane : planes_) {
        depth = std::min(depth, on_plane(plane));
      }
      return depth;
    }
    if (kind_ == 2) {
      return std::exp(spread_ * (std::sin(4 * wave_[0] * x + wave_[1]) +
                                 std::sin(4 * wave_[2] * y + wave_[3])));
    }
    return std::exp(spread_ * random.Normal());
  }

 private:
  int kind_;
  std::array<Vector3d, 3> planes_;
  std::array<double, 4> wave_{};
  double spread_ = 0.1;
};

// How far an image reaches from its middle.
Vector2d Reach(const MatchedImage& image) {
  Vector2d reach(0, 0);
  for (int i = 0; i < image.Count(); ++i) {
    if (std::abs(image.x[i]) > 5 || std::abs(image.y[i]) > 5) continue;
    reach.x() = std::max<double>(reach.x(), std::abs(image.x[i]));
    reach.y() = std::max<double>(reach.y(), std::abs(image.y[i]));
  }
  return reach;
}

}  // namespace

struct MatchBatches::Sample {
  std::vector<Candidate> matches;
  std::vector<float> labels;
  Motion motion;
  Vector2d reach{0.5, 0.5};       // of the first image
  double scale1 = 1, scale2 = 1;  // of the coordinates, by wrong focal lengths
  uint64_t seed = 0;              // of the virtual points
};

MatchBatches::MatchBatches(std::span<const MatchSet> sets, Part part,
                           const MatchBatchOptions& options, uint64_t seed)
    : sets_(sets), options_(options), seed_(seed) {
  const auto held_out = [](int image) { return image % 8 == 2; };
  for (int s = 0; s < static_cast<int>(sets.size()); ++s) {
    const MatchSet& set = sets[s];
    for (int p = 0; p < static_cast<int>(set.pairs.size()); ++p) {
      const MatchedPair& pair = set.pairs[p];
      const bool held = held_out(pair.image1) || held_out(pair.image2);
      if (part != Part::kAll && held != (part == Part::kHeldOut)) continue;
      for (const bool forward : {true, false}) {
        MatchModel& model = models_.emplace_back();
        model.set = s;
        model.pair = p;
        model.forward = forward;
      }
    }
  }
  ParallelFor(static_cast<int>(models_.size()), [&](int k) {
    MatchModel& model = models_[k];
    const MatchSet& set = sets_[model.set];
    Fill(View(set, set.pairs[model.pair], model.forward), options_, model);
  });
  std::erase_if(models_, [](const MatchModel& m) {
    return m.right.size() < kFewestRight || m.wrong.size() < kFewestRight;
  });
  if (models_.empty()) {
    throw InputError("no pair of photographs has 30 right matches");
  }
}

struct MatchBatches::Pool {
  const MatchModel& model;
  View view;
  std::vector<int> right;  // places in model.right
  std::vector<int> wrong;  // matches
};

namespace {

void Shuffle(std::vector<int>& list, Random& random) {
  for (int i = static_cast<int>(list.size()) - 1; i > 0; --i) {
    std::swap(list[i], list[random.Integer(i + 1)]);
  }
}

int Any(const std::vector<int>& list, Random& random) {
  return list[random.Integer(static_cast<int>(list.size()))];
}

// Right matches of a made pair: up to `count` that both cameras see, before
// depths that are those of the real pair or made ones.
std::vector<Candidate> MadeRight(const View& view, const MatchModel& model,
                                 const std::vector<int>& right,
                                 const Motion& motion, int count,
                                 Random& random) {
  const double focal1 = view.first->focal_length;
  const double focal2 = view.second->focal_length;
  const MadeDepth made(random);
  std::vector<float> depths;
  for (const int r : right) {
    if (model.depth[r] > 0) depths.push_back(model.depth[r]);
  }
  const bool real_depth = depths.size() >= 50 && random.Chance(0.5);
  double median = 1;
  if (real_depth) {
    std::nth_element(depths.begin(), depths.begin() + depths.size() / 2,
                     depths.end());
    median = depths[depths.size() / 2];
  }
  const Vector2d reach2 = Reach(*view.second);
  const double noise = LogUniform(random, 0.25, 1.5);
  std::vector<Candidate> matches;
  for (int attempt = 0;
       attempt < 6 * count && static_cast<int>(matches.size()) < count;
       ++attempt) {
    const int r = Any(right, random);
    Candidate c = view.Get(model.right[r]);
    const double angle1 = view.first->angle[(*view.matches)[model.right[r]].i];
    double depth = model.depth[r] / median;
    if (!real_depth) {
      const int i = random.Integer(view.first->Count());
      c.x1 = view.first->x[i];
      c.y1 = view.first->y[i];
      depth = made.At(c.x1, c.y1, random);
    }
    if (!(depth > 0.05)) continue;
    const Vector3d moved = motion.rotation * (depth * Vector3d(c.x1, c.y1, 1)) +
                           motion.translation;
    if (moved.z() < 0.05) continue;
    c.x2 = moved.x() / moved.z();
    c.y2 = moved.y() / moved.z();
    if (std::abs(c.x2) > reach2.x() || std::abs(c.y2) > reach2.y()) continue;
    const Turn turn = Predicted(motion, c, depth, angle1);
    c.log_scale = turn.log_scale + model.scale_error[r];
    c.angle = turn.angle + model.angle_error[r];
    const double wide = random.Chance(0.1) ? 3 * noise : noise;
    c.x1 += wide / focal1 * random.Normal();
    c.y1 += wide / focal1 * random.Normal();
    c.x2 += wide / focal2 * random.Normal();
    c.y2 += wide / focal2 * random.Normal();
    matches.push_back(c);
  }
  return matches;
}

// Wrong matches, some of two keypoints that were never matched: all from where
// the real ones are used up, and a `shuffled` share.
void AppendWrong(const View& view, const std::vector<int>& wrong, int count,
                 double shuffled, Random& random,
                 std::vector<Candidate>& matches) {
  const auto available = static_cast<int>(wrong.size());
  for (int k = 0; k < count; ++k) {
    Candidate c = view.Get(wrong[k % available]);
    if (k >= available || random.Chance(shuffled)) {
      const Candidate other = view.Get(Any(wrong, random));
      c.x2 = other.x2;
      c.y2 = other.y2;
    }
    matches.push_back(c);
  }
}

// Repeated structures: wrong matches (from `first` on) give way to right ones
// of a neighbourhood whose second places all moved by the same step, as from
// one wing of a house to the other.
void PutGhosts(int first, Random& random, std::vector<Candidate>& matches) {
  const auto total = static_cast<int>(matches.size());
  if (first < 1 || total - first < 1) return;
  const Candidate middle = matches[random.Integer(first)];
  std::vector<std::pair<double, int>> near;
  near.reserve(first);
  for (int i = 0; i < first; ++i) {
    near.emplace_back(
        std::hypot(matches[i].x1 - middle.x1, matches[i].y1 - middle.y1), i);
  }
  std::sort(near.begin(), near.end());
  const int count = std::min(
      static_cast<int>(first * LogUniform(random, 0.05, 0.8)), total - first);
  const double step = LogUniform(random, 0.02, 0.6);
  const double direction = random.Uniform(-std::numbers::pi, std::numbers::pi);
  for (int k = 0; k < count; ++k) {
    Candidate c = matches[near[k].second];
    c.x2 += step * std::cos(direction);
    c.y2 += step * std::sin(direction);
    // Of two that look the same, neither is much nearer.
    c.ratio = std::max(c.ratio, random.Uniform(0.6, 1));
    c.reverse_ratio = std::max(c.reverse_ratio, random.Uniform(0.6, 1));
    matches[first + k] = c;
  }
}

// Pixels between a match and what the cameras allow: of epipolar lines, or of
// the one place where the camera only turned.
double ErrorPixels(const Motion& motion, const Candidate& c, double focal1,
                   double focal2) {
  if (motion.translation.norm() > 1e-9) {
    return EpipolarPixels(Cross(motion.translation) * motion.rotation, c,
                          focal1, focal2);
  }
  const Vector3d p = motion.rotation * Vector3d(c.x1, c.y1, 1);
  if (p.z() <= 0) return std::numeric_limits<double>::infinity();
  return (p.head<2>() / p.z() - Vector2d(c.x2, c.y2)).norm() * focal2;
}

// The same pair as cameras would show it that are rolled about their axes, or
// whose pictures are mirrored.
void RollAndMirror(Random& random, Motion& motion,
                   std::vector<Candidate>& matches) {
  const auto roll = [&] {
    return random.Chance(0.5)
               ? random.Uniform(-std::numbers::pi, std::numbers::pi)
               : 0.1 * random.Normal();
  };
  const double roll1 = roll();
  const double roll2 =
      random.Chance(0.5) ? roll1 + 0.1 * random.Normal() : roll();
  const bool mirror = random.Chance(0.5);
  const Matrix3d turn1 =
      Eigen::AngleAxisd(roll1, Vector3d::UnitZ()).toRotationMatrix();
  const Matrix3d turn2 =
      Eigen::AngleAxisd(roll2, Vector3d::UnitZ()).toRotationMatrix();
  const Matrix3d flip =
      mirror ? Matrix3d(Vector3d(-1, 1, 1).asDiagonal()) : Matrix3d::Identity();
  motion.rotation = flip * turn2 * motion.rotation * turn1.transpose() * flip;
  motion.translation = flip * turn2 * motion.translation;
  for (Candidate& c : matches) {
    const Vector3d a = flip * turn1 * Vector3d(c.x1, c.y1, 1);
    const Vector3d b = flip * turn2 * Vector3d(c.x2, c.y2, 1);
    c.x1 = a.x();
    c.y1 = a.y();
    c.x2 = b.x();
    c.y2 = b.y();
    c.angle += roll2 - roll1;
    if (mirror) c.angle = -c.angle;
  }
}

}  // namespace

MatchBatches::Pool MatchBatches::DrawPool(const MatchModel& model,
                                          Random& random) const {
  const MatchSet& set = sets_[model.set];
  Pool pool{model, View(set, set.pairs[model.pair], model.forward), {}, {}};
  const auto fill = [&](const auto& usable) {
    pool.right.clear();
    pool.wrong.clear();
    for (int r = 0; r < static_cast<int>(model.right.size()); ++r) {
      if (usable(model.right[r])) pool.right.push_back(r);
    }
    for (const int k : model.wrong) {
      if (usable(k)) pool.wrong.push_back(k);
    }
  };
  const bool mutual = random.Chance(kMutual);
  fill([&](int k) {
    return !mutual || (*pool.view.matches)[k].reverse_ratio < 1;
  });
  if (pool.right.size() < 8 || pool.wrong.size() < 8) {
    fill([](int) { return true; });
  }
  Shuffle(pool.right, random);
  Shuffle(pool.wrong, random);
  return pool;
}

MatchBatches::Sample MatchBatches::Augmented(uint64_t seed) const {
  Random random(seed);
  const MatchModel& model =
      models_[random.Integer(static_cast<int>(models_.size()))];
  const Pool pool = DrawPool(model, random);
  const View& view = pool.view;
  const double focal1 = view.first->focal_length;
  const double focal2 = view.second->focal_length;
  // Of these photographs, of harder ones, or of nearly the same one twice.
  const double natural =
      static_cast<double>(pool.right.size()) /
      static_cast<double>(pool.right.size() + pool.wrong.size());
  const bool alike = random.Chance(kAlike);
  const double share = alike                ? random.Uniform(0.8, 1.0)
                       : random.Chance(0.4) ? natural
                                            : LogUniform(random, 0.04, 0.9);
  const int total = options_.matches;
  const int num_right = std::clamp(static_cast<int>(share * total), 12, total);

  Sample sample;
  sample.seed = random.Bits();
  sample.motion = view.motion;
  sample.reach = Reach(*view.first);
  std::vector<Candidate>& matches = sample.matches;
  if (random.Chance(options_.synthetic)) {
    sample.motion = DrawMotion(random);
    matches =
        MadeRight(view, model, pool.right, sample.motion, num_right, random);
    if (matches.size() < 12) {  // the second camera saw nothing
      matches.clear();
      sample.motion = view.motion;
    }
  }
  const bool made = !matches.empty();
  for (int k = 0; !made && k < num_right; ++k) {
    matches.push_back(view.Get(
        model.right[pool.right[k % static_cast<int>(pool.right.size())]]));
  }
  if (alike) {
    const double nearer = LogUniform(random, 0.02, 1);
    for (Candidate& c : matches) {
      c.ratio *= nearer;
      c.reverse_ratio *= nearer;
    }
  }
  const auto first_wrong = static_cast<int>(matches.size());
  AppendWrong(view, pool.wrong, total - first_wrong, made ? 0.3 : 0, random,
              matches);
  if (random.Chance(kGhosts)) PutGhosts(first_wrong, random, matches);

  if (sample.motion.translation.norm() > 1e-9) {
    sample.motion.translation.normalize();
  }
  for (const Candidate& c : matches) {
    const double error = ErrorPixels(sample.motion, c, focal1, focal2);
    sample.labels.push_back(error < options_.right    ? 1.0f
                            : error >= options_.wrong ? 0.0f
                                                      : -1.0f);
  }
  RollAndMirror(random, sample.motion, matches);
  if (random.Chance(options_.guessed_cameras)) {
    const double most = std::log(1.5);
    sample.scale1 = std::exp(random.Uniform(-most, most));
    sample.scale2 = random.Chance(0.5) ? sample.scale1
                                       : std::exp(random.Uniform(-most, most));
  }
  return sample;
}

MatchBatches::Sample MatchBatches::Original(const MatchModel& model,
                                            uint64_t seed, int matches) const {
  Random random(seed);
  const MatchSet& set = sets_[model.set];
  const View view(set, set.pairs[model.pair], model.forward);
  Sample sample;
  sample.seed = random.Bits();
  sample.motion = view.motion;
  sample.reach = Reach(*view.first);
  std::vector<int> order;
  for (int k = 0; k < static_cast<int>(view.matches->size()); ++k) {
    if ((*view.matches)[k].reverse_ratio < 1) order.push_back(k);
  }
  if (order.empty()) {
    order.resize(view.matches->size());
    std::iota(order.begin(), order.end(), 0);
  }
  Shuffle(order, random);
  const Matrix3d essential =
      Cross(view.motion.translation) * view.motion.rotation;
  for (int k = 0; k < matches; ++k) {
    const Candidate c = view.Get(order[k % order.size()]);
    sample.matches.push_back(c);
    const double distance = EpipolarPixels(
        essential, c, view.first->focal_length, view.second->focal_length);
    sample.labels.push_back(distance < options_.right ? 1.0f : 0.0f);
  }
  return sample;
}

void MatchBatches::Store(const Sample& sample, int place,
                         MatchBatch& batch) const {
  float* row = batch.inputs.data() +
               static_cast<size_t>(place) * batch.matches * kMatchInputs;
  for (const Candidate& c : sample.matches) {
    const double log_scale =
        c.log_scale + std::log(sample.scale2 / sample.scale1);
    const auto values = MatchRow(c.x1 * sample.scale1, c.y1 * sample.scale1,
                                 c.x2 * sample.scale2, c.y2 * sample.scale2,
                                 c.ratio, c.reverse_ratio, log_scale, c.angle);
    row = std::copy(values.begin(), values.end(), row);
  }
  std::copy(
      sample.labels.begin(), sample.labels.end(),
      batch.labels.begin() + static_cast<ptrdiff_t>(place) * batch.matches);

  const Motion& motion = sample.motion;
  const bool moved = motion.translation.norm() > 1e-9;
  batch.has_pose[place] = moved ? 1.0f : 0.0f;
  if (!moved) return;
  const Vector3d shrink1(1 / sample.scale1, 1 / sample.scale1, 1);
  const Vector3d shrink2(1 / sample.scale2, 1 / sample.scale2, 1);
  const Matrix3d essential =
      (shrink2.asDiagonal() * (Cross(motion.translation) * motion.rotation) *
       shrink1.asDiagonal())
          .normalized();
  for (int k = 0; k < 9; ++k) {
    batch.essential[static_cast<size_t>(place) * 9 + k] =
        static_cast<float>(essential(k / 3, k % 3));
  }
  Random random(sample.seed);
  float* point = batch.virtual_points.data() +
                 static_cast<size_t>(place) * kVirtualPoints * 4;
  // Within the first image, however it was rolled, at depths that the second
  // camera can see.
  const double radius = sample.reach.norm() * 0.8;
  for (int k = 0; k < kVirtualPoints; ++k) {
    for (int attempt = 0;; ++attempt) {
      const double x = random.Uniform(-radius, radius);
      const double y = random.Uniform(-radius, radius);
      // From some hundred baselines on nothing moves any more.
      const double depth = attempt < 30 ? LogUniform(random, 0.7, 60) : 1e4;
      const Vector3d seen =
          motion.rotation * (depth * Vector3d(x, y, 1)) + motion.translation;
      const bool fine = seen.z() > 0.05 &&
                        std::abs(seen.x() / seen.z()) < 1.5 &&
                        std::abs(seen.y() / seen.z()) < 1.5;
      if (!fine && attempt < 60) continue;
      const std::array<double, 4> place4 = {
          x * sample.scale1, y * sample.scale1,
          seen.x() / seen.z() * sample.scale2,
          seen.y() / seen.z() * sample.scale2};
      for (const double v : place4) *point++ = static_cast<float>(v);
      break;
    }
  }
}

namespace {
MatchBatch Empty(int pairs, int matches) {
  MatchBatch batch;
  batch.pairs = pairs;
  batch.matches = matches;
  const auto count = static_cast<size_t>(pairs);
  batch.inputs.resize(count * matches * kMatchInputs);
  batch.labels.resize(count * matches);
  batch.essential.resize(count * 9);
  batch.virtual_points.resize(count * kVirtualPoints * 4);
  batch.has_pose.resize(count);
  return batch;
}
}  // namespace

MatchBatch MatchBatches::Training(uint64_t index) const {
  MatchBatch batch = Empty(options_.pairs, options_.matches);
  ParallelFor(options_.pairs, [&](int k) {
    const uint64_t sample = index * options_.pairs + k;
    Store(Augmented(StreamSeed(seed_, sample)), k, batch);
  });
  return batch;
}

MatchBatch MatchBatches::Real(int count, int matches) const {
  const int available = Pairs();
  count = std::min(count, available);
  MatchBatch batch = Empty(count, matches);
  ParallelFor(count, [&](int k) {
    const auto which = static_cast<int>((2 * int64_t{k} + 1) * available /
                                        (2 * int64_t{count}));
    Store(Original(models_[which], StreamSeed(seed_, k), matches), k, batch);
  });
  return batch;
}

double EssentialErrorDegrees(std::span<const float> essential,
                             std::span<const float> truth) {
  const auto matrix = [](std::span<const float> values) {
    Matrix3d m;
    for (int k = 0; k < 9; ++k) m(k / 3, k % 3) = values[k];
    return m;
  };
  struct Parts {
    std::array<Matrix3d, 2> rotations;
    Vector3d translation;
  };
  const auto decompose = [](const Matrix3d& m) {
    const Eigen::JacobiSVD<Matrix3d> svd(
        m, Eigen::ComputeFullU | Eigen::ComputeFullV);
    Matrix3d u = svd.matrixU(), v = svd.matrixV();
    if (u.determinant() < 0) u.col(2) *= -1;
    if (v.determinant() < 0) v.col(2) *= -1;
    Matrix3d w;
    w << 0, -1, 0, 1, 0, 0, 0, 0, 1;
    return Parts{{u * w * v.transpose(), u * w.transpose() * v.transpose()},
                 u.col(2)};
  };
  const Matrix3d estimate = matrix(essential);
  if (!estimate.allFinite() || estimate.norm() == 0) return 180;
  const Parts a = decompose(estimate), b = decompose(matrix(truth));
  const double direction =
      std::atan2(a.translation.cross(b.translation).norm(),
                 std::abs(a.translation.dot(b.translation)));
  double turn = std::numbers::pi;
  for (const Matrix3d& r : a.rotations) {
    for (const Matrix3d& true_r : b.rotations) {
      turn = std::min(turn, Eigen::AngleAxisd(r * true_r.transpose()).angle());
    }
  }
  return std::max(direction, turn) * 180 / std::numbers::pi;
}

}  // namespace tiepoint
