// SPDX-License-Identifier: Apache-2.0
#include "training/match_set.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/checksum.h"
#include "tiepoint/base/error.h"
#include "tiepoint/network/safetensors.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

static_assert(std::endian::native == std::endian::little);

constexpr char kBegin[] = "TPMATCH\n";
constexpr char kEnd[] = "TPMTEND\n";
constexpr size_t kMark = 8;
constexpr uint32_t kVersion = 1;

template <typename T>
void Put(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

void PutMatches(std::string& bytes, const std::vector<CandidateMatch>& list) {
  for (const CandidateMatch& m : list) {
    Put(bytes, m.i);
    Put(bytes, m.j);
    Put(bytes, HalfFromFloat(m.ratio));
    Put(bytes, HalfFromFloat(m.reverse_ratio));
  }
}

Json Head(const MatchSet& set) {
  Json images = Json::array();
  for (const MatchedImage& image : set.images) {
    images.push_back({{"name", image.name},
                      {"focal_length", image.focal_length},
                      {"keypoints", image.Count()}});
  }
  Json pairs = Json::array();
  for (const MatchedPair& pair : set.pairs) {
    pairs.push_back({{"image1", pair.image1},
                     {"image2", pair.image2},
                     {"rotation", pair.rotation},
                     {"translation", pair.translation},
                     {"forward", pair.forward.size()},
                     {"backward", pair.backward.size()}});
  }
  return {{"source", set.source},     {"licence", set.licence},
          {"features", set.features}, {"settings", set.settings},
          {"images", images},         {"pairs", pairs}};
}

// Takes what was put, and knows when there is no more.
class Taker {
 public:
  Taker(const std::string& bytes, size_t begin, size_t end)
      : bytes_(bytes), place_(begin), end_(end) {}

  template <typename T>
  T Take() {
    T value;
    if (end_ - place_ < sizeof(T)) throw InputError("truncated");
    std::memcpy(&value, bytes_.data() + place_, sizeof(T));
    place_ += sizeof(T);
    return value;
  }

  std::vector<float> Floats(size_t count) {
    if ((end_ - place_) / sizeof(float) < count) throw InputError("truncated");
    std::vector<float> values(count);
    for (float& value : values) {
      value = Take<float>();
      if (!std::isfinite(value)) throw InputError("a number is not finite");
    }
    return values;
  }

  std::vector<CandidateMatch> Matches(size_t count, int keypoints1,
                                      int keypoints2) {
    constexpr size_t kBytes = 8;
    if ((end_ - place_) / kBytes < count) throw InputError("truncated");
    std::vector<CandidateMatch> list(count);
    for (CandidateMatch& m : list) {
      m.i = Take<uint16_t>();
      m.j = Take<uint16_t>();
      m.ratio = FloatFromHalf(Take<uint16_t>());
      m.reverse_ratio = FloatFromHalf(Take<uint16_t>());
      if (m.i >= keypoints1 || m.j >= keypoints2) {
        throw InputError("a match of a keypoint that does not exist");
      }
    }
    return list;
  }

  bool AtEnd() const { return place_ == end_; }

 private:
  const std::string& bytes_;
  size_t place_, end_;
};

MatchSet Parse(const std::string& bytes) {
  constexpr size_t kTail = sizeof(uint64_t) + kMark;
  if (bytes.compare(0, kMark, kBegin) != 0) {
    throw InputError("not a file of matches (tiepoint data matches)");
  }
  if (bytes.size() < kMark + 8 + kTail ||
      bytes.compare(bytes.size() - kMark, kMark, kEnd) != 0) {
    throw InputError("truncated");
  }
  const size_t end = bytes.size() - kTail;
  Taker taker(bytes, kMark, bytes.size());
  if (const auto version = taker.Take<uint32_t>(); version != kVersion) {
    throw InputError("of version " + std::to_string(version) + ", not " +
                     std::to_string(kVersion));
  }
  uint64_t stated;
  std::memcpy(&stated, bytes.data() + end, sizeof(stated));
  if (stated != Checksum(std::string_view(bytes).substr(0, end))) {
    throw InputError("damaged: another checksum");
  }
  const auto length = taker.Take<uint32_t>();
  const size_t body = kMark + 8 + length;
  if (body > end) throw InputError("truncated");
  const Json head = Json::parse(bytes.substr(kMark + 8, length));
  MatchSet set;
  set.source = head.at("source").get<std::string>();
  set.licence = head.at("licence").get<std::string>();
  set.features = head.at("features").get<std::string>();
  set.settings = head.at("settings");
  Taker rest(bytes, body, end);
  for (const Json& of : head.at("images")) {
    MatchedImage image;
    image.name = of.at("name").get<std::string>();
    image.focal_length = of.at("focal_length").get<double>();
    if (!(image.focal_length > 0)) throw InputError("a focal length below 0");
    const auto count = of.at("keypoints").get<size_t>();
    for (auto* list : {&image.x, &image.y, &image.scale, &image.angle}) {
      *list = rest.Floats(count);
    }
    set.images.push_back(std::move(image));
  }
  const auto image_at = [&](const Json& of) {
    const int index = of.get<int>();
    if (index < 0 || index >= static_cast<int>(set.images.size())) {
      throw InputError("a pair of a photograph that is not there");
    }
    return index;
  };
  for (const Json& of : head.at("pairs")) {
    MatchedPair pair;
    pair.image1 = image_at(of.at("image1"));
    pair.image2 = image_at(of.at("image2"));
    pair.rotation = of.at("rotation").get<std::array<double, 9>>();
    pair.translation = of.at("translation").get<std::array<double, 3>>();
    const int count1 = set.images[pair.image1].Count();
    const int count2 = set.images[pair.image2].Count();
    pair.forward = rest.Matches(of.at("forward").get<size_t>(), count1, count2);
    pair.backward =
        rest.Matches(of.at("backward").get<size_t>(), count2, count1);
    set.pairs.push_back(std::move(pair));
  }
  if (!rest.AtEnd()) throw InputError("damaged: more than its head says");
  return set;
}

}  // namespace

