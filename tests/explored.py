"""What an exploration leaves in a results folder, made up: for the tests of figures and reports."""

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

Float64 = npt.NDArray[np.float64]
Found = dict[str, Any]

PAIR = ("small", "large")
FOLLOWERS: Found = {
    "path": "ours.brand.followers.the public",
    "label": "followers of brand from the public",
    "values": np.geomspace(1000, 60000, 14).tolist(),
    "scale": "log",
}
RESONANCE: Found = {
    "path": "messages.call.resonance",
    "label": "resonance of call",
    "values": np.linspace(0.1, 0.5, 9).tolist(),
    "scale": "linear",
}
ATTENTION: Found = {
    "path": "segments.fans.attention",
    "label": "attention of fans",
    "values": [0.2, 0.4, 0.8],
    "scale": "linear",
}


def means(followers: Float64, resonance: Float64) -> tuple[Float64, Float64]:
    """Return what the small and the large strategy bring: they tie at 30,000 x resonance."""
    return 3000 * resonance, followers / 10


def sweep_columns(points: Float64, error: float = 0.08, theory: float = 0.95) -> dict[str, Float64]:
    """Return the columns of a sweep at (followers, resonance), the second 0.4 if not given."""
    resonance = points[:, 1] if points.shape[1] > 1 else np.full(len(points), 0.4)
    found: dict[str, Float64] = {f"axis_{i}": points[:, i] for i in range(points.shape[1])}
    both = means(points[:, 0], resonance)
    for i, mean in enumerate(both):
        found |= {
            f"mean_{i}": mean,
            f"low_{i}": mean * (1 - error),
            f"high_{i}": mean * (1 + error),
        }
        found |= {f"p10_{i}": mean * 0.5, f"p90_{i}": mean * 1.8}
        found[f"expected_{i}"] = mean * (theory if i == 0 else 1)
    half = error * np.hypot(*both)
    gap = both[0] - both[1]
    found |= {"difference": gap, "difference_low": gap - half, "difference_high": gap + half}
    ratio = both[0] / both[1]
    found |= {"ratio": ratio, "ratio_low": ratio * 0.9, "ratio_high": ratio * 1.1}
    return found | {"better": np.where(ratio > 1, 0.8, 0.2)}


def sweep(axes: Sequence[Found], points: int = 0, **changed: Any) -> tuple[pa.Table, Found]:
    """Return the table of a sweep and what the summary tells of it; ``points`` of a sequence."""
    if points:
        unit = np.random.default_rng(1).random((points, len(axes)))
        ends = np.array([[np.min(each["values"]), np.max(each["values"])] for each in axes])
        values = ends[:, 0] * (ends[:, 1] / ends[:, 0]) ** unit
        axes = [{**each, "values": None} for each in axes]
    else:
        values = np.array(list(itertools.product(*(each["values"] for each in axes))))
    told = {"axes": list(axes), "metric": "reach", "strategies": list(PAIR), "replicates": 100}
    told |= {"draws": 4, "points": len(values), "sentences": ["at some points small is ahead."]}
    return pa.table(sweep_columns(values)), told | changed


