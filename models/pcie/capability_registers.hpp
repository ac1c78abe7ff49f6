// SPDX-License-Identifier: MIT
// Capability structures in configuration space as register tables.
#pragma once

#include <ahcisim/models/kit/register.hpp>

namespace ahcisim::pcie {

using kit::Access;

/// The first half-word of every capability.
struct CapabilityHeader : kit::Register {
  CapabilityHeader(kit::RegisterBank& bank, unsigned offset, const char* name, const char* section, std::uint8_t id)
      : Register{bank, offset, 2, name, "Capability ID and Next Capability Pointer", section} {
    ID.configure(id);
  }
  kit::Field NEXT{*this, "Next Capability Pointer", {15, 8}, Access::HwInit, 0, "0 ends the list"};
  kit::Field ID{*this, "Capability ID", {7, 0}, Access::HwInit, 0, "which capability"};
};

/// Power management (PCI Express Base, 7.5.2).
struct PMC : kit::Register {
  PMC(kit::RegisterBank& bank, unsigned offset)
      : Register{bank, offset, 2, "PMC", "Power Management Capabilities", "PCI Express Base, 7.5.2.1"} {}
  kit::Field PME_Support{*this, "PME_Support", {15, 11}, Access::HwInit, 0, "states PME is sent from: none"};
  kit::Field D2_Support{*this, "D2_Support", {10, 10}, Access::HwInit, 0, "D2"};
  kit::Field D1_Support{*this, "D1_Support", {9, 9}, Access::HwInit, 0, "D1"};
  kit::Field Version{*this, "Version", {2, 0}, Access::HwInit, 3, "PCI Power Management 1.2"};
};
struct PMCSR : kit::Register {
  PMCSR(kit::RegisterBank& bank, unsigned offset)
      : Register{bank, offset, 2, "PMCSR", "Power Management Control/Status", "PCI Express Base, 7.5.2.2"} {}
  kit::Field No_Soft_Reset{*this, "No_Soft_Reset", {3, 3}, Access::HwInit, 0, "D3hot to D0 keeps the state"};
  kit::Field PowerState{*this, "PowerState", {1, 0}, Access::RW, 0, "0 = D0, 3 = D3hot"};
};

/// MSI (7.7.1), with a 64-bit address.
struct MSIControl : kit::Register {
  MSIControl(kit::RegisterBank& bank, unsigned offset)
      : Register{bank, offset, 2, "MSI Control", "Message Control for MSI", "PCI Express Base, 7.7.1.2"} {}
  kit::Field PerVectorMasking{*this, "Per-Vector Masking Capable", {8, 8}, Access::HwInit, 0,
                              "Mask and Pending Bits exist"};
  kit::Field Address64{*this, "64-bit Address Capable", {7, 7}, Access::HwInit, 1, "Message Upper Address exists"};
  kit::Field MultipleMessageEnable{*this, "Multiple Message Enable", {6, 4}, Access::RW, 0,
                                   "log2 of the vectors granted"};
  kit::Field MultipleMessageCapable{*this, "Multiple Message Capable", {3, 1}, Access::HwInit, 0,
                                    "log2 of the vectors wanted"};
  kit::Field MSIEnable{*this, "MSI Enable", {0, 0}, Access::RW, 0, "messages instead of INTx"};
};
struct MSIAddress : kit::Register {
  MSIAddress(kit::RegisterBank& bank, unsigned offset)
      : Register{bank, offset, 4, "MSI Address", "Message Address", "PCI Express Base, 7.7.1.3"} {}
  kit::Field Address{*this, "Message Address", {31, 2}, Access::RW, 0, "dword address the message is written to"};
};
struct MSIBits : kit::Register {
  MSIBits(kit::RegisterBank& bank, unsigned offset, const char* name, const char* section, Access access)
      : Register{bank, offset, 4, name, name, section},
        VECTORS{*this, name, {31, 0}, access, 0, "one bit for each vector"} {}
  kit::Field VECTORS;
};

/// MSI-X (7.7.2).
struct MSIXControl : kit::Register {
  MSIXControl(kit::RegisterBank& bank, unsigned offset)
      : Register{bank, offset, 2, "MSI-X Control", "Message Control for MSI-X", "PCI Express Base, 7.7.2.2"} {}
  kit::Field MSIXEnable{*this, "MSI-X Enable", {15, 15}, Access::RW, 0, "MSI-X instead of MSI and INTx"};
  kit::Field FunctionMask{*this, "Function Mask", {14, 14}, Access::RW, 0, "masks all vectors"};
  kit::Field TableSize{*this, "Table Size", {10, 0}, Access::HwInit, 0, "vectors less one"};
};

/// PCI Express (7.5.3).
struct PXCAP : kit::Register {
  PXCAP(kit::RegisterBank& bank, unsigned offset)
      : Register{bank, offset, 2, "PXCAP", "PCI Express Capabilities", "PCI Express Base, 7.5.3.2"} {}
  kit::Field DevicePortType{*this, "Device/Port Type", {7, 4}, Access::HwInit, 0, "0 = endpoint, 1 = legacy endpoint"};
  kit::Field CapabilityVersion{*this, "Capability Version", {3, 0}, Access::HwInit, 2, "2"};
};
struct DeviceCapabilities : kit::Register {
  DeviceCapabilities(kit::RegisterBank& bank, unsigned offset)
      : Register{bank, offset, 4, "DevCap", "Device Capabilities", "PCI Express Base, 7.5.3.3"} {}
  kit::Field FLR{*this, "Function Level Reset Capability", {28, 28}, Access::HwInit, 0, "FLR can be initiated"};
  kit::Field RoleBasedErrorReporting{*this, "Role-Based Error Reporting", {15, 15}, Access::HwInit, 1,
                                     "as of revision 1.1"};
  kit::Field EndpointL1AcceptableLatency{*this, "Endpoint L1 Acceptable Latency", {11, 9}, Access::HwInit, 0,
                                         "ASPM is not supported"};
  kit::Field EndpointL0sAcceptableLatency{*this, "Endpoint L0s Acceptable Latency", {8, 6}, Access::HwInit, 0,
                                          "ASPM is not supported"};
  kit::Field ExtendedTagFieldSupported{*this, "Extended Tag Field Supported", {5, 5}, Access::HwInit, 1, "8-bit tags"};
  kit::Field MaxPayloadSizeSupported{*this, "Max_Payload_Size Supported", {2, 0}, Access::HwInit, 0, "128 B << value"};
};
struct DeviceControl : kit::Register {
  DeviceControl(kit::RegisterBank& bank, unsigned offset)
      : Register{bank, offset, 2, "DevCtl", "Device Control", "PCI Express Base, 7.5.3.4"} {}
  kit::Field InitiateFLR{*this, "Initiate Function Level Reset", {15, 15}, Access::WO, 0, "resets the function"};
  kit::Field MaxReadRequestSize{*this, "Max_Read_Request_Size", {14, 12}, Access::RW, 2, "128 B << value"};
  kit::Field EnableNoSnoop{*this, "Enable No Snoop", {11, 11}, Access::RW, 1, "may set No Snoop"};
  kit::Field ExtendedTagFieldEnable{*this, "Extended Tag Field Enable", {8, 8}, Access::RW, 0, "8-bit tags"};
  kit::Field MaxPayloadSize{*this, "Max_Payload_Size", {7, 5}, Access::RW, 0, "128 B << value"};
  kit::Field EnableRelaxedOrdering{*this, "Enable Relaxed Ordering", {4, 4}, Access::RW, 1, "may set Relaxed Ordering"};
  kit::Field UnsupportedRequestReportingEnable{*this, "Unsupported Request Reporting Enable", {3, 3}, Access::RW, 0,
                                               "without effect: no error messages are sent"};
  kit::Field FatalErrorReportingEnable{*this, "Fatal Error Reporting Enable", {2, 2}, Access::RW, 0,
                                       "without effect: no error messages are sent"};
  kit::Field NonFatalErrorReportingEnable{*this, "Non-Fatal Error Reporting Enable", {1, 1}, Access::RW, 0,
                                          "without effect: no error messages are sent"};
  kit::Field CorrectableErrorReportingEnable{*this, "Correctable Error Reporting Enable", {0, 0}, Access::RW, 0,
                                             "without effect: no error messages are sent"};
};
struct DeviceStatus : kit::Register {
  DeviceStatus(kit::RegisterBank& bank, unsigned offset)
      : Register{bank, offset, 2, "DevSta", "Device Status", "PCI Express Base, 7.5.3.5"} {}
  kit::Field TransactionsPending{*this, "Transactions Pending", {5, 5}, Access::RO, 0,
                                 "always 0: a bus-master read and its completions are one step of the model"};
  kit::Field UnsupportedRequestDetected{*this, "Unsupported Request Detected", {3, 3}, Access::RW1C, 0,
                                        "a request was not supported"};
  kit::Field FatalErrorDetected{*this, "Fatal Error Detected", {2, 2}, Access::RO, 0,
                                "always 0: the link has no malformed TLPs and no protocol errors"};
  kit::Field NonFatalErrorDetected{*this, "Non-Fatal Error Detected", {1, 1}, Access::RW1C, 0,
                                   "a posted request was not served"};
  kit::Field CorrectableErrorDetected{*this, "Correctable Error Detected", {0, 0}, Access::RW1C, 0,
                                      "a non-posted request was not served, as its completion told (advisory)"};
};
struct LinkCapabilities : kit::Register {
  LinkCapabilities(kit::RegisterBank& bank, unsigned offset)
      : Register{bank, offset, 4, "LinkCap", "Link Capabilities", "PCI Express Base, 7.5.3.6"} {}
  kit::Field MaximumLinkWidth{*this, "Maximum Link Width", {9, 4}, Access::HwInit, 1, "lanes"};
  kit::Field MaxLinkSpeed{*this, "Max Link Speed", {3, 0}, Access::HwInit, 1, "1 = 2.5 GT/s … 5 = 32 GT/s"};
};
struct LinkControl : kit::Register {
  LinkControl(kit::RegisterBank& bank, unsigned offset)
      : Register{bank, offset, 2, "LinkCtl", "Link Control", "PCI Express Base, 7.5.3.7"} {}
  kit::Field ExtendedSynch{*this, "Extended Synch", {7, 7}, Access::RW, 0, "for test equipment"};
  kit::Field CommonClockConfiguration{*this, "Common Clock Configuration", {6, 6}, Access::RW, 0,
                                      "one reference clock"};
  kit::Field ReadCompletionBoundary{*this, "Read Completion Boundary", {3, 3}, Access::RW, 0,
                                    "the root port's: 0 = 64 B, 1 = 128 B"};
  kit::Field ASPMControl{*this, "ASPM Control", {1, 0}, Access::RW, 0, "without effect: ASPM is not supported"};
};
struct LinkStatus : kit::Register {
  LinkStatus(kit::RegisterBank& bank, unsigned offset)
      : Register{bank, offset, 2, "LinkSta", "Link Status", "PCI Express Base, 7.5.3.8"} {}
  kit::Field SlotClockConfiguration{*this, "Slot Clock Configuration", {12, 12}, Access::HwInit, 1,
                                    "the platform's reference clock"};
  kit::Field NegotiatedLinkWidth{*this, "Negotiated Link Width", {9, 4}, Access::HwInit, 1, "lanes"};
  kit::Field CurrentLinkSpeed{*this, "Current Link Speed", {3, 0}, Access::HwInit, 1, "1 = 2.5 GT/s … 5 = 32 GT/s"};
};
struct LinkCapabilities2 : kit::Register {
  LinkCapabilities2(kit::RegisterBank& bank, unsigned offset)
      : Register{bank, offset, 4, "LinkCap2", "Link Capabilities 2", "PCI Express Base, 7.5.3.18"} {}
  kit::Field SupportedLinkSpeeds{*this, "Supported Link Speeds Vector", {7, 1}, Access::HwInit, 1,
                                 "bit 0 = 2.5 GT/s …"};
};
struct LinkControl2 : kit::Register {
  LinkControl2(kit::RegisterBank& bank, unsigned offset)
      : Register{bank, offset, 2, "LinkCtl2", "Link Control 2", "PCI Express Base, 7.5.3.19"} {}
  kit::Field TargetLinkSpeed{*this, "Target Link Speed", {3, 0}, Access::RW, 1,
                             "upper bound; the link does not retrain"};
};

/// Serial ATA capability (AHCI 1.3.1, 2.4).
struct SATACR0 : kit::Register {
  SATACR0(kit::RegisterBank& bank, unsigned offset)
      : Register{bank, offset, 2, "SATACR0", "Serial ATA Capability Register 0, revision", "AHCI 1.3.1, 2.4.1"} {}
  kit::Field MAJREV{*this, "MAJREV", {7, 4}, Access::HwInit, 1, "Major Revision"};
  kit::Field MINREV{*this, "MINREV", {3, 0}, Access::HwInit, 0, "Minor Revision"};
};
struct SATACR1 : kit::Register {
  SATACR1(kit::RegisterBank& bank, unsigned offset)
      : Register{bank, offset, 4, "SATACR1", "Serial ATA Capability Register 1", "AHCI 1.3.1, 2.4.2"} {}
  kit::Field BAROFST{*this, "BAROFST", {23, 4}, Access::HwInit, 0, "BAR Offset of the index/data pair, dwords"};
  kit::Field BARLOC{*this, "BARLOC", {3, 0}, Access::HwInit, 0, "BAR Location: 4 = BAR0 … 9 = BAR5"};
};

}  // namespace ahcisim::pcie
