"""Code blocks of the message pages, cut from the functions that tests run; each runs alone."""

import ast
import re
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path

from helpers.errors import Entry, situations

_FOLDER = Path(situations.__file__).parent
_ELSEWHERE = re.compile("The code is that of `(.*)`.")
_SHARED = "helpers.errors.situations.shared"


def provoking(row: Entry) -> str:
    """Return code that causes the message of a row."""
    return Module(row.id).block("provoke")


def mending(row: Entry) -> str | None:
    """Return code that works, and ends with data of two sizes; None if the row has none."""
    code = _code_of(row)
    return code and code.block("mend" if "mend" in code.definitions else "instead")


def printing(row: Entry) -> bool:
    """Whether that code trains no model, but prints what the comments of its last lines say."""
    code = _code_of(row)
    return code is not None and "mend" not in code.definitions


def proving(row: Entry) -> str | None:
    """Return what the test does below that code: it trains, predicts and compares.

    The feeds are those of the code: what the model answers for a batch alone, called eagerly, is
    what `predict` says of it. None where no model takes part.
    """
    code = _code_of(row)
    if code is None or "mend" not in code.definitions:
        return None
    above = code.block("mend")
    proof = code.proof(above)
    return proof if "import numpy as np" in above else f"import numpy as np\n\n{proof}"


def _code_of(row: Entry) -> "Module | None":
    """Return the module whose code a row's page shows as what to use instead, if there is one."""
    other = _ELSEWHERE.fullmatch(row.no_mend)
    if row.no_mend and not other:
        return None
    return Module(other[1] if other else row.id)


class Module:
    """A module of situations, read and not run."""

    def __init__(self, row: str):
        self.definitions, self.imports = {}, {}
        for file in ("shared", row.replace("-", "_")):
            self._read((_FOLDER / f"{file}.py").read_text("utf-8"))

    def _read(self, text: str) -> None:
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                self.definitions[node.name] = node, text
            elif isinstance(node, ast.Assign):
                for name in _stored(node.targets[0]):
                    self.definitions[name] = node, text
            elif getattr(node, "module", None) != _SHARED and _is_import(node):
                for alias in node.names:
                    self.imports[alias.asname or alias.name] = getattr(node, "module", ""), alias

    def block(self, name: str) -> str:
        """Return the body of a function, after whatever it uses: imports, functions, classes."""
        function, text = self.definitions[name]
        own = [node for node in function.body if _is_import(node)]
        body = [node for node in function.body if node not in own]
        shown = source(text, body)
        if name == "mend":
            compiled = ".compile(" in self.with_what_it_uses(shown, body)
            shown = _ending(body, text, compiled)
        elif name == "instead":
            shown = _printed(body, text)
        return self.with_what_it_uses(shown, body, own)

    def with_what_it_uses(self, shown: str, body: list, own: Iterable = ()) -> str:
        """Return the code of some statements after the imports, functions, classes they need."""
        used = self._used(body)
        imports = [self.imports[each] for each in self.imports if each in used]
        imports += [(getattr(node, "module", ""), alias) for node in own for alias in node.names]
        if "np." in shown and "np" not in used:
            imports.append(("", ast.alias("numpy", "np")))
        defined = list(dict.fromkeys(self.definitions[n] for n in self.definitions if n in used))
        parts = [*(source(text, [node]) for node, text in defined), shown]
        gap = "\n\n\n" if parts[0].startswith(("def ", "class ", "@")) or defined else "\n\n"
        return gap.join([_header(imports), *parts]).strip()

    def proof(self, above: str) -> str:
        """Return a proof of ``mend``, below ``above``, its code on the page."""
        body = self.definitions["mend"][0].body
        kind, parts = _kind_of_feeds(body)
        way = "weighted" if kind == "batch" and parts == 3 else kind
        if kind == "data" and "PyDataset" in above:
            way = "indexed"
        return _proof(above, kind, way, ast.unparse(body[-1].value.elts[1]))

    def _used(self, body: list) -> set[str]:
        """Return the module's own names and imports that some statements need, directly or not."""
        found, waiting = set(), list(body)
        while waiting:
            for name in _loaded(waiting.pop()) - found:
                if name in self.definitions:
                    found.add(name)
                    waiting.append(self.definitions[name][0])
                elif name in self.imports:
                    found.add(name)
        return found


