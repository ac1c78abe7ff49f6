#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Linux's error handler on the model: an unreadable sector in the queue, data damaged on the cable, a lost link, hung commands.

Every fault is looked for in what Linux says of it (command, tag, block, cause, what it did), and the data afterwards.

Usage: linux_errors.py PROGRAM
"""
import argparse
import hashlib
import re

import guest

MEGABYTES, READ_MEGABYTES = 64, 40
UNREADABLE, DAMAGED_READ, LOST, HUNG_READ = 40005, 50000, 56000, 62000  # within what is only read …
DAMAGED_WRITE, HUNG_WRITE = 100000, 110000                              # … and behind it
MACHINE = f"""[machine]
drive = "instant"
instant_capacity = "{MEGABYTES}MiB"
image = "IMAGE"
image_access = "read_write"
[faults]
unreadable = "{UNREADABLE}+3"
damaged_data = "{DAMAGED_READ}, {DAMAGED_WRITE}"
lost_link = "{LOST}"
hung = "{HUNG_READ}, {HUNG_WRITE}"
"""
# A megabyte on each side of the fault, 32 requests at a time; what is written is read back and compared by fio itself.
SCRIPT = f"""
disk_appears /dev/sda
echo 2 > /sys/block/sda/device/timeout
part() {{ echo "guest: part $1" > /dev/kmsg; }}
queue() {{
  sector=$1; shift
  /usr/bin/fio --name=q --filename=/dev/sda --offset=$(($sector / 8 * 4096 - 1048576)) --size=2M --bs=4k --ioengine=libaio --direct=1 \\
    --iodepth=32 --output-format=terse "$@" > /tmp/fio
}}
block() {{ dd if=/dev/sda of=/dev/null bs=4k skip=$1 count=1 iflag=direct 2> /dev/null; }}
reads() {{ part $1; must queue $2 --rw=read; }}
writes() {{ part $1; must queue $2 --rw=randwrite --verify=crc32c --randseed=3; }}
part unreadable
queue {UNREADABLE} --rw=read && echo "guest: failed: the sector was read"
must block {UNREADABLE // 8 - 1}
must block {UNREADABLE // 8 + 1}
part overwritten
must dd if=/dev/zero of=/dev/sda bs=4k seek={UNREADABLE // 8} count=1 oflag=direct
must block {UNREADABLE // 8}
reads damaged_read {DAMAGED_READ}
reads lost_link {LOST}
reads hung_read {HUNG_READ}
echo "guest: sha256 $(dd if=/dev/sda bs=1M count={READ_MEGABYTES} iflag=direct 2> /dev/null | sha256sum)"
writes damaged_write {DAMAGED_WRITE}
writes hung_write {HUNG_WRITE}
part end
"""
RESET = ["hard resetting link", "SATA link up SPEED Gbps", "configured for UDMA/133", "EH complete"]
# What Linux says, in this order. Damaged data from the drive fails the HBA's own CRC check; of damaged data to the drive it learns by
# the drive's R_ERR (AHCI 1.3.1, 3.3.12: DIAG.C, DIAG.H; ERR.T with both). After more than three errors of the bus within ten minutes
# Linux halves the link's speed.
SAID = {
    "unreadable": (UNREADABLE, "READ", ["status: { DRDY ERR }", "error: { UNC }", "Add. Sense: Unrecovered read error",
                                        f"I/O error, dev sda, sector {UNREADABLE} ", "EH complete"]),
    "damaged_read": (DAMAGED_READ, "READ", ["SError: { UnrecovData BadCRC }", *RESET]),
    "lost_link": (LOST, "READ", ["PHY RDY changed", "SError: { PHYRdyChg", *RESET]),
    "hung_read": (HUNG_READ, "READ", ["SAct", *RESET]),
    "damaged_write": (DAMAGED_WRITE, "WRITE", ["limiting SATA link speed to 3.0 Gbps", "SError: { UnrecovData Handshk }", *RESET]),
    "hung_write": (HUNG_WRITE, "WRITE", ["SAct", *RESET]),
}
CAUSE = {"unreadable": "0x409 (media error) <F>", "damaged_read": "0x10 (ATA bus error)", "lost_link": "0x10 (ATA bus error)",
         "hung_read": "0x4 (timeout)", "damaged_write": "0x10 (ATA bus error)", "hung_write": "0x4 (timeout)"}
COMMAND = re.compile(r"failed command: (READ|WRITE) FPDMA QUEUED\n.*?"
                     r"cmd (6[01])/(..):(..):(..):(..):(..)/(..):(..):(..):(..):(..)/40 tag (\d+) ncq dma 4096 \w+\n.*?"
                     r"res (\w\w)/(\w\w):(..):(..):(..):(..)/(?:..:){4}../.. Emask (.*)")


def failed_commands(said: str) -> list:
    """Direction, first sector, tag, the sector of the result, and the cause of the commands that Linux names."""
    found = []
    for match in COMMAND.finditer(said):
        group = match.groups()
        low, high = group[4:7], group[9:12]
        sector = int("".join([*reversed(high), *reversed(low)]), 16)
        tag = int(group[12])
        if int(group[3], 16) >> 3 != tag:  # the tag is in Count 7:3 (ACS-3, READ FPDMA QUEUED)
            continue
        found.append((group[0], sector, tag, int("".join(reversed(group[16:19])), 16), group[19].strip()))
    return found


def in_order(said: str, lines: list) -> str:
    """The first of the lines that is not there behind those before it, or an empty text."""
    at = 0
    for line in lines:
        at = said.find(line, at)
        if at < 0:
            return line
    return ""


def judge(name: str, said: str, console: str) -> None:
    """One fault."""
    place, direction, lines = SAID[name]
    speed = "3.0" if name in ("damaged_write", "hung_write") else "6.0"
    missing = in_order(said, [line.replace("SPEED", speed) for line in lines])
    guest.check(not missing, f'{name}: "{missing}" is not there', console)
    commands = failed_commands(said)
    hit = [each for each in commands if each[:2] == (direction, place // 8 * 8)]
    print(f"{name}: {hit}, {len(commands)} commands in all")
    guest.check(len(hit) == 1 and hit[0][4] == CAUSE[name], f"{name}: not the command that it was, {commands}", console)
    if name == "unreadable":
        guest.check(len(commands) == 1 and hit[0][3] == UNREADABLE, f"{name}: not the block that it was, {commands}", console)
        guest.check(f"tag#{hit[0][2]} Sense Key : Medium Error" in said, f"{name}: not the tag that it was, {commands}", console)


def main() -> None:
    """Runs the guest and judges."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    options = parser.parse_args()
    with guest.Guest(options.program, SCRIPT, ["/usr/bin/fio"]) as test:
        image = test.image(MEGABYTES)
        content = bytearray(b"".join(hashlib.sha256(b"%d" % i).digest() * 128 for i in range(MEGABYTES * 256)))
        image.write_bytes(content)
        console = test.run(guest.vfio_user(test.serve(MACHINE.replace("IMAGE", str(image)))), 120)
        told = test.stop_server()
        print(told)
        guest.check("guest: failed" not in console, "a step of the guest failed", console)
        parts = dict(re.findall(r"guest: part (\w+)\n(.*?)(?=\[ *[\d.]+\] guest: part|\Z)", console.replace("\r", ""), re.DOTALL))
        for name in SAID:
            judge(name, parts[name], console)
        guest.check("failed command" not in parts["overwritten"], "the sector was not readable after it was written", console)
        guest.check("0 of them refused" in told, f"the server refused messages: {told}", console)
        first = UNREADABLE // 8 * 4096
        content[first:first + 4096] = bytes(4096)
        wanted = hashlib.sha256(content[:READ_MEGABYTES << 20]).hexdigest()
        guest.check(f"guest: sha256 {wanted}" in console, "the guest has read something else than the image holds", console)
        guest.check(hashlib.sha256(image.read_bytes()[:READ_MEGABYTES << 20]).hexdigest() == wanted, "the image has changed", console)


if __name__ == "__main__":
    main()
