# SPDX-License-Identifier: MIT
"""Reads results folders: what was run, by what interface, and the statistics under the names that the report uses."""
import csv
import json
import pathlib

# A statistic of the report and how its names in stats.json end: blocks are named by the machine.
STATISTICS = {
    "register reads": "driver.register.reads",
    "register writes": "driver.register.writes",
    "interrupts": "driver.interrupts",
    "exits to the emulator": "exits.user",
    "exits for ioeventfd": "exits.ioeventfd",
    "exits for the interrupt controller": "exits.irqchip",
    "exits to be given an interrupt": "exits.kick",
    "memory reads by the device": "dma_reads",
    "memory writes by the device": "dma_writes",
    "guest flushes": "guest.flushes",
    "image writes": "calls.pwrite",
    "image flushes": "calls.fdatasync",
    "direct requests of the host": "page_cache.direct",
    "flushes at the drive": "medium.flushes",
}
# Under a hypervisor these are the host's, where the others are the guest's.
OF_THE_HOST = {"direct requests of the host", "flushes at the drive"}
INTERFACES = ("IDE PIO", "IDE DMA", "AHCI", "AHCI NCQ", "virtio-blk")
CACHES = ("writeback", "none", "writethrough", "directsync", "unsafe")


class ReportError(Exception):
    """A mistake that the user can mend, in one line."""


class Run:
    """One simulation of an experiment."""

    def __init__(self, experiment, entry):
        self.experiment = experiment
        self.entry = entry
        self.settings = entry.get("settings", {})
        self.workload = entry["workload"]
        self.point = entry["point"]
        self.drive = entry.get("drive", "")
        self.emulated = self.setting("machine.deployment", "bare_metal") == "emulated"

    def setting(self, key, default=""):
        return str(self.settings.get(key, default)).strip('"')

    @property
    def interface(self):
        """One of INTERFACES, from the settings: names of points are for people."""
        side = "guest" if self.emulated else "host"
        kind = self.setting("machine.interface", "ahci")
        if kind == "ide":
            return "IDE PIO" if self.setting(side + ".driver.mode", "dma") == "pio" else "IDE DMA"
        if kind == "virtio_blk":
            return "virtio-blk"
        return "AHCI" if self.setting(side + ".driver.ncq", "true") == "false" else "AHCI NCQ"

    @property
    def image(self):
        """What is behind the interface: the image on tmpfs, or a drive."""
        backing = self.setting("image.backing", "drive") if self.emulated else "drive"
        if backing == "tmpfs":
            return "image on tmpfs"
        return self.drive_kind if backing == "drive" else "image without cost"

    @property
    def drive_kind(self):
        if self.drive == "instant":
            return "drive without mechanics"
        return "SSD" if self.is_ssd else "HDD"

    @property
    def is_ssd(self):
        return any(name.endswith(".slices_written") for name in self.entry.get("statistics", {}))

    @property
    def depth(self):
        return int(self.setting("workload.depth", "1") or 1)

    @property
    def requests(self):
        return self.entry["requests"]

    @property
    def iops(self):
        return self.entry["iops"]

    @property
    def data_iops(self):
        """Reads and writes per second: a flush is a request too, and is left out."""
        flushes = self.entry.get("flush_latency_ps", {}).get("count", 0)
        return (self.requests - flushes) / self.seconds if self.seconds else 0

    @property
    def rate(self):
        return self.entry["throughput_MBps"]

    @property
    def seconds(self):
        return self.entry["measured_ps"] / 1e12

    def latency(self, key="mean"):
        return self.entry["latency_ps"].get(key, 0)

    def statistic(self, name):
        """The value of a statistic of STATISTICS, or None where the machine keeps none of that name."""
        known, ending = self.entry.get("statistics", {}), STATISTICS[name]
        names = [
            n for n in known if n == ending or n.endswith("." + ending) or ("." in ending and n.endswith("_" + ending))
        ]
        if not names:
            return None
        wrong_side = "guest" if name in OF_THE_HOST else ("host", "root_complex")
        return known[min(names, key=lambda n: (n.startswith(wrong_side), len(n), n))].get("value")

    def per_request(self, name):
        value = self.statistic(name)
        return None if value is None or not self.requests else value / self.requests

    @property
    def accesses(self):
        """Register accesses per request, or None."""
        reads, writes = self.per_request("register reads"), self.per_request("register writes")
        return None if reads is None or writes is None else reads + writes


class Experiment:
    """A results folder."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        file = self.folder / "stats.json"
        try:
            stats = json.loads(file.read_text(encoding="utf-8"))
            self.name, self.title, self.about = stats["experiment"], stats["title"], stats.get("about", "")
            self.interrupted = stats.get("interrupted", False)
            self.keys = stats.get("keys", {})
            self.runs = [Run(self, entry) for entry in stats["runs"] if entry["requests"] > 0]
            self.without_requests = [
                f"{entry['workload']}, {entry['point']}" for entry in stats["runs"] if entry["requests"] == 0
            ]
        except OSError as error:
            raise ReportError(f"{file}: {error.strerror}; run `ahcisim run` or `ahcisim report` first") from error
        except (ValueError, KeyError, TypeError) as error:
            raise ReportError(
                f"{file}: is no statistics file of ahcisim ({error}); run the experiment again"
            ) from error
        if not self.runs:
            raise ReportError(f"{file}: there is no run with a request in it; let `ahcisim run` get further")

    @property
    def workloads(self):
        return list(dict.fromkeys(run.workload for run in self.runs))

    def select(self, **wanted):
        """Runs whose attributes have these values."""
        return [run for run in self.runs if all(getattr(run, key) == value for key, value in wanted.items())]

    def requests(self, most=2000):
        """Rows of requests.csv by (workload, point), at most so many of each; times are picoseconds."""
        rows = {}
        file = self.folder / "requests.csv"
        try:
            with file.open(encoding="utf-8", newline="") as lines:
                for row in csv.DictReader(lines):
                    kept = rows.setdefault((row["workload"], row["point"]), [])
                    if len(kept) < most:
                        kept.append(Request(row))
        except OSError as error:
            raise ReportError(f"{file}: {error.strerror}; run the experiment again") from error
        except (KeyError, ValueError, TypeError) as error:
            raise ReportError(f"{file}: is no request file of ahcisim ({error}); run the experiment again") from error
        return rows


class Request:
    """One request with its stages: (name, picoseconds), in order; they sum to its latency."""

    def __init__(self, row):
        self.op = row["op"]
        self.number = int(row["request"])
        self.begin = int(row["submitted_ps"])
        self.latency = int(row["latency_ps"])
        ending = "_ps"
        self.stages = [
            (key[: -len(ending)], int(value))
            for key, value in row.items()
            if key.endswith(ending) and key not in ("submitted_ps", "latency_ps") and value not in ("", None)
        ]
        if sum(ps for _, ps in self.stages) != self.latency:
            raise ValueError(f"the stages of request {self.number} do not sum to its latency")
