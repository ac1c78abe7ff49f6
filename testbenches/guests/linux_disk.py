#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Linux on the model's disk: probe, ext4, fio with verification, fsck, and the image compared from outside.

Usage: linux_disk.py PROGRAM [--interface ahci|ide|virtio_blk] [--board pc|q35|q35.built-in] [--interrupts message|intx]
                     [--time free|paced|record] [--profile strict|ich9] [--ide-driver ata_piix|ata_generic] [--memory shared|plain]

With --time record the trace is replayed by `ahcisim run` on another drive.
"""
import argparse
import collections
import hashlib
import json
import re
import subprocess

import guest

SCRIPT = """
disk_appears DISK
cat /sys/block/sda/device/queue_depth 2> /dev/null | sed 's/^/guest: depth /'
for each in /sys/class/ata_device/dev*; do [ -d $each ] && echo "guest: ${each##*/} $(cat $each/class) $(cat $each/xfer_mode)"; done
must /usr/sbin/mke2fs -q -t ext4 DISK
must mount -t ext4 DISK /mnt
must /usr/bin/fio --name=verified --directory=/mnt --size=SIZE --bs=4k --rw=randrw --ioengine=libaio --direct=1 --iodepth=32 \\
  --verify=crc32c --verify_fatal=1 --output-format=terse --randseed=7 > /tmp/fio || cat /tmp/fio
must dd if=/dev/urandom of=/mnt/witness bs=1M count=8
sync
echo "guest: sha256 $(sha256sum < /mnt/witness)"
must umount /mnt
must /usr/sbin/e2fsck -f -n DISK
echo "guest: asks mapped"; read answer
place=$(readlink -f /sys/class/block/$(basename DISK)/device)
until [ -e $place/config ]; do place=${place%/*}; done
echo "guest: function ${place##*/} irq $(cat $place/irq)"
for each in $place/msi_irqs/*; do [ -e $each ] && echo "guest: vector ${each##*/} $(cat $each)"; done
grep -E 'ahci|ata_|virtio' /proc/interrupts | sed 's/^/guest: interrupts /'
"""
MACHINE = {
    "ahci": "",
    "ide": 'interface = "ide"\n',
    "virtio_blk": 'deployment = "emulated"\ninterface = "virtio_blk"\n',
}
DISK = {"ahci": "/dev/sda", "ide": "/dev/sda", "virtio_blk": "/dev/vda"}
IDENTITY = {"ahci": "8086:2922", "ide": "8086:24db", "virtio_blk": "1af4:1001"}
# How the function is to interrupt unless it is forbidden, as Linux names it in msi_irqs: the best that it and the driver have. libahci
# wants a message for each port; an ICH9 has no MSI-X, and of MSI this PC grants one message.
MESSAGE = {"strict": "msix", "ich9": "msi", "ide": "intx", "virtio_blk": "msix"}
CHIP = {"msi": "PCI-MSI", "msix": "PCI-MSI", "intx": "IO-APIC"}
# A command of IDE is some 28 accesses of the guest, one of AHCI four.
SIZE = {"ahci": "24M", "ide": "6M", "virtio_blk": "24M"}
MODULES = {"ahci": ["ahci", "sd_mod"], "ide": ["sd_mod"], "virtio_blk": ["virtio_pci", "virtio_blk"]}
WANTED = {
    "ahci": ["NCQ (depth 32)", "guest: depth 32"],
    "ide": ["[sda] 262144 512-byte logical blocks", "guest: depth 1"],
    "virtio_blk": ["[vda] 262144 512-byte logical blocks"],
}
PROFILE = {"strict": [], "ich9": ["--set", "ahci.profile=ich9"]}
# What each profile makes Linux say of the controller and the link.
SHOWN = {"strict": ["AHCI 0001.0301", "SATA link up 6.0 Gbps"], "ich9": ["AHCI 0001.0200", "6 ports 3 Gbps 0x3f impl", "SATA link up 3.0 Gbps"]}
# What makes a driver take the IDE function: ata_piix knows its identity. ata_generic takes it when told so, and as one whose DMA may
# be used (2) though no firmware has said so in the bus master's status.
BIND = {"ata_piix": "", "ata_generic": "must sh -c 'echo 8086 24db ffffffff ffffffff 0 0 2 > /sys/bus/pci/drivers/ata_generic/new_id'\n"}
# What each makes Linux say of channels and mode. ata_piix also has the board's own two channels; ata_generic sets no mode, and takes
# the drive's best for what firmware has set.
IDE_SHOWN = {
    "ata_piix": ["scsi host2: ata_piix", "ata3: PATA max UDMA/100", "guest: dev3.0 ata XFER_UDMA_5"],
    "ata_generic": ["scsi host0: ata_generic", "ata1: PATA max UDMA/100", "guest: dev1.0 ata XFER_UDMA_6"],
}
APPEND = {"message": "", "intx": "pci=nomsi"}


def content(test: guest.Guest, image, name: str) -> bytes:
    """A file in the image, read without the guest and without the model."""
    tools = test.packages / "linux/root/usr"
    loader = [tools / "lib64/ld-linux-x86-64.so.2", "--library-path", tools / "lib/x86_64-linux-gnu"]
    subprocess.run([*loader, tools / "sbin/e2fsck", "-f", "-n", image], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*loader, tools / "sbin/debugfs", "-R", f"dump {name} {test.folder / 'dumped'}", image], check=True, stderr=subprocess.DEVNULL)
    return (test.folder / "dumped").read_bytes()


def replay(test: guest.Guest, trace, console: str) -> None:
    """What the guest did, by `ahcisim run` on a drive that takes its time."""
    written = collections.Counter(line.split()[6].replace("FF", "flush") for line in trace.read_text(encoding="utf-8").splitlines())
    print(f"recorded: {dict(written)}")
    guest.check(written["R"] > 3000 and written["W"] > 2500 and written["flush"] > 3, "the trace lacks what the guest did", console)
    experiment = test.folder / "replay.toml"
    experiment.write_text(f'[machine]\ndrive = "samsung-850-pro"\n[[workload]]\nname = "guest"\nfile = "{trace}"\n', encoding="utf-8")
    results = test.folder / "replay"
    subprocess.run([test.program, "run", experiment, "--results", results, "--timeline", "0"], check=True)
    run = json.loads((results / "stats.json").read_text(encoding="utf-8"))["runs"][0]
    guest.check(run["requests"] == sum(written.values()) and run["errors"] == 0, "the replay does not do what was recorded", console)


def judge_interrupts(kind: str, identity: str, console: str) -> None:
    """The function that the disk hangs on is the model's, and all of its interrupts are of the kind; a driver that falls back tells nobody."""
    where, pin = re.search(r"guest: function (\S+) irq (\d+)", console).groups()
    guest.check(f"pci {where}: [{identity}]" in console, f"the disk hangs on {where}, which is not {identity}", console)
    vectors = dict(re.findall(r"guest: vector (\d+) (\w+)", console)) or {pin: "intx"}
    guest.check(set(vectors.values()) == {kind}, f"its interrupts are {vectors} and not {kind}", console)
    counted = {number: (int(count), chip) for number, count, chip in re.findall(r"guest: interrupts +(\d+): +(\d+) +(\S+)", console)}
    guest.check(set(vectors) <= set(counted), f"{vectors} are not all in {counted}", console)
    guest.check({counted[number][1] for number in vectors} == {CHIP[kind]}, f"{counted} are not of {CHIP[kind]}", console)
    total = sum(counted[number][0] for number in vectors)
    print(f"{where} {identity}: {total} interrupts, {kind}")
    guest.check(total > 100, f"{total} interrupts are too few for what was done", console)


