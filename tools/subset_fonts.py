"""Cut the site's typefaces out of Source Sans and Source Code.

Usage: python tools/subset_fonts.py SOURCES

SOURCES is a folder with SourceSans3VF-Upright.ttf and SourceSans3VF-Italic.ttf, from the folder VF
of https://github.com/adobe-fonts/source-sans, and SourceCodeVF-Upright.ttf, from the same folder of
https://github.com/adobe-fonts/source-code-pro. Needs `pip install fonttools brotli`, which the
book does not. Writes book/_static/fonts/*.woff2: the characters of `CHARACTERS`, the weights of
`FACES`, and no hints. The licence reserves the name "Source" for what is unchanged, so
these are called Ragged Text and Ragged Code. A test says which character of a page is missing.
"""

import pathlib
import sys

FONTS = pathlib.Path(__file__).resolve().parents[1] / "book" / "_static" / "fonts"
FACES = {  # file -> its source, the family, the weights
    "text.woff2": ("SourceSans3VF-Upright.ttf", "Ragged Text", (400, 700)),
    "text-italic.woff2": ("SourceSans3VF-Italic.ttf", "Ragged Text", 400),
    "code.woff2": ("SourceCodeVF-Upright.ttf", "Ragged Code", (400, 600)),
}
CHARACTERS = [
    *range(0x20, 0x7F),
    *range(0xA0, 0x100),  # Western European
    *map(ord, "ıŒœŠšŽžČčĆćěłńŘřśĐđĞğŞşŐőŰű"),  # names of authors
    *map(ord, "–—‘’‚“”„†‡•…′″€"),
    *map(ord, "←↑→↓↔↕−∑∏√∞≈≠≤≥"),
    *map(ord, "αβγδεθλμπρσφωΔΣΩ"),
    *map(ord, "✓"),
]
DRAWN = [*range(0x2500, 0x2580), *range(0x2580, 0x2594)]  # boxes and bars that Keras prints


def main(sources: pathlib.Path) -> None:
    """Write every face."""
    from fontTools import subset, ttLib
    from fontTools.varLib import instancer

    FONTS.mkdir(exist_ok=True)
    for name, (source, family, weights) in FACES.items():
        font = ttLib.TTFont(sources / source)
        options = subset.Options(
            flavor="woff2", hinting=False, layout_features=["kern", "mark", "ccmp", "tnum"]
        )
        wanted = [*CHARACTERS, *(DRAWN if name == "code.woff2" else [])]
        if missing := [chr(code) for code in wanted if code not in font.getBestCmap()]:
            raise ValueError(f"{source} has no {' '.join(missing)}: take them off the list")
        cut = subset.Subsetter(options)
        cut.populate(unicodes=wanted)
        cut.subset(font)
        font = instancer.instantiateVariableFont(font, {"wght": weights})
        if "fvar" in font:
            font["fvar"].instances = []
        names = font["name"]
        for number in (1, 3, 4, 16, 25):
            if names.getDebugName(number):
                names.setName(family, number, 3, 1, 0x409)
        names.setName(family.replace(" ", ""), 6, 3, 1, 0x409)
        names.removeUnusedNames(font)
        subset.save_font(font, FONTS / name, options)
        print(f"{(FONTS / name).stat().st_size:7,} {name}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
