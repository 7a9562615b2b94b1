"""A function that is named in a shell: ``module:function`` or ``path/to/file.py:function``."""

import difflib
import importlib
import importlib.util
import inspect
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

_OURS = (  # beginnings of files whose frames say nothing to a user
    os.path.dirname(__file__) + os.sep,
    os.path.dirname(importlib.__file__) + os.sep,
    "<frozen importlib",
)


class Misuse(ValueError):
    """What was asked for is not there, or cannot be understood; its text says what to change."""


class Raised(Exception):
    """The code of somebody else raised; the text is the traceback of that code alone."""


@dataclass(frozen=True)
class Target:
    """A function and where it stands.

    Attributes:
        name: As it was asked for.
        function: Takes no arguments.
        file: The source file, absolute; ``""`` if unknown.
        line: Of the definition, from 1.
    """

    name: str
    function: Callable[[], Any]
    file: str
    line: int

    def call(self) -> Any:
        """Return what the function returns; `Raised` where it raises or exits."""
        try:
            return self.function()
        except (Exception, SystemExit) as error:
            raise Raised(report(error, f"{self.name} raised")) from None


def load(name: str) -> Target:
    """Import what a name says, from the current folder as ``python -m`` does, or from a file.

    Args:
        name: ``module:function``, or ``path/to/file.py:function``, whose folder may be imported
            from, as with ``python path/to/file.py``.

    Raises:
        Misuse: There is no such module, file or function.
        Raised: The module raises when it is imported.
    """
    place, _, attribute = name.rpartition(":")
    if not place or not attribute:
        raise Misuse(f"expected module:function or path/to/file.py:function, got {name!r}")
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        module = _from_file(Path(place)) if _is_path(place) else _by_name(place)
    except Misuse:
        raise
    except (Exception, SystemExit) as error:
        raise Raised(report(error, f"{place} raised when it was imported")) from None
    function: Any = module
    for part in attribute.split("."):
        if not hasattr(function, part):
            raise Misuse(f"{place} has no {part!r}{_near(part, function)}")
        function = getattr(function, part)
    if not callable(function):
        raise Misuse(
            f"{name}: expected a function that returns model and data, got "
            f"{type(function).__name__}"
        )
    return Target(name, function, *_place_of(function, module))


def report(error: BaseException, what: str) -> str:
    """Return an error with the part of its traceback that is not ours."""
    own: TracebackType | None = error.__traceback__
    while own and own.tb_frame.f_code.co_filename.startswith(_OURS):
        own = own.tb_next
    lines = traceback.TracebackException(type(error), error, own).format()
    return f"{''.join(lines).rstrip()}\n\n{what}"


def _is_path(place: str) -> bool:
    return place.endswith(".py") or os.sep in place or "/" in place


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise Misuse(f"there is no file {path}")
    path = path.resolve()
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    known = sys.modules.get(path.stem)
    if known is not None and getattr(known, "__file__", None) == str(path):
        return known
    name = path.stem if known is None else f"audited_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise Misuse(f"expected a file of Python that ends in .py, got {path.name}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # so that its classes can be pickled
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _by_name(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and f"{name}.".startswith(f"{error.name}."):
            raise Misuse(
                f"there is no module {error.name!r} in {os.getcwd()} or installed"
            ) from None
        raise
    except (TypeError, ValueError):  # such as a name with a point at its beginning
        if all(part.isidentifier() for part in name.split(".")):
            raise
        raise Misuse(f"{name!r} is no name of a module") from None


def _near(name: str, where: Any) -> str:
    near = difflib.get_close_matches(name, [each for each in dir(where) if each[0] != "_"], 3)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _place_of(function: Any, module: ModuleType) -> tuple[str, int]:
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None or not os.path.isfile(code.co_filename):
        return str(getattr(module, "__file__", None) or ""), 1
    return os.path.abspath(code.co_filename), code.co_firstlineno
