// SPDX-License-Identifier: Apache-2.0
// The correspondence network on 2000 matches and one thread, with each kind of
// kernels that this processor runs, and by plain loops.
#include <benchmark/benchmark.h>

#include <ctime>

#include "tiepoint/correspondence/consensus_network.h"
#include "tiepoint/correspondence/naive_consensus.h"
#include "tiepoint/correspondence/random_matches.h"
#include "tiepoint/network/random_consensus_model.h"

namespace tiepoint {
namespace {

constexpr int kMatches = 2000;

// Of the processor, not of the clock: others may be at work.
double Seconds(std::clock_t since) {
  return static_cast<double>(std::clock() - since) / CLOCKS_PER_SEC;
}

void Consensus(benchmark::State& state, const ConsensusSpec& spec) {
  const auto model = RandomConsensusModel(spec, 1);
  const auto inputs = RandomMatches(kMatches, spec.inputs, 2);
  const std::clock_t naive_start = std::clock();
  benchmark::DoNotOptimize(RunNaiveConsensus(model, inputs));
  const double naive = Seconds(naive_start);
  const auto& kernels = SupportedConsensusKernels();
  const size_t kind = state.range(0);
  if (kind >= kernels.size()) {
    state.SkipWithError("this processor has fewer kinds of kernels");
    return;
  }
  const ConsensusNetwork network(model, kernels[kind]);
  state.SetLabel(kernels[kind].name);
  const std::clock_t start = std::clock();
  for (auto _ : state) {
    benchmark::DoNotOptimize(network.Run(inputs));
  }
  const double each = Seconds(start) / static_cast<double>(state.iterations());
  using benchmark::Counter;
  state.counters["GMAC/s"] = Counter(MultiplyAdds(spec) * kMatches * 1e-9,
                                     Counter::kIsIterationInvariantRate);
  state.counters["naive_ms"] = naive * 1e3;
  state.counters["faster"] = naive / each;
}

BENCHMARK_CAPTURE(Consensus, paper, {4, 128, {12}, false})
    ->DenseRange(0, 2)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Consensus, two_stages, {9, 128, {6, 6}, true})
    ->DenseRange(0, 2)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tiepoint