def uncertain(base: int = 64) -> tuple[pa.Table, Found]:
    """Return the table of what is uncertain, and what the summary tells of it."""
    luck = np.random.default_rng(3)
    inputs = [RESONANCE, ATTENTION]
    count = base * (len(inputs) + 2)
    columns: dict[str, Any] = {f"input_{i}": luck.uniform(0.2, 0.5, count) for i in range(2)}
    columns["matrix"] = [(*"AB", "AB_0", "AB_1")[place % 4] for place in range(count)]
    log_ratio = luck.normal(0.5, 0.6, count)
    columns |= {"effect_0": log_ratio, "noise_0": np.full(count, 0.1)}
    ratios = np.exp(log_ratio[np.isin(columns["matrix"], ["A", "B"])])
    low, median, high = np.quantile(ratios, [0.05, 0.5, 0.95]).tolist()
    range_ = {"low": low, "high": high, "median": median}
    range_ |= {"least": ratios.min().item(), "most": ratios.max().item()}
    index = {"first": 0.62, "first_low": 0.5, "first_high": 0.74}
    index |= {"total": 0.7, "total_low": 0.6, "total_high": 0.81}
    small = {"first": 0.11, "first_low": -0.01, "first_high": 0.23}
    small |= {"total": 0.2, "total_low": 0.1, "total_high": 0.3}
    pair = {"strategy": PAIR[0], "baseline": PAIR[1], "metric": "reach", "range": range_}
    pair |= {"ahead": (ratios > 1).mean().item(), "noise": 0.04}
    pair |= {"surely_ahead": 0.7, "surely_behind": 0.1}
    pair["indices"] = [{"path": ATTENTION["path"], **small}, {"path": RESONANCE["path"], **index}]
    told: Found = {
        "inputs": [
            {"path": one["path"], "label": one["label"], "low": 0.2, "high": 0.5, "scale": "linear"}
            for one in inputs
        ]
    }
    told |= {"points": base, "evaluations": count, "replicates": 100, "draws": 4, "pairs": [pair]}
    return pa.table(columns), told | {"sentences": ["over what is uncertain it varies."]}


def interval(mean: float, half: float) -> Found:
    return {"mean": mean, "low": mean - half, "high": mean + half}


def break_even(**changed: Any) -> Found:
    """Return the part of a summary on where the two tie: at 12,000 followers."""
    evaluated = []
    for value in (500, 2000, 6000, 11000, 11800, 12400, 13500, 20000, 35000, 60000):
        one, other = (float(mean[0]) for mean in means(np.array([value]), np.array([0.4])))
        gap = interval(one - other, 90)
        each = {"value": value, "one": interval(one, 60), "other": interval(other, 0.05 * other)}
        evaluated.append({**each, "difference": gap})
    found: Found = {key: FOLLOWERS[key] for key in ("path", "label")}
    found |= {"between": list(PAIR), "metric": "reach", "kind": "tie", "evaluated": evaluated}
    found |= {"from": 500.0, "to": 60_000.0, "scale": "log"}
    found |= {"value": 12000.0, "low": 11100.0, "high": 12900.0, "theory": 11400.0}
    found |= {"range": {"low": 6000.0, "high": 41000.0, "median": 13000.0, "beyond": 0.02}}
    return found | {"per_follower": 24.0, "sentences": ["20 equal 12,000."]} | changed


def why(**changed: Any) -> Found:
    """Return why it comes out so: five factors and their product."""
    values = {
        "head count": ("followers spoken to", 0.025, None),
        "engagement": ("first shares for each follower", 24.0, 1.5),
        "amplification": ("shares for each first share", 2.6, 0.3),
        "value": ("what a share carries", 0.9, 0.05),
        "overlap": ("overlap, saturation and horizon", 0.84, 0.04),
    }
    factors = [
        {
            "name": name,
            "meaning": meaning,
            "value": value,
            "low": None if half is None else value - half,
            "high": None if half is None else value + half,
        }
        for name, (meaning, value, half) in values.items()
    ]
    product = float(np.prod([each["value"] for each in factors]))
    found = {"strategy": PAIR[0], "baseline": PAIR[1], "metric": "reach", "factors": factors}
    return (
        found
        | {"ratio": interval(product, 0.15), "note": "why it is so.", "sentences": ["Because."]}
        | changed
    )


def add_explored(
    folder: Path, axes: Sequence[Found] = (FOLLOWERS, RESONANCE), points: int = 0
) -> None:
    """Add all parts of an exploration to a finished results folder."""
    table, swept = sweep(axes, points)
    pq.write_table(table, folder / "sweep.parquet")
    rows, told = uncertain()
    pq.write_table(rows, folder / "uncertain.parquet")
    parts = {"sweep": swept, "uncertain": told, "break_even": break_even(), "why": [why()]}
    path = folder / "summary.json"
    summary = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**summary, **parts}), encoding="utf-8")
