// SPDX-License-Identifier: MIT
// Phases of the TLP protocol beyond requests and completions: what takes no time and no TLP.
//
// TLP_TRAINED  Link to endpoint, forward: the link has trained. address 7:0 is the generation, 15:8 the width; length is
//              the largest payload the platform programs, first_ps its largest read request (bytes).
// TLP_LIMITS   Endpoint to link, backward: Device Control was written. length is Max_Payload_Size, first_ps
//              Max_Read_Request_Size (bytes), address how many tags requests may have.
// TLP_DEBUG    Endpoint to root complex, backward: debug access to host memory (type MRd or MWr); status tells success.
// TLP_DIRECT   Backward: `initiator` points to a tlm::tlm_dmi to be filled for `address`; status tells success.
//              Forward: `initiator` points to a tlm::tlm_dmi whose range is no longer valid.
#pragma once

#include <ahcisim/tlm/tlp.hpp>

namespace ahcisim::wire {

TLM_DECLARE_EXTENDED_PHASE(TLP_TRAINED);
TLM_DECLARE_EXTENDED_PHASE(TLP_LIMITS);
TLM_DECLARE_EXTENDED_PHASE(TLP_DEBUG);
TLM_DECLARE_EXTENDED_PHASE(TLP_DIRECT);

}  // namespace ahcisim::wire
