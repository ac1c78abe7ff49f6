#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Linux reads discs from the model's optical drive: mounted, every file compared, changed while the guest runs, locked while mounted.

Usage: linux_dvd.py PROGRAM [--board pc|q35|q35.built-in] [--time free|paced]
"""
import argparse
import hashlib
import pathlib
import random
import re
import shutil
import subprocess
import sys

import guest

# The guest tells what it sees, and asks for what only a person in front of the drive can do.
SCRIPT = """
ask() { echo "guest: asks $1"; read answer; }
# Whoever opens the drive first is told that there is another disc, and Linux looks at it when it is opened next.
opens() { dd if=/dev/sr0 of=/dev/null count=0 2> /dev/null; }
mounted() { for i in $(seq 100); do opens && opens && mount -t iso9660 -o ro /dev/sr0 /mnt && return; sleep 0.2; done; echo "guest: failed: mount"; }
now() { cut -d ' ' -f 1 /proc/uptime; }
tell() {
  echo "guest: disc $1 $(cat /sys/block/sr0/size) $(findfs LABEL=$2)"
  find /mnt -type f | sort | while read file; do echo "guest: file $1 ${file#/mnt/} $(sha256sum < "$file" | cut -d ' ' -f 1)"; done
}
disk_appears /dev/sr0
mounted
tell one FIRST
echo 3 > /proc/sys/vm/drop_caches
begin=$(now)
cat /mnt/large/deeper/9000001 > /dev/null
echo "guest: seconds $begin $(now)"
ask eject
must cmp /mnt/small/2049 /mnt/small/2049.copy
must umount /mnt
ask insert
must mounted
tell two SECOND
must umount /mnt
echo 1 > /proc/sys/dev/cdrom/autoeject
dd if=/dev/sr0 of=/dev/null bs=2048 count=1 2> /dev/null
echo 0 > /proc/sys/dev/cdrom/autoeject
ask again
must mounted
tell again FIRST
must umount /mnt
"""
MACHINE = """[machine]
drive = "dvd-rom"
image = "IMAGE"
"""
SIZES = {"one": (0, 1, 2047, 2048, 2049, 65536, 5_000_000, 9_000_001), "two": (0, 2049, 40_000, 3_333_333)}
LABEL = {"one": "FIRST", "two": "SECOND"}


class Disc:
    """An ISO image of random files, and what they hold."""

    def __init__(self, folder: pathlib.Path, name: str) -> None:
        self.image, self.files = folder / f"{name}.iso", {}
        content = folder / name
        (content / "small").mkdir(parents=True)
        (content / "large" / "deeper").mkdir(parents=True)
        source = random.Random(name)
        for size in SIZES[name]:
            place = "small" if size < 10_000 else "large/deeper"
            self.add(content, f"{place}/{size}", source.randbytes(size))
        self.add(content, "small/2049.copy", (content / "small/2049").read_bytes())
        subprocess.run(["genisoimage", "-quiet", "-R", "-J", "-V", LABEL[name], "-o", self.image, content], check=True)

    def add(self, content: pathlib.Path, name: str, data: bytes) -> None:
        """A file of the disc."""
        (content / name).write_bytes(data)
        self.files[name] = hashlib.sha256(data).hexdigest()

    def sectors(self) -> int:
        """Of 512 bytes."""
        return self.image.stat().st_size // 512


def judge(console: str, told: str, disc: Disc, label: str) -> None:
    """The guest saw the disc as it is."""
    guest.check(f"guest: disc {told} {disc.sectors()} /dev/sr0" in console, f"size or label of {label} is not right", console)
    lines = {line.rstrip() for line in console.splitlines() if line.startswith(f"guest: file {told} ")}
    wanted = {f"guest: file {told} {name} {digest}" for name, digest in disc.files.items()}
    guest.check(lines == wanted, f"the files of {label} are others than on the disc", console)


def main() -> None:
    """Runs the guest and judges."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--board", default="pc", choices=list(guest.BOARDS))
    parser.add_argument("--time", default="free", choices=["free", "paced"])
    options = parser.parse_args()
    if not shutil.which("genisoimage"):
        print("guests: genisoimage is not installed, which makes the discs", file=sys.stderr)
        sys.exit(guest.SKIPPED)
    with guest.Guest(options.program, SCRIPT, modules=["ahci", "sr_mod", "isofs"]) as test:
        discs = {name: Disc(test.folder, name) for name in SIZES}
        answers = {}
        lines = {"eject": ["status", "eject"], "insert": [f"insert {discs['two'].image}"], "again": ["status", f"insert {discs['one'].image}"]}

        def on_request(what: str) -> None:
            answers[what] = "".join(test.control(line) for line in lines[what])

        socket = test.serve(MACHINE.replace("IMAGE", str(discs["one"].image)), ["--time", options.time])
        board, device = guest.function_of(options.board, socket)
        console = test.run(device, 240, board=board, on_request=on_request)
        told = test.stop_server()
        print(told, answers)
        for wanted in ("SATA link up 1.5 Gbps", "ATAPI: AHCISIM DVD-ROM", "CD-ROM            AHCISIM  DVD-ROM", "[sr0] scsi3-mmc drive"):
            guest.check(wanted in console, f'"{wanted}" is not there', console)
        guest.check("guest: failed" not in console, "a step of the guest failed", console)
        guest.check(not guest.trouble(console), f"Linux complained: {guest.trouble(console)}", console)
        judge(console, "one", discs["one"], "the first disc")
        judge(console, "two", discs["two"], "the second disc")
        judge(console, "again", discs["one"], "the first disc, put in again")
        begin, end = next(line.split()[2:] for line in console.splitlines() if line.startswith("guest: seconds"))
        print(f"9 MB were read at {9.000001 / (float(end) - float(begin)):.1f} MB/s of the guest's time")  # paced: where nothing falls behind
        guest.check("tray closed and locked" in answers["eject"] and "the guest has locked the tray" in answers["eject"],
                    f"the tray of a mounted disc was not locked: {answers['eject']}", console)
        guest.check("the tray takes the disc" in answers["insert"], f"the disc was not taken: {answers['insert']}", console)
        guest.check("tray open, a disc lies in it" in answers["again"], f"the guest did not eject: {answers['again']}", console)
        attentions = [int(number) for number in re.findall(r"(\d+) unit attentions", answers["eject"] + answers["again"])]
        guest.check(len(attentions) == 2 and attentions[1] > attentions[0], f"Linux was told of no other disc: {attentions}", console)
        guest.check("0 of them refused" in told, f"the server refused messages: {told}", console)


if __name__ == "__main__":
    main()
