"""Decide from 95% intervals whether a difference is news or noise.

Two estimates differ when the interval of their difference excludes 0. It is computed from their own intervals by adding
the squared distances of the ends that face each other (MOVER; for two rates with Wilson intervals this is Newcombe's
method, for two means with known spread the usual test).
"""

from dataclasses import dataclass
from math import sqrt

from dagster_project.reports.monthly.blocks import Change, Form, Tone

SMALL_SAMPLE = 30
Z = 1.959964


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95% interval and sample size; no interval for a full count, or where it can't be known."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    sample_size: int | None = None

    @property
    def is_small(self) -> bool:
        """Whether its sample is too small for it to be read alone."""
        return is_small(self.sample_size)


def is_small(sample_size: int | None) -> bool:
    """Whether a sample is too small for its figure to be read alone."""
    return sample_size is not None and sample_size < SMALL_SAMPLE


def standard_error(answer: str) -> str:
    """SQL of the standard error of a mean; null for one answer, or for identical answers, which show no spread."""
    return f"nullif(stddev_samp({answer}), 0) / sqrt(count({answer}))"


def mean_estimate(score: float | None, error: float | None, sample_size: int | None) -> Estimate:
    """A score with the interval from its standard error."""
    if score is None or error is None:
        return Estimate(score, sample_size=sample_size)
    return Estimate(score, score - Z * error, score + Z * error, sample_size)


def difference(now: Estimate, before: Estimate) -> float | None:
    """By how much the first exceeds the second."""
    return None if now.value is None or before.value is None else now.value - before.value


def differ(now: Estimate, before: Estimate) -> bool | None:
    """Whether two estimates differ by more than noise; None when one has no interval."""
    ends = (now.value, now.low, now.high, before.value, before.low, before.high)
    if any(end is None for end in ends):
        return None
    now_value, now_low, now_high, value, low, high = (float(end) for end in ends if end is not None)
    above = now_value - value
    lowest = above - sqrt((now_value - now_low) ** 2 + (high - value) ** 2)
    highest = above + sqrt((now_high - now_value) ** 2 + (value - low) ** 2)
    return not lowest <= 0 <= highest


def leaves_out(estimate: Estimate, reference: float | None) -> bool | None:
    """Whether a fixed reference, such as a target, lies outside the interval; None when there is no interval."""
    if reference is None or estimate.low is None or estimate.high is None:
        return None
    return not estimate.low <= reference <= estimate.high


def counts_differ(now: int, before: int) -> bool:
    """Whether two counts of rare events in equal times differ by more than noise (Poisson, normal approximation)."""
    return abs(now - before) > Z * sqrt(now + before)


def tone_of(difference: float | None, is_news: bool | None, higher_is_better: bool | None) -> Tone:
    """Good or bad for news, else neutral."""
    if not is_news or not difference or higher_is_better is None:
        return Tone.NEUTRAL
    return Tone.GOOD if (difference > 0) == higher_is_better else Tone.BAD


def change(
    now: Estimate, before: Estimate, form: Form, higher_is_better: bool | None, decimals: int | None = None
) -> Change:
    """The judged change from one estimate to another."""
    moved, is_news = difference(now, before), differ(now, before)
    return Change(moved, form, is_news, tone_of(moved, is_news, higher_is_better), decimals)


def distance(
    now: Estimate, reference: float | None, form: Form, higher_is_better: bool | None, decimals: int | None = None
) -> Change:
    """The judged distance from a fixed reference."""
    away = None if now.value is None or reference is None else now.value - reference
    is_news = leaves_out(now, reference)
    return Change(away, form, is_news, tone_of(away, is_news, higher_is_better), decimals)


def count_change(now: int, before: int | None, higher_is_better: bool | None) -> Change:
    """The judged change of a count of events."""
    if before is None:
        return Change(None, Form.COUNT)
    is_news = counts_differ(now, before)
    return Change(now - before, Form.COUNT, is_news, tone_of(now - before, is_news, higher_is_better))
