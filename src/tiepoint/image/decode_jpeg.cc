// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/image/decode_jpeg.h"

#include <csetjmp>
#include <cstdio>
// After cstdio, which jpeglib.h needs and does not include.
#include <jpeglib.h>
// After jpeglib.h, which decides what it declares.
#include <jerror.h>

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

// Everything that a longjmp may skip lives in the caller: `result`, `row`.
void Decode(jpeg_decompress_struct& info, int64_t max_pixels,
            DecodedJpeg& result, std::vector<uint8_t>& row) {
  jpeg_read_header(&info, TRUE);
  result.width = static_cast<int>(info.image_width);
  result.height = static_cast<int>(info.image_height);
  if (int64_t{result.width} * result.height > max_pixels) {
    result.error = "has too many pixels";
    return;
  }
  const bool cmyk = info.num_components == 4;
  const bool gray = info.num_components == 1;
  result.channels = gray ? 1 : 3;
  info.out_color_space = cmyk ? JCS_CMYK : gray ? JCS_GRAYSCALE : JCS_EXT_BGR;
  jpeg_start_decompress(&info);
  const size_t stride = static_cast<size_t>(result.width) * result.channels;
  result.pixels.resize(stride * result.height);
  if (cmyk) row.resize(static_cast<size_t>(result.width) * 4);
  while (info.output_scanline < info.output_height) {
    uint8_t* out = result.pixels.data() + stride * info.output_scanline;
    JSAMPROW target = cmyk ? row.data() : out;
    jpeg_read_scanlines(&info, &target, 1);
    if (cmyk) {
      CmykToBgr(row.data(), result.width, info.saw_Adobe_marker, out);
    }
  }
  jpeg_finish_decompress(&info);
}

}  // namespace

DecodedJpeg DecodeJpeg(std::span<const uint8_t> file, int64_t max_pixels) {
  DecodedJpeg result;
  std::vector<uint8_t> row;
  jpeg_decompress_struct info;
  ErrorState state;
  info.err = jpeg_std_error(&state.manager);
  state.manager.error_exit = OnError;
  state.manager.emit_message = OnMessage;
  jpeg_create_decompress(&info);
  if (setjmp(state.jump) == 0) {
    jpeg_mem_src(&info, file.data(), file.size());
    Decode(info, max_pixels, result, row);
  } else {
    result.error = std::string("is damaged or truncated (") + state.text + ")";
  }
  jpeg_destroy_decompress(&info);
  return result;
}

}  // namespace tiepoint
