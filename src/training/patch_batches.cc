// SPDX-License-Identifier: Apache-2.0
#include "training/patch_batches.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tiepoint/base/error.h"
#include "tiepoint/image/jet_scale_space.h"

namespace tiepoint {
namespace {

constexpr double kRadians = std::numbers::pi / 180;

// Where points are looked for, and how.
struct PointSearch {
  ScaleSpaceOptions scales;
  MaximaOptions maxima;
  int max_points = 600;  // the strongest of a view
};

// For patch networks: the levels and maxima of the detector, so that they learn
// from keypoints like those that they will be asked about.
PointSearch LikeTheDetector() { return {JetScaleSpace(), {}}; }

Keypoint Jitter(Keypoint k, const KeypointJitter& jitter, Random& random) {
  k.x += static_cast<float>(jitter.place * k.scale * random.Normal());
  k.y += static_cast<float>(jitter.place * k.scale * random.Normal());
  k.scale *= static_cast<float>(std::exp2(jitter.scale * random.Normal()));
  k.angle = WrapAngle(k.angle + jitter.angle * kRadians * random.Normal());
  return k;
}

void AppendPatch(const ImagePyramid& pyramid, const Keypoint& k,
                 const PatchGeometry& geometry, const Model* normalize,
                 std::vector<float>& out) {
  const size_t area = static_cast<size_t>(geometry.size) * geometry.size;
  out.resize(out.size() + area);
  float* patch = out.data() + out.size() - area;
  SamplePatch(pyramid, k.x, k.y, k.scale, k.angle, geometry, patch);
  if (normalize) NormalizeInput(*normalize, patch, static_cast<int>(area));
}

}  // namespace

namespace {

// A view prepared for detection: its levels and the points found on them.
struct PreparedView {
  ImagePyramid pyramid;
  std::vector<ScaleLevel> levels;
  std::vector<Keypoint> points;

  PreparedView(const GrayImage& image, const PointSearch& search)
      : pyramid(image),
        levels(MakeScaleLevels(pyramid, search.scales)),
        points(FindHessianPoints(levels, search.max_points, search.maxima)) {}
};

// How far from the keypoint the corners of a patch are, sigma.
double Reach(const PatchGeometry& geometry) {
  return geometry.grid == PatchGeometry::Grid::kCartesian
             ? geometry.support * std::numbers::sqrt2
             : geometry.support;
}

// Half a descriptor window or more from every point of the view.
Keypoint DrawNoKeypoint(const PreparedView& view, Random& random) {
  Keypoint k;
  for (int attempt = 0; attempt < 50; ++attempt) {
    k.scale = static_cast<float>(std::exp2(random.Uniform(0.5, 3)));
    k.x = static_cast<float>(random.Uniform(0, view.pyramid.width()));
    k.y = static_cast<float>(random.Uniform(0, view.pyramid.height()));
    const bool near = std::any_of(
        view.points.begin(), view.points.end(), [&](const Keypoint& p) {
          const double ratio = p.scale / k.scale;
          return std::hypot(p.x - k.x, p.y - k.y) < 6 * k.scale &&
                 ratio > 0.5 && ratio < 2;
        });
    if (!near) break;
  }
  return k;
}

std::vector<PointInViews> FindPoints(const ViewPair& views,
                                     const PreparedView& first,
                                     const PreparedView& second,
                                     const PointOptions& options,
                                     Random& random) {
  return FindPointsInViews(views, first.points, second.points, options, random);
}

// Refuses to search for ever in photographs that show nothing.
class EmptyViews {
 public:
  void Count(bool empty) {
    in_a_row_ = empty ? in_a_row_ + 1 : 0;
    if (in_a_row_ == 200) {
      throw InputError(
          "200 views in a row hold no point to learn from: the photographs "
          "are too small or show nothing");
    }
  }

