#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A soak: reads, writes, trims and flushes in a mix, with verification, while the link is reset and the machine goes to sleep and wakes.

Usage: soak.py PROGRAM [--requests N] [--list]. The guest goes on until the disk has answered as many requests. Ends with an error where a byte
was wrong, a request failed, Linux complained of more than what was done to it, or the server's memory grew. Prints lines as
scripts/figures does: name, measured, unit, target, source.
"""
import argparse
import pathlib
import re
import threading
import time

import guest

# A round reads and writes every block of three quarters of the disk once, half of each, and reads back what was written; the last
# quarter is written before, trimmed at the same time, block by block, and reads as zeros then (the drive says so: RZAT).
SCRIPT = """
disk_appears /dev/sda
echo devices > /sys/power/pm_test
echo 1 > /sys/module/suspend/parameters/pm_test_delay
answered() { set -- $(cat /sys/block/sda/stat); echo $(($1 + $5 + ${12} + ${16})); }
fio() { /usr/bin/fio --filename=/dev/sda --ioengine=libaio --direct=1 --bs=4k --randseed=$round --output-format=terse "$@" > /tmp/fio 2>&1; }
round=0 asleep=0
while [ $(answered) -lt REQUESTS ]; do
  round=$(($round + 1))
  must fio --name=filled --offset=75% --size=25% --rw=write --bs=1M
  fio --name=mixed --size=75% --rw=randrw --iodepth=32 --fsync=200 --verify=crc32c --verify_fatal=1 \\
    --name=trimmed --offset=75% --size=25% --rw=randtrim --iodepth=4 &
  sleep 2
  echo "- - -" > /sys/class/scsi_host/host0/scan
  sleep 1
  echo freeze > /sys/power/state && asleep=$(($asleep + 1))
  wait $! || { echo "guest: failed: round $round"; cat /tmp/fio; break; }
  left=$(dd if=/dev/sda bs=1M skip=THREE_QUARTERS iflag=direct 2> /dev/null | tr -d '\\0' | wc -c)
  [ $left = 0 ] || echo "guest: failed: $left bytes are not zero after they were trimmed"
done
set -- $(cat /sys/block/sda/stat)
echo "guest: answered $1 reads $5 writes ${12} trims ${16} flushes, $round rounds, $asleep times asleep"
"""
# Lines that a reset and a sleep that were asked for bring.
WANTED = re.compile(r"PM: |Synchronizing SCSI cache|Stopping disk|Starting disk")


class Memory(threading.Thread):
    """Samples the server's own memory, without that of the guest and of the image, until it is gone."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self.status, self.kibibytes = pathlib.Path(f"/proc/{process}/status"), []

    def run(self) -> None:
        try:
            while True:
                self.kibibytes.append(int(re.search(r"RssAnon:\s+(\d+)", self.status.read_text(encoding="ascii")).group(1)))
                time.sleep(0.5)
        except (OSError, AttributeError):
            pass

    def growth(self) -> int:
        """From a third of the run on, when everything has been used, to its most."""
        later = self.kibibytes[len(self.kibibytes) // 3:]
        return max(later) - later[0]


def main() -> None:
    """Runs the guest and judges."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--list", action="store_true", help="name the figures, measure nothing")
    options = parser.parse_args()
    own = "the project's own: fio's verification, Linux's log"
    if options.list:
        print(f"guest.soak.requests\trequests\t>= {options.requests}\t{own}\nguest.soak.errors\terrors\t0\t{own}")
        print("guest.soak.memory\tKiB\t<= 1024\tgrowth of the server's own memory")
        return
    megabytes = 256 if options.requests > 300_000 else 32
    script = SCRIPT.replace("REQUESTS", str(options.requests)).replace("THREE_QUARTERS", str(megabytes * 3 // 4))
    with guest.Guest(options.program, script, ["/usr/bin/fio"]) as test:
        image = test.image(megabytes)
        socket = test.serve(f'[machine]\ndrive = "instant"\ninstant_capacity = "{megabytes}MiB"\nimage = "{image}"\nimage_access = "read_write"\n')
        memory = Memory(test.server.pid)
        memory.start()
        console = test.run(guest.vfio_user(socket), 60 + options.requests / 500)
        growth = memory.growth()
        told = test.stop_server()
        guest.check("0 of them refused" in told, f"the server refused messages: {told}", console)
        found = re.search(r"guest: answered (\d+) reads (\d+) writes (\d+) trims (\d+) flushes, (\d+) rounds, (\d+) times asleep", console)
        guest.check(found is not None, "the guest did not come to its end", console)
        numbers = [int(text) for text in found.groups()]
        errors = console.count("guest: failed") + sum(not WANTED.search(line) for line in guest.trouble(console))
        resets = console.count("SATA link up") - 1  # Linux tells of a reset that was asked for by its end
        print(f"guest.soak.requests\t{sum(numbers[:4])}\trequests\t>= {options.requests}\tread {numbers[0]}, written {numbers[1]}, "
              f"trimmed {numbers[2]}, flushed {numbers[3]}; {resets} resets, {numbers[5]} times asleep")
        print(f"guest.soak.errors\t{errors}\terrors\t0\t{own}")
        print(f"guest.soak.memory\t{growth}\tKiB\t<= 1024\tgrowth of the server's own memory")
        guest.check(errors == 0, f"errors: {guest.trouble(console)}", console)
        guest.check(min(numbers) > 0 and resets > numbers[5], "something was not exercised", console)
        guest.check(growth <= 1024, f"the server's memory grew by {growth} KiB", console)


if __name__ == "__main__":
    main()
