"""How large an image is once it is resized into a box."""

from helpers.arguments import boolean, pair


def fitted_size(
    size: tuple[int, int], box: tuple[int, int], *, enlarge: bool = True
) -> tuple[int, int]:
    """Compute the largest size of the same aspect that fits in a box.

    One side becomes that of the box. The other is scaled by the same factor and rounded to whole
    pixels, halves up, but never to less than 1: so the aspect is kept but for half a pixel, and a
    very long and thin image ends thicker than it was.

    Args:
        size: Height and width of an image in pixels, at least 1.
        box: Height and width of the box, at least 1.
        enlarge: Whether an image smaller than the box is enlarged. If not, it keeps its size.

    Returns:
        Height and width in pixels, each at least 1 and at most that of the box.

    Raises:
        TypeError: A size is not two integers, or ``enlarge`` is no bool.
        ValueError: A side is below 1.

    Example:
        >>> fitted_size((200, 300), (96, 96))
        (64, 96)
        >>> fitted_size((20, 30), (96, 96), enlarge=False)
        (20, 30)
    """
    (height, width), (high, wide) = pair("size", size), pair("box", box)
    boolean("enlarge", enlarge)
    if not enlarge and height <= high and width <= wide:
        return height, width
    if high * width <= wide * height:  # the height meets the box first
        return high, max(1, _rounded(width * high, height))
    return max(1, _rounded(height * wide, width)), wide


def _rounded(over: int, under: int) -> int:
    """Divide and round to an integer, halves up."""
    return (2 * over + under) // (2 * under)
