// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/image/read_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
// After cstdio, which jpeglib.h needs and does not include.
#include <jpeglib.h>

#include <cmath>
#include <cstdlib>
#include <exiv2/exiv2.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "tiepoint/base/error.h"
#include "tiepoint/image/exif.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

class ReadImageTest : public ::testing::Test {
 protected:
  ReadImageTest()
      : folder_(fs::temp_directory_path() /
                ("tiepoint_read_test_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~ReadImageTest() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ / name; }
  std::string Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(Path(name), std::ios::binary) << bytes;
    return Path(name);
  }
  std::string Encode(const std::string& name, const cv::Mat& pixels) const {
    EXPECT_TRUE(cv::imwrite(Path(name), pixels));
    return Path(name);
  }
  static std::string Content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void SetExif(const std::string& path, const Exiv2::ExifData& exif) {
    auto image = Exiv2::ImageFactory::open(path);
    image->readMetadata();
    Exiv2::ExifData all = image->exifData();
    for (const auto& tag : exif) all[tag.key()] = tag.toString();
    image->setExifData(all);
    image->writeMetadata();
  }
  static void ExpectRefused(const std::string& path, const std::string& why) {
    EXPECT_THAT([&] { ReadImage(path); },
                ThrowsMessage<InputError>(AllOf(HasSubstr(path), HasSubstr(why),
                                                Not(HasSubstr("\n")))));
  }

  fs::path folder_;
};

// Smooth, different in every channel and direction.
cv::Mat Colours(int width, int height, int type = CV_8UC3) {
  cv::Mat bgr(height, width, CV_8UC3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      bgr.at<cv::Vec3b>(y, x) = cv::Vec3b(static_cast<uchar>(40 + 3 * x),
                                          static_cast<uchar>(20 + 4 * y),
                                          static_cast<uchar>(200 - 2 * x - y));
    }
  }
  if (type == CV_8UC3) return bgr;
  cv::Mat deep;
  bgr.convertTo(deep, CV_16U, 257);
  return deep;
}

double Luminance(const cv::Vec3d& bgr) {
  return 0.114 * bgr[0] + 0.587 * bgr[1] + 0.299 * bgr[2];
}

TEST_F(ReadImageTest, LosslessFormatsGiveTheLuminance) {
  const cv::Mat bgr = Colours(40, 30);
  for (const char* name : {"a.png", "a.tif", "a.ppm", "a.bmp"}) {
    const Image image = ReadImage(Encode(name, bgr), {.keep_colour = true});
    ASSERT_EQ(image.width, 40) << name;
    ASSERT_EQ(image.height, 30) << name;
    for (int y = 0; y < 30; ++y) {
      for (int x = 0; x < 40; ++x) {
        EXPECT_NEAR(image.gray.At(x, y), Luminance(bgr.at<cv::Vec3b>(y, x)),
                    0.51);
      }
    }
    EXPECT_EQ(std::vector<uint8_t>(bgr.datastart, bgr.dataend), image.bgr);
  }
  const Image webp = ReadImage(Encode("a.webp", bgr));
  const Image jpeg = ReadImage(Encode("a.jpg", bgr));
  for (int i = 0; i < 1200; ++i) {
    EXPECT_NEAR(webp.gray.pixels[i], Luminance(bgr.at<cv::Vec3b>(i)), 6);
    EXPECT_NEAR(jpeg.gray.pixels[i], Luminance(bgr.at<cv::Vec3b>(i)), 6);
  }
}

TEST_F(ReadImageTest, SixteenBitKeepsItsPrecision) {
  cv::Mat ramp(2, 500, CV_16UC1);
  for (int x = 0; x < 500; ++x) {
    ramp.at<uint16_t>(0, x) = ramp.at<uint16_t>(1, x) =
        static_cast<uint16_t>(30000 + x);
  }
  for (const char* name : {"r.png", "r.tif", "r.pgm"}) {
    const Image image = ReadImage(Encode(name, ramp));
    for (int x = 0; x < 500; ++x) {
      EXPECT_NEAR(image.gray.At(x, 1), (30000 + x) / 257.0, 1e-4) << name;
    }
  }
  const Image colour = ReadImage(Encode("c.png", Colours(20, 20, CV_16UC3)));
  const cv::Mat bgr = Colours(20, 20);
  for (int i = 0; i < 400; ++i) {
    EXPECT_NEAR(colour.gray.pixels[i], Luminance(bgr.at<cv::Vec3b>(i)), 0.01);
  }
}

