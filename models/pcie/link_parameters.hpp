// SPDX-License-Identifier: MIT
// Parameters and statistics of a PCI Express link.
#pragma once

#include <cstdint>

#include <ahcisim/models/kit/param.hpp>
#include <ahcisim/models/kit/stat.hpp>

namespace ahcisim::pcie {

/// What a link is made of and how its platform set it up. Credits of 0 are infinite (PCI Express Base, 2.6.1).
struct LinkParameters : kit::ParameterSet {
  template <class T> using Parameter = kit::Parameter<T>;
  using Count = Parameter<std::int64_t>;

  Count generation{*this, "generation", 3, kit::choice("negotiated speed: 2.5, 5, 8, 16, 32 GT/s"), "generation 1 to 5", Count::Range{1, 5}};
  Count lanes{*this, "lanes", 4, kit::choice("negotiated width"), "lanes: 1, 2, 4, 8 or 16", Count::Range{1, 16}};
  Parameter<kit::Bytes> max_payload{*this, "max_payload", kit::Bytes{128}, kit::choice("as firmware programs Max_Payload_Size: what every device takes"),
                                    "largest TLP payload (MPS), 128B to 4096B",
                                    Parameter<kit::Bytes>::Range{kit::Bytes{128}, kit::Bytes{4096}}};
  Parameter<kit::Bytes> max_read_request{*this, "max_read_request", kit::Bytes{512},
                                         kit::cited("PCI Express Base, 7.5.3.4: Max_Read_Request_Size resets to 512 B"),
                                         "largest read request (MRRS), 128B to 4096B",
                                         Parameter<kit::Bytes>::Range{kit::Bytes{128}, kit::Bytes{4096}}};
  Parameter<kit::Bytes> read_completion_boundary{*this, "read_completion_boundary", kit::Bytes{64},
                                                 kit::cited("PCI Express Base, 2.3.1.1: 64 B or 128 B for a root complex"),
                                                 "completions end at multiples of it (RCB), 64B or 128B",
                                                 Parameter<kit::Bytes>::Range{kit::Bytes{64}, kit::Bytes{128}}};
  kit::Choice completion_size{*this, "completion_size", "max_payload", {"max_payload", "boundary"},
                              kit::cited("Neugebauer et al., SIGCOMM 2018, model/mem_bw.py: older root complexes cut at every RCB"),
                              "how large the root complex makes its completions"};
  Parameter<bool> ecrc{*this, "ecrc", false, kit::choice("TLP digest of 4 B on every TLP"), "end-to-end CRC"};
  Parameter<kit::Duration> upstream_latency{
      *this, "upstream_latency", kit::Duration::from_ps(100'000),
      kit::derived("413 ns median 8 B LAT_CMD_RD of pcie-bench (SNB, warm) less root complex and wire, halved"),
      "endpoint's transaction layer to root port's, beyond the time on the wire"};
  Parameter<kit::Duration> downstream_latency{
      *this, "downstream_latency", kit::Duration::from_ps(100'000),
      kit::derived("413 ns median 8 B LAT_CMD_RD of pcie-bench (SNB, warm) less root complex and wire, halved"),
      "root port's transaction layer to endpoint's, beyond the time on the wire"};
  Count tags{*this, "tags", 32, kit::cited("PCI Express Base, 2.2.6.2: 5-bit tags unless extended"),
             "read requests the endpoint may have outstanding; above 32 only once software has set Extended Tag Field Enable",
             Count::Range{1, 256}};
  Parameter<kit::Duration> credit_return{*this, "credit_return", kit::Duration::from_ps(50'000),
                                         kit::assumed("a receive buffer's stay plus waiting for an UpdateFC; nobody publishes it"),
                                         "arrival of a TLP to its credits leaving the receiver"};
  Count root_posted_headers{*this, "root_posted_headers", 128, kit::assumed("sized for the link's round trip"), "root port: PH credits", Count::Range{0, 4096}};
  Count root_posted_data{*this, "root_posted_data", 1024, kit::assumed("16 KiB, sized for the link's round trip"), "root port: PD credits of 16 B", Count::Range{0, 65536}};
  Count root_nonposted_headers{*this, "root_nonposted_headers", 128, kit::assumed("sized for the link's round trip"), "root port: NPH credits", Count::Range{0, 4096}};
  Count root_completion_headers{*this, "root_completion_headers", 0, kit::cited("PCI Express Base, 2.6.1: infinite for a root complex"), "root port: CPLH credits", Count::Range{0, 4096}};
  Count root_completion_data{*this, "root_completion_data", 0, kit::cited("PCI Express Base, 2.6.1: infinite for a root complex"), "root port: CPLD credits of 16 B", Count::Range{0, 65536}};
  Count endpoint_posted_headers{*this, "endpoint_posted_headers", 64, kit::assumed("register writes need few"), "endpoint: PH credits", Count::Range{0, 4096}};
  Count endpoint_posted_data{*this, "endpoint_posted_data", 256, kit::assumed("register writes need few"), "endpoint: PD credits of 16 B", Count::Range{0, 65536}};
  Count endpoint_nonposted_headers{*this, "endpoint_nonposted_headers", 32, kit::assumed("register reads need few"), "endpoint: NPH credits", Count::Range{0, 4096}};
  Count endpoint_completion_headers{*this, "endpoint_completion_headers", 0, kit::cited("PCI Express Base, 2.6.1: infinite for an endpoint"), "endpoint: CPLH credits", Count::Range{0, 4096}};
  Count endpoint_completion_data{*this, "endpoint_completion_data", 0, kit::cited("PCI Express Base, 2.6.1: infinite for an endpoint"), "endpoint: CPLD credits of 16 B", Count::Range{0, 65536}};
  kit::Choice fidelity{*this, "fidelity", "train", {"train", "tlp"}, kit::choice("speed against the reference computation"),
                       "book a transfer's TLPs as one train, or each by itself"};
};

struct LinkStatistics : kit::StatSet {
  kit::Counter upstream_tlps{*this, "upstream_tlps", "TLPs", "TLPs sent towards the root complex"};
  kit::Counter upstream_bytes{*this, "upstream_bytes", "B", "TLP bytes with framing sent towards the root complex"};
  kit::Counter upstream_payload{*this, "upstream_payload", "B", "payload bytes sent towards the root complex"};
  kit::TimeSum upstream_busy{*this, "upstream_busy", "time the upstream direction carried TLPs and their share of DLLPs"};
  kit::Counter downstream_tlps{*this, "downstream_tlps", "TLPs", "TLPs sent towards the endpoint"};
  kit::Counter downstream_bytes{*this, "downstream_bytes", "B", "TLP bytes with framing sent towards the endpoint"};
  kit::Counter downstream_payload{*this, "downstream_payload", "B", "payload bytes sent towards the endpoint"};
  kit::TimeSum downstream_busy{*this, "downstream_busy", "time the downstream direction carried TLPs and their share of DLLPs"};
  kit::Counter credit_stalls{*this, "credit_stalls", "TLPs", "TLPs that waited for flow-control credits"};
  kit::Counter tag_stalls{*this, "tag_stalls", "requests", "read requests that waited for a tag"};
};

}  // namespace ahcisim::pcie
