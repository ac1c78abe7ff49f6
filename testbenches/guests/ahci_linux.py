#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Linux with libahci: probe, ext4, fio with verification, fsck, and the image compared from outside.

Usage: ahci_linux.py PROGRAM [--board pc|q35] [--interrupts msix|msi|intx]
"""
import argparse
import hashlib
import subprocess

import guest

SCRIPT = """
disk_appears /dev/sda
echo "guest: depth $(cat /sys/block/sda/device/queue_depth)"
must /usr/sbin/mke2fs -q -t ext4 /dev/sda
must mount -t ext4 /dev/sda /mnt
must /usr/bin/fio --name=verified --directory=/mnt --size=24M --bs=4k --rw=randrw --ioengine=libaio --direct=1 --iodepth=32 --verify=crc32c \\
  --verify_fatal=1 --output-format=terse --randseed=7 > /tmp/fio || cat /tmp/fio
must dd if=/dev/urandom of=/mnt/witness bs=1M count=8
sync
echo "guest: sha256 $(sha256sum < /mnt/witness)"
must umount /mnt
must /usr/sbin/e2fsck -f -n /dev/sda
echo "guest: interrupts $(grep ahci /proc/interrupts)"
"""
APPEND = {"msix": "", "msi": "", "intx": "pci=nomsi"}


def content(test: guest.Guest, image, name: str) -> bytes:
    """A file in the image, read without the guest and without the model."""
    tools = test.packages / "linux/root/usr"
    loader = [tools / "lib64/ld-linux-x86-64.so.2", "--library-path", tools / "lib/x86_64-linux-gnu"]
    subprocess.run([*loader, tools / "sbin/e2fsck", "-f", "-n", image], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*loader, tools / "sbin/debugfs", "-R", f"dump {name} {test.folder / 'dumped'}", image], check=True, stderr=subprocess.DEVNULL)
    return (test.folder / "dumped").read_bytes()


def main() -> None:
    """Runs the guest and judges."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--board", default="pc", choices=["pc", "q35"])
    parser.add_argument("--interrupts", default="msix", choices=list(APPEND))
    options = parser.parse_args()
    with guest.Guest(options.program, SCRIPT, guest.PROGRAMS) as test:
        image = test.image(128)
        socket = test.serve(f'[machine]\ndrive = "instant"\ninstant_capacity = "128MiB"\nimage = "{image}"\nimage_access = "read_write"\n')
        device = guest.vfio_user(socket)
        if options.board == "q35":
            device = ["-device", "pcie-root-port,id=rp,chassis=1,slot=1", *guest.vfio_user(socket, bus="rp")]
        console = test.run(device, 240, board=options.board, append=APPEND[options.interrupts])
        told = test.stop_server()
        print(told)
        for wanted in ("SATA link up 6.0 Gbps", "NCQ (depth 32)", "guest: depth 32"):
            guest.check(wanted in console, f'"{wanted}" is not there', console)
        guest.check("guest: failed" not in console, "a step of the guest failed", console)
        guest.check(not guest.trouble(console), f"Linux complained: {guest.trouble(console)}", console)
        guest.check("0 of them refused" in told, f"the server refused messages: {told}", console)
        seen = hashlib.sha256(content(test, image, "witness")).hexdigest()
        guest.check(f"guest: sha256 {seen}" in console, "the image holds something else than the guest has written", console)
        print(next(line for line in console.splitlines() if line.startswith("guest: interrupts")))


if __name__ == "__main__":
    main()
