// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/image/exif.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <exiv2/exiv2.hpp>

namespace tiepoint {
namespace {

// The number of a tag; 0 when it is absent or makes no sense.
double TagNumber(const Exiv2::ExifData& exif, const char* key) {
  const auto tag = exif.findKey(Exiv2::ExifKey(key));
  if (tag == exif.end() || tag->count() == 0) return 0;
  const double value = tag->toFloat();
  return std::isfinite(value) && value > 0 ? value : 0;
}

double UnitInMillimetres(double unit) {
  if (unit == 3) return 10.0;
  if (unit == 4) return 1.0;
  if (unit == 5) return 0.001;
  return 25.4;  // 2: inch, the default of EXIF
}

}  // namespace

std::optional<double> FocalLengthInPixels(const FocalTags& tags, int width,
                                          int height) {
  const double longer = std::max(width, height);
  if (tags.focal_mm > 0 && tags.plane_x_resolution > 0 &&
      tags.plane_unit_mm > 0) {
    const double per_mm = tags.plane_x_resolution / tags.plane_unit_mm;
    const double original =
        std::max(tags.pixel_x_dimension, tags.pixel_y_dimension);
    const double longer_then = original > 0 ? original : longer;
    const double sensor_mm = longer_then / per_mm;
    if (sensor_mm >= 1 && sensor_mm <= 100) {
      return tags.focal_mm * per_mm * longer / longer_then;
    }
  }
  if (tags.focal_35mm > 0) {
    const double film_diagonal = std::hypot(36.0, 24.0);
    return tags.focal_35mm * std::hypot(width, height) / film_diagonal;
  }
  return std::nullopt;
}

ExifNotes ReadExif(std::span<const uint8_t> file) {
  ExifNotes notes;
  Exiv2::LogMsg::setLevel(Exiv2::LogMsg::mute);
  try {
    auto image =
        Exiv2::ImageFactory::open(file.data(), static_cast<long>(file.size()));
    image->readMetadata();
    const Exiv2::ExifData& exif = image->exifData();
    const auto number = [&](const char* key) { return TagNumber(exif, key); };
    const double orientation = number("Exif.Image.Orientation");
    if (orientation >= 1 && orientation <= 8) {
      notes.orientation = static_cast<int>(orientation);
    }
    notes.focal.focal_mm = number("Exif.Photo.FocalLength");
    notes.focal.focal_35mm = number("Exif.Photo.FocalLengthIn35mmFilm");
    notes.focal.plane_x_resolution = number("Exif.Photo.FocalPlaneXResolution");
    notes.focal.plane_unit_mm =
        UnitInMillimetres(number("Exif.Photo.FocalPlaneResolutionUnit"));
    notes.focal.pixel_x_dimension = number("Exif.Photo.PixelXDimension");
    notes.focal.pixel_y_dimension = number("Exif.Photo.PixelYDimension");
  } catch (const std::exception&) {
    // Metadata that cannot be read is metadata that is not there.
  }
  return notes;
}

}  // namespace tiepoint
