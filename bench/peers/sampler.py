"""Prints, at a fixed interval, what the kernel has counted: runs on the receiving host, started by traffic.py.

A line holds the monotonic clock in seconds, the machine's busy CPU seconds (all cores, not idle) and the bytes
received by each device. Arguments: INTERVAL SECONDS DEVICE...; it ends by itself after SECONDS.
"""

import os
import sys
import time

TICK = os.sysconf("SC_CLK_TCK")


def busy_seconds(file):
    user, nice, system, _idle, _iowait, irq, softirq = os.pread(file, 512, 0).split(maxsplit=8)[1:8]
    return sum(map(int, (user, nice, system, irq, softirq))) / TICK


def main():
    interval, seconds, *devices = sys.argv[1:]
    interval, end = float(interval), time.monotonic() + float(seconds)
    stat = os.open("/proc/stat", os.O_RDONLY)
    counters = [os.open(f"/sys/class/net/{device}/statistics/rx_bytes", os.O_RDONLY) for device in devices]
    due = time.monotonic()
    while due < end:
        received = (int(os.pread(counter, 32, 0)) for counter in counters)
        print(f"{time.monotonic():.6f}", f"{busy_seconds(stat):.2f}", *received, flush=True)
        due += interval
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    main()
