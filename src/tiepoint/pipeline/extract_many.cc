// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/extract_many.h"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <optional>
#include <thread>
#include <utility>

#include "tiepoint/base/bounded_queue.h"
#include "tiepoint/base/byte_budget.h"
#include "tiepoint/base/error.h"
#include "tiepoint/features/score_strips.h"
#include "tiepoint/image/read_image.h"
#include "tiepoint/pipeline/extract.h"
#include "tiepoint/pipeline/memory.h"

namespace tiepoint {
namespace {

// A photograph on its way.
struct ReadPhotograph {
  int index = 0;
  ByteBudget::Claim claim;  // what it needs at least, until it is done
  Image image;
  std::string error;
  std::exception_ptr failure;  // the program's, not the photograph's
};

class Work {
 public:
  Work(const std::vector<std::string>& paths, const Steps& steps,
       const ExtractManyOptions& options)
      : paths_(paths),
        steps_(steps),
        options_(options),
        reading_{.max_image_size = options.max_image_size,
                 .keep_colour = steps.NeedsColour()},
        budget_(steps.memory - kProgramMemory) {}

  ByteBudget& budget() { return budget_; }

  // Waits for the memory that it takes; nothing when the budget was closed.
  std::optional<ReadPhotograph> Read(int index) {
    ReadPhotograph photograph;
    photograph.index = index;
    try {
      const std::string& path = paths_[index];
      const auto head = PeekPhotograph(path, reading_);
      CheckReading(path, reading_, steps_, 0);
      // What does not say how large it is, is worked on alone.
      int64_t least = budget_.limit();
      if (head) {
        least = std::max(head->reading_bytes,
                         LeastMemory(head->width, head->height,
                                     reading_.keep_colour, steps_));
      }
      photograph.claim = budget_.Wait(least);
      if (!photograph.claim) return std::nullopt;
      photograph.image = ReadImage(path, reading_);
      const GrayImage& gray = photograph.image.gray;
      photograph.claim.ShrinkTo(
          LeastMemory(gray.width, gray.height, reading_.keep_colour, steps_));
    } catch (const InputError& error) {
      photograph.error = error.what();
    } catch (...) {
      photograph.failure = std::current_exception();
    }
    return photograph;
  }

  ExtractedPhotograph Extract(const ReadPhotograph& photograph) {
    if (photograph.failure) std::rethrow_exception(photograph.failure);
    ExtractedPhotograph result;
    result.index = photograph.index;
    result.error = photograph.error;
    if (!result.error.empty()) return result;
    const auto more = budget_.UpTo(ScoreStrips::kUsefulBytes);
    const int64_t mine = photograph.claim.bytes() + more.bytes();
    const int64_t others = std::max<int64_t>(0, budget_.limit() - mine);
    try {
      result.features = tiepoint::Extract(
          photograph.image, steps_, options_.max_keypoints, nullptr, others);
    } catch (const InputError& error) {
      result.error = error.what();
    }
    return result;
  }

 private:
  const std::vector<std::string>& paths_;
  const Steps& steps_;
  const ExtractManyOptions& options_;
  const ReadOptions reading_;
  ByteBudget budget_;
};

// Ends the waiting of threads when the calling one leaves, by an exception or
// not.
template <typename F>
class AtExit {
 public:
  explicit AtExit(F f) : f_(std::move(f)) {}
  ~AtExit() { f_(); }
  AtExit(const AtExit&) = delete;
  AtExit& operator=(const AtExit&) = delete;

 private:
  F f_;
};

}  // namespace

void ExtractMany(const std::vector<std::string>& paths, const Steps& steps,
                 const ExtractManyOptions& options,
                 const std::function<void(int)>& begin,
                 const std::function<void(const ExtractedPhotograph&)>& done) {
  Work work(paths, steps, options);
  const int count = static_cast<int>(paths.size());
  if (!options.overlap) {
    for (int i = 0; i < count; ++i) {
      begin(i);
      done(work.Extract(*work.Read(i)));
    }
    return;
  }

  BoundedQueue<ReadPhotograph> read(1);
  BoundedQueue<ExtractedPhotograph> extracted(2);
  std::exception_ptr failure;
  {
    std::jthread writer([&] {
      try {
        while (const auto photograph = extracted.Pop()) done(*photograph);
      } catch (...) {
        failure = std::current_exception();
        extracted.Close();
      }
    });
    std::jthread reader([&] {
      for (int i = 0; i < count; ++i) {
        auto photograph = work.Read(i);
        if (!photograph || !read.Push(std::move(*photograph))) return;
      }
      read.Close();
    });
    const AtExit close([&] {
      read.Close();
      extracted.Close();
      work.budget().Close();
    });
    while (auto photograph = read.Pop()) {
      begin(photograph->index);
      ExtractedPhotograph result = work.Extract(*photograph);
      photograph.reset();  // its memory is free while the writer is waited for
      if (!extracted.Push(std::move(result))) break;
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace tiepoint