void WriteMatchSet(const std::string& path, const MatchSet& set) {
  const std::string head = Head(set).dump();
  std::string bytes(kBegin, kMark);
  Put(bytes, kVersion);
  Put(bytes, static_cast<uint32_t>(head.size()));
  bytes += head;
  for (const MatchedImage& image : set.images) {
    for (const auto* list : {&image.x, &image.y, &image.scale, &image.angle}) {
      bytes.append(reinterpret_cast<const char*>(list->data()),
                   list->size() * sizeof(float));
    }
  }
  for (const MatchedPair& pair : set.pairs) {
    PutMatches(bytes, pair.forward);
    PutMatches(bytes, pair.backward);
  }
  Put(bytes, Checksum(bytes));
  bytes.append(kEnd, kMark);
  WriteFileAtomically(path, bytes);
}

MatchSet ReadMatchSet(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || fs::is_directory(path)) {
    throw InputError(path + ": cannot be read");
  }
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  try {
    return Parse(bytes);
  } catch (const InputError& e) {
    throw InputError(path + ": " + e.what());
  } catch (const Json::exception&) {
    throw InputError(path + ": damaged: its head cannot be read");
  }
}

std::vector<std::string> FindMatchSets(
    const std::vector<std::string>& folders) {
  std::vector<std::string> paths;
  for (const std::string& folder : folders) {
    if (fs::is_regular_file(folder)) {
      paths.push_back(folder);
      continue;
    }
    if (!fs::is_directory(folder)) {
      throw InputError(folder + ": no such folder");
    }
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.path().extension() == ".matches") {
        paths.push_back(entry.path().string());
      }
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace tiepoint