 private:
  int in_a_row_ = 0;
};

int NearestLevel(const std::vector<ScaleLevel>& levels, double scale) {
  const double ratio = levels[1].scale / levels[0].scale;
  return static_cast<int>(
      std::lround(std::log(scale / levels[0].scale) / std::log(ratio)));
}

// The map around the point p as x0, y0, J00, J01, J10, J11, x0', y0'; empty
// where it is not regular.
std::vector<float> LinearMap(const Homography& map, const Keypoint& p) {
  const auto image = [&](float dx, float dy) {
    Keypoint k = p;
    k.x += dx;
    k.y += dy;
    return MapKeypoint(map, k);
  };
  const auto middle = image(0, 0), right = image(1, 0), down = image(0, 1);
  if (!middle || !right || !down) return {};
  return {p.x,
          p.y,
          right->x - middle->x,
          down->x - middle->x,
          right->y - middle->y,
          down->y - middle->y,
          middle->x,
          middle->y};
}

// The stack of windows around (x, y) whose middle level is `level`; nothing is
// appended, and false returned, when it leaves the levels.
bool AppendStack(const std::vector<ScaleLevel>& levels, int level, double x,
                 double y, const Model& model, std::vector<float>& out,
                 std::vector<float>* frames) {
  constexpr int kHalf = DetectorStacks::kLevels / 2;
  constexpr int kWindow = DetectorStacks::kWindow;
  if (level < kHalf || level + kHalf >= static_cast<int>(levels.size())) {
    return false;
  }
  const size_t area = static_cast<size_t>(kWindow) * kWindow;
  std::vector<float> stack, places;
  for (int k = -kHalf; k <= kHalf; ++k) {
    const ScaleLevel& l = levels[level + k];
    // All windows of a stack share the centre of the middle one as nearly as
    // whole pixels allow.
    const int left = static_cast<int>(
        std::lround(l.LevelFromImage(x) - (kWindow - 1) / 2.0));
    const int top = static_cast<int>(
        std::lround(l.LevelFromImage(y) - (kWindow - 1) / 2.0));
    if (left < 0 || top < 0 || left + kWindow > l.image.width ||
        top + kWindow > l.image.height) {
      return false;
    }
    for (int j = 0; j < kWindow; ++j) {
      const float* row = l.image.Row(top + j) + left;
      stack.insert(stack.end(), row, row + kWindow);
    }
    for (const int corner : {left, top}) {
      places.push_back(
          static_cast<float>(l.ImageFromLevel(corner + (kWindow - 1) / 2.0)));
    }
    places.push_back(static_cast<float>(l.spacing));
  }
  for (int k = 0; k < DetectorStacks::kLevels; ++k) {
    NormalizeInput(model, stack.data() + k * area, static_cast<int>(area));
  }
  out.insert(out.end(), stack.begin(), stack.end());
  if (frames) frames->insert(frames->end(), places.begin(), places.end());
  return true;
}

}  // namespace

BatchMaker::BatchMaker(const PhotographStore& photographs,
                       std::vector<int> indices, BatchOptions options,
                       uint64_t seed)
    : photographs_(&photographs),
      indices_(std::move(indices)),
      options_(options),
      seed_(seed) {
  if (indices_.empty()) throw InputError("too few photographs to train on");
}

BatchMaker::BatchMaker(const ShardPoints& shards, BatchOptions options,
                       uint64_t seed)
    : shards_(&shards), options_(options), seed_(seed) {}

ViewPair BatchMaker::MakeViews(Random& random) const {
  const int photograph =
      indices_[random.Integer(static_cast<int>(indices_.size()))];
  ViewOptions views = options_.views;
  views.appearance *= random.Uniform(0.2, 1);
  return MakeViewPair(*photographs_, photograph, views, random);
}

void BatchMaker::ForPoints(uint64_t index, const Wanted& wanted, Random& random,
                           const Visit& visit) const {
  if (shards_) {
    ForPointsOfShards(index, wanted, visit);
  } else {
    ForPointsOfViews(wanted, random, visit);
  }
}

void BatchMaker::ForPointsOfViews(const Wanted& wanted, Random& random,
                                  const Visit& visit) const {
  const PointOptions point_options;
  EmptyViews empty_views;
  int count = 0;
  while (count < options_.pairs) {
    const ViewPair views = MakeViews(random);
    const PreparedView first(views.first, LikeTheDetector());
    const PreparedView second(views.second, LikeTheDetector());
    int taken = 0;
    for (const PointInViews& p :
         FindPoints(views, first, second, point_options, random)) {
      if (count == options_.pairs || taken == options_.pairs_a_view) break;
      SeenPoint seen{first.pyramid, second.pyramid, p, 0, 0, nullptr, {}};
      if (wanted.no_keypoint) {
        seen.elsewhere = &second.pyramid;
        seen.no_keypoint = DrawNoKeypoint(second, random);
      }
      visit(seen);
      ++count;
      ++taken;
    }
    empty_views.Count(taken == 0);
  }
}

void BatchMaker::ForPointsOfShards(uint64_t index, const Wanted& wanted,
                                   const Visit& visit) const {
  if (shards_->Support() > 0 && shards_->Support() < wanted.support) {
    const int needed = static_cast<int>(std::ceil(wanted.support));
    throw InputError(
        "patches of the shards do not reach far enough: make them with "
        "tiepoint data prepare --support " +
        std::to_string(needed));
  }
  if (wanted.no_keypoint && !shards_->HasNegatives()) {
    throw InputError("the shards hold no places without a keypoint");
  }
  const auto pairs = static_cast<uint64_t>(options_.pairs);
  for (uint64_t i = index * pairs; i < (index + 1) * pairs; ++i) {
    // A set of patches that tells no size gives the square that is asked for.
    const ShardPoint p = shards_->Get(i, wanted.support / std::numbers::sqrt2);
    const ImagePyramid first(p.first), second(p.second);
    SeenPoint seen{first,       second,  p.point, p.up_first,
                   p.up_second, nullptr, {}};
    if (!wanted.no_keypoint) {
      visit(seen);
      continue;
    }
    const ImagePyramid elsewhere(p.elsewhere);
    seen.elsewhere = &elsewhere;
    seen.no_keypoint = p.no_keypoint;
    visit(seen);
  }
}

PatchPairs BatchMaker::MakePatchPairs(uint64_t index, const Model& model,
                                      const PatchGeometry& geometry) const {
  Random random(StreamSeed(seed_, index));
  PatchPairs batch;
  ForPoints(index, {Reach(geometry)}, random, [&](const SeenPoint& p) {
    AppendPatch(p.first, p.point.first, geometry, &model, batch.first);
    AppendPatch(p.second, Jitter(p.point.second, options_.jitter, random),
                geometry, &model, batch.second);
    ++batch.count;
  });
  return batch;
}

BatchMaker::UprightPoint BatchMaker::Upright(const SeenPoint& p,
                                             Random& random) const {
  KeypointJitter jitter = options_.jitter;
  jitter.angle = 0;
  UprightPoint upright{p.point.first, Jitter(p.point.second, jitter, random),
                       0};
  upright.turn = WrapAngle((upright.second.angle - p.up_second) -
                           (upright.first.angle - p.up_first));
  upright.first.angle = static_cast<float>(p.up_first);
  upright.second.angle = static_cast<float>(p.up_second);
  return upright;
}

OrientationPairs BatchMaker::MakeOrientationPairs(
    uint64_t index, const Model& model, const PatchGeometry& geometry,
    const PatchGeometry& wide) const {
  Random random(StreamSeed(seed_, index));
  OrientationPairs batch;
  // `wide` is already as large as the turned square.
  const double reach = std::max(Reach(geometry), wide.support);
  ForPoints(index, {reach}, random, [&](const SeenPoint& p) {
    const UprightPoint u = Upright(p, random);
    batch.turn.push_back(u.turn);
    AppendPatch(p.first, u.first, geometry, &model, batch.first);
    AppendPatch(p.second, u.second, geometry, &model, batch.second);
    AppendPatch(p.first, u.first, wide, nullptr, batch.first_wide);
    AppendPatch(p.second, u.second, wide, nullptr, batch.second_wide);
    ++batch.count;
  });
  return batch;
}

UprightPairs BatchMaker::MakeUprightPairs(uint64_t index,
                                          const PatchGeometry& geometry) const {
  Random random(StreamSeed(seed_, index));
  UprightPairs batch;
  const size_t area = static_cast<size_t>(geometry.size) * geometry.size;
  const auto append = [&](const ImagePyramid& pyramid, const Keypoint& k,
                          std::vector<uint8_t>& out) {
    out.resize(out.size() + area);
    SampleBytes(pyramid, k.x, k.y, k.scale, k.angle, geometry,
                out.data() + out.size() - area);
  };
  ForPoints(index, {Reach(geometry)}, random, [&](const SeenPoint& p) {
    const UprightPoint u = Upright(p, random);
    batch.turn.push_back(u.turn);
    append(p.first, u.first, batch.first);
    append(p.second, u.second, batch.second);
    ++batch.count;
  });
  return batch;
}

LiftQuadruplets BatchMaker::MakeLiftQuadruplets(uint64_t index,
                                                bool wide) const {
  Random random(StreamSeed(seed_, index));
  LiftQuadruplets batch;
  // Moves the keypoint off its point along the axes of the upright patch and
  // notes where the point then lies.
  const auto move_off = [&](Keypoint k, double up) {
    double off[2];
    for (double& o : off) {
      o = random.Uniform(-1, 1) * LiftQuadruplets::kMaxOff;
      batch.places.push_back(static_cast<float>(-o));
    }
    const double c = std::cos(up), s = std::sin(up);
    k.x += static_cast<float>((c * off[0] - s * off[1]) * k.scale);
    k.y += static_cast<float>((s * off[0] + c * off[1]) * k.scale);
    k.angle = static_cast<float>(up);
    return k;
  };
  KeypointJitter jitter = options_.jitter;
  jitter.place = jitter.angle = 0;
  Wanted wanted;
  wanted.support = Reach(wide ? batch.Wide() : batch.Near());
  wanted.no_keypoint = true;
  ForPoints(index, wanted, random, [&](const SeenPoint& p) {
    const Keypoint there = Jitter(p.point.second, jitter, random);
    batch.turn.push_back(WrapAngle((there.angle - p.up_second) -
                                   (p.point.first.angle - p.up_first)));
    const Keypoint a = move_off(p.point.first, p.up_first);
    const Keypoint b = move_off(there, p.up_second);
    AppendPatch(p.first, a, batch.Near(), nullptr, batch.near_first);
    AppendPatch(p.second, b, batch.Near(), nullptr, batch.near_second);
    AppendPatch(*p.elsewhere, p.no_keypoint, batch.Near(), nullptr,
                batch.near_negative);
    if (wide) {
      AppendPatch(p.first, a, batch.Wide(), nullptr, batch.wide_first);
      AppendPatch(p.second, b, batch.Wide(), nullptr, batch.wide_second);
    }
    ++batch.count;
  });
  return batch;
}

DetectorStacks BatchMaker::MakeDetectorStacks(uint64_t index,
                                              const Model& model) const {
  if (shards_) {
    throw InputError(
        "a detector learns from whole photographs, not from shards");
  }
  Random random(StreamSeed(seed_, index));
  DetectorStacks batch;
  const PointOptions point_options;
  // The detector's levels and two finer ones: the middle of a stack is never
  // finer than what is searched for keypoints.
  PointSearch search{{}, SparseMaxima(), 400};
  search.scales.first_scale /= std::exp2(2.0 / search.scales.levels_per_octave);
  search.scales.last_scale = 12;
  constexpr int kMaxOff = 5;  // level pixels that a window is moved at most
  EmptyViews empty_views;
  while (batch.count < options_.pairs) {
    const ViewPair views = MakeViews(random);
    const PreparedView first(views.first, search);
    const PreparedView second(views.second, search);
    if (first.levels.size() < 8 || second.levels.size() < 8) {
      empty_views.Count(true);
      continue;
    }

    const std::vector<PointInViews> points =
        FindPoints(views, first, second, point_options, random);
    // Negatives: points that did not repeat, and any place at any scale.
    std::vector<const PointInViews*> repeated, lost;
    for (const PointInViews& p : points) {
      (p.repeated ? repeated : lost).push_back(&p);
    }
    const auto shift = [&](const Keypoint& k) {
      return k.scale / kPixelsPerScale * random.Uniform(-kMaxOff, kMaxOff);
    };
    const auto middle_level = [&](const std::vector<ScaleLevel>& levels,
                                  const Keypoint& k) {
      return NearestLevel(levels, k.scale) - 1 + random.Integer(3);
    };
    size_t next_lost = 0;
    int taken = 0;
    for (const PointInViews* p : repeated) {
      if (batch.count == options_.pairs || taken == options_.pairs_a_view) {
        break;
      }
      std::vector<float> a, b, n, a_frames, b_frames;
      if (!AppendStack(first.levels, middle_level(first.levels, p->first),
                       p->first.x + shift(p->first),
                       p->first.y + shift(p->first), model, a, &a_frames) ||
          !AppendStack(second.levels, middle_level(second.levels, p->second),
                       p->second.x + shift(p->second),
                       p->second.y + shift(p->second), model, b, &b_frames)) {
        continue;
      }
      for (int attempt = 0; n.empty() && attempt < 50; ++attempt) {
        if (next_lost < lost.size() && random.Chance(0.5)) {
          const Keypoint& k = lost[next_lost++]->second;
          AppendStack(second.levels, middle_level(second.levels, k), k.x, k.y,
                      model, n, nullptr);
        } else {
          const int level =
              2 + random.Integer(static_cast<int>(second.levels.size()) - 4);
          AppendStack(
              second.levels, level, random.Uniform(0, views.second.width),
              random.Uniform(0, views.second.height), model, n, nullptr);
        }
      }
      const std::vector<float> affine =
          LinearMap(views.second_from_first, p->first);
      if (n.empty() || affine.empty()) continue;
      const auto append = [](std::vector<float>& to,
                             const std::vector<float>& from) {
        to.insert(to.end(), from.begin(), from.end());
      };
      append(batch.first, a);
      append(batch.second, b);
      append(batch.negative, n);
      append(batch.first_frames, a_frames);
      append(batch.second_frames, b_frames);
      append(batch.affine, affine);
      ++batch.count;
      ++taken;
    }
    empty_views.Count(taken == 0);
  }
  return batch;
}

}  // namespace tiepoint
