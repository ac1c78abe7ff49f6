// SPDX-License-Identifier: MIT
// The AHCI bench's device: it answers at once, and does what a test makes it do.
#include <utility>

#include "support/ahci_bench.hpp"

namespace ahcisim::bench {

FakeDevice::FakeDevice(const sc_core::sc_module_name& name, kit::Context& context, std::size_t sectors)
    : sc_module{name}, socket{"socket"}, media(sectors * 512), context_{context} {
  socket.on_nb_transport_fw<&FakeDevice::receive>(this);
  for (std::size_t i = 0; i < media.size(); ++i) media[i] = static_cast<std::uint8_t>(i * 7 + i / 512);
}

::tlm::tlm_sync_enum FakeDevice::receive(wire::Frame& frame, ::tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  const Duration when = context_.calendar.absolute(delay);
  if (phase == wire::SATA_FRAME) {
    const std::uint32_t bytes = frame.fis_bytes + frame.payload_bytes;
    Duration arrival = when + wire_latency + Duration::from_ps(static_cast<std::int64_t>(wire_ps_per_byte * bytes));
    arrival = kit::max(arrival, Duration::from_ps(frame.source_end_ps) + wire_latency);
    delay = context_.calendar.annotate(arrival + wire_latency);
    frame.verdict = next_verdict;
    next_verdict = wire::Verdict::r_ok;
    frame.retries = std::exchange(next_retries, std::uint8_t{0});
    if (frame.verdict != wire::Verdict::r_ok) return ::tlm::TLM_COMPLETED;
    if (frame.type() == wire::FisType::data)
      data_arrived(frame, arrival);
    else
      command(frame, arrival);
  } else if (phase == wire::SATA_COMRESET) {
    ++comresets, ++epoch_;
    speed_limit = frame.speed_limit;
    waiting_.clear(), writes_.clear();
    writing_active_ = reading_active_ = srst_ = false;
    held_back_ = 0;
  } else if (phase == wire::SATA_RELEASE) {
    if (!answers_reset) {
      send_link(wire::SATA_PRESENCE, when + 1_us);
    } else {
      send_link(wire::SATA_PHYRDY, when + 1_us, speed_limit ? speed_limit : 3);
      send_signature(when + 2_us);
    }
  }
  return ::tlm::TLM_COMPLETED;
}

void FakeDevice::send_link(::tlm::tlm_phase phase, Duration when, std::uint8_t speed) {
  wire::Frame frame;
  frame.speed = speed;
  sc_core::sc_time delay = context_.calendar.annotate(when);
  socket->nb_transport_bw(frame, phase, delay);
}

Duration FakeDevice::send(wire::Frame& frame, Duration when) {
  const Duration first = when + wire_latency;
  const Duration arrival = first + Duration::from_ps(static_cast<std::int64_t>(wire_ps_per_byte * (frame.fis_bytes + frame.payload_bytes)));
  frame.first_ps = first.ps();
  frame.crc_error = damage_next;
  damage_next = false;
  sc_core::sc_time delay = context_.calendar.annotate(arrival);
  ::tlm::tlm_phase phase = wire::SATA_FRAME;
  socket->nb_transport_bw(frame, phase, delay);
  last_verdict = frame.verdict;
  contended_ = frame.contended;
  return context_.calendar.absolute(delay) + wire_latency;
}

Duration FakeDevice::send_register(Duration when, std::uint8_t status, std::uint8_t error, bool interrupt) {
  wire::RegisterD2H fis;
  fis.flags = interrupt ? fis.I : 0;
  fis.status = status, fis.error = error;
  wire::Frame frame;
  frame.set(fis);
  return send(frame, when);
}

Duration FakeDevice::send_signature(Duration when) {
  wire::RegisterD2H fis;
  fis.status = 0x50, fis.error = 1;
  fis.count_7_0 = static_cast<std::uint8_t>(signature), fis.lba_7_0 = static_cast<std::uint8_t>(signature >> 8);
  fis.lba_15_8 = static_cast<std::uint8_t>(signature >> 16), fis.lba_23_16 = static_cast<std::uint8_t>(signature >> 24);
  wire::Frame frame;
  frame.set(fis);
  return send(frame, when);
}

Duration FakeDevice::send_set_device_bits(Duration when, std::uint32_t tags, std::uint8_t status, std::uint8_t error, bool interrupt) {
  wire::SetDeviceBits fis;
  fis.flags = interrupt ? fis.I : 0;
  fis.status = status, fis.error = error;
  wire::store_le32(fis.s_active, tags);
  wire::Frame frame;
  frame.set(fis);
  return send(frame, when);
}

Duration FakeDevice::send_pio_setup(Duration when, bool in, std::uint16_t bytes, std::uint8_t status, std::uint8_t e_status, bool interrupt) {
  wire::PioSetup fis;
  fis.flags = static_cast<std::uint8_t>((in ? fis.D : 0) | (interrupt ? fis.I : 0));
  fis.status = status, fis.e_status = e_status;
  fis.transfer_count_7_0 = static_cast<std::uint8_t>(bytes), fis.transfer_count_15_8 = static_cast<std::uint8_t>(bytes >> 8);
  wire::Frame frame;
  frame.set(fis);
  return send(frame, when);
}

Duration FakeDevice::send_dma_setup(Duration when, unsigned tag, bool in, std::uint32_t offset, std::uint32_t bytes) {
  wire::DmaSetup fis;
  fis.flags = static_cast<std::uint8_t>((in ? fis.D : auto_activate ? fis.A : 0) | (interrupt_on_setup ? fis.I : 0));
  fis.buffer_identifier_low[0] = static_cast<std::uint8_t>(tag);
  wire::store_le32(fis.buffer_offset, offset);
  wire::store_le32(fis.transfer_count, bytes);
  wire::Frame frame;
  frame.set(fis);
  return send(frame, when);
}

Duration FakeDevice::send_activate(Duration when) {
  wire::OneDwordFis fis;
  fis.fis_type = static_cast<std::uint8_t>(wire::FisType::dma_activate);
  wire::Frame frame;
  frame.set(fis);
  return send(frame, when);
}

Duration FakeDevice::send_data(Duration when, std::uint8_t* data, std::uint32_t bytes, unsigned) {
  wire::OneDwordFis fis;
  fis.fis_type = static_cast<std::uint8_t>(wire::FisType::data);
  wire::Frame frame;
  frame.set(fis);
  frame.payload = data;
  frame.payload_bytes = bytes;
  ++data_frames;
  return send(frame, when);
}

FakeDevice::Job FakeDevice::decode(const wire::RegisterH2D& fis) const {
  Job job;
  job.fis = fis;
  std::uint32_t sectors = fis.count();
  switch (fis.command) {
    case 0x60: case 0x61:
      job.queued = true, job.write = fis.command == 0x61;
      job.tag = fis.count_7_0 >> 3;
      sectors = fis.features();
      break;
    case 0x25: break;
    case 0x35: job.write = true; break;
    case 0x24: case 0xec: job.pio = true; break;
    case 0x34: job.pio = job.write = true; break;
    case 0xa0: job.packet = true; break;
    default: break;
  }
  job.at = fis.command == 0xec ? 0 : fis.lba48() * 512;
  job.bytes = (fis.command == 0xec ? 1 : sectors) * 512;
  return job;
}

void FakeDevice::command(const wire::Frame& frame, Duration when) {
  const auto& fis = frame.as<wire::RegisterH2D>();
  if (frame.fis_bytes != sizeof fis || frame.type() != wire::FisType::register_h2d) return;
  commands.push_back(fis);
  if (!(fis.flags & fis.C)) {  // SRST set, then cleared: the signature
    const bool before = srst_;
    srst_ = fis.control & 4;
    if (before && !srst_) send_signature(when + service);
    return;
  }
  if (on_command && on_command(fis, frame.slot)) return;
  Job job = decode(fis);
  const bool known = job.queued || job.pio || job.packet || fis.command == 0x25 || fis.command == 0x35;
  if (!known || job.at + job.bytes > media.size()) {
    send_register(when + service, known ? 0x51 : 0x51, known ? 0x10 : 0x04);
    return;
  }
  if (job.queued) send_register(when, 0x40, 0, false);
  waiting_.push_back(job);
  context_.calendar.at<&FakeDevice::begin>(when + service, this, epoch_);
}

void FakeDevice::begin(std::uint64_t epoch) {
  if (epoch != epoch_ || waiting_.empty()) return;
  if (reading_active_) {
    ++held_back_;
    return;
  }
  Job job = waiting_.front();
  waiting_.pop_front();
  start_data(job);
}

void FakeDevice::start_data(Job job) {
  const Duration now = context_.calendar.now();
  if (!job.write && !job.packet) return read(job, now);
  if (writing_active_) {
    writes_.push_back(job);
    return;
  }
  writing_ = job;
  writing_active_ = true;
  if (job.packet)
    send_pio_setup(now, false, 12, 0x58, 0x80, false);
  else if (job.queued) {
    const Duration sent = send_dma_setup(now, job.tag, false, 0, job.bytes);
    if (!auto_activate) send_activate(sent);
  } else
    ask_for_data(epoch_);
}

void FakeDevice::read(Job& job, Duration now) {
  if (job.pio) {
    for (std::uint32_t done = 0; done < job.bytes; done += pio_block) {
      const std::uint32_t part = std::min(pio_block, job.bytes - done);
      const bool last = done + part == job.bytes;
      now = send_pio_setup(now, true, static_cast<std::uint16_t>(part), 0x58, last ? 0x50 : 0xd0);
      now = send_data(now, &media[job.at + done], part);
    }
    return;
  }
  job.end = job.bytes;
  read_on(job, now);
}

void FakeDevice::read_on(Job job, Duration now) {
  const std::uint32_t total = job.bytes + excess - shortage;
  const std::uint32_t chunk = job.queued && setup_chunk ? setup_chunk : job.bytes;
  while (job.end > 0) {
    const std::uint32_t begin = job.end - std::min(chunk, job.end), last = chunk >= job.bytes ? total : job.end;
    if (job.queued && job.done == 0) now = send_dma_setup(now, job.tag, true, begin, last - begin);
    while (begin + job.done < last) {
      const std::uint32_t from = begin + job.done, bytes = std::min(wire::max_data_fis_bytes, last - from);
      now = send_data(now, &media[job.at + from], bytes, job.tag);
      job.done += bytes;
      if (!contended_ || from + bytes == last) continue;
      reading_ = job;
      reading_active_ = true;
      return context_.calendar.at<&FakeDevice::resume>(now, this, epoch_);
    }
    job.done = 0;
    job.end = begin;
  }
  finish(job, now);
  for (; held_back_ > 0; --held_back_) context_.calendar.at<&FakeDevice::begin>(now, this, epoch_);
}

void FakeDevice::resume(std::uint64_t epoch) {
  if (epoch != epoch_ || !reading_active_) return;
  reading_active_ = false;
  read_on(reading_, context_.calendar.now());
}

void FakeDevice::finish(const Job& job, Duration when) {
  if (job.queued)
    send_set_device_bits(when, 1u << job.tag);
  else
    send_register(when, 0x50);
}

void FakeDevice::ask_for_data(std::uint64_t epoch) {
  if (epoch != epoch_ || !writing_active_) return;
  const Duration now = context_.calendar.now();
  if (writing_.pio) {
    const std::uint32_t part = std::min(pio_block, writing_.bytes - writing_.done);
    send_pio_setup(now, false, static_cast<std::uint16_t>(part), 0x58, 0xd0, writing_.done != 0);
  } else {
    send_activate(now);
  }
}

void FakeDevice::data_arrived(const wire::Frame& frame, Duration when) {
  if (!writing_active_) return;
  if (writing_.packet) {
    packet.assign(frame.payload, frame.payload + frame.payload_bytes);
    writing_active_ = false;
    send_register(when + service, 0x50);
    return;
  }
  const std::uint32_t room = writing_.bytes - writing_.done, part = std::min(room, frame.payload_bytes);
  std::memcpy(&media[writing_.at + writing_.done], frame.payload, part);
  writing_.done += part;
  if (writing_.done < writing_.bytes) {
    context_.calendar.at<&FakeDevice::ask_for_data>(when, this, epoch_);
    return;
  }
  writing_active_ = false;
  finish(writing_, when);
  if (!writes_.empty()) {
    waiting_.push_front(writes_.front());
    writes_.pop_front();
    context_.calendar.at<&FakeDevice::begin>(when, this, epoch_);
  }
}

}  // namespace ahcisim::bench
