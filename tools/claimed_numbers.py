"""The numbers that a paragraph claims, those that an output or code holds, and which are the same.

A number is a claim if it is an integer from 10 on, a decimal, a percentage, a ratio ("2.6 times
as", "twice the") or a share ("one in ten", "a third of"), in digits or in words. Years, dates,
"a quarter of an hour", versions, headings, links, code and what other directives hold are none.

A count must be the same number. All else is compared as rounded as the prose writes it: 83 % is
0.8298, 82.98 % too. A ratio needs a decimal or a number before "times" or "x", and a share a
percentage or a decimal, lest any 2 should prove "twice".
"""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html.parser import HTMLParser

SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen"""
WORDS = {word: value for value, word in enumerate(SMALL.replace("\n", " ").split(" "))}
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
WORDS |= {word: 20 + 10 * place for place, word in enumerate(TENS)}
WORDS |= {"hundred": 100, "thousand": 1000, "million": 1_000_000}
PARTS = {"half": 2, "third": 3, "quarter": 4, "fifth": 5, "tenth": 10, "hundredth": 100}

NEAR = 0.05  # by how much, of itself, a ratio without decimals or a part may be off

WORD = rf"\b(?:{'|'.join(WORDS)})\b(?!-)"
NUMBER = rf"(?:(?<![\w.,-])(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?(?![\w-]|\.\d|,\d)|{WORD})"
THAN = r"(?= (?:as|the|over|that|its|what|more|less|larger|longer|smaller|faster|slower)\b)"
CLAIM = re.compile(
    rf"(?P<ratio>(?<!/ )(?P<factor>{NUMBER}) times{THAN}|\b(?:twice|double){THAN})"
    rf"|(?P<one_in>\bone(?: \w+)? in (?P<of>{NUMBER}))"
    rf"|(?P<part>\b(?:(?P<parts>two|three) )?(?P<whole>{'|'.join(PARTS)})s? (?:of|as)\b"
    rf"|\bby (?:a )?(?P<cut>{'|'.join(PARTS)})\b(?! an?\b))"
    rf"|(?P<percent>(?P<hundredths>{NUMBER})\s?(?:%|percent\b))"
    rf"|(?P<count>{NUMBER})",
    re.IGNORECASE,
)
PRODUCT = "Keras|TensorFlow|Python|NumPy|JAX|PyTorch|Pillow|Matplotlib"
VERSION = rf"\b(?:{PRODUCT}) (?:(?:[|,\s]|to\s|and\s|or\s)*\d+\.\d[\w.]*\b)+|\b\d+\.\d+\.\d[\w.]*"
NO_CLAIM = re.compile(
    r"^\(.*\)=$|^#+ .*$"  # anchors, headings
    rf"|`[^`]*`|\[[\w#]*#?\d+\]\([^)]*\)|\]\([^)]*\)|<[^>]+>|\{{[\w:]+\}}|{VERSION}"
    r"|\b\d{4}-\d\d-\d\d\b|\b(?:19|20)\d\d\b(?!,)|\b[Aa] quarter of an hour\b",
    re.MULTILINE,
)
SUM = re.compile(r"((?:[\d.,()]+\s[×*/+−-]\s)+[\d.,()]+)\s=\s(\d[\d.,]*\d)")
PRINTED = re.compile(r"(?<![\w.])(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(e-?\d+)?(?: ?(%|x\b|×|times\b))?")


@dataclass(frozen=True)
class Claim:
    """A number in prose: its words, where they begin, its kind, its value and its decimals."""

    text: str
    start: int
    kind: str  # count, decimal, ratio, percent, one_in or part
    value: float
    decimals: int = 0


@dataclass(frozen=True)
class Printed:
    """A number that may vouch for a claim: its value, whether it has decimals, what follows it."""

    value: float
    decimal: bool = False
    sign: str = ""  # %, x, × or times


def claims(text: str) -> list[Claim]:
    """Return the claims of a paragraph of Markdown, in order.

    Example:
        >>> [(claim.kind, claim.value) for claim in claims("83 % of 1,074 are twice as long")]
        [('percent', 83.0), ('count', 1074.0), ('ratio', 2.0)]
    """
    bare = NO_CLAIM.sub(lambda match: " " * len(match[0]), text)
    found = [_claim(match) for match in CLAIM.finditer(bare)]
    return [claim for claim in found if claim.kind != "count" or claim.value >= 10]


def _claim(match: re.Match) -> Claim:
    """Say what a match of CLAIM claims."""
    kind = next(kind for kind in ("ratio", "one_in", "part", "percent", "count") if match[kind])
    words = match["factor"] or match["of"] or match["hundredths"] or match["count"] or "two"
    value, decimals = _value(words)
    if kind == "part":
        part = match["whole"] or match["cut"]
        value = WORDS[(match["parts"] or "one").lower()] / PARTS[part.lower()]
    if kind == "count" and decimals:
        kind = "decimal"
    return Claim(match[0], match.start(), kind, value, decimals)


def _value(words: str) -> tuple[float, int]:
    """Return a number in digits or in a word, and how many decimals it has."""
    if words.lower() in WORDS:
        return float(WORDS[words.lower()]), 0
    return float(words.replace(",", "")), len(words.partition(".")[2])


def vouches(printed: Printed, claim: Claim) -> bool:
    """Return whether a number is the claimed one, rounded as the prose writes it."""
    share = printed.value / 100 if printed.sign == "%" else printed.value
    half = 0.5 * 10**-claim.decimals + 1e-9
    if claim.kind == "count":
        return printed.value == claim.value
    if claim.kind == "decimal":
        return abs(printed.value - claim.value) <= half
    if claim.kind == "ratio":
        off = half if claim.decimals else NEAR * claim.value
        is_ratio = printed.decimal or printed.sign in ("x", "×", "times")
        return is_ratio and abs(printed.value - claim.value) <= off
    if not (printed.sign == "%" or (printed.decimal and share <= 1)):
        return False
    if claim.kind == "percent":
        return abs(100 * share - claim.value) <= half
    if claim.kind == "one_in":
        return share > 0 and abs(1 / share - claim.value) <= 0.5
    return abs(share - claim.value) <= NEAR * claim.value


def numbers(text: str) -> set[Printed]:
    """Return the numbers of an output; 256,256 is two of them as well as one."""
    found = set()
    for whole, part, power, sign in PRINTED.findall(text):
        value = float(f"{whole.replace(',', '')}{part}{power}")
        found.add(Printed(value, bool(part or power), sign))
        if "," in whole:
            found |= {Printed(float(digits)) for digits in whole.split(",")}
    return found


def constants(nodes: Iterable[ast.AST]) -> set[float]:
    """Return the numbers that stand in code, not those in its strings and comments."""
    values = (node.value for node in nodes if isinstance(node, ast.Constant))
    return {float(value) for value in values if type(value) in (int, float)}


def sums(text: str) -> set[int]:
    """Return where the results begin of those sums in a paragraph that are right."""
    right = set()
    for match in SUM.finditer(text):
        value, decimals = _value(match[2])
        sum_ = match[1].replace(",", "").replace("×", "*").replace("−", "-")
        try:
            result = eval(sum_, {"__builtins__": {}})  # digits, brackets and signs alone
        except (SyntaxError, ZeroDivisionError):
            continue
        if abs(result - value) <= 0.5 * 10**-decimals + 1e-9:
            right.add(match.start(2))
    return right


class _Words(HTMLParser):
    """The text of HTML or SVG: what is drawn or read aloud, no coordinates, no styles."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.hidden = ""
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.hidden = self.hidden or (tag if tag in ("script", "style") else "")
        self.found += [value for name, value in attrs if name in ("aria-label", "alt") and value]

    def handle_endtag(self, tag: str) -> None:
        self.hidden = "" if tag == self.hidden else self.hidden

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.found.append(data)


def words_of(markup: str) -> str:
    """Return the words and numbers that HTML or SVG shows, without its coordinates."""
    return "\n".join(_Words(markup).found)
