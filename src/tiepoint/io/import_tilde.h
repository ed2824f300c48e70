// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>

#include "tiepoint/features/separable_tilde.h"
#include "tiepoint/features/tilde_filters.h"

namespace tiepoint {

// Reads the text files in which TILDE's filters were published. Two forms, told
// apart by the second line; numbers apart by white space.
//
// Full ("Mexico.txt"): the resize ratio; then a group after another, to the end
// of the file: "M C S", and M times C x S rows of S numbers and a bias. The
// response is 441 = 21^2 (S^2) times the correlation, plus the bias.
//
// Separable ("Mexico24.txt"): the resize ratio; "M N K C S" (M filters in each
// of N groups, K separable filters a channel, C channels); M N biases; M N rows
// of K C coefficients, column c K + k; 2 K C rows of S numbers, of each
// separable filter the vertical and the horizontal kernel. A filter is the sum
// of coefficient x vertical x horizontal over K; no factor 441.
//
// Throws InputError in one line naming the file when it is missing, cut short,
// has trailing text, or holds something else.
std::variant<TildeFilters, SeparableTilde> ReadTilde(const std::string& path);

// Separable filters multiplied out.
TildeFilters ReadTildeFilters(const std::string& path);

}  // namespace tiepoint
