// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/image/read_image.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <span>
#include <sstream>
#include <string_view>
#include <utility>

#include "tiepoint/base/error.h"
#include "tiepoint/image/decode_jpeg.h"
#include "tiepoint/image/exif.h"

namespace tiepoint {
namespace {

constexpr int kMaxSide = 1 << 16;
constexpr int64_t kMaxPixels = int64_t{1} << 28;

using Bytes = std::vector<uint8_t>;

Bytes ReadBytes(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) throw InputError(path + ": no such file");
  if (fs::is_directory(status)) throw InputError(path + ": is a directory");
  if (!fs::is_regular_file(status) && !fs::is_fifo(status)) {
    throw InputError(path + ": is not a regular file");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(path + ": cannot be opened for reading");
  Bytes bytes;
  const auto size = fs::is_fifo(status) ? 0 : fs::file_size(path, error);
  if (!error) bytes.reserve(size + 1);
  constexpr size_t kPiece = 1 << 20;
  while (file) {
    const size_t before = bytes.size();
    bytes.resize(before + std::max(kPiece, size + 1 - std::min(size, before)));
    file.read(reinterpret_cast<char*>(bytes.data()) + before,
              static_cast<std::streamsize>(bytes.size() - before));
    bytes.resize(before + static_cast<size_t>(file.gcount()));
  }
  if (file.bad()) throw InputError(path + ": cannot be read");
  if (bytes.empty()) throw InputError(path + ": is empty");
  return bytes;
}

bool StartsWith(const Bytes& file, std::string_view magic) {
  return file.size() >= magic.size() &&
         std::memcmp(file.data(), magic.data(), magic.size()) == 0;
}

uint32_t BigEndian32(const uint8_t* p) {
  return uint32_t{p[0]} << 24 | uint32_t{p[1]} << 16 | uint32_t{p[2]} << 8 |
         p[3];
}

// The checksum of PNG chunks (reflected polynomial 0xEDB88320).
uint32_t Crc32(std::span<const uint8_t> bytes) {
  static const std::array<uint32_t, 256> table = [] {
    std::array<uint32_t, 256> t{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t c = i;
      for (int k = 0; k < 8; ++k) c = (c & 1 ? 0xEDB88320u : 0u) ^ (c >> 1);
      t[i] = c;
    }
    return t;
  }();
  uint32_t c = 0xFFFFFFFFu;
  for (const uint8_t b : bytes) c = table[(c ^ b) & 0xFF] ^ (c >> 8);
  return ~c;
}

// Walks the chunks of a PNG to IEND. Done here because libpng writes what it
// finds to stderr and OpenCV does not pass it on. Empty when all is well.
std::string FindPngDamage(const Bytes& file) {
  size_t at = 8;
  while (true) {
    if (file.size() - at < 12) return "is truncated";
    const size_t length = BigEndian32(&file[at]);
    if (file.size() - at - 12 < length) return "is truncated";
    const std::span<const uint8_t> covered(&file[at + 4], length + 4);
    if (Crc32(covered) != BigEndian32(&file[at + 8 + length])) {
      return "is damaged (wrong checksum)";
    }
    if (std::memcmp(&file[at + 4], "IEND", 4) == 0) return "";
    at += 12 + length;
  }
}

// The largest sample value that a PGM or PPM header promises, which OpenCV
// hands through unscaled except for 8-bit text forms.
double PnmFullScale(const Bytes& file) {
  std::string header(file.begin(),
                     file.begin() + std::min<size_t>(file.size(), 4096));
  for (size_t hash; (hash = header.find('#')) != std::string::npos;) {
    const size_t end = std::min(header.find('\n', hash), header.size());
    header.erase(hash, end - hash);
  }
  std::istringstream in(header.substr(2));
  int width = 0, height = 0, full_scale = 0;
  in >> width >> height >> full_scale;
  if (!in || full_scale < 1 || full_scale > 65535) return 255;
  const bool text = header[1] == '2' || header[1] == '3';
  return text && full_scale <= 255 ? 255 : full_scale;
}

// OpenCV and its codecs write to std::cerr when they fail. This program says
// what is wrong itself, in one line.
class QuietCerr {
 public:
  QuietCerr() : old_(std::cerr.rdbuf(nullptr)) {}
  ~QuietCerr() {
    std::cerr.rdbuf(old_);
    std::cerr.clear();
  }

