#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Figures of a guest on the model beside the same guest on QEMU's own AHCI: boot, sequential reads, random reads.

Usage: speed.py PROGRAM [--repeat N] [--list]. Both guests take turns, the median of each is taken; the image lies in memory. Prints lines as
scripts/figures does: name, measured, unit, target, source.
"""
import argparse
import pathlib
import re
import shutil
import statistics
import tempfile

import guest

SCRIPT = """
disk_appears /dev/sda
echo "guest: boot $(cut -d ' ' -f 1 /proc/uptime)"
measure() {
  name=$1; shift
  /usr/bin/fio --name=$name --filename=/dev/sda --ioengine=libaio --direct=1 --randrepeat=1 --time_based --runtime=5 --ramp_time=1 \\
    --output-format=terse "$@" > /tmp/$name || cat /tmp/$name
  echo "guest: $name $(cut -d ';' -f 8 /tmp/$name)"
}
begin=$(cut -d ' ' -f 1 /proc/uptime)
dd if=/dev/sda of=/dev/null bs=1M count=256 iflag=direct 2> /tmp/dd
echo "guest: dd $begin $(cut -d ' ' -f 1 /proc/uptime)"
measure qd1 --bs=4k --rw=randread --iodepth=1
measure qd32 --bs=4k --rw=randread --iodepth=32
"""

UNIT = {"boot": "s", "dd": "MB/s", "qd1": "IOPS", "qd32": "IOPS"}
TARGET = {"boot": "<= 1.5", "dd": ">= 0.7", "qd1": ">= 0.5", "qd32": ">= 0.7"}
BESIDE, OWN = "measured side by side in one run", "the project's own: against QEMU's own AHCI"


def show(values) -> None:
    """A line for each figure; `values` gives what was measured under a name, or None: then the lines have no such column."""
    for name, unit in UNIT.items():
        for side in ("qemu", "model"):
            print("\t".join((f"guest.{name}.{side}", *([f"{values[side][name]:.1f}"] if values else []), unit, "", BESIDE)))
        ratio = [f"{values['model'][name] / values['qemu'][name]:.2f}"] if values else []
        print("\t".join((f"guest.{name}", *ratio, "ratio", TARGET[name], OWN)))


def numbers(console: str, name: str) -> list:
    """What the guest printed under a name."""
    found = re.search(rf"guest: {name} ([0-9. ]+)", console)
    guest.check(found is not None, f"the guest printed no {name}", console)
    return [float(text) for text in found.group(1).split()]


def measured(console: str) -> dict:
    """The figures of one run."""
    begin, end = numbers(console, "dd")
    figures = {"boot": numbers(console, "boot")[0], "dd": 256 * 1.048576 / (end - begin)}
    for name in ("qd1", "qd32"):
        figures[name] = numbers(console, name)[0]  # terse format, version 3: field 8 is the reads' IOPS
    return figures


def main() -> None:
    """Runs both guests in turns."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--list", action="store_true", help="name the figures, measure nothing")
    options = parser.parse_args()
    if options.list:
        show(None)
        return
    runs = {"model": [], "qemu": []}
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ahcisim-guest-", dir="/dev/shm"))
    try:
        image = folder / "disk.img"
        with open(image, "wb") as file:
            for _ in range(256):
                file.write(b"\xa5" * (1 << 20))
        for _ in range(options.repeat):
            with guest.Guest(options.program, SCRIPT, ["/usr/bin/fio"]) as test:
                socket = test.serve(f'[machine]\ndrive = "instant"\ninstant_capacity = "256MiB"\nimage = "{image}"\nimage_access = "read_write"\n')
                runs["model"].append(measured(test.run(guest.vfio_user(socket), 180, quiet=True)))
                test.stop_server()
                own = ["-device", "ich9-ahci,id=a", "-drive", f"id=d,file={image},format=raw,if=none,cache=writeback", "-device", "ide-hd,bus=a.0,drive=d"]
                runs["qemu"].append(measured(test.run(own, 180, quiet=True)))
    finally:
        shutil.rmtree(folder)
    show({side: {name: statistics.median(run[name] for run in each) for name in each[0]} for side, each in runs.items()})


if __name__ == "__main__":
    main()
