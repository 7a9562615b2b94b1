"""What an exception says, in one line."""

import re


def first_line(error: BaseException | str) -> str:
    r"""Return the line of an error that says what is wrong, not in which call Keras met it.

    Args:
        error: An exception, a warning, or its text.

    Returns:
        The first such line, without a terminal's colours; the name of the class if there is none.

    Example:
        >>> first_line("Exception encountered when calling LSTM.call().\n\nShapes differ")
        'Shapes differ'
    """
    plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).splitlines()
    told = [line.strip() for line in plain if line.strip()]
    told = [line for line in told if not line.startswith("Exception encountered when")] or told
    return told[0] if told else type(error).__name__
