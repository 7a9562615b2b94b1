"""The embedded data sets and the seeded generators."""

import importlib.util
import time
from pathlib import Path

import numpy as np
import pytest

from helpers import data

ROOT = Path(__file__).resolve().parents[2]
DATASETS = ROOT / "helpers" / "datasets"


def same(first, second):
    return len(first) == len(second) and all(map(np.array_equal, first, second))


# Japanese Vowels


@pytest.mark.parametrize(
    ("split", "utterances"),
    # UCI's description of the files ae.train and ae.test
    [("train", [30] * 9), ("test", [31, 35, 88, 44, 29, 24, 40, 50, 29])],
)
def test_vowels_have_the_published_split(split, utterances):
    rows, labels = data.japanese_vowels(split)
    assert np.bincount(labels).tolist() == utterances
    assert (np.diff(labels) >= 0).all()  # the published order: speaker after speaker
    assert labels.dtype == np.int64
    assert len(rows) == sum(utterances)
    assert {(row.dtype, row.ndim, row.shape[1]) for row in rows} == {(np.dtype("float32"), 2, 12)}


def test_vowels_have_7_to_29_frames():
    lengths = [len(row) for split in ("train", "test") for row in data.japanese_vowels(split)[0]]
    assert len(lengths) == 640
    assert (min(lengths), max(lengths), sum(lengths)) == (7, 29, 9961)


@pytest.mark.parametrize(
    ("split", "utterance", "frames", "coefficient", "start", "end"),
    [  # copied from the .ts files of sktime 1.2.0
        ("train", 0, 20, 0, [1.860936, 1.891651, 1.939205], [1.250698, 1.261441]),
        ("train", 0, 20, 11, [], [-0.136857, -0.170498, -0.175986]),
        ("test", 0, 19, 1, [0.024848, 0.008754, -0.21052], [-0.700941, -0.728562]),
        ("test", 0, 19, 11, [0.139754, 0.118123], [0.06949, 0.108629]),
    ],
)
def test_vowels_keep_the_published_values(split, utterance, frames, coefficient, start, end):
    row = data.japanese_vowels(split)[0][utterance]
    assert len(row) == frames
    series = row[:, coefficient].tolist()
    assert series[: len(start)] == np.float32(start).tolist()
    assert series[-len(end) :] == np.float32(end).tolist()


# Digits


def test_digits_are_the_uci_test_part():
    images, labels = data.digits()
    assert (images.shape, images.dtype, labels.dtype) == ((1797, 8, 8), np.uint8, np.int64)
    # UCI's description: examples of each class in the testing set
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert (images.min(), images.max()) == (0, 16)
    assert images[0, 0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]  # digits.csv of scikit-learn 1.7.2
    assert (images[0].sum(), images[-1].sum(), images.sum()) == (294, 392, 561718)


def trimmed(split):
    """Every digit of a pool without its empty margins, by label."""
    images, labels = data.digits()
    part = slice(None, 1437) if split == "train" else slice(1437, None)
    pool = {label: [] for label in range(10)}
    for image, label in zip(images[part], labels[part].tolist(), strict=True):
        columns = np.flatnonzero(image.sum(axis=0))
        pool[label].append(image[:, columns.min() : columns.max() + 1])
    return pool


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_string_of_one_digit_is_that_digit_trimmed(split):
    pool = trimmed(split)
    strings, labels = data.digit_strings(200, digits=(1, 1), split=split)
    for string, label in zip(strings, labels, strict=True):
        assert any(np.array_equal(string, glyph) for glyph in pool[int(label[0])])


def test_labels_read_from_left_to_right():
    pool = trimmed("train")
    strings, labels = data.digit_strings(100, digits=(2, 3))
    for string, label in zip(strings, labels, strict=True):
        first, last = pool[int(label[0])], pool[int(label[-1])]
        assert any(np.array_equal(string[:, : glyph.shape[1]], glyph) for glyph in first)
        assert any(np.array_equal(string[:, -glyph.shape[1] :], glyph) for glyph in last)


def test_no_handwritten_digit_is_in_both_splits():
    pools = {
        split: {
            (string.shape, string.tobytes())
            for string in data.digit_strings(4000, digits=(1, 1), split=split)[0]
        }
        for split in ("train", "test")
    }
    assert len(pools["test"]) == 360  # after 4,000 draws all of the pool has been seen
    assert len(pools["train"]) > 1300
    assert not pools["train"] & pools["test"]


def test_both_pools_hold_every_digit():
    for split in ("train", "test"):
        labels = np.concatenate(data.digit_strings(500, split=split)[1])
        assert set(labels.tolist()) == set(range(10))


