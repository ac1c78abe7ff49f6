#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes results folders as `ahcisim report` would, with numbers made up by rule: input for the tests of the page.

Usage: synthetic_results.py EXPERIMENTS_FOLDER RESULTS_FOLDER NAME...
"""
import csv
import itertools
import json
import pathlib
import sys
import tomllib

STAGES = [
    "entered",
    "issued",
    "trapped",
    "emulator",
    "dispatched",
    "fetched",
    "received",
    "host_call",
    "host_sent",
    "selected",
    "positioned",
    "rotated",
    "media",
    "transferred",
    "host_done",
    "told",
    "status",
    "injected",
    "interrupt",
    "woken",
    "completed",
] + [f"{when}_{part}" for when in ("issue", "data", "handler") for part in ("trap", "emulator", "dispatch", "device", "entry")]
BARE = {
    "entered",
    "issued",
    "fetched",
    "received",
    "selected",
    "positioned",
    "rotated",
    "media",
    "transferred",
    "status",
    "interrupt",
    "woken",
    "completed",
}
ACCESSES = {"ide pio": (15, 47), "ide": (13, 13), "ahci": (3, 3), "ahci ncq": (3, 4), "virtio_blk": (0, 1)}
COST = {"atom-2010": 4, "kvm-2012": 2, "epyc-2020": 1, "tcg": 0.3}
SIZES = {"4KiB": 4096, "32KiB": 32768, "128KiB": 131072, "1MiB": 1048576}
DRIVE = {"ultrastar-dc-hc310": 8e9, "samsung-850-pro": 9e7}


def flat(table, prefix=""):
    for key, value in table.items():
        if isinstance(value, dict):
            yield from flat(value, prefix + key + ".")
        else:
            yield prefix + key, str(value).lower() if isinstance(value, bool) else str(value)


def points(experiment):
    """(name, settings) of every point: [[point]] times every [[axis]]."""
    axes = [[(p["name"], dict(flat(p.get("set", {})))) for p in experiment["point"]]] if "point" in experiment else []
    for axis in experiment.get("axis", []):
        axes.append(
            [(f"{axis['name']} {value}", {axis["key"]: str(value)}) for value in axis["values"]]
            if "values" in axis
            else [(p["name"], dict(flat(p["set"]))) for p in axis["point"]]
        )
    for combination in itertools.product(*axes):
        yield ", ".join(name for name, _ in combination), {
            k: v for _, settings in combination for k, v in settings.items()
        }


def kind(settings):
    side = "guest" if settings.get("machine.deployment") == "emulated" else "host"
    interface = settings.get("machine.interface", "ahci")
    if interface == "ide":
        return "ide pio" if settings.get(side + ".driver.mode") == "pio" else "ide"
    return "ahci ncq" if interface == "ahci" and settings.get(side + ".driver.ncq") != "false" else interface


def service(settings, workload):
    """(time outside the disk, time of the disk) of one request, in picoseconds."""
    emulated = settings.get("machine.deployment") == "emulated"
    reads, writes = ACCESSES[kind(settings)]
    software = 2e7 + (reads + writes) * 1e6 * (COST[settings.get("vm.costs", "kvm-2012")] if emulated else 0.3)
    large = workload.get("block", "4KiB")
    size = SIZES[large]
    cache, writing = settings.get("image.cache", "none"), "write" in workload.get("pattern", "write")
    disk = 1e6 if settings.get("image.backing") == "tmpfs" else DRIVE[settings["machine.drive"]]
    if emulated and cache in ("writeback", "unsafe") and not (workload.get("flush_every") and cache == "writeback"):
        disk = 2e6
    elif cache in ("writethrough", "directsync") and writing:
        disk *= 1.5
    elif workload.get("flush_every"):
        disk *= 2
        software *= 2
    return software, disk + size * 100


def durability(workload, cache):
    """Of a workload with power cuts: only unsafe breaks its promise."""
    if "power_cuts" not in workload:
        return {}
    lost = workload["power_cuts"] // 3 if cache == "unsafe" else 0
    foreign = lost // 4  # of other cuts
    counts = {"losses": lost, "order_violations": lost // 2, "foreign": foreign, "broken": lost + foreign, "unpromised_lost": workload["power_cuts"] // 5}
    return {"durability": {"cuts": workload["power_cuts"], "first_breach": ""} | counts}


def entry(name, settings, workload):
    depth, requests = int(settings.get("workload.depth", workload.get("depth", 1))), workload["requests"]
    emulated, how = settings.get("machine.deployment") == "emulated", kind(settings)
    software, disk = service(settings, workload)
    width = {"ide": 1, "ide pio": 1, "ahci": 1, "ahci ncq": 32, "virtio_blk": 128}[how]
    each = software + disk if width == 1 else max(software / 4, (software + disk) / min(depth, width), disk / 10)
    latency = round(each * depth)
    size = SIZES[workload.get("block", "4KiB")]
    reads, writes = ACCESSES[how]
    flushes = requests // 2 if workload.get("flush_every") else 0
    cache = settings.get("image.cache", "none")
    sent = 0 if cache in ("writethrough", "directsync") else flushes
    done = 0 if cache == "unsafe" else sent or (requests - flushes if cache in ("writethrough", "directsync") else 0)
    # A machine under a hypervisor has a driver and a disk twice: the guest's and the host's.
    guest, host = ("guest.", "host.") if emulated else ("", "")
    values = {
        host + "driver.register.reads": 3 * requests,
        host + "driver.register.writes": 4 * requests,
        host + "driver.interrupts": requests,
        host + "root_complex.dma_reads": 9 * requests,
        host + "medium.flushes": done,
        guest + "driver.register.reads": reads * requests,
        guest + "driver.register.writes": writes * requests,
        guest + "driver.interrupts": requests,
    }
    if settings["machine.drive"] == "samsung-850-pro":
        values[host + "medium.slices_written"] = requests
    if emulated:
        values |= {
            "guest.exit_bus.exits.user": 0 if how == "virtio_blk" else (reads + writes) * requests,
            "guest.exit_bus.exits.ioeventfd": requests if how == "virtio_blk" else 0,
            "guest.exit_bus.exits.irqchip": requests,
            "guest.exit_bus.exits.kick": 0,
            "guest.exit_bus.dma_reads": 3 * requests,
            "guest.exit_bus.dma_writes": 2 * requests,
            "guest.image.guest.flushes": sent,
            "guest.image.calls.pwrite": requests,
            "guest.image.calls.fdatasync": done,
            "guest.page_cache.direct": requests,
            "host.page_cache.direct": requests if cache in ("none", "directsync") else 0,
        }
    seconds = each * requests
    return (
        {
            "workload": workload["name"],
            "point": name,
            "drive": settings["machine.drive"],
            "seed": 1,
            "requests": requests,
            "errors": 0,
            "measured_ps": round(seconds),
            "iops": 1e12 / each,
            "throughput_MBps": size * 1e6 / each,
            "settings": {f"workload.{key}": str(value) for key, value in workload.items() if key != "name"} | settings,
            "latency_ps": {key: latency for key in ("mean", "p50", "p90", "p95", "p99", "max")},
            "flush_latency_ps": {"count": flushes},
            "statistics": {
                key: {"unit": "times", "meaning": "made up", "value": value} for key, value in values.items()
            },
        }
        | durability(workload, cache),
        latency,
        software,
        disk,
    )


def rows_of(run, latency, software, disk):
    """Rows of requests.csv: the disk's share on the media, the rest evenly over the other stages."""
    emulated = run["settings"].get("machine.deployment") == "emulated"
    stages = [stage for stage in STAGES if emulated or stage in BARE]
    depth = int(run["settings"].get("workload.depth", 1))
    for number in range(min(run["requests"], max(110, 4 * depth))):
        spread = latency + number * 1000
        share = {stage: int(spread * software / (software + disk) / (len(stages) - 1)) for stage in stages}
        share["media"] = spread - sum(ps for stage, ps in share.items() if stage != "media")
        yield [
            run["workload"],
            run["point"],
            number,
            "read" if "read" in run["workload"] else "write",
            8 * number,
            8,
            "ok",
            number * latency // depth,
            spread,
        ] + [share.get(stage, "") for stage in STAGES]


def write(source, target, name):
    experiment = tomllib.loads((source / f"{name}.toml").read_text(encoding="utf-8"))
    common = {
        key: value
        for table, content in experiment.items()
        if isinstance(content, dict)
        for key, value in flat({table: content})
    }
    folder = target / name
    folder.mkdir(parents=True)
    runs = []
    with (folder / "requests.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(
            ["workload", "point", "request", "op", "lba", "sectors", "status", "submitted_ps", "latency_ps"]
            + [s + "_ps" for s in STAGES]
        )
        for workload in experiment["workload"]:
            for point, settings in points(experiment):
                run, *parts = entry(point, {"machine.drive": "ultrastar-dc-hc310"} | common | settings, workload)
                runs.append(run)
                if "durability" not in run:
                    out.writerows(rows_of(run, *parts))
    stats = {
        "experiment": name,
        "title": experiment["title"],
        "about": experiment["about"],
        "seed": 1,
        "interrupted": False,
        "keys": {},
        "runs": runs,
    }
    (folder / "stats.json").write_text(json.dumps(stats), encoding="utf-8")


if __name__ == "__main__":
    for experiment_name in sys.argv[3:]:
        write(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), experiment_name)
