// SPDX-License-Identifier: Apache-2.0
#include "training/sample_shard.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "tiepoint/base/checksum.h"
#include "tiepoint/base/error.h"
#ifdef TIEPOINT_HAVE_ZSTD
#include <zstd.h>
#endif

namespace tiepoint {
namespace {

using Json = nlohmann::ordered_json;

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic = "TPSHARD\n";
constexpr std::string_view kEnd = "TPSHEND\n";
constexpr uint32_t kVersion = 1;
constexpr uint64_t kPreamble = 16;  // magic, version, length of the JSON
constexpr uint64_t kFooter = 24;
constexpr size_t kBlockBytes = 128 << 10;
constexpr uint32_t kStored = 0, kZstd = 1;
constexpr int kMaxPatchSize = 1024;
constexpr size_t kBlockEntry = 24, kSampleEntry = 28;

int PatchesABlock(int patch_size) {
  const size_t area = static_cast<size_t>(patch_size) * patch_size;
  return static_cast<int>(std::max<size_t>(1, kBlockBytes / area));
}

std::string_view AsText(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <typename T>
void Put(std::vector<uint8_t>& bytes, T value) {
  const size_t end = bytes.size();
  bytes.resize(end + sizeof(T));
  std::memcpy(bytes.data() + end, &value, sizeof(T));
}

// Takes numbers off the front of bytes whose number was checked before.
class Taker {
 public:
  explicit Taker(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  template <typename T>
  void Take(T& value) {
    std::memcpy(&value, bytes_.data(), sizeof(T));
    bytes_ = bytes_.subspan(sizeof(T));
  }

 private:
  std::span<const uint8_t> bytes_;
};

void AppendDifferences(std::span<const uint8_t> patch, int side,
                       std::vector<uint8_t>& out) {
  const auto at = [&](int x, int y) {
    return x < 0 || y < 0 ? 0 : int{patch[static_cast<size_t>(y) * side + x]};
  };
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      out.push_back(static_cast<uint8_t>(at(x, y) - at(x - 1, y) -
                                         at(x, y - 1) + at(x - 1, y - 1)));
    }
  }
}

void UndoDifferences(std::vector<uint8_t>& patch, int side) {
  for (int y = 0; y < side; ++y) {
    // The sum of a row's differences so far is left - above left.
    uint8_t sum = 0;
    uint8_t* row = patch.data() + static_cast<size_t>(y) * side;
    for (int x = 0; x < side; ++x) {
      sum = static_cast<uint8_t>(sum + row[x]);
      row[x] = static_cast<uint8_t>(sum + (y > 0 ? row[x - side] : 0));
    }
  }
}

// Empty where compression is not built in or does not pay.
std::vector<uint8_t> Compress([[maybe_unused]] std::span<const uint8_t> bytes) {
#ifdef TIEPOINT_HAVE_ZSTD
  constexpr int kLevel = 3;
  std::vector<uint8_t> packed(ZSTD_compressBound(bytes.size()));
  const size_t size = ZSTD_compress(packed.data(), packed.size(), bytes.data(),
                                    bytes.size(), kLevel);
  if (ZSTD_isError(size) == 0 && size < bytes.size()) {
    packed.resize(size);
    return packed;
  }
#endif
  return {};
}

std::vector<uint8_t> Decompress(
    [[maybe_unused]] const std::vector<uint8_t>& packed,
    [[maybe_unused]] size_t bytes, const std::string& path) {
#ifdef TIEPOINT_HAVE_ZSTD
  std::vector<uint8_t> result(bytes);
  if (ZSTD_decompress(result.data(), bytes, packed.data(), packed.size()) !=
      bytes) {
    throw InputError(path + ": damaged (a block does not unpack)");
  }
  return result;
#else
  throw InputError(path +
                   ": is compressed with zstd, which this program was built "
                   "without (Debian package libzstd-dev)");
#endif
}

Json HeadJson(const ShardHead& head) {
  return {{"kind", head.kind},
          {"patch_size", head.patch_size},
          {"support", head.support},
          {"seed", head.seed},
          {"source", head.source},
          {"licence", head.licence},
          {"count", head.count},
          {"settings", head.settings},
          {"photographs", head.photographs}};
}

// Names of files need not be UTF-8.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

ShardHead HeadOf(const Json& json) {
  ShardHead head;
  json.at("kind").get_to(head.kind);
  json.at("patch_size").get_to(head.patch_size);
  json.at("support").get_to(head.support);
  json.at("seed").get_to(head.seed);
  json.at("source").get_to(head.source);
  json.at("licence").get_to(head.licence);
  json.at("count").get_to(head.count);
  json.at("photographs").get_to(head.photographs);
  head.settings = json.at("settings");
  return head;
}

}  // namespace

bool ShardsAreCompressed() {
#ifdef TIEPOINT_HAVE_ZSTD
  return true;
#else
  return false;
#endif
}

// ------------------------------------------------------------------- writing

ShardWriter::ShardWriter(std::string path, ShardHead head)
    : path_(std::move(path)),
      part_(path_ + "." + std::to_string(getpid()) + ".part"),
      head_(std::move(head)) {
  if (head_.patch_size < 1 || head_.patch_size > kMaxPatchSize) {
    throw InputError(path_ + ": patches must have 1 to 1024 pixels a side");
  }
  // The number of samples is not known yet: room for its digits.
  head_length_ = Dump(HeadJson(head_)).size() + 10;
  file_ = std::fopen(part_.c_str(), "wb");
  Check(file_ != nullptr);
  const std::string text = HeadText(head_length_);
  Write({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

ShardWriter::~ShardWriter() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  std::remove(part_.c_str());
}

void ShardWriter::Check(bool fine) const {
  if (fine) return;
  throw InputError(path_ + ": cannot be written (" + std::strerror(errno) +
                   ")");
}

void ShardWriter::Write(std::span<const uint8_t> bytes) {
  Check(std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size());
  written_ += bytes.size();
}

std::string ShardWriter::HeadText(size_t length) const {
  std::vector<uint8_t> numbers;
  Put(numbers, kVersion);
  Put(numbers, static_cast<uint32_t>(length));
  std::string json = Dump(HeadJson(head_));
  json.resize(length, ' ');
  return std::string(kMagic) + std::string(AsText(numbers)) + json;
}

void ShardWriter::Add(const ShardSample& sample,
                      std::span<const uint8_t> patch) {
  const size_t area = static_cast<size_t>(head_.patch_size) * head_.patch_size;
  if (patch.size() != area) {
    throw InputError(path_ + ": a patch has " + std::to_string(patch.size()) +
                     " pixels instead of " + std::to_string(area));
  }
  samples_.push_back(sample);
  AppendDifferences(patch, head_.patch_size, pending_);
  if (pending_.size() >= area * PatchesABlock(head_.patch_size)) WriteBlock();
}

void ShardWriter::WriteBlock() {
  const std::vector<uint8_t> packed = Compress(pending_);
  const std::vector<uint8_t>& bytes = packed.empty() ? pending_ : packed;
  blocks_.push_back({written_, static_cast<uint32_t>(bytes.size()),
                     packed.empty() ? kStored : kZstd,
                     Checksum(AsText(bytes))});
  Write(bytes);
  pending_.clear();
}

void ShardWriter::Finish() {
  if (!pending_.empty()) WriteBlock();
  head_.count = Count();
  const std::string head = HeadText(head_length_);
  std::vector<uint8_t> index;
  for (const ShardBlock& block : blocks_) {
    Put(index, block.offset);
    Put(index, block.bytes);
    Put(index, block.method);
    Put(index, block.checksum);
  }
  for (const ShardSample& s : samples_) {
    Put(index, s.point);
    Put(index, s.photograph);
    for (const float value : {s.x, s.y, s.sigma, s.angle}) Put(index, value);
  }
  const uint64_t checksum = Checksum(AsText(index), Checksum(head));
  Put(index, written_);
  Put(index, checksum);
  index.insert(index.end(), kEnd.begin(), kEnd.end());
  Write(index);
  Check(std::fseek(file_, 0, SEEK_SET) == 0);
  Check(std::fwrite(head.data(), 1, head.size(), file_) == head.size());
  Check(std::fflush(file_) == 0);
  Check(std::rename(part_.c_str(), path_.c_str()) == 0);
  std::fclose(std::exchange(file_, nullptr));
}

// ------------------------------------------------------------------- reading

ShardReader::ShardReader(std::string path) : path_(std::move(path)) {
  file_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (file_ < 0 || fstat(file_, &status) != 0) {
    throw InputError(path_ + ": cannot be read (" + std::strerror(errno) + ")");
  }
  size_ = static_cast<uint64_t>(status.st_size);
  try {
    ReadHead();
    ReadIndex();
  } catch (...) {
    close(file_);
    throw;
  }
}

ShardReader::~ShardReader() { close(file_); }

std::vector<uint8_t> ShardReader::ReadAt(uint64_t offset,
                                         uint64_t bytes) const {
  if (offset > size_ || bytes > size_ - offset) {
    throw InputError(path_ + ": truncated");
  }
  std::vector<uint8_t> result(bytes);
  for (uint64_t done = 0; done < bytes;) {
    const ssize_t got = pread(file_, result.data() + done, bytes - done,
                              static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw InputError(path_ + ": cannot be read");
    done += static_cast<uint64_t>(got);
  }
  return result;
}

void ShardReader::ReadHead() {
  if (size_ < kPreamble || AsText(ReadAt(0, kMagic.size())) != kMagic) {
    throw InputError(path_ + ": is no shard of training samples");
  }
  const std::vector<uint8_t> preamble = ReadAt(0, kPreamble);
  uint32_t version = 0, length = 0;
  const std::span<const uint8_t> bytes(preamble);
  Taker taker(bytes.subspan(kMagic.size()));
  taker.Take(version);
  taker.Take(length);
  if (version != kVersion) {
    throw InputError(path_ + ": is a shard of version " +
                     std::to_string(version) + "; this program reads version " +
                     std::to_string(kVersion));
  }
  blocks_begin_ = kPreamble + length;
  try {
    head_ = HeadOf(Json::parse(AsText(ReadAt(kPreamble, length))));
  } catch (const Json::exception&) {
    throw InputError(path_ + ": damaged (its head is not as it should be)");
  }
  if (head_.patch_size < 1 || head_.patch_size > kMaxPatchSize ||
      head_.count < 0) {
    throw InputError(path_ + ": damaged (its head is not as it should be)");
  }
}

void ShardReader::ReadIndex() {
  if (size_ < blocks_begin_ + kFooter) throw InputError(path_ + ": truncated");
  const std::vector<uint8_t> footer = ReadAt(size_ - kFooter, kFooter);
  if (AsText(std::span(footer).subspan(16)) != kEnd) {
    throw InputError(path_ + ": truncated");
  }
  uint64_t offset = 0, checksum = 0;
  Taker numbers(footer);
  numbers.Take(offset);
  numbers.Take(checksum);
  const auto count = static_cast<size_t>(head_.count);
  const size_t a_block = PatchesABlock(head_.patch_size);
  const size_t blocks = (count + a_block - 1) / a_block;
  const size_t bytes = blocks * kBlockEntry + count * kSampleEntry;
  if (offset < blocks_begin_ || offset + bytes + kFooter != size_) {
    throw InputError(path_ + ": damaged (its index has not the right size)");
  }
  const std::vector<uint8_t> index = ReadAt(offset, bytes);
  if (Checksum(AsText(index), Checksum(AsText(ReadAt(0, blocks_begin_)))) !=
      checksum) {
    throw InputError(path_ + ": damaged (wrong checksum of its index)");
  }
  Taker taker(index);
  blocks_.resize(blocks);
  for (ShardBlock& block : blocks_) {
    taker.Take(block.offset);
    taker.Take(block.bytes);
    taker.Take(block.method);
    taker.Take(block.checksum);
  }
  samples_.resize(count);
  for (ShardSample& s : samples_) {
    taker.Take(s.point);
    taker.Take(s.photograph);
    for (float* value : {&s.x, &s.y, &s.sigma, &s.angle}) taker.Take(*value);
  }
}

std::vector<uint8_t> ShardReader::Patch(int index) const {
  if (index < 0 || index >= Count()) {
    throw InputError(path_ + ": has no sample " + std::to_string(index));
  }
  const int a_block = PatchesABlock(head_.patch_size);
  const int number = index / a_block;
  const ShardBlock& block = blocks_[number];
  std::vector<uint8_t> bytes = ReadAt(block.offset, block.bytes);
  if (Checksum(AsText(bytes)) != block.checksum) {
    throw InputError(path_ + ": damaged (wrong checksum of block " +
                     std::to_string(number) + ")");
  }
  const size_t area = static_cast<size_t>(head_.patch_size) * head_.patch_size;
  const int patches = std::min(a_block, Count() - number * a_block);
  if (block.method == kZstd) bytes = Decompress(bytes, patches * area, path_);
  if (bytes.size() != patches * area) {
    throw InputError(path_ + ": damaged (a block has not the right size)");
  }
  const auto begin =
      bytes.begin() + static_cast<ptrdiff_t>((index % a_block) * area);
  std::vector<uint8_t> patch(begin, begin + static_cast<ptrdiff_t>(area));
  UndoDifferences(patch, head_.patch_size);
  return patch;
}

}  // namespace tiepoint
