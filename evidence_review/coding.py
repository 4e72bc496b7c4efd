"""How the two coding passes agree: claims matched by passage, then their codings compared."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evidence_review.dataset import ALL
from evidence_review.dictionary import not_one_of
from evidence_review.refusal import ParameterError

COMPARED = ("proposition_id", "stance", "evidence_level", "basis", "phase", "claim_type")
LEAST_OVERLAP = 0.5
BOOTSTRAP_SAMPLES = 2000
BOOTSTRAP_SEED = 20261122


def match_passes(passes: pd.DataFrame) -> pd.DataFrame:
    """The claims of pass a and of pass b that stand on the same passage, one row a pair.

    Two claims may be matched when they share at least half of the characters of the shorter one;
    the pairs with the greatest overlap (shared characters in all characters of the two) are taken
    first, each claim once. What the claims say does not decide, but for one case: a passage that
    bears on several propositions has several claims with the same ends, and among equal overlaps
    the same proposition goes first. Columns: those of the passes with `_a` and `_b`, `overlap`.
    """
    a = passes[passes["pass"] == "a"].reset_index(drop=True)
    b = passes[passes["pass"] == "b"].reset_index(drop=True)
    candidates = (
        a.add_suffix("_a")
        .reset_index(names="row_a")
        .merge(b.add_suffix("_b").reset_index(names="row_b"), how="cross")
    )
    shared = np.minimum(candidates["end_a"], candidates["end_b"]) - np.maximum(
        candidates["start_a"], candidates["start_b"]
    )
    length_a = candidates["end_a"] - candidates["start_a"]
    length_b = candidates["end_b"] - candidates["start_b"]
    candidates["overlap"] = shared / (length_a + length_b - shared)
    enough = shared >= LEAST_OVERLAP * np.minimum(length_a, length_b)
    one_source = candidates["source_id_a"] == candidates["source_id_b"]
    candidates = candidates[enough & one_source].copy()
    candidates["other"] = candidates["proposition_id_a"] != candidates["proposition_id_b"]
    ranked = candidates.sort_values(
        ["overlap", "other", "start_a", "start_b", "row_a", "row_b"],
        ascending=[False, True, True, True, True, True],
    )
    pairs = ranked.loc[_each_once(ranked)]
    return pairs.sort_values(["start_a", "end_a", "row_a"]).reset_index(drop=True)


def unmatched(passes: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """The claims of either pass that no pair holds, in document order (columns of `passes`)."""
    left = []
    for name in ("a", "b"):
        own = passes[passes["pass"] == name].reset_index(drop=True)
        left.append(own[~own.index.isin(pairs[f"row_{name}"])])
    return pd.concat(left).sort_values(["start", "end", "pass"]).reset_index(drop=True)


def coding_agreement(pairs: pd.DataFrame, column: str = ALL) -> pd.DataFrame:
    """How far the matched claims agree on each column of the coding, or on one of them.

    ParameterError where `column` is neither `all` nor one of `COMPARED`. One row a column:
    `matched` (pairs), `same` (pairs with the same value), `share`, `kappa` (Cohen 1960), `ac1`
    (Gwet 2008), and for both a 95 % percentile bootstrap interval over pairs (`kappa_low`,
    `kappa_high`, `ac1_low`, `ac1_high`; 2,000 samples, fixed seed). A coefficient is NaN where it
    is not defined: one value used by both passes throughout.
    """
    if column not in (ALL, *COMPARED):
        raise ParameterError(f"column: {not_one_of(str(column), (ALL, *COMPARED))}")
    rows = []
    for name in COMPARED if column == ALL else (column,):
        first = pairs[f"{name}_a"].astype("str").to_numpy()
        second = pairs[f"{name}_b"].astype("str").to_numpy()
        same = int((first == second).sum())
        row: dict[str, object] = {"column": name, "matched": len(pairs), "same": same}
        row["share"] = same / len(pairs) if len(pairs) else float("nan")
        codes = np.unique(np.concatenate([first, second]), return_inverse=True)[1]
        a, b = codes[: len(first)], codes[len(first) :]
        row["kappa"], row["ac1"] = cohen_kappa(a, b), gwet_ac1(a, b)
        row |= _intervals(a, b)
        rows.append(row)
    return pd.DataFrame(rows)


def cohen_kappa(a: np.ndarray, b: np.ndarray) -> float:
    """Cohen's kappa of two codings of the same units (Cohen 1960); NaN where chance is 1."""
    first, second, observed = _shares(a, b)
    return float(_beyond_chance(observed, _chance_of_kappa(first, second)))