 private:
  std::streambuf* old_;
};

// OpenCV turns TIFF files upright by their own orientation tag whatever its
// flags say. Back to the stored pixels.
cv::Mat UndoTiffOrientation(const cv::Mat& upright, int orientation) {
  cv::Mat stored = upright;
  if (orientation >= 5) cv::transpose(upright, stored);
  const bool left_right = orientation == 2 || orientation == 8;
  const bool up_down = orientation == 4 || orientation == 6;
  const bool both = orientation == 3 || orientation == 7;
  if (left_right) cv::flip(stored, stored, 1);
  if (up_down) cv::flip(stored, stored, 0);
  if (both) cv::flip(stored, stored, -1);
  return stored;
}

struct Decoded {
  cv::Mat pixels;           // gray or BGR, 8 or 16 bit
  double full_scale = 255;  // sample value of white
};

Decoded DecodeWithOpenCv(const std::string& path, const Bytes& file,
                         int orientation) {
  Decoded decoded;
  try {
    const QuietCerr quiet;
    decoded.pixels =
        cv::imdecode(file, cv::IMREAD_ANYCOLOR | cv::IMREAD_ANYDEPTH |
                               cv::IMREAD_IGNORE_ORIENTATION);
  } catch (const cv::Exception& e) {
    const bool size = e.err.find("IMAGE") != std::string::npos;
    throw InputError(path + (size ? ": has too many pixels"
                                  : ": is not an image or is damaged"));
  }
  if (decoded.pixels.empty()) {
    throw InputError(path + ": is not an image, or is truncated or damaged");
  }
  const int depth = decoded.pixels.depth();
  if (depth != CV_8U && depth != CV_16U) {
    throw InputError(path + ": has samples that are neither 8 nor 16 bit");
  }
  decoded.full_scale = depth == CV_8U ? 255 : 65535;
  if (StartsWith(file, "II") || StartsWith(file, "MM")) {
    decoded.pixels = UndoTiffOrientation(decoded.pixels, orientation);
  }
  const bool pnm = file.size() > 2 && file[0] == 'P' && file[1] >= '2' &&
                   file[1] <= '6' && file[1] != '4';
  if (pnm) decoded.full_scale = PnmFullScale(file);
  return decoded;
}

cv::Size WorkingSize(cv::Size stored, int max_image_size) {
  const int longer = std::max(stored.width, stored.height);
  if (max_image_size <= 0 || longer <= max_image_size) return stored;
  const double factor = static_cast<double>(max_image_size) / longer;
  const auto scaled = [&](int n) {
    return std::max(1, static_cast<int>(std::lround(n * factor)));
  };
  return {scaled(stored.width), scaled(stored.height)};
}

// Makes the working picture from rows as they are decoded, so that no second
// copy of a large photograph is held.
class PictureMaker {
 public:
  PictureMaker(Image& image, const ReadOptions& options)
      : image_(image), options_(options) {}

  // `full_scale`: sample value of white.
  void Begin(const cv::Size& stored, double full_scale) {
    if (stored.width > kMaxSide || stored.height > kMaxSide ||
        int64_t{stored.width} * stored.height > kMaxPixels) {
      throw InputError(image_.path + ": has too many pixels");
    }
    stored_ = stored;
    to_255_ = 255 / full_scale;
    image_.width = stored.width;
    image_.height = stored.height;
    image_.gray = GrayImage(stored.width, stored.height);
    if (options_.keep_colour) {
      image_.bgr.resize(3 * image_.gray.pixels.size());
    }
  }

  // Gray or BGR.
  void Add(int first_row, const cv::Mat& rows) {
    cv::Mat gray = rows;
    const bool colour = rows.channels() == 3;
    if (colour) cv::cvtColor(rows, gray, cv::COLOR_BGR2GRAY);
    cv::Mat target(rows.size(), CV_32FC1, image_.gray.Row(first_row));
    gray.convertTo(target, CV_32F, to_255_);
    if (!options_.keep_colour) return;
    cv::Mat bgr(rows.size(), CV_8UC3,
                image_.bgr.data() + size_t{3} * first_row * rows.cols);
    if (colour) {
      rows.convertTo(bgr, CV_8U, to_255_);
    } else {
      rows.convertTo(gray, CV_8U, to_255_);
      cv::cvtColor(gray, bgr, cv::COLOR_GRAY2BGR);
    }
  }

  void End() {
    const cv::Size working = WorkingSize(stored_, options_.max_image_size);
    if (working == stored_) return;
    GrayImage reduced(working.width, working.height);
    const cv::Mat gray(stored_, CV_32FC1, image_.gray.pixels.data());
    cv::Mat target(working, CV_32FC1, reduced.pixels.data());
    cv::resize(gray, target, working, 0, 0, cv::INTER_AREA);
    image_.gray = std::move(reduced);
    if (!options_.keep_colour) return;
    const cv::Mat bgr(stored_, CV_8UC3, image_.bgr.data());
    cv::Mat reduced_bgr;
    cv::resize(bgr, reduced_bgr, working, 0, 0, cv::INTER_AREA);
    image_.bgr.assign(reduced_bgr.datastart, reduced_bgr.dataend);
  }