def main() -> None:
    """Runs the guest and judges."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--interface", default="ahci", choices=list(MACHINE))
    parser.add_argument("--board", default="pc", choices=list(guest.BOARDS))
    parser.add_argument("--interrupts", default="message", choices=list(APPEND))
    parser.add_argument("--profile", default="strict", choices=list(PROFILE))
    parser.add_argument("--ide-driver", default="ata_piix", choices=list(BIND))
    parser.add_argument("--time", default="free", choices=["free", "paced", "record"])
    parser.add_argument("--memory", default="shared", choices=["shared", "plain"])
    options = parser.parse_args()
    script = SCRIPT.replace("DISK", DISK[options.interface]).replace("SIZE", SIZE[options.interface])
    modules, shown = MODULES[options.interface], []
    if options.interface == "ahci":
        shown = SHOWN[options.profile]
    elif options.interface == "ide":
        script, modules, shown = BIND[options.ide_driver] + script, [options.ide_driver, *modules], IDE_SHOWN[options.ide_driver]
    with guest.Guest(options.program, script, guest.PROGRAMS, [*modules, "ext4", "crc32c_generic"]) as test:
        image = test.image(128)
        trace = test.folder / "guest.blkparse"
        socket = test.serve(f'[machine]\n{MACHINE[options.interface]}drive = "instant"\ninstant_capacity = "128MiB"\n'
                            f'image = "{image}"\nimage_access = "read_write"\n',
                            ["--time", options.time, *PROFILE[options.profile]] + (["--record", trace] if options.time == "record" else []))
        board, device = guest.function_of(options.board, socket)
        mapped = []
        console = test.run(device, 240, board=board, append=APPEND[options.interrupts], shared=options.memory == "shared",
                           on_request=lambda _: mapped.append(test.mapped_megabytes()))
        told = test.stop_server()
        print(told)
        for wanted in WANTED[options.interface] + shown:
            guest.check(wanted in console, f'"{wanted}" is not there', console)
        guest.check("guest: failed" not in console, "a step of the guest failed", console)
        guest.check(not guest.trouble(console), f"Linux complained: {guest.trouble(console)}", console)
        guest.check("0 of them refused" in told, f"the server refused messages: {told}", console)
        seen = hashlib.sha256(content(test, image, "witness")).hexdigest()
        guest.check(f"guest: sha256 {seen}" in console, "the image holds something else than the guest has written", console)
        print(f"the server has mapped {mapped[0]} MiB of the guest's memory")
        guest.check(mapped[0] > 500 if options.memory == "shared" else mapped[0] == 0, "data did not move as it was to", console)
        print("\n".join(line for line in console.splitlines() if line.startswith("guest: interrupts")))
        judge_interrupts("intx" if options.interrupts == "intx" else MESSAGE[options.profile if options.interface == "ahci" else options.interface], IDENTITY[options.interface], console)
        if options.time == "record":
            replay(test, trace, console)


if __name__ == "__main__":
    main()