def source(text: str, nodes: list) -> str:
    """Return the lines of some statements of a module, as they are laid out, without imports."""
    if not nodes:
        return ""
    lines = text.splitlines()
    first = [nodes[0].lineno, *(each.lineno for each in getattr(nodes[0], "decorator_list", ()))]
    return textwrap.dedent("\n".join(lines[min(first) - 1 : nodes[-1].end_lineno]))


def _ending(body: list, text: str, compiled: bool) -> str:
    """Return what a page shows of a `mend`: at the end it uses the model and the data.

    Args:
        body: The statements of the function.
        text: The module.
        compiled: Whether the model is compiled there, or in what they use.
    """
    model, feeds = body[-1].value.elts
    lines = _above_the_return(body, text)
    if ast.unparse(model) != "model":
        lines.append(f"model = {ast.unparse(model)}")
    if not compiled:
        lines.append('model.compile("sgd", "mse")')
    kind, _ = _kind_of_feeds(body)
    each = {
        "shape": "print(model.predict(np.ones(shape), verbose=0).shape)",
        "batch": "print(model.train_on_batch(*batch))",
        "make": "model.fit(make(), shuffle=False, verbose=0)",
        "data": "model.fit(data, verbose=0)",
    }[kind]
    return "\n".join([*lines, f"for {kind} in {ast.unparse(feeds)}:", f"    {each}"])


def _printed(body: list, text: str) -> str:
    """Return what a page shows of an `instead`: at the end it prints, and comments say what."""
    lines = [
        f"print({ast.get_source_segment(text, got)})  # {ast.literal_eval(wanted)}"
        for got, wanted in (pair.elts for pair in body[-1].value.elts)
    ]
    return "\n".join(_above_the_return(body, text) + lines)


def _above_the_return(body: list, text: str) -> list[str]:
    """Return the lines of a function but its last, in a list of one text or none.

    Functions and classes in it are no longer inside another, so more lines are left free.
    """
    if not body[1:]:
        return []
    lines = re.sub(r"\n\n(?=def |class )", "\n\n\n", source(text, body[:-1]))
    lines = re.sub(r"(\n +.*)\n\n(?=\S)", r"\1\n\n\n", lines)
    return [lines + "\n\n" * isinstance(body[-2], ast.FunctionDef | ast.ClassDef)]


_ALONE = {
    "shape": (
        'x = np.random.default_rng(0).normal(size=shape).astype("float32")',
        "model.fit(x, np.zeros(model(x).shape), verbose=0)",
        "model(x)",
        "x",
    ),
    "batch": ("x, y = batch", "model.fit(x, y, verbose=0)", "model(x)", "x"),
    "weighted": (
        "x, y, weights = batch",
        "model.fit(x, y, sample_weight=weights, verbose=0)",
        "model(x)",
        "x",
    ),
    "make": (
        "model.fit(make(), shuffle=False, verbose=0)",
        "np.concatenate([model(x) for x, *_ in make()])",
        "make()",
    ),
    "data": (
        "model.fit(data, verbose=0)",
        "np.concatenate([model(x) for x, *_ in data])",
        "data",
    ),
    "indexed": (
        "model.fit(data, verbose=0)",
        "np.concatenate([model(data[i][0]) for i in range(len(data))])",
        "data",
    ),
}
_FORGET = """\
def forget():
    for layer in model.layers:
        if getattr(layer, "stateful", False):
            layer.reset_state()


"""


