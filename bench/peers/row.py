"""What a row of the comparison is made of."""

from collections.abc import Callable
from dataclasses import dataclass

KIB, MIB = 1 << 10, 1 << 20
UNEQUAL = "1gbit,1gbit,1gbit,200mbit"


@dataclass
class Contender:
    label: str
    run: Callable  # (lab, seconds) -> Sample
    missing: Callable = lambda: None  # the reason why it cannot run here, or None
    counted: bool = True  # whether a second pair of eyes (traffic.Traffic) measures the machine's CPU as well


@dataclass
class Claim:
    """`metric` of `who`, over that of `against` (the best of several labels; a number; nothing: the bare figure)."""

    text: str
    who: str
    metric: str
    against: tuple | float | None = None
    at_least: float | None = None
    at_most: float | None = None


@dataclass
class Row:
    name: str
    title: str
    rate: str
    contenders: list
    claims: list
    columns: tuple = ("gbit_per_s", "cpu_per_gbit", "system_cpu_per_gbit")


def transfer(driver, label, size, window, **options):
    """A bandwidth run of Hawser's."""
    run = lambda lab, seconds: driver.bandwidth(lab, size, seconds, window=window, **options)  # noqa: E731
    return Contender(label, run, driver.missing)
