"""The embedded real data sets, and seeded generators of sizes that real data does not reach.

Three small data sets travel inside the package, so that nothing is downloaded: speech of varying
length (:func:`japanese_vowels`), handwritten digits (:func:`digits`, and strings of them of varying
width in :func:`digit_strings`), and textures (:func:`textures`, crops of varying size in
:func:`texture_crops`, and from near and far in :func:`texture_scales`). Three photographs are there
to look at (:func:`photographs`), and of one set only the lengths (:func:`plaid_lengths`). Licences
and attributions are in ``datasets/LICENSES.md``; the files are rebuilt by
``tools/build_datasets.py``.

Every call returns fresh arrays: change them as you like. A seeded function draws one sample after
the other, so a smaller ``count`` gives the beginning of a larger one.
"""

import math
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from helpers.arguments import choice, integer, number, shown

_DATASETS = Path(__file__).parent / "datasets"
_SPLITS = ("train", "test")
_VOWELS_TRAIN = 270  # utterances; the published split
_DIGITS_TRAIN = 1437  # images; our split of the 1,797, four fifths
_TEXTURE_NAMES = ("brick", "grass", "gravel")
_KINDS = ("lognormal", "uniform", "geometric", "constant", "bimodal", "pareto")
_IMAGES, _LENGTHS = 10**6, 10**9  # that are drawn at once: more would fill the memory
_SIGMA = 1.0  # of the logarithm of the log-normal lengths
_ALPHA = 2.0  # the exponent of the Pareto lengths


def japanese_vowels(split: str = "train") -> tuple[list[np.ndarray], np.ndarray]:
    """Load Japanese Vowels: 640 real utterances of 7 to 29 frames by nine speakers.

    Nine men said the vowels /ae/. Every frame holds 12 LPC cepstrum coefficients (no unit) of
    25.6 ms of speech; frames are 6.4 ms apart. The task is to tell who speaks.

    The order is the published one, speaker by speaker: shuffle before training. The file keeps the
    published decimals exactly; a returned value is the float32 nearest to its decimal.

    Args:
        split: ``"train"`` (270 utterances, 30 by each speaker) or ``"test"`` (370 utterances by
            the same speakers, 24 to 88 each), as published.

    Returns:
        ``rows``, a list of float32 arrays ``(time, features)`` of 7 to 29 frames and 12 features,
        and ``labels``, int64 ``(utterances,)``, the speaker 0..8 (published as 1..9).

    Raises:
        ValueError: ``split`` is neither of the two.

    Source: :cite:t:`kudo1999`; the data set is :cite:t:`kudo1999data`, DOI 10.24432/C5NS47,
    CC BY 4.0, taken from the package sktime.

    Example:
        >>> rows, labels = japanese_vowels("train")
        >>> len(rows), rows[0].shape, rows[0].dtype, labels[:3]
        (270, (20, 12), dtype('float32'), array([0, 0, 0]))
    """
    part = _part(split, _VOWELS_TRAIN)
    file = _read("japanese_vowels")
    ends = np.cumsum(file["lengths"], dtype=np.int64)
    frames = (file["millionths"] / 1e6).astype(np.float32)
    rows = [row.copy() for row in np.split(frames, ends[:-1])[part]]
    return rows, file["labels"][part].astype(np.int64)


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Load 1,797 real handwritten digits of 8 x 8 pixels.

    They are the test part of the UCI data set, written by 13 people, in the published order.

    Returns:
        ``images``, uint8 ``(1797, 8, 8)`` with the axes image, height and width, where a pixel is
        the ink in it from 0 (none) to 16 (full), and ``labels``, int64 ``(1797,)``, the digit 0..9.

    Source: :cite:t:`alpaydin1998`, DOI 10.24432/C50P49, CC BY 4.0, taken from the package
    scikit-learn.

    Example:
        >>> images, labels = digits()
        >>> images.shape, int(images.max()), labels[:3]
        ((1797, 8, 8), 16, array([0, 1, 2]))
    """
    file = _read("digits")
    return file["images"], file["labels"].astype(np.int64)


def digit_strings(
    count: int,
    *,
    digits: tuple[int, int] = (1, 6),
    heights: tuple[int, int] = (8, 8),
    split: str = "train",
    seed: int = 0,
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Compose strings of real handwritten digits, of varying width and, if wanted, height.

    Of every digit the empty columns at its left and right are cut off, so that digits differ in
    width. Then 0 to 3 empty columns (drawn for each gap) stand between neighbours. No pixel of
    a digit is resized, changed or covered. All draws are uniform.

    Args:
        count: number of strings.
        digits: smallest and largest number of digits in a string.
        heights: smallest and largest height of an image in pixels, at least 8. Where an image is
            higher than 8, the string stands at a random vertical offset.
        split: ``"train"`` draws from the first 1,437 images of :func:`digits`, ``"test"`` from the
            other 360: no handwritten digit is in both.
        seed: seed of all draws, at least 0. The two splits are drawn independently.

    Returns:
        ``images``, a list of uint8 arrays ``(height, width)``, 0 (no ink) to 16; and ``labels``, a
        list of int64 arrays ``(digits,)`` with the digits 0..9 from left to right.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is out of range.

    Source: the images of :func:`digits` (:cite:t:`alpaydin1998`), CC BY 4.0.

    Example:
        >>> images, labels = digit_strings(100, digits=(2, 5))
        >>> len(images), {image.shape[0] for image in images}
        (100, {8})
        >>> min(len(label) for label in labels), max(len(label) for label in labels)
        (2, 5)
    """
    integer("count", count, minimum=1, maximum=_IMAGES)
    _integer_range("digits", digits, 1)
    _integer_range("heights", heights, 8)
    file = _read("digits")
    part = _part(split, _DIGITS_TRAIN)
    pool, classes = file["images"][part], file["labels"][part].astype(np.int64)
    random = _generator(seed, split)
    images, labels = [], []
    for _ in range(count):
        chosen = random.integers(len(pool), size=random.integers(*digits, endpoint=True))
        gaps = random.integers(0, 3, size=len(chosen) - 1, endpoint=True)
        height = random.integers(*heights, endpoint=True)
        top = random.integers(0, height - 8, endpoint=True)
        images.append(_compose([_trim(pool[i]) for i in chosen], gaps, int(height), int(top)))
        labels.append(classes[chosen])
    return images, labels