def _proof(above: str, kind: str, way: str, feeds: str) -> str:
    """Return a loop that trains and predicts with each feed, and compares.

    Args:
        above: The code to use instead, which comes before it.
        kind: What a feed is, the name of the loop's variable.
        way: A key of `_ALONE`.
        feeds: The feeds, as code.
    """
    *lines, alone, given = _ALONE[way]
    forget = ["forget()"] if "stateful=True" in above else []
    lines += [*forget, f"alone = {alone}"]
    lines += [*forget, f"predicted = model.predict({given}, verbose=0)"]
    lines.append("np.testing.assert_allclose(predicted, alone, atol=1e-5)")
    loop = "\n".join([f"for {kind} in {feeds}:", *(f"    {line}" for line in lines)])
    return (_FORGET if forget else "") + loop


def _kind_of_feeds(body: list) -> tuple[str, int]:
    """Say what a `mend` returns beside its model, and how many parts its tuples have, or 0."""
    feeds = body[-1].value.elts[1]
    functions = {node.name: node for node in body if isinstance(node, ast.FunctionDef)}
    named = {ast.unparse(node.targets[0]): node.value for node in body if type(node) is ast.Assign}
    feeds = named.get(ast.unparse(feeds), feeds)
    kind = _kind(feeds, functions)
    item = feeds.elts[0] if isinstance(feeds, ast.List) else getattr(feeds, "elt", feeds)
    if isinstance(item, ast.Call) and _makes_tuple(item, functions):
        item = functions[ast.unparse(item.func)].body[-1].value
    return kind, len(item.elts) if isinstance(item, ast.Tuple) else 0


def _kind(feeds: ast.expr, functions: dict[str, ast.FunctionDef]) -> str:
    """Say what a `mend` returns beside its model: shapes, batches, functions or datasets."""
    items = feeds.elts if isinstance(feeds, ast.List) else [getattr(feeds, "elt", feeds)]
    if all(_is_shape(item) for item in items):
        return "shape"
    if all(isinstance(item, ast.Tuple) or _makes_tuple(item, functions) for item in items):
        return "batch"
    if all(isinstance(item, ast.Lambda) or ast.unparse(item) in functions for item in items):
        return "make"
    return "data"


def _makes_tuple(item: ast.expr, functions: dict[str, ast.FunctionDef]) -> bool:
    """Whether it is a call of a function on the page that returns a tuple."""
    called = functions.get(ast.unparse(item.func)) if isinstance(item, ast.Call) else None
    last = called and called.body[-1]
    return isinstance(last, ast.Return) and isinstance(last.value, ast.Tuple)


def _is_shape(item: ast.expr) -> bool:
    if isinstance(item, ast.Tuple):
        return all(isinstance(size, ast.Constant | ast.Name) for size in item.elts)
    return isinstance(item, ast.Attribute) and item.attr == "shape"


def _loaded(node: ast.AST) -> set[str]:
    names = (each for each in ast.walk(node) if isinstance(each, ast.Name))
    return {each.id for each in names if isinstance(each.ctx, ast.Load)}


def _stored(target: ast.AST) -> list[str]:
    return [each.id for each in ast.walk(target) if isinstance(each, ast.Name)]


def _is_import(node: ast.AST) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _header(imports: list) -> str:
    """Return import lines as ruff sorts them: the standard library first, then ``import`` first."""
    modules = {module: [] for module, _ in imports}
    for module, alias in imports:
        modules[module].append(alias)
    nodes = [ast.Import([alias]) for alias in modules.pop("", [])]
    nodes += [ast.ImportFrom(module, names, 0) for module, names in modules.items()]
    lines = sorted(map(ast.unparse, nodes), key=lambda line: (line[:4] == "from", line))
    own = [line for line in lines if line.split()[1].split(".")[0] in sys.stdlib_module_names]
    rest = [line for line in lines if line not in own]
    return "\n\n".join("\n".join(group) for group in (own, rest) if group)
