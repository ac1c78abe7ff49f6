// SPDX-License-Identifier: MIT
// A driver's parts, put together.
#include <ahcisim/models/host/driver_front.hpp>

namespace ahcisim::host {

DriverFront::DriverFront(const sc_core::sc_module_name& name, kit::Context& context, const DriverParameters& parameters,
                         wire::TagBoard* tags, InterruptInlet::Wire wire)
    : sc_module{name}, cpu{"cpu"}, interrupts{"interrupts"}, context_{context}, calendar_{context.calendar}, tags_{tags},
      mmio_{calendar_, cpu}, processor_{calendar_, *this},
      inlet_{context, this->name(), processor_, static_cast<std::uint64_t>(parameters.message_address().value),
             parameters.unhandled_limit(), wire},
      queue_{calendar_, processor_, parameters.cpu}, script_{calendar_, processor_, mmio_}, pci_{script_, PciProbe::layout_of(parameters)} {
  cpu.register_nb_transport_bw(this, &DriverFront::nb_transport_bw);
  interrupts.bind(inlet_);
}

}  // namespace ahcisim::host
