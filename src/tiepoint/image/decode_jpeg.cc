// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/image/decode_jpeg.h"

#include <csetjmp>
#include <cstdio>
// After cstdio, which jpeglib.h needs and does not include.
#include <jpeglib.h>
// After jpeglib.h, which decides what it declares.
#include <jerror.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace tiepoint {
namespace {

struct ErrorState {
  jpeg_error_mgr manager;  // first: libjpeg hands back a pointer to it
  std::jmp_buf jump;
  char text[JMSG_LENGTH_MAX];
};

// Fatal for libjpeg.
void OnError(j_common_ptr info) {
  auto* state = reinterpret_cast<ErrorState*>(info->err);
  info->err->format_message(info, state->text);
  std::longjmp(state->jump, 1);
}

// libjpeg goes on after a warning and invents pixels. Warnings that mean lost
// pixels are errors here; the others (stray bytes between segments, odd version
// numbers), which cameras do write, are not.
void OnMessage(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_BOGUS_PROGRESSION:
    case JWRN_MUST_RESYNC:
      OnError(info);
  }
}

// Ink as stored to light. Adobe's programs store 255 for no ink, and say so by
// their marker; other files mean what they say.
void CmykToBgr(const uint8_t* cmyk, int width, bool inverted, uint8_t* bgr) {
  for (int x = 0; x < width; ++x, cmyk += 4, bgr += 3) {
    const auto light = [&](int i) {
      return inverted ? cmyk[i] : 255 - cmyk[i];
    };
    for (int i = 0; i < 3; ++i) {
      bgr[2 - i] = static_cast<uint8_t>((light(i) * light(3) + 127) / 255);
    }
  }
}

// Rows that are handed over together.
constexpr int kBand = 64;

// Everything that a longjmp may skip lives here, not on the stack of what
// libjpeg is called from.
struct Decoder {
  jpeg_decompress_struct info;
  ErrorState state;
  std::vector<uint8_t> band, row;
  std::string error;

  Decoder() {
    info.err = jpeg_std_error(&state.manager);
    state.manager.error_exit = OnError;
    state.manager.emit_message = OnMessage;
    jpeg_create_decompress(&info);
  }
  ~Decoder() { jpeg_destroy_decompress(&info); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  JpegHeader ReadHeader() {
    jpeg_read_header(&info, TRUE);
    return {.width = static_cast<int>(info.image_width),
            .height = static_cast<int>(info.image_height),
            .channels = info.num_components == 1 ? 1 : 3,
            .progressive = jpeg_has_multiple_scans(&info) != FALSE};
  }

  void Run(int64_t max_pixels, const JpegReceiver& receiver) {
    const JpegHeader header = ReadHeader();
    if (int64_t{header.width} * header.height > max_pixels) {
      error = "has too many pixels";
      return;
    }
    receiver.begin(header);
    const bool cmyk = info.num_components == 4;
    info.out_color_space = cmyk                   ? JCS_CMYK
                           : header.channels == 1 ? JCS_GRAYSCALE
                                                  : JCS_EXT_BGR;
    jpeg_start_decompress(&info);
    const size_t stride = static_cast<size_t>(header.width) * header.channels;
    band.resize(stride * kBand);
    if (cmyk) row.resize(static_cast<size_t>(header.width) * 4);
    for (int first = 0; first < header.height; first += kBand) {
      const int count = std::min(kBand, header.height - first);
      for (int y = 0; y < count; ++y) {
        uint8_t* out = band.data() + stride * y;
        JSAMPROW target = cmyk ? row.data() : out;
        jpeg_read_scanlines(&info, &target, 1);
        if (cmyk) {
          CmykToBgr(row.data(), header.width, info.saw_Adobe_marker, out);
        }
      }
      receiver.rows(first, count, band.data());
    }
    jpeg_finish_decompress(&info);
  }
};

}  // namespace

std::string DecodeJpeg(std::span<const uint8_t> file, int64_t max_pixels,
                       const JpegReceiver& receiver) {
  Decoder decoder;
  if (setjmp(decoder.state.jump) == 0) {
    jpeg_mem_src(&decoder.info, file.data(), file.size());
    decoder.Run(max_pixels, receiver);
  } else {
    decoder.error =
        std::string("is damaged or truncated (") + decoder.state.text + ")";
  }
  return decoder.error;
}

std::optional<JpegHeader> ReadJpegHeader(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
      std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) return std::nullopt;
  Decoder decoder;
  JpegHeader header;
  if (setjmp(decoder.state.jump) != 0) return std::nullopt;
  jpeg_stdio_src(&decoder.info, file.get());
  header = decoder.ReadHeader();
  return header;
}

}  // namespace tiepoint
