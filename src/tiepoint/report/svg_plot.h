// SPDX-License-Identifier: Apache-2.0
// Drawings for a page, as SVG that stands in HTML. Colours come from the page's
// style sheet (classes below), so that they follow light and dark; dashes and
// marks tell the curves apart without colours.
#pragma once

#include <limits>
#include <string>
#include <vector>

namespace tiepoint {

// y over x, for one method or value.
struct Curve {
  std::string label;
  std::vector<double> x, y;
};
struct Plot {
  std::string title;
  std::string x_label, y_label;
  std::vector<Curve> curves;
};

// Styles that differ in colour, dash or mark; further curves take them anew.
// Those that share one of the eight colours differ in both others.
inline constexpr int kSvgStyles = 24;

// & < > " ' as entities.
std::string EscapeHtml(const std::string& text);

// Places to write numbers at: 1, 2 or 5 times a power of ten apart, about
// `count` of them, all within [low, high].
std::vector<double> NiceTicks(double low, double high, int count);

// A plot with axes, ticks, grid and legend; every point shows its numbers when
// it is pointed at (<title>). `styles`: one a curve, 0 .. kSvgStyles - 1. A
// curve is one <polyline>; where values are not finite it is broken in several.
// The x axis is logarithmic when that spaces the curves' points more evenly
// (0.25, 0.5, 1, 2, 4).
// Classes: plot, grid, axis, tick, label, legend, curve, mark, hit, s0 .. s7
// (the colours).
std::string SvgPlot(const Plot& plot, const std::vector<int>& styles);

// A row of a forest plot.
struct ForestRow {
  std::string label;
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  double estimate = kNone, low = kNone, high = kNone;
  std::string text;     // the numbers, written at the right
  std::string verdict;  // "better", "worse" or "": the class of the row
};

// Estimates with their intervals beside a line at 0. `better_left`: smaller is
// better, for the words below the axis.
std::string SvgForest(const std::vector<ForestRow>& rows, bool better_left);

// The class of a style's colour: s0 .. s7.
std::string ColourClass(int style);

// The mark of a style, for the first column of tables: a line with its dash and
// symbol.
std::string SvgKey(int style);

}  // namespace tiepoint