def textures() -> dict[str, np.ndarray]:
    """Load three textures: brick, grass and gravel.

    Each is the middle of the 512 x 512 image that scikit-image ships, at that image's scale.

    Returns:
        Name to uint8 array ``(height, width)`` of 320 x 320 grey values 0..255.

    Source: scikit-image (:cite:t:`vanderwalt2014`), where each is CC0: brick and gravel by
    CC0Textures, grass by linolafett.

    Example:
        >>> {name: image.shape for name, image in textures().items()}
        {'brick': (320, 320), 'grass': (320, 320), 'gravel': (320, 320)}
    """
    file = _read("textures")
    return {name: file[name] for name in _TEXTURE_NAMES}


def photographs() -> dict[str, np.ndarray]:
    """Load three small photographs: a cat, a cup of coffee and a photographer.

    They are the images of scikit-image, grey and shrunk, for figures in which one has to see what
    was done to a picture.

    Returns:
        Name to uint8 array ``(height, width)`` of grey values 0..255, each of another size.

    Source: scikit-image (:cite:t:`vanderwalt2014`), where each is CC0: by Stefan van der Walt,
    Rachel Michetti and Lav Varshney.

    Example:
        >>> {name: image.shape for name, image in photographs().items()}
        {'cat': (48, 96), 'cup': (56, 80), 'photographer': (88, 60)}
    """
    file = _read("photographs")
    return {name: file[name] for name in ("cat", "cup", "photographer")}


def texture_crops(
    count: int,
    *,
    size: tuple[int, int] = (32, 96),
    split: str = "train",
    seed: int = 0,
) -> tuple[list[np.ndarray], np.ndarray, tuple[str, ...]]:
    """Cut crops of varying height and width out of :func:`textures`.

    Texture, height, width and place are drawn uniformly and each on its own. Nothing is resized.

    Args:
        count: number of crops.
        size: smallest and largest height, and smallest and largest width, in pixels; 1 to 160.
        split: ``"train"`` cuts from the left half of each texture, ``"test"`` from the right half:
            no pixel is in both.
        seed: seed of all draws, at least 0. The two splits are drawn independently.

    Returns:
        ``images``, a list of uint8 arrays ``(height, width)``, 0..255; ``labels``, int64
        ``(count,)``, the texture 0..2; and the ``names`` of the textures, in the order of labels.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is out of range.

    Source: the images of :func:`textures`, CC0.

    Example:
        >>> images, labels, names = texture_crops(200, size=(32, 96))
        >>> len({image.shape for image in images}) > 30, names
        (True, ('brick', 'grass', 'gravel'))
    """
    integer("count", count, minimum=1, maximum=_IMAGES)
    _integer_range("size", size, 1)
    halves = [np.split(image, 2, axis=1)[_split_index(split)] for image in textures().values()]
    height, width = halves[0].shape
    if size[1] > width:
        raise ValueError(f"size: expected at most {width} (half a texture), got {shown(size)}")
    random = _generator(seed, split)
    images, labels = [], []
    for _ in range(count):
        label = random.integers(len(halves))
        high, wide = random.integers(*size, size=2, endpoint=True)
        top = random.integers(0, height - high, endpoint=True)
        left = random.integers(0, width - wide, endpoint=True)
        images.append(halves[label][top : top + high, left : left + wide].copy())
        labels.append(label)
    return images, np.array(labels, np.int64), _TEXTURE_NAMES


