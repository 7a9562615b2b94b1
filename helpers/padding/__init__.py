"""Rows of varying length to one array and a mask, or packed several in a line, and back.

A *row* is an array ``(time, ...)``: its first axis is time, the others (features, or height and
width, or none) must be the same in all rows. With ``axes=2`` a row is an image ``(height, width)``
or ``(height, width, channels)``, and images may differ in both. The mask is True where a timestep
or a pixel is real. `fitted_size` says how large an image is once it is resized into a box.
"""

from helpers.padding.bins import Packed, check_packed, fill_bins, pack, segments_of, unpack
from helpers.padding.padding import SIDES, check_options, pad, unpad
from helpers.padding.rows import as_rows, fill_value
from helpers.padding.sizes import fitted_size

__all__ = [
    "SIDES",
    "Packed",
    "as_rows",
    "check_options",
    "check_packed",
    "fill_bins",
    "fill_value",
    "fitted_size",
    "pack",
    "pad",
    "segments_of",
    "unpack",
    "unpad",
]
