// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/matching/gms.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace tiepoint {
namespace {

constexpr int kCells = 20;  // a side
constexpr std::array<double, 5> kSizes = {1, 0.5, 0.70710678118654752,
                                          1.41421356237309505, 2};

// The neighbourhood as a ring, so that a turn is a shift of the index.
struct Offset {
  int x = 0, y = 0;
};
constexpr std::array<Offset, 8> kRing = {
    Offset{-1, -1}, {0, -1}, {1, -1}, {1, 0}, {1, 1}, {0, 1}, {-1, 1}, {-1, 0}};

// Cells of one image, by column and row; moved by a share of a cell.
struct Grid {
  int side = kCells;
  double move_x = 0, move_y = 0;

  int Count() const { return side * side; }
  // -1 outside of the image or where moving the grid cuts cells off.
  int Cell(const FeatureSet& set, const Keypoint& k) const {
    const auto index = [&](double at, double size, double move) {
      const double place = (at + 0.5) / size * side + move;
      // A moved grid begins at its first whole cell.
      if (!(place >= (move > 0 ? 1 : 0) && place < side)) return -1;
      return static_cast<int>(place);
    };
    const int column = index(k.x, set.image_width, move_x);
    const int row = index(k.y, set.image_height, move_y);
    return column < 0 || row < 0 ? -1 : row * side + column;
  }
  int Neighbour(int cell, Offset offset) const {
    const int column = cell % side + offset.x;
    const int row = cell / side + offset.y;
    const bool inside = column >= 0 && row >= 0 && column < side && row < side;
    return inside ? row * side + column : -1;
  }
};

// The matches between two grids, counted by pair of cells.
struct MotionTable {
  Grid first, second;
  std::vector<int> counts;        // first cell * second.Count() + second cell
  std::vector<int> first_counts;  // matches in each cell of the first
  std::vector<int> cell1, cell2;  // of each match

  int At(int i, int j) const {
    return counts[static_cast<size_t>(i) * second.Count() + j];
  }
};

MotionTable MakeTable(const FeatureSet& first, const FeatureSet& second,
                      const std::vector<Match>& matches, const Grid& grid1,
                      const Grid& grid2) {
  MotionTable table{grid1, grid2, {}, {}, {}, {}};
  table.counts.resize(static_cast<size_t>(grid1.Count()) * grid2.Count());
  table.first_counts.resize(grid1.Count());
  for (const Match& match : matches) {
    const int i = grid1.Cell(first, first.keypoints[match.i]);
    const int j = grid2.Cell(second, second.keypoints[match.j]);
    table.cell1.push_back(i);
    table.cell2.push_back(j);
    if (i < 0 || j < 0) continue;
    ++table.counts[static_cast<size_t>(i) * grid2.Count() + j];
    ++table.first_counts[i];
  }
  return table;
}

// Do the neighbours of the two cells, the second's turned, move alike?
bool Supported(const MotionTable& table, int i, int j, int turn,
               double factor) {
  double support = table.At(i, j);
  double matches = table.first_counts[i];
  int cells = 1;
  for (int k = 0; k < 8; ++k) {
    const int near1 = table.first.Neighbour(i, kRing[k]);
    const int near2 = table.second.Neighbour(j, kRing[(k + turn) % 8]);
    if (near1 < 0 || near2 < 0) continue;
    support += table.At(near1, near2);
    matches += table.first_counts[near1];
    ++cells;
  }
  return support >= factor * std::sqrt(matches / cells);
}

// For each cell of the first image its partner, where supported; else -1.
std::vector<int> Partners(const MotionTable& table, int turn, double factor) {
  std::vector<int> partners(table.first.Count(), -1);
  const int count = table.second.Count();
  for (int i = 0; i < table.first.Count(); ++i) {
    if (table.first_counts[i] == 0) continue;
    const auto row =
        std::span(table.counts).subspan(static_cast<size_t>(i) * count, count);
    const int j = static_cast<int>(std::max_element(row.begin(), row.end()) -
                                   row.begin());
    if (Supported(table, i, j, turn, factor)) partners[i] = j;
  }
  return partners;
}

std::vector<MotionTable> MakeTables(const FeatureSet& first,
                                    const FeatureSet& second,
                                    const std::vector<Match>& matches,
                                    double size) {
  Grid grid2;
  grid2.side = static_cast<int>(kCells * size);
  std::vector<MotionTable> tables;
  for (const double move_y : {0.0, 0.5}) {
    for (const double move_x : {0.0, 0.5}) {
      tables.push_back(
          MakeTable(first, second, matches, {kCells, move_x, move_y}, grid2));
    }
  }
  return tables;
}

std::vector<char> Keep(const std::vector<MotionTable>& tables, int turn,
                       double factor) {
  std::vector<char> kept(tables[0].cell1.size(), 0);
  for (const MotionTable& table : tables) {
    const std::vector<int> partners = Partners(table, turn, factor);
    for (size_t k = 0; k < kept.size(); ++k) {
      const int i = table.cell1[k];
      if (i >= 0 && table.cell2[k] >= 0 && partners[i] == table.cell2[k]) {
        kept[k] = 1;
      }
    }
  }
  return kept;
}

}  // namespace

std::vector<Match> FilterGms(const FeatureSet& first, const FeatureSet& second,
                             const std::vector<Match>& matches,
                             const GmsOptions& options) {
  const int sizes = options.scale ? static_cast<int>(kSizes.size()) : 1;
  const int turns = options.rotation ? 8 : 1;
  std::vector<char> best;
  long most = -1;
  for (int s = 0; s < sizes; ++s) {
    const auto tables = MakeTables(first, second, matches, kSizes[s]);
    for (int turn = 0; turn < turns; ++turn) {
      std::vector<char> kept = Keep(tables, turn, options.factor);
      const long count = std::count(kept.begin(), kept.end(), 1);
      if (count <= most) continue;
      most = count;
      best = std::move(kept);
    }
  }
  std::vector<Match> result;
  for (size_t k = 0; k < matches.size(); ++k) {
    if (best[k]) result.push_back(matches[k]);
  }
  return result;
}

}  // namespace tiepoint
