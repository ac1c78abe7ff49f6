#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A PC that boots from the model's disk: SeaBIOS and GRUB read it, then Linux has its root file system there.

Usage: linux_boot.py PROGRAM
"""
import argparse
import re

import guest

SCRIPT = """
echo "guest: root $(grep ' / ' /proc/mounts | cut -d ' ' -f 1)"
must mount -o remount,rw /dev/sda1 /
echo written by the guest > /written
sync
must mount -o remount,ro /dev/sda1 /
echo "guest: up $(cut -d ' ' -f 1 /proc/uptime) s"
"""
WANTED = ["guest: GRUB reads the kernel", "Command line: BOOT_IMAGE=/boot/vmlinuz root=/dev/sda1", "SATA link up 6.0 Gbps",
          "EXT4-fs (sda1): mounted filesystem", "guest: root /dev/sda1"]


def main() -> None:
    """Runs the guest and judges."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    options = parser.parse_args()
    with guest.Guest(options.program) as test:
        image = test.boot_image(SCRIPT, ["ahci", "sd_mod", "ext4", "crc32c_generic"])
        socket = test.serve(f'[machine]\ndrive = "instant"\ninstant_capacity = "{image.stat().st_size >> 20}MiB"\n'
                            f'image = "{image}"\nimage_access = "read_write"\n')
        console = test.boot(guest.vfio_user(socket, bootindex=0), 120)
        told = test.stop_server()
        print(told)
        at = 0
        for wanted in WANTED:
            at = console.find(wanted, at)
            guest.check(at >= 0, f'"{wanted}" is not there, or not in its place', console)
        guest.check("guest: failed" not in console, "a step of the guest failed", console)
        guest.check(not guest.trouble(console), f"Linux complained: {guest.trouble(console)}", console)
        guest.check("0 of them refused" in told, f"the server refused messages: {told}", console)
        guest.check(b"written by the guest\n" in image.read_bytes(), "the image does not hold what the guest has written", console)
        print(re.search("guest: up .*", console).group(0))


if __name__ == "__main__":
    main()