def gwet_ac1(a: np.ndarray, b: np.ndarray, values: int | None = None) -> float:
    """Gwet's AC1 of two codings of the same units (Gwet 2008); NaN with fewer than two values.

    `values` is how many values could be used: by default as many as are.
    """
    first, second, observed = _shares(a, b)
    values = len(first) if values is None else values
    return float(_beyond_chance(observed, _chance_of_ac1(first, second, values)))


def _each_once(ranked: pd.DataFrame) -> list[int]:
    """The rows to take, best first, so that no claim stands in two pairs."""
    taken_a: set[int] = set()
    taken_b: set[int] = set()
    taken = []
    for row in ranked[["row_a", "row_b"]].itertuples():
        if row.row_a not in taken_a and row.row_b not in taken_b:
            taken_a.add(row.row_a)
            taken_b.add(row.row_b)
            taken.append(row.Index)
    return taken


def _shares(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """The share of each value in either coding, and of the units coded alike."""
    if not len(a):
        return np.array([]), np.array([]), float("nan")
    values, codes = np.unique(np.concatenate([a, b]), return_inverse=True)
    first = np.bincount(codes[: len(a)], minlength=len(values)) / len(a)
    second = np.bincount(codes[len(a) :], minlength=len(values)) / len(b)
    return first, second, float((a == b).mean())


def _chance_of_kappa(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The agreement by chance of Cohen (1960), along the last axis of the shares of values."""
    return np.asarray((first * second).sum(axis=-1))


def _chance_of_ac1(first: np.ndarray, second: np.ndarray, values: int) -> np.ndarray:
    """The agreement by chance of Gwet (2008); 1, which defines nothing, with under two values."""
    mean = (first + second) / 2
    spread = np.asarray((mean * (1 - mean)).sum(axis=-1))
    return spread / (values - 1) if values > 1 else np.ones_like(spread)


def _beyond_chance(observed: np.ndarray | float, chance: np.ndarray) -> np.ndarray:
    """The agreement beyond chance, as a share of what could be; NaN where chance is 1."""
    left = np.where(chance < 1, 1 - chance, np.nan)
    return np.asarray((observed - chance) / left)


def _shares_of_samples(codes: np.ndarray, drawn: np.ndarray, values: int) -> np.ndarray:
    """The share of each value in each sample: one row a sample, one column a value."""
    samples, size = drawn.shape
    cells = codes[drawn] + values * np.arange(samples)[:, None]
    count = np.bincount(cells.ravel(), minlength=samples * values)
    return np.asarray(count.reshape(samples, values) / max(size, 1))


def _intervals(a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    """The bounds of the bootstrap intervals of both coefficients."""
    generator = np.random.default_rng(BOOTSTRAP_SEED)
    size = (BOOTSTRAP_SAMPLES if len(a) else 0, len(a))
    drawn = generator.integers(0, max(len(a), 1), size=size)
    values, codes = np.unique(np.concatenate([a, b]), return_inverse=True)
    first = _shares_of_samples(codes[: len(a)], drawn, len(values))
    second = _shares_of_samples(codes[len(a) :], drawn, len(values))
    same = (a == b)[drawn].mean(axis=1) if len(a) else np.array([])
    # A sample may miss a value; it could have been drawn all the same.
    samples = {
        "kappa": _beyond_chance(same, _chance_of_kappa(first, second)),
        "ac1": _beyond_chance(same, _chance_of_ac1(first, second, len(values))),
    }
    bounds: dict[str, float] = {}
    for name, sampled in samples.items():
        known = sampled[~np.isnan(sampled)]
        nothing = (float("nan"), float("nan"))
        low, high = np.percentile(known, [2.5, 97.5]) if len(known) else nothing
        bounds |= {f"{name}_low": float(low), f"{name}_high": float(high)}
    return bounds
