// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/report/page_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tiepoint {
namespace {

TEST(PageText, FillsOnceAndInOnePass) {
  EXPECT_EQ(FillPage("a@X@b@Y@c@X@", {{"X", "@Y@"}, {"Y", "@X@"}}),
            "a@Y@b@X@c@Y@");
  EXPECT_EQ(FillPage("me@example.org @Z@", {{"X", "1"}}), "me@example.org @Z@");
  EXPECT_EQ(FillPage("", {{"X", "1"}}), "");
}

TEST(PageText, JsonCannotEndItsScript) {
  const nlohmann::json json = {{"name", "</script><!--<b>.jpg"}};
  const std::string text = ScriptJson(json.dump());
  EXPECT_EQ(text.find('<'), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(text), json);
}

TEST(PageText, PhotographsThatBrowsersShow) {
  EXPECT_EQ(MediaType("\xff\xd8\xff"), "image/jpeg");
  EXPECT_EQ(MediaType("\x89PNG\r\n"), "image/png");
  EXPECT_EQ(MediaType("RIFF1234WEBPVP8"), "image/webp");
  for (const char* other : {"", "RIFF", "RIFF1234WAVE", "II*", "P6 3 3 255"}) {
    EXPECT_EQ(MediaType(other), "") << other;
    EXPECT_EQ(DataAddress(other), "") << other;
  }
  EXPECT_EQ(DataAddress("\xff\xd8 jpeg"),
            "data:image/jpeg;base64,/9gganBlZw==");
}

// By a chain of segments: APP0, EXIF, a second APP1 that is none, scan, pixels.
TEST(PageText, ExifIsLeftOut) {
  using namespace std::string_literals;
  const std::string begin = "\xff\xd8\xff\xe0\x00\x04JF"s;
  const std::string exif =
      "\xff\xe1\x00\x0a"
      "Exif\0\0II"s;
  const std::string rest = "\xff\xe1\x00\x06http\xff\xda\x00\x02pixels Exif"s;
  EXPECT_EQ(WithoutExif(begin + exif + rest), begin + rest);
  EXPECT_EQ(WithoutExif(begin + rest), begin + rest);
  EXPECT_EQ(WithoutExif(begin + exif), begin);
  EXPECT_EQ(WithoutExif((begin + exif).substr(0, 17)), begin) << "truncated";
  for (const std::string& damaged :
       {"\xff\xd8\xff\xe1\x00\x00Exif"s, "\xff\xd8\xff\xe1\x00\x01"s,
        "\xff\xd8\xff"s, "\xff\xd8"s}) {
    EXPECT_EQ(WithoutExif(damaged), damaged);
  }
  EXPECT_EQ(WithoutExif("\x89PNG" + exif), "\x89PNG" + exif);
}

TEST(PageText, ExifOfPngIsLeftOut) {
  using namespace std::string_literals;
  const std::string begin =
      "\x89PNG\r\n\x1a\n"
      "\0\0\0\x03IHDRabcSUMS"s;
  const std::string exif =
      "\0\0\0\x04"
      "eXIfMM\0*SUMS"s;
  // Data that looks like a chunk is none.
  const std::string rest = "\0\0\0\x08IDAT\0\0\0\0eXIfSUMS\0\0\0\0IENDSUMS"s;
  EXPECT_EQ(WithoutExif(begin + exif + rest), begin + rest);
  EXPECT_EQ(WithoutExif(begin + rest + exif), begin + rest);
  EXPECT_EQ(WithoutExif(begin + rest), begin + rest);
  EXPECT_EQ(WithoutExif(begin + exif.substr(0, 13)), begin) << "truncated";
  for (const std::string& damaged :
       {"\x89PNG"s, begin + "\xff\xff\xff\xffIDATdata"s, begin + "\0\0"s}) {
    EXPECT_EQ(WithoutExif(damaged), damaged);
  }
}

TEST(PageText, ExifOfWebpIsLeftOut) {
  using namespace std::string_literals;
  const auto file = [](char flags, const std::string& chunks) {
    const std::string all =
        "WEBPVP8X\x0a\0\0\0"s + flags + "\0\0\0\1\0\0\1\0\0"s + chunks;
    return "RIFF"s + static_cast<char>(all.size()) + "\0\0\0"s + all;
  };
  // Of odd length: one more byte follows.
  const std::string exif = "EXIF\x03\0\0\0MM*\0"s;
  const std::string pixels = "VP8 \x04\0\0\0EXIF"s;
  EXPECT_EQ(WithoutExif(file(0x1c, pixels + exif)), file(0x14, pixels));
  EXPECT_EQ(WithoutExif(file(0x1c, exif + pixels)), file(0x14, pixels));
  EXPECT_EQ(WithoutExif(file(0x10, pixels)), file(0x10, pixels));
  const std::string simple = "RIFF\x10\0\0\0WEBP"s + pixels;
  EXPECT_EQ(WithoutExif(simple), simple);
  for (const std::string& damaged :
       {"RIFF\0\0\0\0WEBP"s, "RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0"s,
        "RIFF\0\0\0\0WEBPVP8 \xff\xff\xff\xff..."s}) {
    EXPECT_EQ(WithoutExif(damaged), damaged);
  }
}

TEST(PageText, NamesOfFiles) {
  EXPECT_EQ(FileName("a/b/c.jpg"), "c.jpg");
  EXPECT_EQ(FileName("c.jpg"), "c.jpg");
}

}  // namespace
}  // namespace tiepoint
