// SPDX-License-Identifier: Apache-2.0
#include "training/photographs.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#include <stb_image.h>
#include <stb_image_write.h>
#pragma GCC diagnostic pop

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

bool IsPhotograph(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

bool IsEvaluationData(const fs::path& path) {
  return std::any_of(path.begin(), path.end(),
                     [](const fs::path& part) { return part == "eval"; });
}

uint8_t Byte(float value) {
  return static_cast<uint8_t>(std::clamp(value + 0.5f, 0.0f, 255.0f));
}

constexpr int kColours = 3;

// Means of factor x factor pixels of a picture in colour.
std::vector<uint8_t> Reduced(const uint8_t* pixels, int pixels_width, int width,
                             int height, int factor) {
  std::vector<uint8_t> result;
  result.reserve(static_cast<size_t>(width) * height * kColours);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < kColours; ++c) {
        int sum = 0;
        for (int v = y * factor; v < (y + 1) * factor; ++v) {
          const uint8_t* row =
              pixels +
              (static_cast<size_t>(v) * pixels_width + x * factor) * kColours;
          for (int u = 0; u < factor; ++u) sum += row[u * kColours + c];
        }
        result.push_back(static_cast<uint8_t>(sum / (factor * factor)));
      }
    }
  }
  return result;
}

}  // namespace

void RefuseEvaluationData(const std::string& folder) {
  if (IsEvaluationData(fs::weakly_canonical(folder))) {
    throw InputError("'" + folder +
                     "' holds evaluation data: nothing is trained on it");
  }
}

std::vector<std::string> FindPhotographs(
    const std::vector<std::string>& folders) {
  std::vector<std::string> paths;
  for (const std::string& folder : folders) {
    std::error_code error;
    if (!fs::is_directory(folder, error)) {
      throw InputError("no such folder of photographs: '" + folder + "'");
    }
    const fs::path absolute = fs::canonical(folder);
    RefuseEvaluationData(folder);
    for (const auto& entry : fs::recursive_directory_iterator(absolute)) {
      if (!entry.is_regular_file() || !IsPhotograph(entry.path())) continue;
      if (IsEvaluationData(entry.path())) continue;
      paths.push_back(entry.path().string());
    }
  }
  if (paths.empty()) throw InputError("no .jpg or .png below the data folders");
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

PhotographStore::PhotographStore(const std::vector<std::string>& paths,
                                 int max_side) {
  std::vector<Bytes> all(paths.size());
  ParallelFor(static_cast<int>(paths.size()), [&](int i) {
    int width = 0, height = 0, channels = 0;
    const std::unique_ptr<uint8_t, decltype(&stbi_image_free)> pixels(
        stbi_load(paths[i].c_str(), &width, &height, &channels, kColours),
        &stbi_image_free);
    if (!pixels || std::min(width, height) < 64) {
      std::fprintf(stderr, "skipped %s: %s\n", paths[i].c_str(),
                   pixels ? "smaller than 64 pixels" : stbi_failure_reason());
      return;
    }
    // Whole-number reduction by averaging keeps the picture free of aliases.
    const int factor = (std::max(width, height) + max_side - 1) / max_side;
    Bytes& bytes = all[i];
    bytes.width = width / factor;
    bytes.height = height / factor;
    bytes.pixels =
        Reduced(pixels.get(), width, bytes.width, bytes.height, factor);
  });
  for (Bytes& bytes : all) {
    if (!bytes.pixels.empty()) photographs_.push_back(std::move(bytes));
  }
  if (photographs_.empty() && !paths.empty())
    throw InputError("no photograph could be decoded");
}

GrayImage PhotographStore::Get(int index, const ColourWeights& weights) const {
  const Bytes& bytes = photographs_[index];
  GrayImage image(bytes.width, bytes.height);
  const uint8_t* rgb = bytes.pixels.data();
  for (float& v : image.pixels) {
    const float sum =
        weights[0] * rgb[0] + weights[1] * rgb[1] + weights[2] * rgb[2];
    v = std::clamp(std::round(sum), 0.0f, 255.0f);
    rgb += kColours;
  }
  return image;
}

std::vector<GrayImage> PhotographStore::GetColour(int index, int x, int y,
                                                  int width, int height) const {
  const Bytes& bytes = photographs_[index];
  std::vector<GrayImage> planes(kColours, GrayImage(width, height));
  for (int v = 0; v < height; ++v) {
    const uint8_t* rgb =
        bytes.pixels.data() +
        (static_cast<size_t>(y + v) * bytes.width + x) * kColours;
    for (int u = 0; u < width; ++u) {
      for (int c = 0; c < kColours; ++c) {
        planes[kColours - 1 - c].At(u, v) = rgb[u * kColours + c];
      }
    }
  }
  return planes;
}

GrayImage JpegRoundTrip(const GrayImage& image, int quality) {
  std::vector<uint8_t> bytes(image.pixels.size());
  std::transform(image.pixels.begin(), image.pixels.end(), bytes.begin(), Byte);
  std::vector<uint8_t> file;
  const auto append = [](void* context, void* data, int size) {
    auto* out = static_cast<std::vector<uint8_t>*>(context);
    const auto* begin = static_cast<const uint8_t*>(data);
    out->insert(out->end(), begin, begin + size);
  };
  stbi_write_jpg_to_func(append, &file, image.width, image.height, 1,
                         bytes.data(), quality);
  int width = 0, height = 0, channels = 0;
  const std::unique_ptr<uint8_t, decltype(&stbi_image_free)> decoded(
      stbi_load_from_memory(file.data(), static_cast<int>(file.size()), &width,
                            &height, &channels, 1),
      &stbi_image_free);
  if (!decoded) return image;
  GrayImage result(width, height);
  std::copy(decoded.get(), decoded.get() + result.pixels.size(),
            result.pixels.begin());
  return result;
}

}  // namespace tiepoint
