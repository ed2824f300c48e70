// SPDX-License-Identifier: Apache-2.0
// What the pages of `tiepoint view` are put together with.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tiepoint {

// `page` with every "@NAME@" replaced by its text, in one pass: what a text
// holds is not looked into.
std::string FillPage(
    std::string_view page,
    const std::vector<std::pair<std::string_view, std::string>>& texts);

// JSON that may stand in a <script>: a "</script>" in it would end that.
std::string ScriptJson(const std::string& json);

// "image/jpeg", "image/png", "image/webp" by the first bytes of a file; empty
// for what browsers do not show.
std::string MediaType(std::string_view photograph);

// A JPEG, PNG or WebP file without its EXIF data. Browsers turn photographs by
// what it says; our coordinates are those of the pixels as they are stored.
// (And nobody means to pass on where a photograph was taken.) Other bytes stay
// as they are, but WebP's note of its length and that it has EXIF.
std::string WithoutExif(std::string_view photograph);

// A photograph as the source of an <img>, without EXIF. Empty where MediaType
// is.
std::string DataAddress(std::string_view photograph);

// What follows the last slash.
std::string FileName(const std::string& path);

}  // namespace tiepoint
