// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "tiepoint/correspondence/consensus_network.h"
#include "tiepoint/network/consensus_model.h"

namespace tiepoint {

// ConsensusNetwork::Run by plain loops in double, as consensus_model.h writes
// it: slow, for tests to compare with.
ConsensusResult RunNaiveConsensus(const ConsensusModel& model,
                                  std::span<const float> inputs);

}  // namespace tiepoint
