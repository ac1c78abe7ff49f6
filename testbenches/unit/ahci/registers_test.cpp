// SPDX-License-Identifier: MIT
// The register tables against AHCI 1.3.1, chapter 3, written down a second time here: offset, reset value, and what a guest
// can change in each.
#include <gtest/gtest.h>

#include <ahcisim/models/ahci/port_registers.hpp>
#include <ahcisim/models/ahci/registers.hpp>

namespace ahcisim {
namespace {

struct Expected {
  const char* name;
  unsigned offset;
  std::uint32_t reset, read_write, clear_on_1, set_on_1, once;
};

std::uint32_t mask_of(const kit::Register& r, kit::Access access) {
  std::uint32_t mask = 0;
  for (const kit::Field* field : r.fields())
    if (field->access() == access) mask |= field->mask();
  return mask;
}

void check(const kit::RegisterBank& bank, const std::vector<Expected>& table) {
  ASSERT_EQ(bank.registers().size(), table.size());
  for (const Expected& e : table) {
    const kit::Register* r = bank.find(e.offset);
    ASSERT_NE(r, nullptr) << e.name;
    EXPECT_STREQ(r->name(), e.name);
    EXPECT_EQ(r->value(), e.reset) << e.name;
    EXPECT_EQ(mask_of(*r, kit::Access::RW), e.read_write) << e.name;
    EXPECT_EQ(mask_of(*r, kit::Access::RW1C), e.clear_on_1) << e.name;
    EXPECT_EQ(mask_of(*r, kit::Access::RW1S), e.set_on_1) << e.name;
    EXPECT_EQ(mask_of(*r, kit::Access::RWO), e.once) << e.name;
    EXPECT_NE(std::string{r->section()}.find("AHCI 1.3.1, 3."), std::string::npos) << e.name;
  }
}

TEST(AhciRegisters, Generic) {
  kit::RegisterBank bank{"ABAR", 0x1100};
  ahci::GenericRegisters r{bank, true};
  check(bank, {{"CAP", 0x00, 0x00048000, 0, 0, 0, 0xc1000000},
               {"GHC", 0x04, 0x80000000, 0x2, 0, 0x1, 0},
               {"IS", 0x08, 0, 0, 0xffffffff, 0, 0},
               {"PI", 0x0c, 0, 0, 0, 0, 0xffffffff},
               {"VS", 0x10, 0x00010301, 0, 0, 0, 0},
               {"CCC_CTL", 0x14, 0, 0, 0, 0, 0},
               {"CCC_PORTS", 0x18, 0, 0, 0, 0, 0},
               {"EM_LOC", 0x1c, 0, 0, 0, 0, 0},
               {"EM_CTL", 0x20, 0, 0, 0, 0, 0},
               {"CAP2", 0x24, 0, 0, 0, 0, 0},
               {"BOHC", 0x28, 0, 0, 0, 0, 0}});
}

TEST(AhciRegisters, Port) {
  kit::RegisterBank bank{"ABAR", 0x1100};
  ahci::PortRegisters r{bank, 0x180, kit::Access::RW};
  check(bank, {{"PxCLB", 0x180, 0, 0xfffffc00, 0, 0, 0},
               {"PxCLBU", 0x184, 0, 0xffffffff, 0, 0, 0},
               {"PxFB", 0x188, 0, 0xffffff00, 0, 0, 0},
               {"PxFBU", 0x18c, 0, 0xffffffff, 0, 0, 0},
               {"PxIS", 0x190, 0, 0, 0xfd8000af, 0, 0},
               {"PxIE", 0x194, 0, 0x7dc0007f, 0, 0, 0},
               {"PxCMD", 0x198, 0x6, 0xf3000011, 0, 0x8, 0},
               {"PxTFD", 0x1a0, 0x7f, 0, 0, 0, 0},
               {"PxSIG", 0x1a4, 0xffffffff, 0, 0, 0, 0},
               {"PxSSTS", 0x1a8, 0, 0, 0, 0, 0},
               {"PxSCTL", 0x1ac, 0, 0xfff, 0, 0, 0},
               {"PxSERR", 0x1b0, 0, 0, 0x07ff0f03, 0, 0},
               {"PxSACT", 0x1b4, 0, 0, 0, 0xffffffff, 0},
               {"PxCI", 0x1b8, 0, 0, 0, 0xffffffff, 0},
               {"PxSNTF", 0x1bc, 0, 0, 0, 0, 0},
               {"PxFBS", 0x1c0, 0, 0, 0, 0, 0},
               {"PxDEVSLP", 0x1c4, 0, 0, 0, 0, 0}});
}

TEST(AhciRegisters, UpperAddressesAreReadOnlyWithoutS64A) {
  kit::RegisterBank bank{"ABAR", 0x1100};
  ahci::PortRegisters r{bank, 0x100, kit::Access::RO};
  const std::uint8_t ones[4] = {0xff, 0xff, 0xff, 0xff};
  EXPECT_TRUE(bank.write(0x104, ones, 4));
  EXPECT_TRUE(bank.write(0x10c, ones, 4));
  EXPECT_EQ(r.clbu.value(), 0u);
  EXPECT_EQ(r.fbu.value(), 0u);
}

TEST(AhciRegisters, InterruptBitsAgreeWithTheTable) {
  kit::RegisterBank bank{"ABAR", 0x1100};
  ahci::PortRegisters r{bank, 0x100, kit::Access::RW};
  using namespace ahci::interrupt_bit;
  EXPECT_EQ(r.is.TFES.mask(), TFES);
  EXPECT_EQ(r.is.HBFS.mask(), HBFS);
  EXPECT_EQ(r.is.HBDS.mask(), HBDS);
  EXPECT_EQ(r.is.IFS.mask(), IFS);
  EXPECT_EQ(r.is.INFS.mask(), INFS);
  EXPECT_EQ(r.is.OFS.mask(), OFS);
  EXPECT_EQ(r.is.IPMS.mask(), IPMS);
  EXPECT_EQ(r.is.DPS.mask(), DPS);
  EXPECT_EQ(r.is.UFS.mask(), UFS);
  EXPECT_EQ(r.is.SDBS.mask(), SDBS);
  EXPECT_EQ(r.is.DSS.mask(), DSS);
  EXPECT_EQ(r.is.PSS.mask(), PSS);
  EXPECT_EQ(r.is.DHRS.mask(), DHRS);
  EXPECT_EQ(r.serr.DIAG_X.mask(), ahci::serr_bit::DIAG_X);
  EXPECT_EQ(r.serr.DIAG_H.mask(), ahci::serr_bit::DIAG_H);
  EXPECT_EQ(r.serr.ERR_T.mask(), ahci::serr_bit::ERR_T);
}

}  // namespace
}  // namespace ahcisim
