// SPDX-License-Identifier: Apache-2.0
// Pictures of a given size to measure times on.
#pragma once

#include <cstdint>
#include <string>

#include "tiepoint/image/gray_image.h"

struct BenchSize {
  int width = 0, height = 0;
};

// Of "640x480". Throws InputError.
BenchSize ParseBenchSize(const std::string& text);

// Blurred spots of all sizes over one another: texture on every scale, the same
// for the same seed on every machine.
tiepoint::GrayImage SyntheticImage(const BenchSize& size, uint64_t seed);

// The photograph resized, whatever its aspect ratio.
tiepoint::GrayImage SizedTo(const tiepoint::GrayImage& image,
                            const BenchSize& size);

// The same seen by a camera that came a tenth nearer and turned by 10 degrees.
tiepoint::GrayImage SecondView(const tiepoint::GrayImage& image);
