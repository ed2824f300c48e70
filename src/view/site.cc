// SPDX-License-Identifier: Apache-2.0
#include "view/site.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <system_error>

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

bool IsFile(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

bool IsFolder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

std::string ContentOf(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || IsFolder(path)) {
    throw InputError(path.string() + ": cannot be opened for reading");
  }
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
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
  return IsFolder(photographs) ? photographs : "";
}

// Times and sizes of files: another text when one of them has changed.
std::string StampOf(const std::vector<fs::path>& files) {
  std::string stamp;
  for (const fs::path& file : files) {
    std::error_code error;
    const auto time = fs::last_write_time(file, error);
    if (error) {
      stamp += "none\n";
      continue;
    }
    const bool whole = fs::is_regular_file(file, error);
    stamp += fmt::format("{} {}\n", time.time_since_epoch().count(),
                         whole ? fs::file_size(file, error) : 0);
  }
  return stamp;
}

// What was made of files, and their stamp when they were read.
template <typename T>
struct Kept {
  std::string stamp;
  T value;
};

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
  std::string path, named_photographs;  // as given
  // What there is; Look finds it.
  fs::path folder;    // empty: a match alone
  fs::path match;     // JSON; empty: none
  fs::path database;  // with matches and features beside it; empty: none
  std::string photographs;
  std::vector<std::string> models;  // folders below `folder`
  bool report = false;
  // Large ones take a while.
  std::optional<Kept<Pairs>> kept_pairs;
  std::map<size_t, Kept<std::string>> kept_models;

  std::string In(const char* name) const { return (folder / name).string(); }

  std::string Title() const {
    std::error_code error;
    fs::path whole = fs::absolute(folder, error).lexically_normal();
    if (whole.filename().empty()) whole = whole.parent_path();
    return ValidUtf8(whole.filename().string());
  }

  // What kind of file there is at `place`, if it can be told.
  static fs::file_type KindOf(const fs::path& place) {
    std::error_code error;
    const fs::file_type kind = fs::status(place, error).type();
    if (error && kind != fs::file_type::not_found) {
      throw InputError(place.string() + ": " + error.message());
    }
    return kind;
  }

  void Look() {
    folder = match = database = "";
    models.clear();
    report = false;
    photographs = named_photographs;
    const fs::file_type kind = KindOf(path);
    if (kind == fs::file_type::regular) {
      match = path;
      return;
    }
    if (kind == fs::file_type::not_found) {
      throw InputError(path + ": there is no such file or folder");
    }
    if (kind != fs::file_type::directory) {
      throw InputError(path + ": is neither a file nor a folder");
    }
    folder = path;
    if (photographs.empty()) photographs = NotedPhotographs(folder);
    // Refuses folders that may not be looked into.
    if (KindOf(folder / "matches.json") == fs::file_type::regular) {
      match = folder / "matches.json";
    }
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

  // With what SQLite may not have put into it yet.
  std::vector<fs::path> DatabaseFiles() const {
    return {database, database.string() + "-wal"};
  }

  const Pairs& AllPairs() {
    const std::string stamp = StampOf(DatabaseFiles());
    if (!kept_pairs || kept_pairs->stamp != stamp) {
      kept_pairs.reset();
      kept_pairs = {stamp,
                    database.empty() ? Pairs{} : ReadPairs(database.string())};
    }
    return kept_pairs->value;
  }

  // Throws InputError for files that are no match, or have no photographs.
  void CheckMatch() const {
    const MatchPageInput input{
        .json = ContentOf(match), .name = match.string(), .photographs = {}};
    for (const std::string& stored : PhotographsOf(input)) {
      FindPhotograph(stored, match, photographs);
    }
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
    std::map<std::string, std::vector<PagePartner>> partners;
    std::string no_pairs;
    try {
      partners = PartnersOf(AllPairs(), linked);
    } catch (const InputError& error) {
      no_pairs = std::string("The pairs are not shown: ") + error.what();
    }
    ModelPageInput page =
        ViewOfModel(model, title, partners, {.photographs = photographs});
    if (!no_pairs.empty()) page.notes.push_back(no_pairs);
    if (linked) page.home = Home();
    return ModelPage(page);
  }

  // Of all that the page of a model is made of.
  std::string ModelStamp(const std::string& name) const {
    std::vector<fs::path> files = DatabaseFiles();
    files.emplace_back(photographs);
    for (const char* part : {"cameras", "images", "points3D"}) {
      for (const char* kind : {".bin", ".txt"}) {
        files.push_back(folder / name / (std::string(part) + kind));
      }
    }
    return fmt::format("{}\n{}\n{}\n{}", name, photographs, Home(),
                       StampOf(files));
  }

  const std::string& KeptModelHtml(size_t number) {
    const std::string stamp = ModelStamp(models.at(number));
    const auto found = kept_models.find(number);
    if (found == kept_models.end() || found->second.stamp != stamp) {
      kept_models[number] = {stamp, ModelHtml(number, /*linked=*/true)};
    }
    return kept_models[number].value;
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

  IndexEntry ModelEntry(size_t number) const {
    IndexEntry entry{.address = fmt::format("/model/{}", number),
                     .name = models[number],
                     .cells = {}};
    try {
      const ModelStatistics s =
          StatisticsOf(ReadColmapModel((folder / models[number]).string()));
      entry.cells = {fmt::format("{}", s.registered),
                     fmt::format("{}", s.points),
                     fmt::format("{:.2f}", s.track_length),
                     fmt::format("{:.3f}", s.reprojection_error)};
    } catch (const InputError& error) {
      entry.error = error.what();
    }
    return entry;
  }

  IndexSection ModelsSection() const {
    IndexSection section{.title = "Models",
                         .about = "points and cameras in space",
                         .columns = {"folder", "photographs", "points",
                                     "track length", "reprojection error, px"},
                         .entries = {}};
    for (size_t k = 0; k < models.size(); ++k) {
      section.entries.push_back(ModelEntry(k));
    }
    return section;
  }

  IndexSection OtherSection() const {
    IndexSection section{
        .title = "Pages", .about = "", .columns = {}, .entries = {}};
    if (!match.empty()) {
      section.entries.push_back({.address = "/matches",
                                 .name = "matches of two photographs",
                                 .cells = {}});
    }
    if (report) {
      section.entries.push_back(
          {.address = "/report", .name = "report", .cells = {}});
    }
    return section;
  }

  IndexSection PairsSection() {
    IndexSection section{.title = "Pairs",
                         .about = "",
                         .columns = {"photographs", "inliers"},
                         .entries = {}};
    try {
      const Pairs& all = AllPairs();
      section.about = fmt::format("{} with a geometry", all.pairs.size());
      if (all.pairs.size() > kListedPairs) {
        section.about += fmt::format("; the best {} are listed", kListedPairs);
      }
      for (const Pair& pair : all.pairs) {
        if (section.entries.size() == kListedPairs) break;
        section.entries.push_back(
            {.address = AddressOf(pair),
             .name = ValidUtf8(all.names[pair.first] + " - " +
                               all.names[pair.second]),
             .cells = {fmt::format("{}", pair.inliers)}});
      }
    } catch (const InputError& error) {
      section.entries.push_back({.address = "",
                                 .name = "database.db",
                                 .cells = {},
                                 .error = error.what()});
    }
    return section;
  }

  std::string IndexHtml() {
    return IndexPage(Title(),
                     {ModelsSection(), OtherSection(), PairsSection()});
  }

  // The path of the page that is shown for `path`.
  std::string Meant(const std::string& asked) const {
    const std::string only = OnlyPage();
    return asked == "/" && !only.empty() ? only : asked;
  }
};

Site::Site(const std::string& path, const std::string& photographs)
    : impl_(std::make_unique<Impl>()) {
  if (!photographs.empty() && !IsFolder(photographs)) {
    throw InputError(photographs + ": is not a folder");
  }
  impl_->path = path;
  impl_->named_photographs = photographs;
  impl_->Look();
  if (impl_->OnlyPage() == "/matches") impl_->CheckMatch();
}

Site::~Site() = default;

std::optional<std::string> Site::Page(const std::string& path) {
  Impl& site = *impl_;
  site.Look();
  const std::string meant = site.Meant(path);
  const std::string_view asked = meant;
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

bool Site::IsForeign(const std::string& path) const {
  return impl_->Meant(path) == "/report";
}

std::string Site::MainPage() {
  Impl& site = *impl_;
  site.Look();
  if (!site.match.empty()) return site.MatchHtml("");
  if (!site.models.empty()) return site.ModelHtml(0, /*linked=*/false);
  throw InputError(site.folder.string() +
                   ": holds neither matches.json nor a model; its other pages "
                   "are shown without -o");
}

}  // namespace tiepoint
