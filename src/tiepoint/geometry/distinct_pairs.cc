// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/distinct_pairs.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "tiepoint/base/error.h"
#include "tiepoint/base/random.h"
#include "tiepoint/geometry/essential.h"

namespace tiepoint {

DistinctPairs FindDistinctPairs(std::span<const PointPair> pairs,
                                std::span<const double> weights,
                                uint64_t seed) {
  if (!weights.empty() && weights.size() != pairs.size()) {
    throw InputError("two-view geometry needs one weight a match, or none");
  }
  for (const double weight : weights) {
    if (!(weight >= 0) || !std::isfinite(weight)) {
      throw InputError("weights of matches are finite and not negative");
    }
  }
  struct Item {
    std::array<double, 4> place;
    double weight;
  };
  std::vector<Item> items;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const PointPair& p = pairs[i];
    const double weight = weights.empty() ? 1 : weights[i];
    if (weight > 0 && Usable(p)) {
      items.push_back({{p.x1, p.y1, p.x2, p.y2}, weight});
    }
  }
  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) {
    return a.place != b.place ? a.place < b.place : a.weight > b.weight;
  });
  items.erase(std::unique(items.begin(), items.end(),
                          [](const Item& a, const Item& b) {
                            return a.place == b.place;
                          }),
              items.end());
  Random random(seed);
  for (int i = static_cast<int>(items.size()) - 1; i > 0; --i) {
    std::swap(items[i], items[random.Integer(i + 1)]);
  }
  DistinctPairs result;
  for (const auto& [place, weight] : items) {
    result.pairs.push_back({place[0], place[1], place[2], place[3]});
    result.weights.push_back(weight);
  }
  return result;
}

}  // namespace tiepoint