def test_strings_vary_in_width_and_hold_all_their_ink():
    images, labels = data.digit_strings(400, digits=(2, 5), seed=3)
    assert {len(label) for label in labels} == {2, 3, 4, 5}
    assert {image.shape[0] for image in images} == {8}
    assert len({image.shape[1] for image in images}) > 20
    assert {(image.dtype, label.dtype) for image, label in zip(images, labels, strict=True)} == {
        (np.dtype("uint8"), np.dtype("int64"))
    }
    for image, label in zip(images, labels, strict=True):
        assert image[:, 0].any()
        assert image[:, -1].any()
        # An 8 x 8 digit with at least one gap column cannot be wider than the bound.
        assert image.shape[1] <= 8 * len(label) + 3 * (len(label) - 1)


def test_gaps_are_0_to_3_columns():
    empty = set()
    for image in data.digit_strings(300, digits=(2, 2))[0]:
        empty.add(int((~image.any(axis=0)).sum()))
    assert empty == {0, 1, 2, 3}


def test_heights_vary_and_the_string_stands_anywhere():
    images, labels = data.digit_strings(400, heights=(8, 14), seed=1)
    assert {image.shape[0] for image in images} == set(range(8, 15))
    tops = {int(np.flatnonzero(image.any(axis=1))[0]) for image in images}
    assert {0, 1, 2, 3, 4, 5, 6} <= tops
    assert all(np.ptp(np.flatnonzero(image.any(axis=1))) < 8 for image in images)
    assert len(labels) == 400


# Textures


def test_textures():
    images = data.textures()
    assert list(images) == ["brick", "grass", "gravel"]
    assert {(image.shape, image.dtype) for image in images.values()} == {
        ((320, 320), np.dtype("uint8"))
    }
    # the middle of the images of scikit-image 0.25.2
    assert [int(image.sum(dtype=int)) for image in images.values()] == [
        11394693,
        12062607,
        13044442,
    ]
    assert [image[0, :4].tolist() for image in images.values()] == [
        [97, 98, 97, 97],
        [122, 107, 110, 175],
        [47, 47, 30, 20],
    ]


def test_photographs():
    images = data.photographs()
    assert {name: image.shape for name, image in images.items()} == {
        "cat": (48, 96),
        "cup": (56, 80),
        "photographer": (88, 60),
    }
    assert {image.dtype for image in images.values()} == {np.dtype("uint8")}
    assert [int(image.sum(dtype=int)) for image in images.values()] == [524445, 457005, 534892]


@pytest.mark.parametrize("split", ["train", "test"])
def test_crops_are_pieces_of_their_half(split):
    images, labels, names = data.texture_crops(30, size=(24, 60), split=split)
    whole = data.textures()
    for image, label in zip(images, labels, strict=True):
        half = whole[names[label]][:, :160] if split == "train" else whole[names[label]][:, 160:]
        windows = np.lib.stride_tricks.sliding_window_view(half, (1, image.shape[1]))
        rows = np.argwhere((windows[:, :, 0] == image[0]).all(axis=-1))
        assert any(
            np.array_equal(half[y : y + len(image), x : x + image.shape[1]], image) for y, x in rows
        )


def test_crops_vary_in_height_and_in_width():
    images, labels, names = data.texture_crops(300, size=(32, 96))
    assert len({image.shape for image in images}) > 250
    heights, widths = np.array([image.shape for image in images]).T
    for sides in (heights, widths):
        assert 32 <= sides.min() < 36
        assert 92 < sides.max() <= 96
    assert abs(np.corrcoef(heights, widths)[0, 1]) < 0.2  # drawn separately
    assert np.bincount(labels).min() > 70
    assert names == ("brick", "grass", "gravel")
    assert labels.dtype == np.int64


def test_crops_reach_the_whole_half():
    images, _, _ = data.texture_crops(3, size=(160, 160))
    assert {image.shape for image in images} == {(160, 160)}


# Lengths


