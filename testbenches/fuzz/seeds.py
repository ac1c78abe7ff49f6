#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes inputs from which the fuzzer gets past the front door: a port brought up, commands of each kind, structures that lie.

Usage: seeds.py FOLDER. The steps are those of script.hpp.
"""
import pathlib
import struct
import sys

LIST, FIS, TABLE, DATA = 0x1000, 0x2000, 0x3000, 0x8000
WRITE, READ, POKE, RUN, MESSAGE, CONFIGURATION, BYTES, BELL = range(8)


def write(offset, value):
    """A register of ABAR."""
    return struct.pack("<BHI", WRITE, offset, value)


def poke(offset, data):
    """Guest memory."""
    return struct.pack("<BHB", POKE, offset, len(data)) + data


def run(slices=1):
    """Simulated time passes."""
    return bytes([RUN | (slices - 1) << 3])


def message(command, payload, flags=0):
    """A message of the protocol."""
    return struct.pack("<BHBB", MESSAGE, command, flags, len(payload)) + payload


def bell(value, port=0):
    """PxCI."""
    return struct.pack("<BI", BELL | port << 3, value)


BRING_UP = b"".join([
    write(0x04, 0x80000002), write(0x100, LIST), write(0x108, FIS), write(0x130, 0xffffffff), write(0x118, 0x10), run(8),
    write(0x118, 0x11), write(0x110, 0xffffffff), write(0x114, 0xffffffff)])


def command(opcode, lba=0, count=0, features=0, slot=0, flags=5, prds=((DATA, 511),), table=TABLE):
    """A slot with its command header and table."""
    header = struct.pack("<IIII", flags | len(prds) << 16, 0, table + slot * 0x100, 0)
    fis = struct.pack("<BBBBBBBBBBBBBBBB", 0x27, 0x80, opcode, features & 255, lba & 255, lba >> 8 & 255, lba >> 16 & 255, 0x40,
                      lba >> 24 & 255, 0, 0, features >> 8, count & 255, count >> 8, 0, 0)
    entries = b"".join(struct.pack("<IIII", address, 0, 0, size) for address, size in prds)
    return poke(LIST + slot * 32, header) + poke(table + slot * 0x100, fis) + poke(table + slot * 0x100 + 0x80, entries)


def seeds():
    """Names and inputs."""
    one = BRING_UP
    yield "identify", one + command(0xec) + bell(1) + run(2)
    yield "read_dma", one + command(0x25, 8, 4, prds=((DATA, 1023), (DATA + 0x800, 1023))) + bell(1) + run()
    yield "write_dma_fua", one + command(0x3d, 8, 1, flags=0x45) + bell(1) + run()
    yield "pio", one + command(0x24, 1, 1) + bell(1) + command(0x34, 1, 1, flags=0x45) + bell(1) + run()
    yield "flush", one + command(0xea, prds=()) + bell(1) + run()
    yield "trim", one + poke(DATA, struct.pack("<QQ", 8 << 48 | 100, 16 << 48)) + command(0x06, 0, 1, 1, flags=0x45) + bell(1) + run()
    queued = b"".join(command(0x60 + (slot & 1), slot * 8, slot << 3, 1, slot, 5 | (slot & 1) << 6) for slot in range(4))
    yield "queued", one + queued + write(0x134, 15) + bell(15) + run(2)
    yield "queued_error", one + command(0x60, 1 << 20, 0, 1) + write(0x134, 1) + bell(1) + run() + write(0x118, 0x10) + run() + write(0x118, 0x11) + \
        command(0x2f, 0x10, 1) + bell(1) + run()
    yield "smart", one + command(0xb0, 0xc24f00, 1, 0xd0) + bell(1) + run()
    yield "set_features", one + command(0xef, 0, 0x46, 0x03, prds=()) + bell(1) + run()
    yield "prd_overrun", one + command(0x25, 0, 8, prds=((DATA, 1),) * 3) + bell(1) + run()
    yield "prd_outside", one + command(0x25, 0, 1, prds=((0xfffffffe, 0x3fffff),)) + bell(1) + run()
    yield "table_outside", one + poke(LIST, struct.pack("<IIII", 0xffff001f, 0, 0xffffff80, 0xffffffff)) + bell(1) + run()
    yield "list_is_fis_area", one.replace(write(0x100, LIST), write(0x100, FIS)) + command(0xec) + bell(1) + run()
    yield "software_reset", one + command(0, flags=0x105, prds=()) + bell(1) + run() + write(0x12c, 1) + run() + write(0x12c, 0) + run(4)
    yield "hba_reset", one + command(0x25, 0, 8) + bell(1) + write(0x04, 1) + run(4)
    yield "index_data", struct.pack("<BHI", WRITE | 1 << 3, 0x10, 0x118) + struct.pack("<BHI", WRITE | 1 << 3, 0x14, 0x11) + struct.pack("<BH", READ | 1 << 3, 0x14)
    yield "flr", one + struct.pack("<BHI", CONFIGURATION, 0x78, 0x8000) + run(2)
    yield "power_state", struct.pack("<BHI", CONFIGURATION, 0x44, 3) + one + struct.pack("<BHI", CONFIGURATION, 0x44, 0) + one
    yield "msi", struct.pack("<BHI", CONFIGURATION, 0x50, 0x310005) + message(8, struct.pack("<IIIII", 20, 0x24, 1, 0, 1), 0x80) + one + command(0xec) + bell(1) + run()
    yield "unmap", one + command(0x25, 0, 8) + message(3, struct.pack("<IIQQ", 24, 0, 0, 65536)) + bell(1) + run() + \
        message(2, struct.pack("<IIQQQ", 32, 3, 0, 0, 65536), 0x80) + bell(1) + run()
    yield "information", message(4, struct.pack("<IIII", 16, 0, 0, 0)) + b"".join(message(5, struct.pack("<IIIIQQ", 32, 0, i, 0, 0, 0)) for i in range(10)) + \
        message(7, struct.pack("<IIII", 16, 0, 2, 0)) + message(13, b"")
    yield "nonsense", bytes([BYTES, 40]) + struct.pack("<HHIII", 1, 9, 0xffffffff, 0, 0) + bytes(24)
    yield "fragment", bytes([BYTES, 20]) + struct.pack("<HHIII", 1, 9, 32, 0, 0) + bytes(4)
    yield "write_multiple_sizes", b"".join(struct.pack("<BHI", WRITE | (4 | width << 3) << 3 & 255, 0x118, 0x11) for width in range(4)) + one


def main():
    """Writes them."""
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in seeds():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
