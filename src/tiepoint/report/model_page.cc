// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/report/model_page.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>

#include "tiepoint/base/base64.h"
#include "tiepoint/report/page_style.h"
#include "tiepoint/report/page_templates.h"
#include "tiepoint/report/page_text.h"
#include "tiepoint/report/svg_plot.h"

static_assert(std::endian::native == std::endian::little,
              "arrays are written as they lie in memory, little-endian");

namespace tiepoint {
namespace {

using Json = nlohmann::ordered_json;

// What points cameras see is left out of a page when it is longer than this.
constexpr size_t kMaxSeen = 4'000'000;
constexpr uint32_t kNotShown = std::numeric_limits<uint32_t>::max();

template <typename T>
std::string Base64Of(const std::vector<T>& numbers) {
  return EncodeBase64({reinterpret_cast<const char*>(numbers.data()),
                       numbers.size() * sizeof(T)});
}

// Each coordinate's median: far points do not move it.
std::array<double, 3> MiddleOf(const std::vector<PagePoint>& points) {
  std::array<double, 3> middle{};
  if (points.empty()) return middle;
  std::vector<double> values(points.size());
  for (size_t c = 0; c < 3; ++c) {
    std::transform(points.begin(), points.end(), values.begin(),
                   [&](const PagePoint& p) { return p.position[c]; });
    const auto half = values.begin() + std::ssize(values) / 2;
    std::nth_element(values.begin(), half, values.end());
    middle[c] = *half;
  }
  return middle;
}

// Places of the points that are shown, in order.
std::vector<size_t> ShownPoints(size_t all, size_t most) {
  std::vector<size_t> places(std::min(all, most));
  for (size_t k = 0; k < places.size(); ++k) {
    places[k] = k * all / places.size();
  }
  return places;
}

Json PointsJson(const std::vector<PagePoint>& points,
                const std::vector<size_t>& shown,
                const std::array<double, 3>& middle) {
  // Floats near the middle: coordinates of maps have too many digits for them.
  std::vector<float> positions, errors;
  std::vector<uint8_t> colours;
  std::vector<uint16_t> tracks;
  for (const size_t place : shown) {
    const PagePoint& point = points[place];
    for (size_t c = 0; c < 3; ++c) {
      positions.push_back(static_cast<float>(point.position[c] - middle[c]));
      colours.push_back(point.colour[c]);
    }
    tracks.push_back(
        static_cast<uint16_t>(std::clamp(point.track_length, 0, 65535)));
    errors.push_back(static_cast<float>(std::max(point.error, 0.0)));
  }
  return {{"positions", Base64Of(positions)},
          {"colours", Base64Of(colours)},
          {"tracks", Base64Of(tracks)},
          {"errors", Base64Of(errors)}};
}

// -R^T t, from the middle.
std::array<double, 3> CentreOf(const PageCamera& camera,
                               const std::array<double, 3>& middle) {
  std::array<double, 3> centre{};
  for (size_t c = 0; c < 3; ++c) {
    for (size_t r = 0; r < 3; ++r) {
      centre[c] -= camera.rotation[3 * r + c] * camera.translation[r];
    }
    centre[c] -= middle[c];
  }
  return centre;
}

Json CamerasJson(const ModelPageInput& input,
                 const std::array<double, 3>& middle) {
  Json cameras = Json::array();
  for (const PageCamera& camera : input.cameras) {
    Json partners = Json::array();
    for (const PagePartner& partner : camera.partners) {
      partners.push_back({{"name", partner.name},
                          {"inliers", partner.inliers},
                          {"address", partner.address}});
    }
    cameras.push_back({{"name", camera.name},
                       {"centre", CentreOf(camera, middle)},
                       {"rotation", camera.rotation},
                       {"size", {camera.width, camera.height}},
                       {"focal", {camera.fx, camera.fy}},
                       {"principal", {camera.cx, camera.cy}},
                       {"points", camera.points.size()},
                       {"thumbnail", DataAddress(camera.thumbnail)},
                       {"partners", std::move(partners)}});
  }
  return cameras;
}

Json SeenJson(const ModelPageInput& input, const std::vector<size_t>& shown) {
  std::vector<uint32_t> place(input.points.size(), kNotShown);
  for (size_t k = 0; k < shown.size(); ++k) {
    place[shown[k]] = static_cast<uint32_t>(k);
  }
  std::vector<uint32_t> seen;
  Json starts = {0};
  for (const PageCamera& camera : input.cameras) {
    for (const uint32_t point : camera.points) {
      if (place.at(point) != kNotShown) seen.push_back(place[point]);
    }
    if (seen.size() > kMaxSeen) return nullptr;
    starts.push_back(seen.size());
  }
  return {{"starts", std::move(starts)}, {"points", Base64Of(seen)}};
}

// 1234567 as 1 234 567, with narrow blanks.
std::string Grouped(size_t number) {
  std::string digits = std::to_string(number), text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += "\u202f";
    text += digits[i];
  }
  return text;
}

std::string Facts(const ModelPageInput& input) {
  std::string facts = Grouped(input.cameras.size()) +
                      (input.cameras.size() == 1 ? " camera, " : " cameras, ") +
                      Grouped(input.points.size()) + " points";
  if (input.points.empty()) return facts;
  double tracks = 0, errors = 0;
  for (const PagePoint& point : input.points) {
    tracks += point.track_length;
    errors += point.error;
  }
  const auto count = static_cast<double>(input.points.size());
  char text[96];
  std::snprintf(text, sizeof(text),
                ", each seen in %.2f photographs with an error of %.3f pixels",
                tracks / count, errors / count);
  return facts + text;
}

}  // namespace

std::string ModelPage(const ModelPageInput& input) {
  const std::array<double, 3> middle = MiddleOf(input.points);
  const std::vector<size_t> shown =
      ShownPoints(input.points.size(), input.max_points);
  Json data = {{"title", input.title},
               {"facts", Facts(input)},
               {"notes", input.notes},
               {"home", input.home},
               {"points", PointsJson(input.points, shown, middle)},
               {"cameras", CamerasJson(input, middle)},
               {"seen", SeenJson(input, shown)}};
  if (shown.size() < input.points.size()) {
    data["notes"].push_back("Of the " + Grouped(input.points.size()) +
                            " points " + Grouped(shown.size()) +
                            " are in this page, evenly chosen.");
  }
  return FillPage(
      kModelPage,
      {{"TITLE", EscapeHtml(input.title)},
       {"STYLE", std::string(kPageStyle) + kViewerStyle},
       {"DATA",
        ScriptJson(data.dump(-1, ' ', false, Json::error_handler_t::replace))},
       {"SCRIPT", std::string(kViewerScript) + kModelRenderer + kModelScript}});
}

}  // namespace tiepoint