def shrunk(image, scale):
    """Block means, one pixel after the other."""
    rows, columns = (side // scale for side in image.shape)
    means = [
        [
            image[r * scale : (r + 1) * scale, c * scale : (c + 1) * scale].mean()
            for c in range(columns)
        ]
        for r in range(rows)
    ]
    return np.rint(means).astype(np.uint8)


@pytest.mark.parametrize("split", ["train", "test"])
def test_scaled_crops_are_pieces_of_their_shrunk_half(split):
    images, labels, textures = data.texture_scales(20, size=(8, 40), scales=(2, 3, 1), split=split)
    side = slice(160) if split == "train" else slice(160, None)
    halves = [image[:, side] for image in data.textures().values()]
    seen = {
        (label, texture): shrunk(half, scale)
        for label, scale in enumerate((2, 3, 1))
        for texture, half in enumerate(halves)
    }
    assert seen[1, 0].shape == (106, 53)  # 160 and 320 are no multiples of 3
    for image, label, texture in zip(images, labels, textures, strict=True):
        windows = np.lib.stride_tricks.sliding_window_view(seen[label, texture], image.shape)
        assert (windows == image).all(axis=(2, 3)).any()
    assert (labels.dtype, textures.dtype) == (np.int64, np.int64)
    assert {image.dtype for image in images} == {np.dtype(np.uint8)}
    assert all(image.base is None for image in images)  # changing one changes no other


def test_size_says_nothing_of_the_scale():
    images, labels, textures = data.texture_scales(600)
    sizes = np.array([image.shape for image in images])
    assert (sizes.min(), sizes.max()) == (24, 72)
    assert len(np.unique(sizes[:, 0])) == len(np.unique(sizes[:, 1])) == 49
    assert abs(np.corrcoef(sizes.T)[0, 1]) < 0.15  # height and width are drawn apart
    assert abs(np.bincount(labels) - 300).max() < 60
    assert abs(np.bincount(textures) - 200).max() < 60
    assert abs(np.corrcoef(labels, textures)[0, 1]) < 0.1
    means = [sizes[labels == label].mean() for label in (0, 1)]
    assert abs(means[0] - means[1]) < 3


def test_scaled_crops_reach_the_whole_shrunk_half():
    images, _, textures = data.texture_scales(400, size=(80, 80), scales=(2,), split="test")
    seen = [shrunk(half[:, 160:], 2) for half in data.textures().values()]
    tops = set()
    for image, texture in zip(images, textures, strict=True):
        windows = np.lib.stride_tricks.sliding_window_view(seen[texture], (80, 80))[:, 0]
        tops |= set(np.flatnonzero((windows == image).all(axis=(1, 2))).tolist())
    assert (min(tops), max(tops)) == (0, 80)
    assert len(tops) > 75


def test_plaid_lengths_are_those_of_the_published_series():
    lengths = data.plaid_lengths()
    assert (lengths.shape, lengths.dtype) == ((1074,), np.int64)
    assert (lengths.min(), lengths.max(), lengths.sum()) == (100, 1344, 349431)
    assert len(np.unique(lengths)) == 128
    # counted in PLAID_TRAIN.ts and PLAID_TEST.ts of sktime 1.2.0: the first of each part
    assert lengths[:5].tolist() == [500, 500, 500, 200, 544]
    assert lengths[537:540].tolist() == [500, 500, 500]


KINDS = ["lognormal", "uniform", "geometric", "constant", "bimodal", "pareto"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("mean", "maximum"), [(60, 512), (200, 512), (500, 512), (20, 10**6)])
def test_lengths_keep_their_mean_and_their_bounds(kind, mean, maximum):
    lengths = data.random_lengths(20_000, kind, mean=mean, maximum=maximum, seed=5)
    assert (lengths.shape, lengths.dtype) == ((20_000,), np.int64)
    assert lengths.min() >= 1
    assert lengths.max() <= maximum
    assert abs(lengths.mean() - mean) < 0.03 * mean


def test_the_demo_corpus():
    lengths = data.random_lengths(20_000)
    assert (lengths.min(), lengths.max()) == (1, 512)
    assert abs(lengths.mean() - 60) < 1.8
    # Before clipping and rounding the logarithm is normal with standard deviation 1.
    middle = np.log(lengths[(lengths > 8) & (lengths < 512)])
    quartiles = np.log(np.quantile(lengths, [0.25, 0.75]))
    assert abs(np.diff(quartiles)[0] - 2 * 0.6745) < 0.05
    assert np.quantile(lengths, 0.99) > 5 * np.median(lengths)  # a heavy tail
    assert middle.size > 17_000


def test_shapes_of_the_other_kinds():
    def draw(kind):
        return data.random_lengths(5000, kind)

    assert set(draw("constant").tolist()) == {60}
    assert set(draw("uniform").tolist()) == set(range(1, 120))
    assert not ((draw("bimodal") > 31) & (draw("bimodal") < 89)).any()
    geometric = draw("geometric")
    assert abs((geometric > 60).mean() - np.exp(-1)) < 0.02
    assert abs((geometric > 120).mean() - np.exp(-2)) < 0.02
    pareto = draw("pareto")
    start = pareto.min()
    assert start > 20
    assert abs((pareto > 2 * start).mean() - 1 / 4) < 0.02
    assert abs((pareto > 4 * start).mean() - 1 / 16) < 0.01


# What holds for all


SEEDED = {
    "strings": lambda count, **k: [*data.digit_strings(count, heights=(8, 12), **k)[0]],
    "crops": lambda count, **k: data.texture_crops(count, **k)[0],
    "scales": lambda count, **k: data.texture_scales(count, **k)[0],
    **{
        kind: lambda count, kind=kind, **k: data.random_lengths(count, kind, **k)
        for kind in ("lognormal", "uniform", "geometric", "bimodal", "pareto")
    },
}


@pytest.mark.parametrize("draw", SEEDED.values(), ids=SEEDED.keys())
def test_a_seed_decides_everything(draw):
    assert same(draw(40), draw(40, seed=0))
    assert not same(draw(40), draw(40, seed=1))
    assert same(draw(15), draw(40)[:15])


def test_seeds_give_the_same_draws_on_every_version():
    assert data.random_lengths(6, seed=7).tolist() == [37, 50, 28, 15, 23, 14]
    assert [label.tolist() for label in data.digit_strings(3, seed=7)[1]] == [
        [8, 7, 2, 0, 4, 8],
        [7, 0, 3, 6, 7, 4],
        [4, 8, 8, 4, 0],
    ]
    assert [image.shape for image in data.texture_crops(3, seed=7)[0]] == [
        (72, 76),
        (86, 46),
        (88, 91),
    ]
    images, labels, textures = data.texture_scales(4, seed=7)
    assert [image.shape for image in images] == [(57, 67), (26, 38), (48, 64), (64, 38)]
    assert (labels.tolist(), textures.tolist()) == ([1, 1, 1, 0], [1, 0, 0, 1])


def test_the_splits_are_drawn_independently():
    for draw in (data.digit_strings, data.texture_crops, data.texture_scales):
        train, test = (draw(40, split=split)[0] for split in ("train", "test"))
        assert [one.shape for one in train] != [one.shape for one in test]


def test_a_caller_cannot_corrupt_the_next_one():
    def load():
        return [
            *data.japanese_vowels("test")[0],
            *data.japanese_vowels("test")[1:],
            *data.digits(),
            *data.textures().values(),
            *data.photographs().values(),
            data.plaid_lengths(),
            *data.digit_strings(5)[0],
            *data.digit_strings(5)[1],
            *data.texture_crops(5)[0],
            data.texture_crops(5)[1],
            *data.texture_scales(5)[0],
            *data.texture_scales(5)[1:],
        ]

    first = load()
    before = [array.copy() for array in first]
    for array in first:
        array[...] = 99
    assert same(load(), before)


def test_changing_one_row_leaves_the_others():
    rows, _ = data.japanese_vowels()
    second = rows[1].copy()
    rows[0][...] = 0
    assert np.array_equal(rows[1], second)
    assert rows[0].base is None  # keeping one row does not keep the whole file in memory


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: data.japanese_vowels("validation"), ValueError, "split.*'validation'"),
        (lambda: data.digit_strings(5, split="val"), ValueError, "split.*'val'"),
        (lambda: data.texture_crops(5, split="val"), ValueError, "split.*'val'"),
        (lambda: data.digit_strings(0), ValueError, "count: expected .* at least 1, got 0"),
        (lambda: data.digit_strings(2.0), TypeError, "count: expected an integer, got float 2.0"),
        (lambda: data.digit_strings(True), TypeError, "count: expected an integer, got bool True"),
        (lambda: data.digit_strings(np.True_), TypeError, "count: expected an integer"),
        (lambda: data.digit_strings(5, digits=(0, 3)), ValueError, r"digits\[0\].*at least 1"),
        (lambda: data.digit_strings(5, digits=(4, 3)), ValueError, r"digits.*\(4, 3\)"),
        (lambda: data.digit_strings(5, digits=3), TypeError, "digits: expected a pair"),
        (lambda: data.digit_strings(5, digits=(1, 2, 3)), TypeError, "digits: expected a pair"),
        (lambda: data.digit_strings(5, heights=(7, 9)), ValueError, r"heights\[0\].*at least 8"),
        (lambda: data.digit_strings(5, seed=-1), ValueError, "seed: .*at least 0, got -1"),
        (lambda: data.digit_strings(5, seed=None), TypeError, "seed: .*got NoneType None"),
        (lambda: data.texture_crops(0), ValueError, "count: expected an integer of at least 1"),
        (lambda: data.texture_crops(5, size=(32, 161)), ValueError, "size: expected at most 160"),
        (lambda: data.texture_crops(5, size=(0, 9)), ValueError, r"size\[0\].*at least 1"),
        (lambda: data.texture_crops(5, size="ab"), TypeError, "size: expected a pair"),
        (lambda: data.texture_scales(0), ValueError, "count: expected an integer of at least 1"),
        (lambda: data.texture_scales(5, split="val"), ValueError, "split.*'val'"),
        (lambda: data.texture_scales(5, size=(9, 81)), ValueError, "at most 80 .*at scale 2.*81"),
        (lambda: data.texture_scales(5, scales=(4, 1)), ValueError, "size.*at most 40.*scale 4"),
        (lambda: data.texture_scales(5, scales=2), TypeError, "scales: expected a tuple"),
        (lambda: data.texture_scales(5, scales=(1, 2.0)), TypeError, r"scales\[1\].*got float 2.0"),
        (lambda: data.texture_scales(5, scales=(1, 0)), ValueError, r"scales\[1\].*at least 1"),
        (lambda: data.texture_scales(5, scales=(2, 2)), ValueError, r"different.*\(2, 2\)"),
        (lambda: data.texture_scales(5, scales=()), ValueError, r"one or more.*\(\)"),
        (lambda: data.random_lengths(0), ValueError, "count: expected an integer of at least 1"),
        (lambda: data.random_lengths(5, "normal"), ValueError, "kind.*lognormal.*'normal'"),
        (lambda: data.random_lengths(5, mean=0.5), ValueError, "mean: expected 1 to maximum=512"),
        (lambda: data.random_lengths(5, mean=600), ValueError, "mean.*maximum=512, got 600"),
        (lambda: data.random_lengths(5, mean=float("nan")), ValueError, "mean.*nan"),
        (
            lambda: data.random_lengths(5, mean="60"),
            TypeError,
            "mean: expected a number, got str '60'",
        ),
        (lambda: data.random_lengths(5, mean=512), ValueError, "mean.*less than maximum=512"),
        (lambda: data.random_lengths(5, "geometric", mean=1), ValueError, "mean.*more than 1"),
        (lambda: data.random_lengths(5, "pareto", mean=1), ValueError, "mean.*more than 1"),
        (lambda: data.random_lengths(5, "constant", mean=1.5), ValueError, "mean.*integer.*1.5"),
        (lambda: data.random_lengths(5, maximum=0), ValueError, "maximum: expected .* at least 1"),
        (lambda: data.random_lengths(5, maximum=9.5), TypeError, "maximum: expected an integer"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    "load",
    [
        data.japanese_vowels,
        data.digits,
        data.textures,
        lambda: data.digit_strings(500),
        lambda: data.texture_crops(500),
        lambda: data.texture_scales(500),
    ],
)
def test_loading_takes_under_half_a_second_of_processor_time(load):
    start = time.process_time()
    load()
    assert time.process_time() - start < 0.5


