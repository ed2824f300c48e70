// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/report/page_text.h"

#include <algorithm>
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

namespace {

std::string JpegWithoutExif(std::string_view photograph) {
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

// Four bytes as a number; `first`: the place of the least significant one, and
// `step` leads to the next.
size_t NumberAt(std::string_view bytes, size_t first, int step) {
  size_t number = 0;
  for (int k = 3; k >= 0; --k) {
    number = number << 8 | static_cast<uint8_t>(bytes[first + k * step]);
  }
  return number;
}

std::string PngWithoutExif(std::string_view photograph) {
  constexpr size_t kSignature = 8, kAround = 12;
  std::string kept(photograph.substr(0, kSignature));
  photograph.remove_prefix(kept.size());
  // Chunks: four bytes of length (of the data; most significant first), a kind,
  // data, four bytes of check sum.
  while (photograph.size() >= kAround) {
    const size_t length = kAround + NumberAt(photograph, 3, -1);
    const std::string_view chunk = photograph.substr(0, length);
    if (chunk.substr(4, 4) != "eXIf") kept += chunk;
    photograph.remove_prefix(chunk.size());
  }
  return kept.append(photograph);
}

std::string WebpWithoutExif(std::string_view photograph) {
  constexpr size_t kHeader = 12, kAround = 8;
  constexpr char kHasExif = 0x08;
  std::string kept(photograph.substr(0, kHeader));
  photograph.remove_prefix(kHeader);
  // Chunks: a kind, four bytes of length (of the data; least significant
  // first), data, and one byte more where the length is odd. VP8X, the first,
  // begins with flags: what chunks there are.
  std::string_view rest = photograph;
  size_t flags = 0, left_out = 0;
  while (rest.size() >= kAround) {
    const size_t length = NumberAt(rest, 4, 1);
    const std::string_view chunk =
        rest.substr(0, kAround + length + length % 2);
    if (chunk.starts_with("EXIF")) {
      left_out += chunk.size();
    } else {
      if (chunk.starts_with("VP8X") && length > 0)
        flags = kept.size() + kAround;
      kept += chunk;
    }
    rest.remove_prefix(chunk.size());
  }
  kept.append(rest);
  if (flags > 0 && flags < kept.size()) {
    kept[flags] = static_cast<char>(kept[flags] & ~kHasExif);
  }
  // The file's length stands behind "RIFF", as those of chunks.
  const size_t length = NumberAt(kept, 4, 1);
  const size_t left = length - std::min(length, left_out);
  for (size_t k = 0; k < 4; ++k) {
    kept[4 + k] = static_cast<char>(left >> 8 * k & 0xff);
  }
  return kept;
}

}  // namespace

std::string WithoutExif(std::string_view photograph) {
  const std::string type = MediaType(photograph);
  if (type == "image/jpeg") return JpegWithoutExif(photograph);
  if (type == "image/png") return PngWithoutExif(photograph);
  if (type == "image/webp") return WebpWithoutExif(photograph);
  return std::string(photograph);
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