def texture_scales(
    count: int,
    *,
    size: tuple[int, int] = (24, 72),
    scales: tuple[int, ...] = (1, 2),
    split: str = "train",
    seed: int = 0,
) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Cut crops of varying size out of :func:`textures` seen from nearer and farther away.

    The scale is what there is to tell. At scale ``s`` a texture is shrunk first: each pixel is the
    mean of ``s`` x ``s`` pixels of the original, so that bricks are a ``1 / s`` as high and wide,
    as if seen from ``s`` times as far. Then a crop is cut out of it. Height and width of a crop are
    drawn alike for all scales, so that they say nothing of the scale.

    Scale, texture, height, width and place are drawn uniformly. No crop is resized.

    Args:
        count: number of crops.
        size: smallest and largest height, and smallest and largest width, in pixels; at least 1,
            and at most ``160 // s`` for the largest scale ``s`` (half a texture, shrunk).
        scales: the scales, different integers of at least 1. Where one does not divide the 160 or
            the 320 pixels of half a texture, the rest at the right or below is left out.
        split: ``"train"`` cuts from the left half of each texture, ``"test"`` from the right half:
            no pixel of an original is in both.
        seed: seed of all draws, at least 0. The two splits are drawn independently.

    Returns:
        ``images``, a list of uint8 arrays ``(height, width)``, 0..255 (a mean is rounded to the
        nearest integer, halves to the even one); ``labels``, int64 ``(count,)``, the index of the
        scale in ``scales``; and ``textures``, int64 ``(count,)``, 0..2 in the order of
        :func:`textures`.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is out of range.

    Source: the images of :func:`textures`, CC0.

    Example:
        >>> images, labels, textures = texture_scales(200, scales=(1, 2))
        >>> images[0].dtype, set(labels.tolist()), set(textures.tolist())
        (dtype('uint8'), {0, 1}, {0, 1, 2})
        >>> all(24 <= side <= 72 for image in images for side in image.shape)
        True
    """
    integer("count", count, minimum=1, maximum=_IMAGES)
    _integer_range("size", size, 1)
    _check_scales(scales)
    index = _split_index(split)
    halves = [np.split(image, 2, axis=1)[index] for image in textures().values()]
    widest = min(halves[0].shape) // max(scales)
    if size[1] > widest:
        raise ValueError(
            f"size: expected at most {widest} (half a texture at scale {shown(max(scales))}), "
            f"got {shown(size)}"
        )
    seen = [[_shrink(half, scale) for half in halves] for scale in scales]
    random = _generator(seed, split)
    images, labels, kinds = [], [], []
    for _ in range(count):
        label, kind = random.integers(len(scales)), random.integers(len(halves))
        high, wide = random.integers(*size, size=2, endpoint=True)
        height, width = seen[label][kind].shape
        top = random.integers(0, height - high, endpoint=True)
        left = random.integers(0, width - wide, endpoint=True)
        images.append(seen[label][kind][top : top + high, left : left + wide].copy())
        labels.append(label)
        kinds.append(kind)
    return images, np.array(labels, np.int64), np.array(kinds, np.int64)


def plaid_lengths() -> np.ndarray:
    """Load the lengths of the 1,074 series of PLAID: 100 to 1,344 timesteps.

    PLAID is the Plug Load Appliance Identification Dataset, the electricity that 11 types of
    household appliances draw. Here are only the lengths of its series, in the order of the package
    sktime: the 537 for training, then the 537 for testing. They are real lengths to plan batches
    with.

    Returns:
        int64 ``(1074,)``, in timesteps.

    Source: :cite:t:`gao2014`, counted in the copy of the package sktime. The values
    are not part of this project.

    Example:
        >>> lengths = plaid_lengths()
        >>> lengths.shape, int(lengths.min()), int(lengths.max()), len(set(lengths.tolist()))
        ((1074,), 100, 1344, 128)
    """
    return _read("plaid_lengths")["lengths"].astype(np.int64)


def random_lengths(
    count: int,
    kind: str = "lognormal",
    *,
    mean: float = 60,
    maximum: int = 512,
    seed: int = 0,
) -> np.ndarray:
    """Draw lengths (timesteps, tokens, pixels), for sizes that real data does not reach.

    The parameter of each distribution is set so that the mean *after* the clipping to
    1 to ``maximum`` is ``mean``; the mean of a sample differs from it by chance, and by rounding
    to integers.

    Args:
        count: number of lengths.
        kind: the distribution.

            - ``"lognormal"``: most are short, a few very long. The logarithm is normal with
              standard deviation 1, rounded and clipped.
            - ``"uniform"``: all integers of the widest range around ``mean`` that lies within
              1 to ``maximum`` are equally likely.
            - ``"geometric"``: number of trials up to the first success, clipped.
            - ``"constant"``: always ``mean``, which must be an integer.
            - ``"bimodal"``: half are short and half long. With ``r`` the distance from ``mean`` to
              the nearer of 1 and ``maximum``, they are uniform within ``r / 4`` of
              ``mean - 3 r / 4`` and ``mean + 3 r / 4``, rounded.
            - ``"pareto"``: none is short, and the tail is heavier than the log-normal's. From a
              shortest length on, twice as long is a quarter as likely to be reached (exponent 2);
              rounded and clipped.
        mean: mean of the distribution, 1 to ``maximum`` (both excluded for ``"lognormal"``,
            ``"geometric"`` and ``"pareto"``).
        maximum: the largest length that may occur.
        seed: seed of all draws, at least 0.

    Returns:
        int64 ``(count,)``, each 1 to ``maximum``.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is out of range, or ``kind`` is unknown.

    Example:
        >>> lengths = random_lengths(20_000)
        >>> int(lengths.min()), int(lengths.max()), round(float(lengths.mean()), 1)
        (1, 512, 60.0)
    """
    integer("count", count, minimum=1, maximum=_LENGTHS)
    maximum = integer("maximum", maximum, minimum=1, maximum=2**53)  # a float holds it
    mean = number("mean", mean)
    if not 1 <= mean <= maximum:
        raise ValueError(f"mean: expected 1 to maximum={maximum}, got {shown(mean)}")
    choice("kind", kind, _KINDS)
    random = _generator(seed)
    if kind == "constant":
        if mean != int(mean):
            raise ValueError(f"mean: expected an integer for kind='constant', got {shown(mean)}")
        return np.full(count, mean, np.int64)
    reach = min(mean - 1, maximum - mean)
    if kind == "uniform":
        low, high = round(mean - reach), round(mean + reach)
        return random.integers(low, high, size=count, endpoint=True)
    if kind == "bimodal":
        draws = random.random((count, 2))  # row by row, so that a smaller count is a prefix
        centre = mean + np.where(draws[:, 0] < 0.5, -0.75, 0.75) * reach
        return np.rint(centre + (draws[:, 1] - 0.5) * reach / 2).astype(np.int64)
    if not 1 < mean < maximum:
        raise ValueError(
            f"mean: expected more than 1 and less than maximum={maximum} for kind={shown(kind)}, "
            f"got {shown(mean)}"
        )
    if kind == "geometric":
        scale = math.exp(_solve(lambda log: _clipped_geometric_mean(math.exp(log), maximum), mean))
        draws = np.ceil(scale * random.standard_exponential(count))
    elif kind == "pareto":
        start = _solve(lambda log: _clipped_pareto_mean(math.exp(log), maximum), mean)
        draws = np.rint(np.exp(start + random.standard_exponential(count) / _ALPHA))
    else:
        mu = _solve(lambda mu: _clipped_lognormal_mean(mu, maximum), mean)
        draws = np.rint(np.exp(mu + _SIGMA * random.standard_normal(count)))
    return np.clip(draws, 1, maximum).astype(np.int64)


def _read(name: str) -> dict[str, np.ndarray]:
    """Read one data file, anew at each call: nobody can corrupt what the next caller gets."""
    path = _DATASETS / f"{name}.npz"
    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise OSError(f"{path}: cannot be read ({error}); fetch the file again") from error


def _split_index(split: str) -> int:
    choice("split", split, _SPLITS)
    return _SPLITS.index(split)


def _part(split: str, train: int) -> slice:
    """Return the rows of ``split`` where the first ``train`` rows are for training."""
    return (slice(None, train), slice(train, None))[_split_index(split)]


def _integer_range(name: str, value: tuple[int, int], smallest: int) -> None:
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(f"{name}: expected a pair (smallest, largest), got {shown(value)}")
    integer(f"{name}[0]", value[0], minimum=smallest)
    integer(f"{name}[1]", value[1], minimum=smallest)
    if value[0] > value[1]:
        raise ValueError(f"{name}: expected (smallest, largest), got {shown(value)}")


def _generator(seed: int, split: str = "train") -> np.random.Generator:
    """Make the generator of a seed; the splits get independent streams."""
    integer("seed", seed, minimum=0)
    return np.random.default_rng([seed, _split_index(split)])


def _check_scales(scales: tuple[int, ...]) -> None:
    if not isinstance(scales, tuple | list):
        raise TypeError(f"scales: expected a tuple of integers, got {shown(scales)}")
    for index, scale in enumerate(scales):
        integer(f"scales[{index}]", scale, minimum=1)
    if not scales or len(set(scales)) < len(scales):
        raise ValueError(f"scales: expected one or more different integers, got {shown(scales)}")


def _shrink(image: np.ndarray, scale: int) -> np.ndarray:
    """Shrink ``image`` ``(height, width)`` to the rounded means of its ``scale`` x ``scale``."""
    height, width = (side // scale for side in image.shape)
    blocks = image[: height * scale, : width * scale].reshape(height, scale, width, scale)
    return np.rint(blocks.mean(axis=(1, 3))).astype(np.uint8)


def _trim(image: np.ndarray) -> np.ndarray:
    """Cut the empty columns off the left and the right of ``image`` ``(height, width)``."""
    inked = np.flatnonzero(image.any(axis=0))
    return image[:, inked[0] : inked[-1] + 1]


def _compose(glyphs: list[np.ndarray], gaps: np.ndarray, height: int, top: int) -> np.ndarray:
    """Set glyphs side by side, ``gaps[i]`` empty columns after glyph ``i``, ``top`` rows down."""
    widths = [glyph.shape[1] for glyph in glyphs]
    lefts = np.concatenate([[0], np.cumsum(widths[:-1] + gaps)]).astype(int)
    image = np.zeros((height, lefts[-1] + widths[-1]), np.uint8)
    for glyph, left, width in zip(glyphs, lefts, widths, strict=True):
        image[top : top + 8, left : left + width] = glyph
    return image


def _normal_cdf(z: float) -> float:
    return math.erfc(-z / math.sqrt(2)) / 2


def _clipped_geometric_mean(scale: float, maximum: int) -> float:
    """Mean of a geometric length clipped to ``maximum``: ``(1 - q**maximum) / (1 - q)``.

    ``q = exp(-1 / scale)`` is the probability that a trial fails. The length is then an exponential
    of mean ``scale``, rounded up.
    """
    return math.expm1(-maximum / scale) / math.expm1(-1 / scale)


def _clipped_lognormal_mean(mu: float, maximum: int) -> float:
    """Mean of ``exp(N(mu, sigma²))`` clipped to the range 1 to ``maximum``.

    The log-normal's mean over an interval ``a..b`` is ``exp(mu + sigma²/2) (Φ(β - sigma) -
    Φ(α - sigma))`` with ``α, β = (log(a, b) - mu) / sigma``; the clipped ends add their masses.
    """
    alpha, beta = -mu / _SIGMA, (math.log(maximum) - mu) / _SIGMA
    inside = _normal_cdf(beta - _SIGMA) - _normal_cdf(alpha - _SIGMA)
    clipped = _normal_cdf(alpha) + maximum * (1 - _normal_cdf(beta))
    return clipped + math.exp(mu + _SIGMA**2 / 2) * inside


def _clipped_pareto_mean(start: float, maximum: int) -> float:
    """Mean of a Pareto length, at least ``start``, clipped to the range 1 to ``maximum``.

    A mean is the integral of the probability of being longer: 1 up to the lower end, and from there
    ``(start / length)**alpha``.
    """
    low = min(max(start, 1), maximum)
    tail = (low ** (1 - _ALPHA) - maximum ** (1 - _ALPHA)) / (_ALPHA - 1)
    return low + start**_ALPHA * tail


def _solve(increasing: Callable[[float], float], target: float) -> float:
    """Find where an increasing function of a logarithm takes the value ``target``, by bisection."""
    low, high = -100.0, 100.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if increasing(middle) < target else (low, middle)
    return (low + high) / 2
