// SPDX-License-Identifier: Apache-2.0
#include "bench_peaks.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <thread>
#include <vector>

#include "tiepoint/base/parallel.h"
#include "tiepoint/network/one_dnn.h"
#include "tiepoint/pipeline/stopwatch.h"

namespace {

using namespace tiepoint;

// Ten sums that do not wait for each other keep both units busy.
constexpr int kSums = 10;
constexpr int kSteps = 20000;

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define TIEPOINT_TARGET(names) __attribute__((target(names)))
bool HasAvx512() { return __builtin_cpu_supports("avx512f"); }
bool HasAvx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#else
#define TIEPOINT_TARGET(names)
bool HasAvx512() { return false; }
bool HasAvx2() { return false; }
#endif

using Vector4 [[gnu::vector_size(16)]] = float;
using Vector8 [[gnu::vector_size(32)]] = float;
using Vector16 [[gnu::vector_size(64)]] = float;

// Multiply-adds in registers; returns the operations done.
template <typename Vector>
inline __attribute__((always_inline)) double MultiplyAdds(float* sink) {
  constexpr auto kNumbers = static_cast<int>(sizeof(Vector) / sizeof(float));
  Vector s[kSums] = {}, a = {}, b = {};
  for (int k = 0; k < kNumbers; ++k) {
    a[k] = 0.9f + 0.01f * sink[k % 4];
    b[k] = sink[k % 4];
  }
  for (int step = 0; step < kSteps; ++step) {
    for (Vector& sum : s) sum = sum * a + b;
  }
  for (const Vector& sum : s) {
    for (int k = 0; k < kNumbers; ++k) sink[k % 4] += 1e-9f * sum[k];
  }
  return 2.0 * kSums * kSteps * kNumbers;
}

double MultiplyAdds4(float* sink) { return MultiplyAdds<Vector4>(sink); }
TIEPOINT_TARGET("avx2,fma") double MultiplyAdds8(float* sink) {
  return MultiplyAdds<Vector8>(sink);
}
TIEPOINT_TARGET("avx512f") double MultiplyAdds16(float* sink) {
  return MultiplyAdds<Vector16>(sink);
}

// Operations a second of `work` (which returns how many it did) on so many
// threads at once, the best of a few rounds.
double BestRate(int threads, const std::function<double()>& work) {
  constexpr int kRounds = 5;
  constexpr double kSeconds = 0.03;
  double best = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<double> rates(threads);
    std::vector<std::jthread> running;
    running.reserve(threads);
    for (int t = 0; t < threads; ++t) {
      running.emplace_back([&, t] {
        Stopwatch stopwatch;
        double done = 0, seconds = 0;
        while (seconds < kSeconds) {
          done += work();
          seconds += stopwatch.Lap();
        }
        rates[t] = done / seconds;
      });
    }
    running.clear();
    double sum = 0;
    for (const double rate : rates) sum += rate;
    best = std::max(best, sum);
  }
  return best;
}

double FloatPeak(int threads) {
  const auto rate = [&](double (*function)(float*)) {
    return BestRate(threads, [function] {
      float sink[4] = {0.1f, 0.2f, 0.3f, 0.4f};
      return function(sink);
    });
  };
  double best = rate(MultiplyAdds4);
  if (HasAvx2()) best = std::max(best, rate(MultiplyAdds8));
  if (HasAvx512()) best = std::max(best, rate(MultiplyAdds16));
  return best;
}

// Of a matrix product of oneDNN that stays in the second-level cache.
double ProductPeak(int threads, dnnl::memory::data_type left,
                   dnnl::memory::data_type right,
                   dnnl::memory::data_type sums) {
  using Tag = dnnl::memory::format_tag;
  constexpr int kRows = 64, kColumns = 256, kDepth = 512;
  const dnnl::memory::desc a({kRows, kDepth}, left, Tag::ab);
  const dnnl::memory::desc b({kDepth, kColumns}, right, Tag::any);
  const dnnl::memory::desc c({kRows, kColumns}, sums, Tag::ab);
  dnnl::primitive_attr attributes;  // threads must not share a scratchpad
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
#if DNNL_VERSION_MAJOR >= 3
  const dnnl::matmul::primitive_desc description(OneDnnEngine(), a, b, c,
                                                 attributes);
#else
  const dnnl::matmul::primitive_desc description(dnnl::matmul::desc(a, b, c),
                                                 attributes, OneDnnEngine());
#endif
  const dnnl::matmul product(description);
  return BestRate(threads, [&] {
    const OneThread one_thread;
    dnnl::stream stream(OneDnnEngine());
    dnnl::memory first(a, OneDnnEngine()), result(c, OneDnnEngine());
    dnnl::memory second(description.weights_desc(), OneDnnEngine());
    dnnl::memory scratchpad(description.scratchpad_desc(), OneDnnEngine());
    for (dnnl::memory* memory : {&first, &second}) {
      auto* bytes = static_cast<unsigned char*>(memory->get_data_handle());
      std::fill_n(bytes, memory->get_desc().get_size(), 0);
    }
    constexpr int kTimes = 50;
    for (int i = 0; i < kTimes; ++i) {
      product.execute(stream, {{DNNL_ARG_SRC, first},
                               {DNNL_ARG_WEIGHTS, second},
                               {DNNL_ARG_DST, result},
                               {DNNL_ARG_SCRATCHPAD, scratchpad}});
    }
    stream.wait();
    return 2.0 * kTimes * kRows * kColumns * kDepth;
  });
}

double MemoryPeak(int threads) {
  constexpr size_t kCount = size_t{6} << 20;  // floats; 24 MiB an array
  std::vector<std::vector<float>> arrays(3 * threads);
  for (auto& array : arrays) array.resize(kCount, 1.0f);
  double best = 0;
  for (int round = 0; round < 5; ++round) {
    Stopwatch stopwatch;
    std::vector<std::jthread> running;
    running.reserve(threads);
    for (int t = 0; t < threads; ++t) {
      running.emplace_back([&, t] {
        float* __restrict a = arrays[3 * t].data();
        const float* __restrict b = arrays[3 * t + 1].data();
        const float* __restrict c = arrays[3 * t + 2].data();
        for (size_t i = 0; i < kCount; ++i) a[i] = b[i] + 3.0f * c[i];
      });
    }
    running.clear();
    best = std::max(best,
                    3.0 * sizeof(float) * kCount * threads / stopwatch.Lap());
  }
  return best;
}

std::string ProcessorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) {
      return line.substr(colon + 2);
    }
  }
  return "unknown processor";
}

}  // namespace

MachinePeaks MeasurePeaks() {
  using Type = dnnl::memory::data_type;
  MachinePeaks peaks;
  peaks.processor = ProcessorName();
  peaks.threads = NumThreads();
  constexpr double kGiga = 1e-9;
  peaks.f32 = kGiga * FloatPeak(peaks.threads);
  if (HasFastHalf()) {
    peaks.bf16 =
        kGiga * ProductPeak(peaks.threads, Type::bf16, Type::bf16, Type::f32);
  }
  peaks.int8 =
      kGiga * ProductPeak(peaks.threads, Type::u8, Type::s8, Type::s32);
  peaks.memory = kGiga * MemoryPeak(peaks.threads);
  return peaks;
}
