# SPDX-License-Identifier: MIT
"""Which colour belongs to whom."""
INTERFACE = {"IDE PIO": "pio", "IDE DMA": "ide", "AHCI": "ahci", "AHCI NCQ": "ncq", "virtio-blk": "virtio"}


def legend(interfaces):
    return [(name, INTERFACE[name]) for name in INTERFACE if name in interfaces]