PixelView ViewOf(const cv::Mat& pixels, PixelView::Depth depth) {
  return {.data = pixels.data,
          .width = pixels.cols,
          .height = pixels.rows,
          .channels = pixels.channels(),
          .row_bytes = pixels.step[0],
          .depth = depth};
}

TEST_F(ReadImageTest, PixelsInMemoryAreAsTheirLosslessFile) {
  using Depth = PixelView::Depth;
  const cv::Mat bgr = Colours(90, 131);
  const cv::Mat deep = Colours(90, 131, CV_16UC3);
  cv::Mat gray, rgb, real;
  cv::cvtColor(bgr, gray, cv::COLOR_BGR2GRAY);
  cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
  gray.convertTo(real, CV_32F);
  PixelView swapped = ViewOf(rgb, Depth::kUint8);
  swapped.rgb = true;
  const std::string of_bgr = Encode("bgr.png", bgr);
  const std::string of_gray = Encode("gray.png", gray);
  const std::pair<PixelView, std::string> cases[] = {
      {ViewOf(bgr, Depth::kUint8), of_bgr},
      {swapped, of_bgr},
      {ViewOf(deep, Depth::kUint16), Encode("deep.png", deep)},
      {ViewOf(gray, Depth::kUint8), of_gray},
      {ViewOf(real, Depth::kFloat), of_gray}};
  for (const auto& [pixels, path] : cases) {
    for (const int size : {0, 50}) {
      const ReadOptions options{.max_image_size = size, .keep_colour = true};
      const Image file = ReadImage(path, options);
      const Image memory = ImageFromPixels("array", pixels, options);
      EXPECT_EQ(memory.width, file.width);
      EXPECT_EQ(memory.height, file.height);
      EXPECT_EQ(memory.gray.pixels, file.gray.pixels) << path;
      EXPECT_EQ(memory.bgr, file.bgr) << path;
    }
  }
  real.at<float>(100, 3) = std::nanf("");
  EXPECT_THAT([&] { ImageFromPixels("array", ViewOf(real, Depth::kFloat)); },
              ThrowsMessage<InputError>(
                  AllOf(HasSubstr("array"), HasSubstr("not finite"))));
  EXPECT_THROW(ImageFromPixels("array", {}), InputError);
}

TEST_F(ReadImageTest, AlphaIsIgnored) {
  const cv::Mat bgr = Colours(10, 10);
  cv::Mat bgra;
  cv::cvtColor(bgr, bgra, cv::COLOR_BGR2BGRA);
  for (int i = 0; i < 100; ++i) {
    bgra.at<cv::Vec4b>(i)[3] = static_cast<uchar>(2 * i);
  }
  const Image plain = ReadImage(Encode("plain.png", bgr));
  EXPECT_EQ(ReadImage(Encode("a.png", bgra)).gray.pixels, plain.gray.pixels);
  EXPECT_EQ(ReadImage(Encode("a.tif", bgra)).gray.pixels, plain.gray.pixels);
}

TEST_F(ReadImageTest, PnmIsScaledByItsOwnWhite) {
  const auto first = [&](const std::string& bytes) {
    const Image image = ReadImage(Write("a.pgm", bytes));
    return image.gray.pixels[0];
  };
  EXPECT_FLOAT_EQ(first(std::string("P5 2 1 15\n\x05\x0F", 12)), 85);
  EXPECT_FLOAT_EQ(first(std::string("P5\n# 9 9\n2 1 1023\n\x03\xFF\0\1", 22)),
                  255);
  EXPECT_FLOAT_EQ(first("P2 2 1 15\n5 15\n"), 85);
  EXPECT_FLOAT_EQ(first("P2 2 1 1023\n1023 15\n"), 255);
  EXPECT_FLOAT_EQ(first(std::string("P6 1 1 255\n\x64\x64\x64", 14)), 100);
}

// A JPEG of one colour given as light (255 = bright) in cyan, magenta, yellow,
// black: as Adobe's programs store it, or as plain ink.
std::string CmykJpeg(const std::array<uint8_t, 4>& light, bool adobe,
                     J_COLOR_SPACE space) {
  jpeg_compress_struct info;
  jpeg_error_mgr error;
  info.err = jpeg_std_error(&error);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = info.image_height = 16;
  info.input_components = 4;
  info.in_color_space = JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_set_colorspace(&info, space);
  info.write_Adobe_marker = adobe;
  jpeg_set_quality(&info, 100, TRUE);
  jpeg_start_compress(&info, TRUE);
  std::vector<uint8_t> row;
  for (int x = 0; x < 16; ++x) {
    for (const uint8_t v : light) row.push_back(adobe ? v : 255 - v);
  }
  for (int y = 0; y < 16; ++y) {
    JSAMPROW pointer = row.data();
    jpeg_write_scanlines(&info, &pointer, 1);
  }
  jpeg_finish_compress(&info);
  const std::string bytes(reinterpret_cast<char*>(buffer), size);
  jpeg_destroy_compress(&info);
  std::free(buffer);
  return bytes;
}

