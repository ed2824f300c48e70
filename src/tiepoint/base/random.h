// SPDX-License-Identifier: Apache-2.0
// Random numbers that are the same on every machine and standard library:
// std::mt19937_64 is specified exactly, the std distributions are not.
#pragma once

#include <cstdint>
#include <random>

namespace tiepoint {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  double Uniform();                         // [0, 1)
  double Uniform(double low, double high);  // [low, high)
  double Normal();                          // mean 0, standard deviation 1
  int Integer(int count);                   // 0 .. count - 1; count >= 1
  bool Chance(double probability) { return Uniform() < probability; }
  uint64_t Bits() { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

// A seed for the index-th of several independent streams of one seed
// (splitmix64 finaliser).
uint64_t StreamSeed(uint64_t seed, uint64_t index);

}  // namespace tiepoint
