# SPDX-License-Identifier: MIT
"""Held against a real QEMU: exact check rows, and the rank order of times, model and measurement side by side."""
from .data import CACHES
from .page import Section, Table, Text
from .reference import reference
from .words import number

UNKNOWN = ("not run", "open")
FSYNC = "write + fsync"
AGAIN = "re-read"


def section(by_name):
    data = reference("qemu.json")
    blocks, checked = [], []
    blocks.append(accesses(data, by_name.get("qemu_counts"), checked))
    blocks.append(cache_structure(data, by_name.get("qemu"), checked))
    statements = rank_statements(data, by_name, checked)
    blocks += [statements, Text(undecided(data, model_rates(by_name)))] + times(data, by_name)
    blocks.append(Text("Measured on: " + data["measured_on"] + ". " + data["tolerance"]))
    return Section(
        "qemu",
        "Held against real QEMU",
        "Does the model do what a real QEMU with a real Linux guest was seen to do?",
        answer(checked),
        blocks,
        "ahcisim report --only qemu --only qemu_counts",
        "Model and measurement side by side. Exact rows must be equal; of times only the order must be the same.",
        "Real QEMU",
    )


def answer(checked):
    good, bad = checked.count(True), checked.count(False)
    unknown = len(checked) - good - bad
    text = f"{good} of {good + bad} statements that were checked hold"
    if bad:
        text += "; the tables name those that do not, and say why where that is known"
    return text + (f"; {unknown} could not be checked, for their points were not run." if unknown else ".")


def find(experiment, **wanted):
    runs = experiment.select(**wanted) if experiment else []
    return runs[0] if runs else None


def verdict(holds, checked, words=("equal", "different"), otherwise=""):
    """`otherwise` explains why it does not hold, where that is known."""
    checked.append(holds)
    if holds is None:
        return UNKNOWN
    return (words[0], "good") if holds else (words[1] + (": " + otherwise if otherwise else ""), "bad")


def within(value, bounds):
    """Equal to the digits in which the bounds are given; whole counts to a hundredth: a run has a first and a last request."""
    decimals = max(len(f"{bound:g}".partition(".")[2]) for bound in bounds)
    slack = 0.5 * 10 ** -(decimals or 2)
    return bounds[0] - slack <= value <= bounds[1] + slack


def span(bounds):
    return f"{bounds[0]:g}" if bounds[0] == bounds[1] else f"{bounds[0]:g}–{bounds[1]:g}"


def accesses(data, experiment, checked):
    rows = []
    for row in data["accesses"]:
        run = find(experiment, workload=row["workload"], point=row["point"])
        for key, what, value in (
            ("accesses", "register accesses", run and run.accesses),
            ("interrupts", "interrupts", run and run.per_request("interrupts")),
        ):
            bounds = row[key]
            rows.append(
                [
                    f"{row['what']}: {what}",
                    row.get(key + "_seen", span(bounds)),
                    number(value),
                    verdict(
                        None if value is None else within(value, bounds), checked, otherwise=row.get("otherwise", "")
                    ),
                ]
            )
    return Table("Register accesses and interrupts per request: exact", ["", "QEMU", "model", ""], rows, open=True)


def cache_structure(data, experiment, checked):
    rows = []
    for row in data["cache"]:
        write, fsync = (mode_run(experiment, "AHCI NCQ", row["cache"], workload) for workload in ("write", FSYNC))
        for key, what, value in (
            ("opens", "host opens the file", opens(write)),
            ("told", "guest is told of a write cache", told(fsync)),
            ("write", "a guest write becomes", per_write(write)),
            ("flush", "a guest flush becomes", per_flush(fsync)),
        ):
            rows.append(
                [
                    f"{row['cache']}: {what}",
                    row[key],
                    value or "–",
                    verdict(None if value is None else value == row[key], checked),
                ]
            )
    return Table("What each cache mode is made of: exact", ["", "QEMU", "model", ""], rows, words=True)


def mode_run(experiment, interface, mode, workload):
    runs = (
        [run for run in experiment.select(workload=workload, interface=interface) if run.setting("image.cache") == mode]
        if experiment
        else []
    )
    return runs[0] if runs else None


# What the model did, from its counters; None where it keeps none of them.
def opens(run):
    direct, writes = (run and run.statistic(name) for name in ("direct requests of the host", "image writes"))
    return None if direct is None or not writes else "O_DIRECT" if direct >= writes else "buffered"


def told(run):
    flushes = run and run.statistic("guest flushes")
    return None if flushes is None else "write back" if flushes else "write through"


def per_write(run):
    writes, syncs = (run and run.statistic(name) for name in ("image writes", "image flushes"))
    return None if not writes or syncs is None else "pwrite + fdatasync" if syncs >= 0.9 * writes else "pwrite"


def per_flush(run):
    flushes, syncs = (run and run.statistic(name) for name in ("guest flushes", "image flushes"))
    if flushes is None or syncs is None:
        return None
    return "no flush is sent" if not flushes else "fdatasync" if syncs >= 0.9 * flushes else "nothing"


def model_rates(by_name):
    """(interface, mode, workload) -> requests/s without the flushes, and (interface, "dd" …) -> rate."""
    rates = {}
    for run in by_name["qemu"].runs if "qemu" in by_name else []:
        rates[run.interface, run.setting("image.cache"), run.workload] = run.data_iops
    for run in by_name["qemu_counts"].runs if "qemu_counts" in by_name else []:
        kind = "dd" if run.rate * 1e6 / max(run.iops, 1) > 262144 else "one" if run.depth == 1 else "many"
        rates[run.interface, kind] = run.rate if kind == "dd" else run.iops
    return rates