TEST_F(ReadImageTest, CmykIsInkWhateverTheProgramThatWroteIt) {
  // Half black over orange: R 255, G 128, B 0, times 128 / 255.
  const std::array<uint8_t, 4> light = {255, 128, 0, 128};
  for (const std::string& bytes :
       {CmykJpeg(light, true, JCS_CMYK), CmykJpeg(light, true, JCS_YCCK),
        CmykJpeg(light, false, JCS_CMYK)}) {
    const Image image =
        ReadImage(Write("cmyk.jpg", bytes), {.keep_colour = true});
    EXPECT_NEAR(image.bgr[0], 0, 2);
    EXPECT_NEAR(image.bgr[1], 64, 2);
    EXPECT_NEAR(image.bgr[2], 128, 2);
    EXPECT_NEAR(image.gray.pixels[0], 0.299 * 128 + 0.587 * 64, 2);
  }
}

TEST_F(ReadImageTest, OrientationIsReportedAndNeverApplied) {
  const cv::Mat bgr = Colours(12, 8);
  const Image jpeg = ReadImage(Encode("o.jpg", bgr));
  for (uint16_t orientation = 1; orientation <= 8; ++orientation) {
    Exiv2::ExifData exif;
    exif["Exif.Image.Orientation"] = orientation;
    for (const char* name : {"o.jpg", "o.png", "o.tif"}) {
      const std::string path = Encode(name, bgr);
      SetExif(path, exif);
      const Image image = ReadImage(path, {.keep_colour = true});
      EXPECT_EQ(image.exif_orientation, orientation) << name;
      ASSERT_EQ(image.width, 12) << name << orientation;
      ASSERT_EQ(image.height, 8) << name << orientation;
      if (path == Path("o.jpg")) {
        EXPECT_EQ(image.gray.pixels, jpeg.gray.pixels) << orientation;
      } else {
        EXPECT_EQ(image.bgr, std::vector<uint8_t>(bgr.datastart, bgr.dataend))
            << name << " " << orientation;
      }
    }
  }
}

TEST_F(ReadImageTest, FocalLengthComesFromTheFile) {
  const std::string path = Encode("f.jpg", Colours(60, 40));
  EXPECT_FALSE(ReadImage(path).focal_length.has_value());
  EXPECT_EQ(ReadImage(path).exif_orientation, 0);
  Exiv2::ExifData exif;
  exif["Exif.Photo.FocalLengthIn35mmFilm"] = uint16_t{72};
  SetExif(path, exif);
  // 36 mm of film are 60 pixels: 72 mm are 120.
  EXPECT_NEAR(ReadImage(path).focal_length.value(), 120, 1e-9);
}

TEST(FocalLengthTest, SensorThenFilmEquivalent) {
  // 35.6 mm wide sensor, 6000 pixels; stored at half the size, and as portrait.
  FocalTags tags{.focal_mm = 50,
                 .plane_x_resolution = 6000 / 35.6 * 25.4,
                 .plane_unit_mm = 25.4,
                 .pixel_x_dimension = 6000,
                 .pixel_y_dimension = 4000};
  EXPECT_NEAR(*FocalLengthInPixels(tags, 6000, 4000), 50 * 6000 / 35.6, 1e-6);
  EXPECT_NEAR(*FocalLengthInPixels(tags, 3000, 2000), 50 * 3000 / 35.6, 1e-6);
  EXPECT_NEAR(*FocalLengthInPixels(tags, 2000, 3000), 50 * 3000 / 35.6, 1e-6);
  // A sensor of 0.4 mm is a mistake of the camera: the equivalent counts.
  tags.plane_x_resolution *= 100;
  EXPECT_FALSE(FocalLengthInPixels(tags, 6000, 4000).has_value());
  tags.focal_35mm = std::hypot(36, 24);
  EXPECT_NEAR(*FocalLengthInPixels(tags, 400, 300), 500, 1e-9);
  EXPECT_FALSE(FocalLengthInPixels({}, 400, 300).has_value());
}

