// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/report/svg_plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <initializer_list>
#include <limits>
#include <string_view>

namespace tiepoint {
namespace {

// Of the drawing, in its own units; the page scales it.
constexpr double kWidth = 520;
constexpr double kPlotHeight = 270;
constexpr double kLeft = 58, kRight = 14, kTop = 12;
constexpr double kLegendRow = 20;

constexpr int kColours = 8;
constexpr int kMarks = 8;
constexpr std::array<const char*, 8> kDashes = {
    "none", "7 4", "2 3", "10 3 2 3", "14 4", "5 2 1 2", "4 6", "1 5"};

const char* Dash(int style) {
  return kDashes[(style + 3 * (style / kColours)) % kDashes.size()];
}
int MarkOf(int style) { return (style + 5 * (style / kColours)) % kMarks; }

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void Add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool Empty() const { return low > high; }
};

std::string Printed(const char* form, double value) {
  char buffer[400];  // enough for the largest number
  std::snprintf(buffer, sizeof buffer, form, value);
  return buffer;
}

std::string Short(double value) {
  if (value == 0) return "0";
  return Printed("%.4g", value);
}

// A place in the drawing.
std::string At(double value) { return Printed("%.1f", value); }

// `form` with each {} replaced by the next of `texts`.
std::string Fill(std::string_view form,
                 std::initializer_list<std::string> texts) {
  std::string filled;
  for (const std::string& text : texts) {
    const size_t gap = form.find("{}");
    filled.append(form.substr(0, gap)).append(text);
    form.remove_prefix(gap + 2);
  }
  return filled.append(form);
}

std::string TextAt(double x, double y, const char* anchor,
                   const std::string& css, const std::string& text) {
  return Fill(
      "<text x=\"{}\" y=\"{}\" text-anchor=\"{}\" class=\"{}\">{}"
      "</text>",
      {At(x), At(y), anchor, css, EscapeHtml(text)});
}

std::string LineAt(double x1, double y1, double x2, double y2,
                   const std::string& css) {
  return Fill(
      "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" "
      "class=\"{}\"/>",
      {At(x1), At(y1), At(x2), At(y2), css});
}

// The symbol of a style: circle, square, triangle, diamond, and the same again
// hollow.
std::string Mark(int style, double x, double y) {
  const int mark = MarkOf(style);
  const std::string css =
      "mark " + ColourClass(style) + (mark >= 4 ? " hollow" : "");
  switch (mark % 4) {
    case 1:
      return Fill(
          "<rect x=\"{}\" y=\"{}\" width=\"6\" height=\"6\" "
          "class=\"{}\"/>",
          {At(x - 3), At(y - 3), css});
    case 2:
      return Fill("<path d=\"M{} {}l3.8 6.6h-7.6z\" class=\"{}\"/>",
                  {At(x), At(y - 4), css});
    case 3:
      return Fill("<path d=\"M{} {}l4 4l-4 4l-4 -4z\" class=\"{}\"/>",
                  {At(x), At(y - 4), css});
    default:
      return Fill("<circle cx=\"{}\" cy=\"{}\" r=\"3.2\" class=\"{}\"/>",
                  {At(x), At(y), css});
  }
}

// ---------------------------------------------------------------------- axes

// Largest step over the smallest one between distinct values; 1 when even.
double Unevenness(const std::vector<double>& values, bool logarithmic) {
  double smallest = std::numeric_limits<double>::infinity();
  double largest = 0;
  for (size_t i = 1; i < values.size(); ++i) {
    const double step = logarithmic ? std::log(values[i] / values[i - 1])
                                    : values[i] - values[i - 1];
    smallest = std::min(smallest, step);
    largest = std::max(largest, step);
  }
  return largest / smallest;
}

std::vector<double> DistinctX(const Plot& plot) {
  std::vector<double> values;
  for (const Curve& curve : plot.curves) {
    for (const double x : curve.x) {
      if (std::isfinite(x)) values.push_back(x);
    }
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

bool IsLogarithmic(const std::vector<double>& x) {
  if (x.size() < 4 || x.front() <= 0) return false;
  return 2 * Unevenness(x, true) < Unevenness(x, false);
}

// One direction of a plot: from values to places.
struct Axis {
  double low = 0, high = 1;   // values at the ends
  double begin = 0, end = 1;  // places of the ends
  bool logarithmic = false;
  std::vector<double> ticks;

  double Map(double value) const {
    const double share = logarithmic
                             ? std::log(value / low) / std::log(high / low)
                             : (value - low) / (high - low);
    return begin + share * (end - begin);
  }
};

// Powers of two: the factors of a sweep.
std::vector<double> LogarithmicTicks(double low, double high) {
  std::vector<double> ticks;
  const int step = std::log2(high / low) > 8 ? 2 : 1;
  for (int e = static_cast<int>(std::ceil(std::log2(low) - 1e-9));
       std::exp2(e) <= high * (1 + 1e-9); e += step) {
    ticks.push_back(std::exp2(e));
  }
  return ticks;
}

std::vector<double> DegreeTicks(double low, double high) {
  std::vector<double> ticks;
  const double step = high - low > 200 ? 45 : 30;
  for (double t = std::ceil(low / step) * step; t <= high; t += step) {
    ticks.push_back(t);
  }
  return ticks;
}

Axis XAxis(const Plot& plot) {
  const std::vector<double> x = DistinctX(plot);
  Axis axis;
  axis.begin = kLeft;
  axis.end = kWidth - kRight;
  if (x.empty()) return axis;
  axis.low = x.front();
  axis.high = x.back();
  axis.logarithmic = IsLogarithmic(x);
  if (axis.high - axis.low <= 0) {
    axis.low -= 1;
    axis.high += 1;
  }
  const bool degrees = plot.x_label.find("degree") != std::string::npos;
  if (axis.logarithmic) {
    axis.ticks = LogarithmicTicks(axis.low, axis.high);
  } else if (degrees && axis.high - axis.low > 100) {
    axis.ticks = DegreeTicks(axis.low, axis.high);
  } else if (x.size() > 1 && x.size() <= 12 && Unevenness(x, false) < 1.01) {
    axis.ticks = x;  // thresholds: each has its tick
  } else {
    axis.ticks = NiceTicks(axis.low, axis.high, 8);
  }
  return axis;
}

Axis YAxis(const Plot& plot) {
  Range range;
  for (const Curve& curve : plot.curves) {
    for (const double y : curve.y) {
      if (std::isfinite(y)) range.Add(y);
    }
  }
  Axis axis;
  axis.begin = kTop + kPlotHeight;
  axis.end = kTop;
  if (range.Empty()) range = {0, 1};
  // From 0 unless that would press the curves together.
  if (range.low >= 0 && range.low < 0.6 * range.high) range.low = 0;
  double margin = 0.06 * (range.high - range.low);
  if (margin <= 0) margin = range.high != 0 ? 0.1 * std::abs(range.high) : 1;
  axis.low = range.low == 0 ? 0 : range.low - margin;
  axis.high = range.high + margin;
  // Shares end at 1.
  if (range.low >= 0 && range.high <= 1) {
    axis.low = std::max(axis.low, 0.0);
    if (axis.high > 0.9) axis.high = 1;
  }
  axis.ticks = NiceTicks(axis.low, axis.high, 6);
  return axis;
}

std::string DrawAxes(const Plot& plot, const Axis& x, const Axis& y) {
  std::string svg;
  for (const double tick : y.ticks) {
    const double place = y.Map(tick);
    svg += LineAt(x.begin, place, x.end, place, "grid");
    svg += TextAt(x.begin - 7, place + 4, "end", "tick", Short(tick));
  }
  for (const double tick : x.ticks) {
    const double place = x.Map(tick);
    svg += LineAt(place, y.begin, place, y.end, "grid");
    svg += TextAt(place, y.begin + 17, "middle", "tick", Short(tick));
  }
  svg += LineAt(x.begin, y.begin, x.end, y.begin, "axis");
  svg += LineAt(x.begin, y.begin, x.begin, y.end, "axis");
  svg += TextAt((x.begin + x.end) / 2, y.begin + 36, "middle", "label",
                plot.x_label);
  const double middle = (y.begin + y.end) / 2;
  svg +=
      Fill("<g transform=\"rotate(-90 15 {})\">{}</g>",
           {At(middle), TextAt(15, middle, "middle", "label", plot.y_label)});
  return svg;
}

// -------------------------------------------------------------------- curves

std::string DrawLine(const std::string& points, int style) {
  return Fill(
      "<polyline points=\"{}\" class=\"curve {}\" stroke-dasharray=\"{}\"/>",
      {points, ColourClass(style), Dash(style)});
}

std::string DrawCurve(const Curve& curve, int style, const Axis& x,
                      const Axis& y) {
  // More marks than this hide the line; they still answer to the pointer.
  const bool marked = curve.x.size() <= 40;
  std::string svg, points, marks;
  const size_t count = std::min(curve.x.size(), curve.y.size());
  for (size_t i = 0; i < count; ++i) {
    if (!std::isfinite(curve.x[i]) || !std::isfinite(curve.y[i])) {
      if (!points.empty()) svg += DrawLine(points, style);
      points.clear();
      continue;
    }
    const double px = x.Map(curve.x[i]);
    const double py = y.Map(curve.y[i]);
    points += Fill("{}{},{}", {points.empty() ? "" : " ", At(px), At(py)});
    const std::string title =
        Fill("{}: {}, {}", {curve.label, Short(curve.x[i]), Short(curve.y[i])});
    if (marked) marks += Mark(style, px, py);
    marks += Fill(
        "<circle cx=\"{}\" cy=\"{}\" r=\"8\" class=\"hit\"><title>{}"
        "</title></circle>",
        {At(px), At(py), EscapeHtml(title)});
  }
  if (!points.empty()) svg += DrawLine(points, style);
  return svg + marks;
}

// -------------------------------------------------------------------- legend

// Guessed: the browser's font is not known here.
double LegendWidth(const std::string& label) {
  return 46 + 7.3 * static_cast<double>(label.size());
}

std::string KeyAt(int style, double x, double y) {
  return Fill(
             "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" "
             "y2=\"{}\" "
             "class=\"curve {}\" stroke-dasharray=\"{}\"/>",
             {At(x), At(y), At(x + 26), At(y), ColourClass(style),
              Dash(style)}) +
         Mark(style, x + 13, y);
}

// Rows below the plot; `height` becomes theirs.
std::string DrawLegend(const Plot& plot, const std::vector<int>& styles,
                       double top, double& height) {
  std::string svg;
  double x = kLeft;
  double y = top + kLegendRow / 2;
  for (size_t c = 0; c < plot.curves.size(); ++c) {
    const std::string& label = plot.curves[c].label;
    if (x > kLeft && x + LegendWidth(label) > kWidth) {
      x = kLeft;
      y += kLegendRow;
    }
    svg += KeyAt(styles[c], x, y);
    svg += TextAt(x + 32, y + 4, "start", "legend", label);
    x += LegendWidth(label);
  }
  height = y + kLegendRow / 2 - top;
  return svg;
}

std::string Open(double width, double height, const std::string& css,
                 const std::string& description) {
  return Fill(
      "<svg viewBox=\"0 0 {} {}\" class=\"{}\" role=\"img\" "
      "aria-label=\"{}\">",
      {Printed("%.0f", width), Printed("%.0f", height), css,
       EscapeHtml(description)});
}

// -------------------------------------------------------------------- forest

constexpr double kForestLine = 230;  // width of the axis
constexpr double kForestRow = 26;

// Guessed widths of the names on the left and of the numbers on the right.
struct ForestColumns {
  double label = 0, number = 0;
  double Width() const { return label + kForestLine + number; }
};

ForestColumns Measure(const std::vector<ForestRow>& rows) {
  size_t label = 8, number = 12;
  for (const ForestRow& row : rows) {
    label = std::max(label, row.label.size());
    number = std::max(number, row.text.size());
  }
  return {7.1 * static_cast<double>(label) + 14,
          6.6 * static_cast<double>(number) + 14};
}

Axis ForestAxis(const std::vector<ForestRow>& rows,
                const ForestColumns& columns) {
  Range range;
  range.Add(0);
  for (const ForestRow& row : rows) {
    for (const double value : {row.estimate, row.low, row.high}) {
      if (std::isfinite(value)) range.Add(value);
    }
  }
  const double margin =
      range.high > range.low ? 0.08 * (range.high - range.low) : 1;
  Axis axis;
  axis.low = range.low - margin;
  axis.high = range.high + margin;
  axis.begin = columns.label;
  axis.end = columns.label + kForestLine;
  axis.ticks = NiceTicks(axis.low, axis.high, 4);
  return axis;
}

// An end of an interval may be infinite: it is drawn to the edge.
double Clamped(const Axis& axis, double value) {
  return axis.Map(std::clamp(value, axis.low, axis.high));
}

std::string DrawForestRow(const ForestRow& row, const Axis& axis, double width,
                          double y) {
  std::string svg = TextAt(0, y + 4, "start", "forest-label", row.label);
  svg += TextAt(width, y + 4, "end", "forest-number", row.text);
  if (std::isnan(row.estimate)) return svg;
  std::string inside;
  if (!std::isnan(row.low) && !std::isnan(row.high)) {
    const double low = Clamped(axis, row.low);
    const double high = Clamped(axis, row.high);
    inside = LineAt(low, y, high, y, "whisker") +
             LineAt(low, y - 4, low, y + 4, "whisker") +
             LineAt(high, y - 4, high, y + 4, "whisker");
  }
  inside += Fill("<circle cx=\"{}\" cy=\"{}\" r=\"4.2\" class=\"dot\"/>",
                 {At(Clamped(axis, row.estimate)), At(y)});
  return svg + Fill("<g class=\"{}\"><title>{}</title>{}</g>",
                    {row.verdict.empty() ? "open" : row.verdict,
                     EscapeHtml(row.label + ": " + row.text), inside});
}

}  // namespace

std::string EscapeHtml(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::vector<double> NiceTicks(double low, double high, int count) {
  if (!(high > low) || count < 1) return {low};
  const double rough = (high - low) / count;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (factor * power >= rough * 0.999) step = factor * power;
  }
  std::vector<double> ticks;
  const double first = std::ceil(low / step - 1e-9);
  const double last = std::floor(high / step + 1e-9);
  for (double i = first; i <= last; ++i) ticks.push_back(i * step);
  return ticks;
}

std::string SvgPlot(const Plot& plot, const std::vector<int>& styles) {
  const Axis x = XAxis(plot);
  const Axis y = YAxis(plot);
  const double below = kTop + kPlotHeight + 50;
  double legend_height = 0;
  const std::string legend = DrawLegend(plot, styles, below, legend_height);
  std::string svg =
      Open(kWidth, below + legend_height, "plot",
           plot.title + ": " + plot.y_label + " over " + plot.x_label);
  svg += DrawAxes(plot, x, y);
  // The first curve on top: it is the method that the reader asked for first.
  for (size_t c = plot.curves.size(); c-- > 0;) {
    svg += DrawCurve(plot.curves[c], styles[c], x, y);
  }
  return svg + legend + "</svg>";
}

std::string SvgForest(const std::vector<ForestRow>& rows, bool better_left) {
  const ForestColumns columns = Measure(rows);
  const Axis axis = ForestAxis(rows, columns);
  const double bottom = 8 + kForestRow * static_cast<double>(rows.size());
  std::string svg = Open(columns.Width(), bottom + 40, "forest", "differences");
  for (const double tick : axis.ticks) {
    const double place = axis.Map(tick);
    svg += LineAt(place, 4, place, bottom, "grid");
    svg += TextAt(place, bottom + 16, "middle", "tick", Short(tick));
  }
  svg += LineAt(axis.Map(0), 4, axis.Map(0), bottom, "zero");
  svg += TextAt(axis.begin, bottom + 34, "start", "side",
                better_left ? "← better" : "← worse");
  svg += TextAt(axis.end, bottom + 34, "end", "side",
                better_left ? "worse →" : "better →");
  double y = 8 + kForestRow / 2;
  for (const ForestRow& row : rows) {
    svg += DrawForestRow(row, axis, columns.Width(), y);
    y += kForestRow;
  }
  return svg + "</svg>";
}

std::string ColourClass(int style) {
  return "s" + std::to_string(style % kColours);
}

std::string SvgKey(int style) {
  return "<svg viewBox=\"0 0 28 12\" class=\"key\" aria-hidden=\"true\">" +
         KeyAt(style, 1, 6) + "</svg>";
}

}  // namespace tiepoint
