"""What a tree of processes costs: CPU seconds and memory, by the kernel's own account."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import psutil


def tree(pid: int) -> list[psutil.Process]:
    """The process and all below it that are there now."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def kind_of(process: psutil.Process) -> str:
    """What it is, in a word: the kind of a child, else its program's name."""
    words = process.cmdline()
    return words[words.index("--child") + 1] if "--child" in words else Path(words[0]).name if words else "?"


@dataclass(frozen=True)
class CpuTimes:
    """CPU seconds by process id and kind, and when they were read."""

    at_s: float
    by_process: dict[tuple[int, str], float]


def cpu_times(pids: list[int]) -> CpuTimes:
    """Of these processes and all below them."""
    found: dict[tuple[int, str], float] = {}
    for pid in pids:
        for process in tree(pid):
            try:
                spent = process.cpu_times()
                found[process.pid, kind_of(process)] = spent.user + spent.system
            except psutil.NoSuchProcess:
                continue
    return CpuTimes(time.monotonic(), found)


def cpu_per_second(before: CpuTimes, after: CpuTimes) -> dict[str, float]:
    """CPU seconds a second for each kind of process, those that began meanwhile included."""
    span_s = after.at_s - before.at_s
    cost: dict[str, float] = {}
    for key, spent in after.by_process.items():
        cost[key[1]] = cost.get(key[1], 0.0) + (spent - before.by_process.get(key, 0.0)) / span_s
    return cost


def pss_mb(pids: list[int]) -> dict[str, float]:
    """Proportional set size in MB for each kind of process (what is shared is counted once, in shares)."""
    found: dict[str, float] = {}
    for pid in pids:
        for process in tree(pid):
            try:
                text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
                kind = kind_of(process)
            except (OSError, psutil.NoSuchProcess):
                continue
            kb = next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
            found[kind] = found.get(kind, 0.0) + kb / 1024
    return found