def measured_rates(data):
    rates = {
        (interface, mode, workload): value
        for interface, modes in data["modes"].items()
        for mode, row in modes.items()
        for workload, value in row.items()
    }
    rates.update({(interface, kind): value for interface, row in data["tmpfs"].items() for kind, value in row.items()})
    return rates


def statements(interface):
    """(text, function of rates that says whether it holds)."""

    def of(rates, workload, *modes):
        return [rates[interface, mode, workload] for mode in modes]

    synchronous, cached = ("writethrough", "directsync"), ("writeback", "none")
    return [
        (
            f"{interface}: writes without fsync are slowest under writethrough and directsync",
            lambda r: max(of(r, "write", *synchronous)) < min(of(r, "write", *cached, "unsafe")),
        ),
        (
            f"{interface}: unsafe is the fastest with fsync",
            lambda r: of(r, FSYNC, "unsafe")[0] > max(of(r, FSYNC, *synchronous, *cached)),
        ),
        (
            f"{interface}: writes without fsync are faster through the host’s page cache (writeback, unsafe) than past it (none)",
            lambda r: min(of(r, "write", "writeback", "unsafe")) > of(r, "write", "none")[0],
        ),
        (
            f"{interface}: reads are fastest where the host’s page cache holds what is read (writeback, writethrough, unsafe), not past "
            "it (none, directsync)",
            lambda r: min(of(r, AGAIN, "writeback", "writethrough", "unsafe")) > max(of(r, AGAIN, "none", "directsync")),
        ),
    ]


STATEMENTS = [
    (
        "AHCI NCQ: writethrough and directsync beat writeback and none with fsync, for the guest sends no FLUSH CACHE",
        lambda r: min(r["AHCI NCQ", m, FSYNC] for m in ("writethrough", "directsync"))
        > max(r["AHCI NCQ", m, FSYNC] for m in ("writeback", "none")),
    ),
    *statements("AHCI NCQ"),
    *statements("virtio-blk"),
    (
        "IDE gains next to nothing from 32 requests at once (less than 1.3 times)",
        lambda r: r["IDE DMA", "many"] < 1.3 * r["IDE DMA", "one"],
    ),
    (
        "AHCI about doubles with 32 requests at once (at least 1.7 times)",
        lambda r: r["AHCI NCQ", "many"] > 1.7 * r["AHCI NCQ", "one"],
    ),
    (
        "32 requests at once: AHCI and virtio-blk are faster than IDE",
        lambda r: min(r["AHCI NCQ", "many"], r["virtio-blk", "many"]) > r["IDE DMA", "many"],
    ),
    (
        "one request at a time: AHCI and virtio-blk are faster than IDE",
        lambda r: min(r["AHCI NCQ", "one"], r["virtio-blk", "one"]) > r["IDE DMA", "one"],
    ),
    (
        "dd of 1 MiB blocks: IDE is slowest, then AHCI, virtio-blk fastest",
        lambda r: r["IDE DMA", "dd"] < r["AHCI NCQ", "dd"] < r["virtio-blk", "dd"],
    ),
]


def holds(statement, rates):
    try:
        return bool(statement(rates))
    except KeyError:
        return None


def rank_statements(data, by_name, checked):
    model, measured = model_rates(by_name), measured_rates(data)
    rows = []
    words = ("holds", "does not hold")
    for text, statement in STATEMENTS:
        rows.append(
            [
                text,
                verdict(holds(statement, measured), [], words),
                verdict(holds(statement, model), checked, words),
            ]
        )
    return Table("Rank order of times", ["statement", "QEMU", "model"], rows, open=True, words=True)


def undecided(data, rates):
    """Of AHCI and virtio-blk with many requests at once: neither order is a statement that a model could be held to."""
    ahci, virtio = "AHCI NCQ", "virtio-blk"
    libaio, io_uring = data["tmpfs"], data["io_uring"]
    text = (
        "Whether AHCI or virtio-blk is faster with 32 requests at once is no statement, for both were measured: through libaio AHCI by "
        f"{number(libaio[ahci]['many'])} requests/s to {number(libaio[virtio]['many'])}, through io_uring virtio-blk by "
        f"{number(io_uring[virtio]['many'])} to {number(io_uring[ahci]['many'])}. The guest’s processor decides it, by what the program’s "
        "way into the kernel costs beside the driver’s."
    )
    model = rates.get((ahci, "many")), rates.get((virtio, "many"))
    if None in model:
        return text
    first = ahci if model[0] > model[1] else virtio
    return text + f" The model, whose program pays little for its way in, has {first} first."


def times(data, by_name):
    model, measured = model_rates(by_name), measured_rates(data)
    kinds = {
        "dd": "dd of 1 MiB blocks, MB/s",
        "one": "4 KiB reads, one at a time, requests/s",
        "many": "4 KiB reads, 32 at once, requests/s",
    }
    tmpfs = [
        [f"{kinds[kind]}: {interface}", number(measured[interface, kind]), number(model.get((interface, kind)))]
        for kind in kinds
        for interface in data["tmpfs"]
    ]
    modes = [
        [f"{interface}, {mode}"]
        + [
            number(rates.get((interface, mode, workload)))
            for workload in ("write", FSYNC, AGAIN)
            for rates in (measured, model)
        ]
        for interface in data["modes"]
        for mode in CACHES
    ]
    header = ["requests/s"] + [
        f"{workload}, {who}" for workload in ("write", FSYNC, AGAIN) for who in ("QEMU", "model")
    ]
    return [
        Table("Times with the image on tmpfs: for their order only", ["", "QEMU", "model"], tmpfs),
        Table("Times of the cache modes: for their order only", header, modes),
    ]