TEST_F(ReadImageTest, MaxImageSizeAveragesAndKeepsStoredCoordinates) {
  cv::Mat ramp(60, 90, CV_8UC1);
  for (int y = 0; y < 60; ++y) {
    for (int x = 0; x < 90; ++x) ramp.at<uchar>(y, x) = 2 * x + y;
  }
  const std::string path = Encode("ramp.png", ramp);
  const Image image = ReadImage(path, {.max_image_size = 31});
  EXPECT_EQ(image.width, 90);
  EXPECT_EQ(image.height, 60);
  EXPECT_EQ(image.gray.width, 31);
  EXPECT_EQ(image.gray.height, 21);
  // An average over an area of the ramp is the ramp at the area's centre.
  for (int j = 1; j < 20; ++j) {
    for (int i = 1; i < 30; ++i) {
      EXPECT_NEAR(image.gray.At(i, j), 2 * image.StoredX(i) + image.StoredY(j),
                  0.05);
    }
  }
  EXPECT_EQ(ReadImage(path, {.max_image_size = 90}).gray.width, 90);
}

TEST_F(ReadImageTest, RefusesInOneLine) {
  ExpectRefused(Path("missing.jpg"), "no such file");
  ExpectRefused(folder_.string(), "directory");
  ExpectRefused(Write("empty.jpg", ""), "empty");
  ExpectRefused(Write("text.jpg", "This is not a photograph at all."), "image");
  ExpectRefused(Write("short.png", "\x89PNG\r\n\x1A\n"), "truncated");
  ExpectRefused(Write("soi.jpg", "\xFF\xD8\xFF"), "truncated");
  ExpectRefused(Write("huge.pgm", "P5 100000 100000 255\n"), "pixels");
  ExpectRefused(Encode("wide.png", cv::Mat::zeros(1, 70000, CV_8UC1)),
                "pixels");
  ExpectRefused(Encode("float.tif", cv::Mat::ones(9, 9, CV_32FC1)), "16 bit");
}

// Cut anywhere, a file is refused and nothing is said on stderr.
TEST_F(ReadImageTest, TruncatedFilesAreErrors) {
  cv::Mat noisy = Colours(60, 50);
  cv::RNG random(7);
  random.fill(noisy, cv::RNG::UNIFORM, 0, 255);
  const std::vector<int> progressive = {cv::IMWRITE_JPEG_PROGRESSIVE, 1};
  cv::imwrite(Path("progressive.jpg"), noisy, progressive);
  for (const char* name : {"t.jpg", "t.png", "t.tif", "t.ppm", "t.webp"}) {
    Encode(name, noisy);
  }
  for (const char* name :
       {"t.jpg", "t.png", "t.tif", "t.ppm", "t.webp", "progressive.jpg"}) {
    const std::string whole = Content(Path(name));
    EXPECT_NO_THROW(ReadImage(Path(name)));
    for (const double part : {0.02, 0.3, 0.5, 0.9, 0.99}) {
      const std::string path = Write(
          "cut", whole.substr(0, static_cast<size_t>(whole.size() * part)));
      testing::internal::CaptureStderr();
      EXPECT_THROW(ReadImage(path), InputError) << name << " " << part;
      EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << name;
    }
    if (whole[0] == '\xFF' || whole[1] == 'P') {
      const std::string path = Write("cut", whole.substr(0, whole.size() - 2));
      EXPECT_THROW(ReadImage(path), InputError) << name;
    }
  }
}

TEST_F(ReadImageTest, DamagedFilesAreErrors) {
  cv::Mat noisy(50, 60, CV_8UC3);
  cv::RNG random(7);
  random.fill(noisy, cv::RNG::UNIFORM, 0, 255);
  for (const char* name : {"d.jpg", "d.png"}) {
    std::string bytes = Content(Encode(name, noisy));
    for (size_t i = bytes.size() / 2; i < bytes.size() / 2 + 200; ++i) {
      bytes[i] = static_cast<char>(random.uniform(0, 256));
    }
    testing::internal::CaptureStderr();
    ExpectRefused(Write(name, bytes), "damaged");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << name;
  }
}

TEST_F(ReadImageTest, OnePixel) {
  const Image image =
      ReadImage(Encode("one.png", cv::Mat(1, 1, CV_8UC1, cv::Scalar(9))));
  EXPECT_EQ(image.gray.pixels, std::vector<float>{9});
}

}  // namespace
}  // namespace tiepoint
