"""Rebuild the data files in ``helpers/datasets`` from the wheels of three public packages.

    python tools/build_datasets.py            # download the wheels, write the files
    python tools/build_datasets.py --check    # compare with the committed files, write nothing
    python tools/build_datasets.py --wheels DIR     # use wheels that DIR already holds

Needs NumPy and Pillow (which comes with Matplotlib). The wheels are read as zip archives and
never installed; each must have the SHA-256 that stands below. What is kept, and how exactly:

- ``japanese_vowels.npz``: the published decimals have at most six places, so they are stored as
  integers in millionths. Nothing is lost; :func:`japanese_vowels` proves it value by value.
- ``digits.npz``: the integers 0..16 of the published images.
- ``textures.npz``: a crop of each image at its original scale. No pixel is changed.
- ``photographs.npz``: a crop of each image, shrunk: each pixel is the mean of a square of pixels.
- ``plaid_lengths.npz``: how many values each series of PLAID has. No value is kept.

The output does not depend on the time or the machine. Another version of zlib may compress the
same content to other bytes; ``--check`` tells the two apart.
"""

import argparse
import gzip
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from decimal import Decimal
from pathlib import Path

import numpy as np
from PIL import Image

DATASETS = Path(__file__).resolve().parent.parent / "helpers" / "datasets"

# requirement -> (file name of the wheel, SHA-256)
WHEELS = {
    "sktime==1.2.0": (
        "sktime-1.2.0-py3-none-any.whl",
        "dbffc6731d2d683b668dceb5e2bbc5804bebc8446b4c580803a281684d90e4ae",
    ),
    "scikit-learn==1.7.2": (
        "scikit_learn-1.7.2-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
        "89877e19a80c7b11a2891a27c21c4894fb18e2c2e077815bcade10d34287b20d",
    ),
    "scikit-image==0.25.2": (
        "scikit_image-0.25.2-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "24cc986e1f4187a12aa319f777b36008764e856e5013666a4a83f8df083c2641",
    ),
}
# The same wheel everywhere, whatever machine and Python run this script.
PLATFORM = [
    "--only-binary=:all:",
    "--platform=manylinux2014_x86_64",
    "--python-version=3.11",
    "--implementation=cp",
    "--abi=cp311",
]
TEXTURES = ("brick", "grass", "gravel")
TEXTURE_CROP = slice(96, 416)  # the middle 320 of 512 rows and columns
# name -> file, how many pixels make one along each axis, and the rows and columns kept afterwards
PHOTOGRAPHS = {
    "cat": ("chelsea.png", 4, slice(4, 52), slice(8, 104)),
    "cup": ("coffee.png", 7, slice(0, 56), slice(0, 80)),
    "photographer": ("camera.png", 5, slice(10, 98), slice(10, 70)),
}


def fetch(requirement: str, folder: Path) -> zipfile.ZipFile:
    """Open the wheel of ``requirement`` in ``folder``, downloaded first if it is not there."""
    name, sha256 = WHEELS[requirement]
    path = folder / name
    if not path.exists():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        subprocess.run([*command, *PLATFORM, f"--dest={folder}", requirement], check=True)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        sys.exit(f"{path}: SHA-256 is {found}, expected {sha256}")
    return zipfile.ZipFile(path)


def float32_error(decimals: list[list[Decimal]], millionths: np.ndarray) -> Decimal:
    """Convert as ``helpers.data`` does; return the largest distance from the published decimals.

    No distance may exceed half a unit in the last place: the best that float32 can do.
    """
    loaded = (millionths / 1e6).astype(np.float32)
    worst = Decimal(0)
    for value, half_ulp, decimal in zip(
        loaded.ravel(),
        np.abs(np.spacing(loaded)).ravel() / 2,
        (d for one in decimals for d in one),
        strict=True,
    ):
        distance = abs(Decimal(float(value)) - decimal)
        assert distance <= Decimal(float(half_ulp)), (value, decimal)
        worst = max(worst, distance)
    return worst


def japanese_vowels(wheel: zipfile.ZipFile) -> dict[str, np.ndarray]:
    """Read both parts of Japanese Vowels; prove that the stored integers lose nothing.

    A line of the ``.ts`` format is one utterance: 12 comma-separated series, then the speaker
    1..9, all joined by colons.
    """
    frames, lengths, labels, split = [], [], [], []
    worst = Decimal(0)
    for part in ("TRAIN", "TEST"):
        text = wheel.read(f"sktime/datasets/data/JapaneseVowels/JapaneseVowels_{part}.ts").decode()
        lines = text.partition("@data\n")[2].replace("\r", "").split()
        for line in lines:
            *series, speaker = line.split(":")
            decimals = [[Decimal(value) for value in one.split(",")] for one in series]
            millionths = np.array([[int(d.scaleb(6)) for d in one] for one in decimals], np.int32)
            stored = [[Decimal(int(m)).scaleb(-6) for m in one] for one in millionths]
            assert stored == decimals, f"{part}: not exact: {line[:60]}"
            worst = max(worst, float32_error(decimals, millionths))
            frames.append(millionths.T)
            lengths.append(millionths.shape[1])
            labels.append(int(speaker) - 1)
        split.append(len(lines))
    assert split == [270, 370], split
    assert {one.shape[1] for one in frames} == {12}
    assert (min(lengths), max(lengths)) == (7, 29)
    assert np.bincount(labels[:270]).tolist() == [30] * 9
    print(f"japanese_vowels: stored exactly; as float32 off by {worst:.1e} at most")
    return {
        "millionths": np.concatenate(frames),  # (9961, 12): frames, coefficients
        "lengths": np.array(lengths, np.uint8),  # (640,): frames of each utterance
        "labels": np.array(labels, np.uint8),  # (640,): speaker 0..8; the first 270 are training
    }


