"""From samples to figures: medians over the rounds, and ratios formed within a round before their median is taken."""

from dataclasses import dataclass
from statistics import median


@dataclass
class Verdict:
    text: str
    measured: float | None  # None: not enough figures
    bound: str  # "", or what must be shown
    shown: bool | None  # None: nothing was asked, or nothing measured


def value(sample, metric):
    if sample is None or sample.error:
        return None
    return sample.more[metric] if metric in sample.more else getattr(sample, metric, None)


def values(samples, metric):
    return [v for v in (value(sample, metric) for sample in samples) if v is not None]


def middle(samples, metric):
    found = values(samples, metric)
    return median(found) if found else None


def judge(claim, results):
    """`results` holds the samples of each label, by round. One failed run of ours and nothing is shown."""
    measured = _measured(claim, results)
    shown, bound = None, ""
    if claim.at_least is not None:
        shown, bound = measured is not None and measured >= claim.at_least, f">= {claim.at_least:g}"
    elif claim.at_most is not None:
        shown, bound = measured is not None and measured <= claim.at_most, f"<= {claim.at_most:g}"
    if any(sample.error for sample in results.get(claim.who, [])):
        shown = False
    elif measured is None:
        shown = None
    return Verdict(claim.text, measured, bound, shown)


def _measured(claim, results):
    ours = results.get(claim.who, [])
    if not isinstance(claim.against, tuple):
        found = middle(ours, claim.metric)
        return None if found is None else found / (claim.against or 1)
    known = [label for label in claim.against if middle(results.get(label, []), claim.metric) is not None]
    if len(known) < len(claim.against):
        return None
    best = (max if claim.at_most is None else min)(known, key=lambda label: middle(results[label], claim.metric))
    rounds = zip(ours, results[best])
    ratios = [
        value(mine, claim.metric) / value(theirs, claim.metric)
        for mine, theirs in rounds
        if value(mine, claim.metric) is not None and value(theirs, claim.metric)
    ]
    return median(ratios) if ratios else None