# The files


@pytest.fixture(scope="module")
def build():
    path = ROOT / "tools" / "build_datasets.py"
    spec = importlib.util.spec_from_file_location("build_datasets", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name", ["japanese_vowels", "digits", "textures", "photographs", "plaid_lengths"]
)
def test_a_file_is_what_the_build_writes(build, name, tmp_path, capsys):
    path = DATASETS / f"{name}.npz"
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    assert build.compare(path, build.npz(arrays))
    changed = {key: array + 1 for key, array in arrays.items()}
    assert not build.compare(path, build.npz(changed))
    assert not build.compare(tmp_path / "none.npz", build.npz(arrays))
    assert "DIFFERENT" in capsys.readouterr().out


def test_files_are_small_and_licensed():
    sizes = {path.name: path.stat().st_size for path in DATASETS.glob("*.npz")}
    assert set(sizes) == {
        "japanese_vowels.npz",
        "digits.npz",
        "textures.npz",
        "photographs.npz",
        "plaid_lengths.npz",
    }
    assert sizes["japanese_vowels.npz"] <= 500_000
    assert sum(sizes.values()) <= 700_000
    licences = (DATASETS / "LICENSES.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in licences for name in sizes)


@pytest.mark.parametrize("content", [b"", b"PK no zip", b"text"])
def test_a_damaged_file_is_named(monkeypatch, tmp_path, content):
    (tmp_path / "digits.npz").write_bytes(content)
    monkeypatch.setattr(data, "_DATASETS", tmp_path)
    with pytest.raises(OSError, match=r"digits\.npz: cannot be read"):
        data.digits()