 private:
  Image& image_;
  const ReadOptions& options_;
  cv::Size stored_;
  double to_255_ = 1;
};

// JPEG row by row, everything else by OpenCV.
void Decode(const Bytes& file, int orientation, Image& image,
            PictureMaker& picture) {
  if (StartsWith(file, "\xFF\xD8\xFF")) {
    JpegHeader jpeg;
    const std::string error = DecodeJpeg(
        file, kMaxPixels,
        {.begin =
             [&](const JpegHeader& header) {
               jpeg = header;
               picture.Begin({jpeg.width, jpeg.height}, 255);
             },
         .rows =
             [&](int first, int count, const uint8_t* pixels) {
               picture.Add(first,
                           cv::Mat(count, jpeg.width, CV_8UC(jpeg.channels),
                                   const_cast<uint8_t*>(pixels)));
             }});
    if (!error.empty()) throw InputError(image.path + ": " + error);
    return;
  }
  if (StartsWith(file, "\x89PNG\r\n\x1A\n")) {
    const std::string damage = FindPngDamage(file);
    if (!damage.empty()) throw InputError(image.path + ": " + damage);
  }
  const Decoded decoded = DecodeWithOpenCv(image.path, file, orientation);
  picture.Begin(decoded.pixels.size(), decoded.full_scale);
  constexpr int kRows = 64;
  for (int y = 0; y < decoded.pixels.rows; y += kRows) {
    picture.Add(y, decoded.pixels.rowRange(
                       y, std::min(y + kRows, decoded.pixels.rows)));
  }
}

}  // namespace

Image ReadImage(const std::string& path, const ReadOptions& options) {
  const Bytes file = ReadBytes(path);
  const ExifNotes exif = ReadExif(file);
  Image image;
  image.path = path;
  PictureMaker picture(image, options);
  Decode(file, exif.orientation, image, picture);
  picture.End();
  image.exif_orientation = exif.orientation;
  image.focal_length =
      FocalLengthInPixels(exif.focal, image.width, image.height);
  return image;
}

Image ImageFromPixels(const std::string& name, const PixelView& pixels,
                      const ReadOptions& options) {
  if (pixels.width <= 0 || pixels.height <= 0) {
    throw InputError(name + ": has no pixels");
  }
  const bool whole = pixels.depth != PixelView::Depth::kFloat;
  const bool bytes = pixels.depth == PixelView::Depth::kUint8;
  Image image;
  image.path = name;
  PictureMaker picture(image, options);
  picture.Begin({pixels.width, pixels.height}, !whole || bytes ? 255 : 65535);
  const int depth = !whole ? CV_32F : bytes ? CV_8U : CV_16U;
  const cv::Mat all(pixels.height, pixels.width,
                    CV_MAKETYPE(depth, pixels.channels),
                    const_cast<void*>(pixels.data), pixels.row_bytes);
  constexpr int kRows = 64;
  for (int y = 0; y < all.rows; y += kRows) {
    cv::Mat rows = all.rowRange(y, std::min(y + kRows, all.rows));
    if (!whole && !cv::checkRange(rows)) {
      throw InputError(name + ": has samples that are not finite");
    }
    if (pixels.channels == 3 && pixels.rgb) {
      cv::Mat bgr;
      cv::cvtColor(rows, bgr, cv::COLOR_RGB2BGR);
      rows = bgr;
    }
    picture.Add(y, rows);
  }
  picture.End();
  return image;
}

namespace {

// The first bytes of a file.
Bytes HeadOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  Bytes head(32);
  file.read(reinterpret_cast<char*>(head.data()),
            static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(file.gcount()));
  return head;
}

}  // namespace

std::optional<PhotographHead> PeekPhotograph(const std::string& path,
                                             const ReadOptions& options) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return std::nullopt;
  const auto file_size = static_cast<int64_t>(fs::file_size(path, error));
  if (error) return std::nullopt;
  const Bytes head = HeadOf(path);
  int64_t width = 0, height = 0;
  int64_t a_pixel = sizeof(float) + (options.keep_colour ? 3 : 0);
  if (StartsWith(head, "\xFF\xD8\xFF")) {
    const auto jpeg = ReadJpegHeader(path);
    if (!jpeg) return std::nullopt;
    width = jpeg->width;
    height = jpeg->height;
    // Two bytes a coefficient.
    if (jpeg->progressive) a_pixel += int64_t{2} * jpeg->channels;
  } else if (StartsWith(head, "\x89PNG\r\n\x1A\n") && head.size() >= 26) {
    width = BigEndian32(&head[16]);
    height = BigEndian32(&head[20]);
    const bool deep = head[24] == 16;
    const bool gray = head[25] == 0 || head[25] == 4;
    a_pixel += (deep ? 2 : 1) * (gray ? 1 : 3);
  }
  if (width <= 0 || height <= 0 || std::max(width, height) > kMaxSide ||
      width * height > kMaxPixels) {
    return std::nullopt;
  }
  const cv::Size working =
      WorkingSize({static_cast<int>(width), static_cast<int>(height)},
                  options.max_image_size);
  return PhotographHead{working.width, working.height,
                        file_size + a_pixel * width * height};
}

}  // namespace tiepoint
