// SPDX-License-Identifier: Apache-2.0
// The correspondence network on 2000 matches and one thread, with each kind of
// kernels that this processor runs, and by plain loops.
#include <benchmark/benchmark.h>

#include <chrono>
#include <string>

#include "tiepoint/correspondence/consensus_network.h"
#include "tiepoint/correspondence/naive_consensus.h"
#include "tiepoint/correspondence/random_matches.h"
#include "tiepoint/network/random_consensus_model.h"

namespace tiepoint {
namespace {

constexpr int kMatches = 2000;

// Multiply-adds of the blocks.
double MultiplyAdds(const ConsensusSpec& spec) {
  double blocks = 0;
  for (const int count : spec.blocks) blocks += count;
  return 2 * blocks * spec.channels * spec.channels * kMatches;
}

// Seconds that one run by plain loops takes.
double NaiveSeconds(const ConsensusModel& model,
                    const std::vector<float>& inputs) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  benchmark::DoNotOptimize(RunNaiveConsensus(model, inputs));
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void Consensus(benchmark::State& state, const ConsensusSpec& spec) {
  const auto model = RandomConsensusModel(spec, 1);
  const auto inputs = RandomMatches(kMatches, spec.inputs, 2);
  const double naive = NaiveSeconds(model, inputs);
  const auto& kernels = SupportedConsensusKernels();
  const size_t kind = state.range(0);
  if (kind >= kernels.size()) {
    state.SkipWithError("this processor has fewer kinds of kernels");
    return;
  }
  const ConsensusNetwork network(model, kernels[kind]);
  state.SetLabel(kernels[kind].name);
  for (auto _ : state) {
    benchmark::DoNotOptimize(network.Run(inputs));
  }
  using benchmark::Counter;
  state.counters["GMAC/s"] =
      Counter(MultiplyAdds(spec) * 1e-9, Counter::kIsIterationInvariantRate);
  state.counters["times_naive"] =
      Counter(naive, Counter::kIsIterationInvariantRate);
}

BENCHMARK_CAPTURE(Consensus, paper, {4, 128, {12}, false})
    ->DenseRange(0, 2)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Consensus, two_stages, {9, 128, {6, 6}, true})
    ->DenseRange(0, 2)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tiepoint
