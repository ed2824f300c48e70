// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/report/page_text.h"

#include <cstdint>

#include "tiepoint/base/base64.h"

namespace tiepoint {

std::string FillPage(
    std::string_view page,
    const std::vector<std::pair<std::string_view, std::string>>& texts) {
  std::string filled;
  while (!page.empty()) {
    size_t first = page.size();
    const std::pair<std::string_view, std::string>* next = nullptr;
    for (const auto& text : texts) {
      const size_t place = page.find("@" + std::string(text.first) + "@");
      if (place >= first) continue;
      first = place;
      next = &text;
    }
    filled += page.substr(0, first);
    if (next == nullptr) break;
    filled += next->second;
    page.remove_prefix(first + next->first.size() + 2);
  }
  return filled;
}

std::string ScriptJson(const std::string& json) {
  // In JSON "<" stands in strings alone.
  std::string safe;
  safe.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string MediaType(std::string_view photograph) {
  if (photograph.starts_with("\xff\xd8")) return "image/jpeg";
  if (photograph.starts_with("\x89PNG")) return "image/png";
  if (photograph.starts_with("RIFF") && photograph.size() >= 12 &&
      photograph.substr(8, 4) == "WEBP") {
    return "image/webp";
  }
  return "";
}

std::string WithoutExif(std::string_view photograph) {
  if (MediaType(photograph) != "image/jpeg") return std::string(photograph);
  std::string kept(photograph.substr(0, 2));
  photograph.remove_prefix(2);
  // Segments: FF, a kind, two bytes of length (which count themselves), data;
  // after the start of scan (DA) come the pixels.
  while (photograph.size() >= 4 && photograph[0] == '\xff' &&
         photograph[1] != '\xda') {
    const size_t length = 2 + (static_cast<uint8_t>(photograph[2]) << 8 |
                               static_cast<uint8_t>(photograph[3]));
    const std::string_view segment = photograph.substr(0, length);
    const bool exif = segment[1] == '\xe1' && segment.size() >= 8 &&
                      segment.substr(4, 4) == "Exif";
    if (!exif) kept += segment;
    photograph.remove_prefix(segment.size());
  }
  return kept.append(photograph);
}

std::string DataAddress(std::string_view photograph) {
  const std::string type = MediaType(photograph);
  if (type.empty()) return "";
  return "data:" + type + ";base64," + EncodeBase64(WithoutExif(photograph));
}

std::string FileName(const std::string& path) {
  return path.substr(path.find_last_of('/') + 1);
}

}  // namespace tiepoint
