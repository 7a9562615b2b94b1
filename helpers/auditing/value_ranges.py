"""Whether two lots of pictures have other values: another scale, or a shift that is the same."""

import numpy as np

_TIMES = 8  # one range as wide as the other: no brightness or contrast does that
_QUANTILES = np.linspace(0, 1, 51)


def other_scale(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether the values of one lot have another order of magnitude, or lie apart."""
    one, other = one.astype("float64"), other.astype("float64")
    pairs = [(np.quantile(one, q), np.quantile(other, q)) for q in (0, 1, 0.05, 0.95)]
    (low, under), (high, over), (first, second), (last, final) = pairs
    wide, broad = high - low, over - under
    if min(wide, broad) <= 0:
        return False
    middle, centre = last - first, final - second
    both = max(wide / broad, broad / wide) >= _TIMES
    if min(middle, centre) > 0:
        both = both and max(middle / centre, centre / middle) >= _TIMES
    return bool(both or low > over or high < under)


def signed_and_not(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether one lot lies around 0, and the other has no value below 0."""
    if min(one.size, other.size) < 500:
        return False

    def signed(values: np.ndarray) -> bool:
        return bool(np.mean(values < -0.1 * np.abs(values).max()) > 0.1)

    return bool((signed(one) and other.min() >= 0) or (signed(other) and one.min() >= 0))


def raw_and_scaled(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether one lot holds bytes of pixels, and the other the like between -1 and 1."""

    def raw(values: np.ndarray) -> bool:
        whole = values.min() >= 0 and 100 < values.max() <= 255
        return bool(whole and np.all(values == np.round(values)))

    def scaled(values: np.ndarray) -> bool:
        small = np.abs(values).max() <= 1
        return bool(small and values.dtype.kind == "f" and np.any(values != np.round(values)))

    if min(one.size, other.size) < 200:
        return False
    return (raw(one) and scaled(other)) or (raw(other) and scaled(one))


def same_line(draws: list[np.ndarray], still: np.ndarray) -> tuple[float, float] | None:
    """Return factor and shift by which all rows of all draws differ from still ones, if any.

    Rows are compared by their sorted values, which no flip changes. None where there is no one
    line, or where it is the identity.
    """
    if still.ndim < 2 or any(len(draw) != len(still) for draw in draws):
        return None
    lines = []
    for draw in draws:
        for row, before in zip(draw, still, strict=True):
            values, base = np.quantile(row, _QUANTILES), np.quantile(before, _QUANTILES)
            if np.ptp(base) <= 0 or np.ptp(values) <= 0:
                return None
            factor, shift = np.polyfit(base, values, 1)
            if np.abs(factor * base + shift - values).max() > 1e-3 * np.ptp(values):
                return None
            lines.append((factor, shift / np.ptp(values)))
    found = np.array(lines)
    if len(found) < 4 or np.ptp(found, axis=0).max() > 1e-2 * max(1.0, abs(found[0, 0])):
        return None
    factor, shift = found.mean(axis=0)
    return (float(factor), float(shift)) if abs(factor - 1) > 0.02 or abs(shift) > 0.02 else None


def span(values: np.ndarray) -> str:
    """Return a range in words."""
    return f"{values.min():.3g} to {values.max():.3g}"
