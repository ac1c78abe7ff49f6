# SPDX-License-Identifier: MIT
"""A real guest on the model: `ahcisim serve` and QEMU side by side, under a time limit, and what the guest printed.

Always software emulation (-accel tcg): where /dev/kvm opens it need not work.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77
MODULES = ("ahci", "sd_mod")
# On a busy machine the emulated timer comes late, which Linux would take for one that does not work.
TIMELY = "no_timer_check"
# A board's name for QEMU, what goes before the function, and where the function is put.
BOARDS = {
    "pc": ("pc", [], {}),
    "q35": ("q35", ["-device", "pcie-root-port,id=rp,chassis=1,slot=1"], {"bus": "rp"}),
    "q35.built-in": ("q35,sata=off", [], {"bus": "pcie.0", "addr": "1f.2"}),  # in the place of the board's own controller
}
PROGRAMS = ["/usr/bin/fio", "/usr/sbin/mke2fs", "/usr/sbin/e2fsck"]
# What the kernel says when something around a disk did not go as it should, and whose lines are looked at.
SPEAKER = re.compile(r"\] (ata\d|ahci|scsi|sd |sda|sr |sr0|cdrom|ISOFS|EXT4|Buffer I/O|blk_update|I/O error|irq |virtio|vda|BUG|WARNING|Oops|INFO: task|Kernel panic)")
TROUBLE = re.compile(r"exception|failed|error|reset|retry|timed out|timeout|SError|slow|lost|nobody cared|limiting|disable|BUG|WARNING|Oops|blocked|panic",
                     re.IGNORECASE)


def packages() -> pathlib.Path:
    """The folder of QEMU and Linux; the test is skipped where it cannot be had."""
    done = subprocess.run([ROOT / "scripts/guests/fetch"], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode == SKIPPED:
        sys.exit(SKIPPED)
    done.check_returncode()
    return pathlib.Path(done.stdout.strip())


class Guest:
    """One guest with its disk, in a folder of its own that goes away with it."""

    def __init__(self, program: str, script="", programs=(), modules=MODULES) -> None:
        """`script` runs in the guest's initial file system; without one the guest boots from its disk."""
        self.packages = packages()
        self.program = program
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ahcisim-guest-"))
        self.server = None
        if script:
            self._make("initramfs", self._text("init", PREAMBLE + script + EPILOGUE), modules, *(f"--program={each}" for each in programs))

    def _make(self, what: str, init: pathlib.Path, modules, *options) -> pathlib.Path:
        path = self.folder / what
        command = [ROOT / "scripts/guests" / what, path, "--root", self.packages / "linux/root", "--init", init, *options]
        subprocess.run(command + [f"--module={each}" for each in modules], check=True)
        return path

    def _text(self, name: str, text: str) -> pathlib.Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def __enter__(self) -> "Guest":
        return self

    def __exit__(self, *_) -> None:
        self.stop_server()
        shutil.rmtree(self.folder, ignore_errors=True)

    def image(self, megabytes: int) -> pathlib.Path:
        """An empty disk image."""
        path = self.folder / "disk.img"
        with open(path, "wb") as file:
            file.truncate(megabytes << 20)
        return path

    def boot_image(self, script: str, modules) -> pathlib.Path:
        """A disk that a PC boots from, whose root file system's init is the script."""
        return self._make("boot_image", self._text("init", BOOTED + script + EPILOGUE), modules, "--early", self._text("early", EARLY))

    def serve(self, machine: str, options=()) -> pathlib.Path:
        """Starts the server; returns its socket when it listens."""
        (self.folder / "machine.toml").write_text(machine, encoding="utf-8")
        socket = self.folder / "disk.sock"
        self.server = subprocess.Popen([self.program, "serve", self.folder / "machine.toml", "--vfio-user", socket, *options],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if not self.server.stdout.readline().startswith("listening"):
            sys.exit("the server did not start")
        return socket

    def control(self, line: str) -> str:
        """Gives the server a line; returns its answer."""
        self.server.stdin.write(line + "\n")
        self.server.stdin.flush()
        return self.server.stdout.readline()

    def mapped_megabytes(self) -> int:
        """How much of the guest's memory the server has before itself; what it has not it reaches by messages."""
        maps = pathlib.Path(f"/proc/{self.server.pid}/maps").read_text(encoding="ascii")
        ranges = [line.split()[0].split("-") for line in maps.splitlines() if "/memfd:" in line]
        return sum(int(end, 16) - int(begin, 16) for begin, end in ranges) >> 20

    def stop_server(self) -> str:
        """Ends the server as Ctrl-C does; returns what it told."""
        if not self.server:
            return ""
        server, self.server = self.server, None
        server.send_signal(signal.SIGINT)
        told = server.communicate(timeout=30)[0]
        if server.returncode != 0:
            sys.exit(f"the server ended with {server.returncode}:\n{told}")
        return told

    def run(self, device: list, limit: float, board="pc", memory=512, append="", quiet=False, on_request=None, shared=True) -> str:
        """Boots the guest with a device and waits until it switches itself off; returns its console. `quiet`: the kernel prints nothing.
        `on_request`: is called with the rest of every line "guest: asks ...", in which the guest waits for a line of input after it.
        `shared`: the guest's memory is a file that the server maps; else only QEMU has it, as it is without further options."""
        console_of = "quiet" if quiet else "loglevel=7"
        return self._run(["-kernel", self.packages / "linux/vmlinux", "-initrd", self.folder / "initramfs", "-append",
                          f"console=ttyS0 panic=-1 {console_of} mitigations=off {TIMELY} {append}", *device], limit, board, memory, on_request, shared)

    def boot(self, device: list, limit: float, board="pc", memory=512) -> str:
        """The same with the firmware, which boots from a disk."""
        return self._run(device, limit, board, memory)

    def _run(self, options: list, limit: float, board: str, memory: int, on_request=None, shared=True) -> str:
        machine = ["-M", board]
        if shared:
            machine = ["-M", f"{board},memory-backend=m", "-object", f"memory-backend-memfd,id=m,size={memory}M,share=on"]
        command = [self.packages / "qemu/qemu-system-x86_64", "-accel", "tcg", *machine, "-m", str(memory), "-nodefaults",
                   "-display", "none", "-serial", "stdio", "-no-reboot", *options]
        begin = time.monotonic()
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", start_new_session=True) as qemu:
            watchdog = threading.Timer(limit, os.killpg, (qemu.pid, signal.SIGKILL))
            watchdog.start()
            lines = []
            for line in qemu.stdout:
                lines.append(line)
                asked = re.match(r"guest: asks (.*\S)", line)
                if asked and on_request:
                    on_request(asked.group(1))
                    qemu.stdin.write("\n")
                    qemu.stdin.flush()
            console = "".join(lines)
            if not watchdog.is_alive():
                sys.exit(f"the guest did not end within {limit} s; it printed\n{console}")
            watchdog.cancel()
        if "guest: done" not in console:
            sys.exit(f"the guest did not come to its end (QEMU's exit status {qemu.returncode}); it printed\n{console}")
        print(f"the guest ran for {time.monotonic() - begin:.1f} s")
        return console


def vfio_user(socket: pathlib.Path, **properties) -> list:
    """QEMU's options for a function behind a socket."""
    device = {"driver": "vfio-user-pci", "socket": {"type": "unix", "path": str(socket)}, **properties}
    return ["-device", json.dumps(device)]


def function_of(board: str, socket: pathlib.Path) -> tuple:
    """What `run` takes for a function behind a socket on one of the BOARDS: the board's name, and QEMU's options."""
    name, before, place = BOARDS[board]
    return name, [*before, *vfio_user(socket, **place)]


def check(condition: bool, what: str, console: str) -> None:
    """Ends the test where a condition does not hold."""
    if not condition:
        sys.exit(f"{what}; the guest printed\n{console}")


def trouble(console: str) -> list:
    """The lines in which the kernel tells of something that went wrong."""
    return [line for line in console.splitlines() if SPEAKER.search(line) and TROUBLE.search(line)]


PREAMBLE = """#!/bin/sh
export PATH=/bin:/usr/bin:/sbin:/usr/sbin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
for module in $(cat /lib/modules/order); do insmod /lib/modules/$module.ko || echo "guest: $module does not load"; done
disk_appears() { for i in $(seq 300); do [ -b $1 ] && return; sleep 0.1; done; echo "guest: no $1"; }
must() { "$@" || echo "guest: failed: $*"; }
"""
# The way from the initial file system to the root file system on the disk.
EARLY = """#!/bin/sh
export PATH=/bin
mount -t devtmpfs dev /dev
for module in $(cat /lib/modules/order); do insmod /lib/modules/$module.ko || echo "guest: $module does not load"; done
for i in $(seq 300); do [ -b /dev/sda1 ] && break; sleep 0.1; done
mkdir -p /root
mount -t ext4 -o ro /dev/sda1 /root
mount --move /dev /root/dev
exec switch_root /root /sbin/init
"""
BOOTED = """#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
must() { "$@" || echo "guest: failed: $*"; }
"""
EPILOGUE = """
echo "guest: done"
sync
echo o > /proc/sysrq-trigger
sleep 100
"""
