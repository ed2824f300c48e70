// SPDX-License-Identifier: Apache-2.0
#include "view/site.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tiepoint/base/error.h"
#include "tiepoint/io/colmap_database_reader.h"
#include "tiepoint/io/colmap_model.h"
#include "tiepoint/io/model_statistics.h"
#include "tiepoint/pipeline/valid_utf8.h"
#include "tiepoint/report/index_page.h"
#include "tiepoint/report/match_page.h"
#include "tiepoint/report/model_page.h"
#include "view/model_view.h"
#include "view/pair_view.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

constexpr size_t kListedPairs = 200;
constexpr size_t kListedPartners = 6;

std::string ContentOf(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || fs::is_directory(path)) {
    throw InputError(path.string() + ": cannot be opened for reading");
  }
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

bool IsFile(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

bool HoldsModel(const fs::path& folder) {
  return IsFile(folder / "cameras.bin") || IsFile(folder / "cameras.txt");
}

// As stored in the JSON of a match, else beside it.
std::string FindPhotograph(const std::string& stored, const fs::path& json,
                           const std::string& folder) {
  const fs::path name = fs::path(stored).filename();
  std::vector<fs::path> places = {stored, json.parent_path() / stored,
                                  json.parent_path() / name};
  if (!folder.empty()) places.insert(places.begin(), fs::path(folder) / name);
  for (const fs::path& place : places) {
    if (IsFile(place)) return place.string();
  }
  throw InputError(stored + ": the photograph that " + json.string() +
                   " names is neither there nor beside it");
}

// The folder that `tiepoint reconstruct` read; empty where that is not noted or
// it is gone.
std::string NotedPhotographs(const fs::path& folder) {
  std::ifstream file(folder / "stages.json");
  const auto stages = nlohmann::json::parse(file, nullptr, false);
  if (!stages.is_object()) return "";
  const auto found = stages.find("photographs");
  if (found == stages.end() || !found->is_string()) return "";
  const std::string photographs = found->get<std::string>();
  return fs::is_directory(photographs) ? photographs : "";
}

// "model/12" after "/model/": 12. Empty for anything but digits.
std::optional<size_t> NumberOf(std::string_view text) {
  size_t number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

// Two photographs with matches.
struct Pair {
  size_t first = 0, second = 0;
  int inliers = 0;
};

// The photographs and verified pairs of a reconstruction, the best first.
struct Pairs {
  std::vector<std::string> names;
  std::vector<Pair> pairs;
};

Pairs ReadPairs(const std::string& database) {
  const ColmapDatabaseReader reader(database);
  Pairs result{.names = reader.Names(), .pairs = {}};
  std::map<std::string, size_t> place;
  for (const std::string& name : result.names)
    place.emplace(name, place.size());
  for (const auto& pair : reader.Matches(/*verified=*/true)) {
    if (pair.matches.empty()) continue;
    result.pairs.push_back({place.at(pair.first), place.at(pair.second),
                            static_cast<int>(pair.matches.size())});
  }
  std::stable_sort(
      result.pairs.begin(), result.pairs.end(),
      [](const Pair& a, const Pair& b) { return a.inliers > b.inliers; });
  return result;
}

std::string AddressOf(const Pair& pair) {
  return fmt::format("/pair/{}/{}", pair.first, pair.second);
}

// Of each photograph, those with most matches.
std::map<std::string, std::vector<PagePartner>> PartnersOf(const Pairs& pairs,
                                                           bool linked) {
  std::map<std::string, std::vector<PagePartner>> partners;
  for (const Pair& pair : pairs.pairs) {
    for (const auto& [a, b] : {std::pair(pair.first, pair.second),
                               std::pair(pair.second, pair.first)}) {
      std::vector<PagePartner>& list = partners[pairs.names[a]];
      if (list.size() == kListedPartners) continue;
      list.push_back({.name = pairs.names[b],
                      .inliers = pair.inliers,
                      .address = linked ? AddressOf(pair) : ""});
    }
  }
  return partners;
}

}  // namespace

struct Site::Impl {
  fs::path folder;    // empty: a match alone
  fs::path match;     // JSON; empty: none
  fs::path database;  // with matches and features beside it; empty: none
  std::string photographs;
  std::vector<std::string> models;  // folders below `folder`
  bool report = false;
  std::optional<Pairs> read_pairs;
  std::map<size_t, std::string> model_pages;

  std::string In(const char* name) const { return (folder / name).string(); }

  std::string Title() const {
    fs::path whole = fs::absolute(folder).lexically_normal();
    if (whole.filename().empty()) whole = whole.parent_path();
    return ValidUtf8(whole.filename().string());
  }

  void Look(const std::string& path) {
    if (IsFile(path)) {
      match = path;
      return;
    }
    folder = path;
    if (!fs::is_directory(folder)) {
      throw InputError(path + ": there is no such file or folder");
    }
    if (IsFile(folder / "matches.json")) match = folder / "matches.json";
    if (HoldsModel(folder)) models.emplace_back(".");
    if (HoldsModel(folder / "sparse")) models.emplace_back("sparse");
    for (int number = 0;; ++number) {
      const std::string name = fmt::format("sparse/{}", number);
      if (!HoldsModel(folder / name)) break;
      models.push_back(name);
    }
    report = IsFile(folder / "report.html");
    if (IsFile(folder / "database.db") && IsFile(folder / "matches.h5") &&
        IsFile(folder / "features.h5")) {
      database = folder / "database.db";
    }
    if (match.empty() && models.empty() && !report && database.empty()) {
      throw InputError(path +
                       ": holds nothing to show: no matches.json of tiepoint "
                       "match, no COLMAP model, nothing of tiepoint "
                       "reconstruct");
    }
  }

  const Pairs& AllPairs() {
    if (!read_pairs) {
      read_pairs = database.empty() ? Pairs{} : ReadPairs(database.string());
    }
    return *read_pairs;
  }

  std::string MatchHtml(const std::string& home) const {
    MatchPageInput input{.json = ContentOf(match),
                         .name = match.string(),
                         .photographs = {},
                         .home = home};
    for (const std::string& stored : PhotographsOf(input)) {
      input.photographs.push_back(
          ContentOf(FindPhotograph(stored, match, photographs)));
    }
    return MatchPage(input);
  }

  std::string ModelHtml(size_t number, bool linked) {
    const std::string& name = models.at(number);
    const ColmapModel model = ReadColmapModel((folder / name).string());
    const std::string title = name == "." ? Title() : Title() + ": " + name;
    ModelPageInput page =
        ViewOfModel(model, title, PartnersOf(AllPairs(), linked),
                    {.photographs = photographs});
    if (linked) page.home = Home();
    return ModelPage(page);
  }

  // Kept: a large model takes a while.
  const std::string& KeptModelHtml(size_t number) {
    const auto found = model_pages.find(number);
    if (found != model_pages.end()) return found->second;
    return model_pages[number] = ModelHtml(number, /*linked=*/true);
  }

  std::optional<std::string> PairHtml(std::string_view numbers) {
    const size_t slash = numbers.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto first = NumberOf(numbers.substr(0, slash));
    const auto second = NumberOf(numbers.substr(slash + 1));
    const Pairs& all = AllPairs();
    if (!first || !second || *first >= all.names.size() ||
        *second >= all.names.size()) {
      return std::nullopt;
    }
    MatchPageInput page = ViewOfPair({.features = In("features.h5"),
                                      .matches = In("matches.h5"),
                                      .photographs = photographs,
                                      .first = all.names[*first],
                                      .second = all.names[*second]});
    page.home = Home();
    return MatchPage(page);
  }

  // The only page there is, if there is one only.
  std::string OnlyPage() const {
    if (!database.empty()) return "";
    if (models.size() + report + !match.empty() != 1) return "";
    return report ? "/report" : match.empty() ? "/model/0" : "/matches";
  }

  // Where served pages lead back to.
  std::string Home() const { return OnlyPage().empty() ? "/" : ""; }

  std::string IndexHtml() {
    IndexSection models_section{
        .title = "Models",
        .about = "points and cameras in space",
        .columns = {"folder", "photographs", "points", "track length",
                    "reprojection error, px"},
        .entries = {}};
    for (size_t k = 0; k < models.size(); ++k) {
      const ModelStatistics s =
          StatisticsOf(ReadColmapModel((folder / models[k]).string()));
      models_section.entries.push_back(
          {.address = fmt::format("/model/{}", k),
           .name = models[k],
           .cells = {fmt::format("{}", s.registered),
                     fmt::format("{}", s.points),
                     fmt::format("{:.2f}", s.track_length),
                     fmt::format("{:.3f}", s.reprojection_error)}});
    }
    IndexSection other{
        .title = "Pages", .about = "", .columns = {}, .entries = {}};
    if (!match.empty()) {
      other.entries.push_back({.address = "/matches",
                               .name = "matches of two photographs",
                               .cells = {}});
    }
    if (report) {
      other.entries.push_back(
          {.address = "/report", .name = "report", .cells = {}});
    }
    const Pairs& all = AllPairs();
    IndexSection pairs{
        .title = "Pairs",
        .about = fmt::format("{} with a geometry", all.pairs.size()),
        .columns = {"photographs", "inliers"},
        .entries = {}};
    if (all.pairs.size() > kListedPairs) {
      pairs.about += fmt::format("; the best {} are listed", kListedPairs);
    }
    for (const Pair& pair : all.pairs) {
      if (pairs.entries.size() == kListedPairs) break;
      pairs.entries.push_back({.address = AddressOf(pair),
                               .name = ValidUtf8(all.names[pair.first] + " - " +
                                                 all.names[pair.second]),
                               .cells = {fmt::format("{}", pair.inliers)}});
    }
    return IndexPage(Title(), {models_section, other, pairs});
  }
};

Site::Site(const std::string& path, const std::string& photographs)
    : impl_(std::make_unique<Impl>()) {
  impl_->Look(path);
  impl_->photographs = photographs;
  if (!photographs.empty() && !fs::is_directory(photographs)) {
    throw InputError(photographs + ": is not a folder");
  }
  if (photographs.empty() && !impl_->folder.empty()) {
    impl_->photographs = NotedPhotographs(impl_->folder);
  }
}

Site::~Site() = default;

std::optional<std::string> Site::Page(const std::string& path) {
  Impl& site = *impl_;
  const std::string only = site.OnlyPage();
  const std::string_view asked = path == "/" && !only.empty() ? only : path;
  if (asked == "/") return site.IndexHtml();
  if (asked == "/matches" && !site.match.empty())
    return site.MatchHtml(site.Home());
  if (asked == "/report" && site.report) {
    return ContentOf(site.folder / "report.html");
  }
  if (asked.starts_with("/model/")) {
    const auto number = NumberOf(asked.substr(7));
    if (!number || *number >= site.models.size()) return std::nullopt;
    return site.KeptModelHtml(*number);
  }
  if (asked.starts_with("/pair/") && !site.database.empty()) {
    return site.PairHtml(asked.substr(6));
  }
  return std::nullopt;
}

std::string Site::MainPage() {
  Impl& site = *impl_;
  if (!site.match.empty()) return site.MatchHtml("");
  if (!site.models.empty()) return site.ModelHtml(0, /*linked=*/false);
  throw InputError(site.folder.string() +
                   ": holds neither matches.json nor a model; its other pages "
                   "are shown without -o");
}

}  // namespace tiepoint
