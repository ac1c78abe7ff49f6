# SPDX-License-Identifier: MIT
"""Numbers and stages as a person would say them."""

# What a trapped access takes, and whose time that is.
ACCESS = {
    "trap": ("access trapped", "exit"),
    "emulator": ("exit to the emulator", "exit"),
    "dispatch": ("dispatch", "emulator"),
    "device": ("device code", "emulator"),
    "entry": ("guest re-entered", "exit"),
}
# The accesses of a guest's driver but for the one that tells the device.
ACCESSES = {"issue": "before the command", "data": "for the data", "handler": "after the interrupt"}


def accesses(when):
    return {f"{when}_{part}": (f"{ACCESSES[when]}: {text}", "", actor) for part, (text, actor) in ACCESS.items()}


# Stage: what happens up to this point, under a hypervisor and on bare metal, and who does it (a colour).
STAGES = {
    "entered": ("program calls {op}", "program calls {op}", "program"),
    "issued": ("guest's kernel processes it", "kernel processes it", "program"),
    **accesses("issue"),
    "trapped": ("access trapped", "access trapped", "exit"),
    "emulator": ("exit to the emulator", "exit to the emulator", "exit"),
    "dispatched": ("dispatch", "dispatch", "emulator"),
    "fetched": ("device code takes the command", "controller fetches the command", "emulator"),
    "received": ("device code reads the request", "command sent to the disk", "emulator"),
    "host_call": ("emulator calls the host", "emulator calls the host", "emulator"),
    "host_sent": ("host {op}, sent to the disk", "sent to the disk", "host"),
    "selected": ("disk: queue and command", "disk: queue and command", "disk"),
    "positioned": ("disk: seek", "disk: seek", "disk"),
    "rotated": ("disk: rotation", "disk: rotation", "disk"),
    "media": ("disk: media", "disk: media", "disk"),
    **accesses("data"),
    "transferred": ("data handed over", "data crosses the link", "disk"),
    "host_done": ("host: {done}", "host: {done}", "host"),
    "told": ("emulator told", "emulator told", "emulator"),
    "status": ("device code completes", "controller has the status", "emulator"),
    "injected": ("guest re-entered", "guest re-entered", "exit"),
    "interrupt": ("guest runs: interrupt taken", "interrupt taken", "program"),
    **accesses("handler"),
    "woken": ("guest's kernel ends it, program told", "kernel ends it, program told", "program"),
    "completed": ("{op} returns", "{op} returns", "program"),
}
# What is left of the stage in which the guest's accesses move the data, or let the bus master move it.
BETWEEN_ACCESSES = "for the data: guest's kernel"
ACTORS = {
    "program": "program and kernel",
    "exit": "trap, exit and entry",
    "emulator": "emulator (bare metal: controller)",
    "host": "host kernel",
    "disk": "disk and its link",
}


def in_order(stages, op):
    """Stages as a request of this kind passes them. Data moves to a write (or trim) before the call on the host, or the medium, that
    does it; from a read after the emulator knows that the host has it, or the medium."""
    names = list(STAGES)
    by_call = any(stage == "host_call" for stage, _ in stages)
    next_point = "status" if op == "read" else "host_call" if by_call else "positioned"
    before = {"transferred": names.index(next_point) - 0.5}
    before |= {f"data_{part}": names.index(next_point) - 0.9 + 0.05 * i for i, part in enumerate(ACCESS)}
    return sorted(stages, key=lambda stage: before.get(stage[0], names.index(stage[0])))


def actor_text(actor, emulated):
    return ACTORS[actor] if actor != "emulator" else "emulator" if emulated else "controller"


def waits_for_guest(stages):
    """The stage of a request in which data waits for the guest's accesses, or none: see RequestTag::account()."""
    passed = {stage for stage, ps in stages if ps > 0}
    if not any(f"data_{part}" in passed for part in ACCESS):
        return ""
    return "transferred" if "transferred" in passed else "status"


def actor_of(stage, emulated, waiting=""):
    """Who has the request in this stage: a key of ACTORS. `waiting` is what waits_for_guest() says."""
    if stage == waiting:
        return "program"
    # What an emulator moves is moved by its code.
    return "emulator" if emulated and stage == "transferred" else STAGES[stage][2]


def stage_text(stage, emulated, op, waiting=""):
    if stage == waiting:
        return BETWEEN_ACCESSES
    done = {"read": "read", "write": "written", "flush": "flushed", "trim": "trimmed"}.get(op, "done")
    return STAGES[stage][0 if emulated else 1].format(op=op, done=done)


def sum_text(stage, text):
    """The row of a table that sums up a stage: accesses of one request are there with the one that tells the device."""
    when, _, part = stage.partition("_")
    return ACCESS[part][0] if when in ACCESSES and part in ACCESS else text


def time_text(ps):
    """Three digits: "12.3 µs"."""
    for factor, unit in ((1e12, "s"), (1e9, "ms"), (1e6, "µs"), (1e3, "ns")):
        if ps >= 0.9995 * factor:
            value = ps / factor
            return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f} {unit}"
    return f"{ps:.0f} ps" if ps > 0 else "0"


def round_time_text(ps):
    """A time that is round: "10 ms", not "10.0 ms"."""
    value, unit = time_text(ps).split(" ") if ps >= 1e3 else (f"{ps:.0f}", "ps")
    return f"{value.rstrip('0').rstrip('.') if '.' in value else value} {unit}" if ps else "0"


def number(value, digits=3):
    """A count: whole where it is large or whole, else with `digits` significant digits; a dash for None."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    if abs(value - round(value)) < 5e-4 * max(1, abs(value)) or abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", "\u202f")
    if abs(value) < 0.1:
        return f"{value:.2g}"
    places = max(0, digits - len(str(int(abs(value)))))
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# Tables of exit costs, for a sentence and for a label.
HOSTS = {
    "atom-2010": "a small KVM host of 2010 (assumed)",
    "kvm-2012": "a KVM host of 2012",
    "epyc-2020": "a KVM server of 2020",
    "tcg": "software emulation",
}


def host_text(costs):
    return HOSTS.get(costs, costs)


def percent(share):
    """Whole percent, but of small shares as many digits as it takes."""
    return f"{100 * share:.0f} %" if share >= 0.02 else f"{100 * share:.1g} %"


def times(ratio):
    """A factor: "2.1 times"."""
    return f"{ratio:.1f} times" if ratio < 9.95 else f"{ratio:.0f} times"


def join(words):
    words = list(words)
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1] if words else "none"


def size_rate(run):
    """Throughput of large requests, requests per second of small ones: (value, unit)."""
    size = 1e6 * run.rate / run.iops if run.iops else 0
    return (run.rate, "MB/s") if size > 32768 else (run.iops, "requests/s")