def digits(wheel: zipfile.ZipFile) -> dict[str, np.ndarray]:
    """Read the test part of the UCI digits, in file order."""
    text = gzip.decompress(wheel.read("sklearn/datasets/data/digits.csv.gz")).decode()
    table = np.loadtxt(io.StringIO(text), delimiter=",", dtype=np.int64)
    assert table.shape == (1797, 65), table.shape
    assert (table.min(), table[:, :64].max(), table[:, 64].max()) == (0, 16, 9)
    return {
        "images": table[:, :64].reshape(-1, 8, 8).astype(np.uint8),
        "labels": table[:, 64].astype(np.uint8),
    }


def textures(wheel: zipfile.ZipFile) -> dict[str, np.ndarray]:
    """Crop the middle of the three textures, at the scale at which scikit-image ships them."""
    found = {}
    for name in TEXTURES:
        image = Image.open(io.BytesIO(wheel.read(f"skimage/data/{name}.png")))
        assert (image.mode, image.size) == ("L", (512, 512)), (name, image.mode, image.size)
        found[name] = np.asarray(image)[TEXTURE_CROP, TEXTURE_CROP]
    return found


def photographs(wheel: zipfile.ZipFile) -> dict[str, np.ndarray]:
    """Shrink and crop the three photographs, grey."""
    found = {}
    for name, (file, side, rows, columns) in PHOTOGRAPHS.items():
        image = Image.open(io.BytesIO(wheel.read(f"skimage/data/{file}")))
        grey = np.asarray(image.convert("L"))
        height, width = (n // side for n in grey.shape)
        blocks = grey[: height * side, : width * side].reshape(height, side, width, side)
        found[name] = np.rint(blocks.mean(axis=(1, 3))).astype(np.uint8)[rows, columns]
    return found


def plaid_lengths(wheel: zipfile.ZipFile) -> dict[str, np.ndarray]:
    """Count the values of each series of PLAID, both parts.

    A line of the ``.ts`` format is one series of comma-separated values, a colon and the class.
    """
    lengths, split = [], []
    for part in ("TRAIN", "TEST"):
        text = wheel.read(f"sktime/datasets/data/PLAID/PLAID_{part}.ts").decode()
        lines = text.partition("@data\n")[2].replace("\r", "").split()
        lengths += [line.partition(":")[0].count(",") + 1 for line in lines]
        split.append(len(lines))
    assert split == [537, 537], split
    assert (min(lengths), max(lengths)) == (100, 1344)
    return {"lengths": np.array(lengths, np.uint16)}  # (1074,)


def npz(arrays: dict[str, np.ndarray]) -> bytes:
    """Write a compressed ``.npz`` whose bytes depend on the arrays (and zlib) alone."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            little_endian = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
            np.lib.format.write_array(member, little_endian, (1, 0), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # not the system of whoever runs this
            info.external_attr = 0o644 << 16
            archive.writestr(info, member.getvalue())
    return buffer.getvalue()


def members(file: bytes) -> dict[str, bytes]:
    """Decompress a ``.npz``: name of each member -> its bytes."""
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def compare(path: Path, rebuilt: bytes) -> bool:
    """Say whether the committed file at ``path`` holds what was rebuilt."""
    if not path.exists():
        print(f"{path.name}: missing")
        return False
    committed = path.read_bytes()
    if committed == rebuilt:
        print(f"{path.name}: identical, {len(committed):,} bytes")
        return True
    same = members(committed) == members(rebuilt)
    print(f"{path.name}: {'same content, compressed by another zlib' if same else 'DIFFERENT'}")
    return same


BUILDS = ((japanese_vowels, plaid_lengths), (digits,), (textures, photographs))  # of each wheel


def main(argv: list[str] | None = None) -> int:
    """Rebuild every file, then write or compare; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only; 1 if a file differs")
    parser.add_argument("--wheels", type=Path, help="folder to find the wheels in, or to keep them")
    parser.add_argument("--out", type=Path, default=DATASETS, help="default: helpers/datasets")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.wheels or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        built = {}
        for requirement, builds in zip(WHEELS, BUILDS, strict=True):
            with fetch(requirement, folder) as wheel:
                for build in builds:
                    built[options.out / f"{build.__name__}.npz"] = npz(build(wheel))
    if options.check:
        same = [compare(path, file) for path, file in built.items()]
        return 0 if all(same) else 1
    for path, file in built.items():
        path.write_bytes(file)
        print(f"{path.name}: {len(file):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
