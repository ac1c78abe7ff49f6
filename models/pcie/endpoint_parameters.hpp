// SPDX-License-Identifier: MIT
// Parameters and statistics of an endpoint.
#pragma once

#include <ahcisim/models/kit/param.hpp>
#include <ahcisim/models/kit/stat.hpp>

namespace ahcisim::pcie {

struct EndpointParameters : kit::ParameterSet {
  kit::Parameter<kit::Duration> register_read{*this, "register_read", kit::Duration::from_ps(80'000),
                                              kit::assumed("a register in another clock domain behind an on-chip bus; nobody publishes it"),
                                              "arrival of a read request to its completion leaving, for BARs"};
  kit::Parameter<kit::Duration> configuration{*this, "configuration", kit::Duration::from_ps(80'000),
                                              kit::assumed("as a register"), "the same for configuration requests"};
};

struct EndpointStatistics : kit::StatSet {
  kit::Counter register_reads{*this, "register_reads", "accesses", "reads that reached a BAR"};
  kit::Counter register_writes{*this, "register_writes", "accesses", "writes that reached a BAR"};
  kit::Counter configuration_accesses{*this, "configuration_accesses", "accesses", "configuration reads and writes"};
  kit::Counter unsupported_requests{*this, "unsupported_requests", "requests", "requests no BAR claimed"};
  kit::Counter messages{*this, "messages", "messages", "MSI and MSI-X messages sent"};
  kit::Counter refused_dma{*this, "refused_dma", "accesses", "bus-master accesses refused or answered with an error"};
};

}  // namespace ahcisim::pcie
