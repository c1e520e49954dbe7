"""Every cell there is: the files of ``cells/`` and ``baselines/``, found by looking, and users' own, by their path."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import inspect
import pkgutil
import sys
import traceback
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.errors import RnnbenchError, nearest
from bench.places import CELLS

if TYPE_CHECKING:
    from cells import Cell

_CONTRACT = ("cell.py", "weight.py")
_loaded: dict[Path, str] = {}
"""The modules of users' files."""


@dataclass(frozen=True)
class Option:
    """One option of a cell: a keyword-only argument of its ``__init__``."""

    annotation: Any
    default: Any

    @property
    def required(self) -> bool:
        """Whether a configuration must give it."""
        return self.default is inspect.Parameter.empty

    @property
    def shown(self) -> Any:
        """The default, or the word ``required``."""
        return "required" if self.required else self.default


class Described(NamedTuple):
    """The title of a cell, the BibTeX entry that describes it, and the options that it takes, by name."""

    title: str
    citation: str
    options: Mapping[str, Option]


def _packages() -> tuple[ModuleType, ModuleType]:
    # Here, for torch with them is slow to import, and a command that reads no cell should answer at once.
    import baselines as others
    import cells as own

    return own, others


@cache
def _import_all() -> None:
    from cells import Cell

    for package in _packages():
        for found in pkgutil.iter_modules(package.__path__):
            name = f"{package.__name__}.{found.name}"
            try:
                importlib.import_module(name)
            except Exception as error:  # whatever a user's file raises
                path = f"{name.replace('.', '/')}.py"
                raise RnnbenchError(f"{path} cannot be imported: {type(error).__name__}: {error}") from error
    for cls in _all_subclasses(Cell):
        public = is_shipped(cls) and not cls.__name__.startswith("_")
        if public and "name" not in vars(cls):
            raise RnnbenchError(f"{cls.__module__.replace('.', '/')}.py: class {cls.__name__} lacks @register(...)")


def is_shipped(cls: type[Cell]) -> bool:
    """Whether a cell is one of ``cells/`` or ``baselines/``."""
    return cls.__module__.startswith(tuple(f"{package.__name__}." for package in _packages()))


def source_hash(path: Path) -> str:
    """Sixteen hex digits of a cell file's sha256, by which a run's id tells one version of it from another.

    Raises:
        RnnbenchError: when it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise RnnbenchError(f"cannot read the cell file {path}: {error.strerror}") from None


def load(path: Path, name: str | None = None, source: str = "") -> type[Cell]:
    """The cell of a user's file, wherever it is; an edited file is read again.

    Args:
        path: a Python file with ``@register``.
        name: which of its cells, where it has several.
        source: the :func:`source_hash` that it must have; any when empty.

    Raises:
        RnnbenchError: when it has another hash, cannot be imported, has no cell, has several and none is named, or
            takes a name that is another cell's.
    """
    from cells.registry import forget, registered

    _import_all()
    path = path.resolve()
    found_hash = source_hash(path)
    if source not in ("", found_hash):
        raise RnnbenchError(f"{path} has changed since the run was planned: give the command again")
    module = f"rnnbench_cell_{path.stem}_{found_hash}"
    if _loaded.get(path) != module:
        for other in {cls.__module__ for cls in registered().values()}:  # a notebook may have imported the file, too
            if Path(getattr(sys.modules.get(other), "__file__", None) or "").resolve() == path:
                forget(other)
        _loaded.pop(path, "")
        spec = importlib.util.spec_from_file_location(module, path)
        if spec is None or spec.loader is None:
            raise RnnbenchError(f"{path} is no Python file: a cell file ends in .py")
        made = importlib.util.module_from_spec(spec)
        sys.modules[module], _loaded[path] = made, module
        try:
            spec.loader.exec_module(made)
        except Exception as error:  # whatever a user's file raises
            del sys.modules[module], _loaded[path]
            forget(module)
            hint = "; import from rnnbench instead" if getattr(error, "name", None) == "cells" else ""
            raise RnnbenchError(
                f"{path} cannot be imported: {type(error).__name__}: {error}{place_of(error, path)}{hint}"
            ) from error
    found = {key: cls for key, cls in registered().items() if cls.__module__ == module}
    if not found:
        raise RnnbenchError(f"{path} has no cell: decorate its class with @register(name, title=..., citation=...)")
    if name is None and len(found) > 1:
        raise RnnbenchError(f"{path} has several cells ({', '.join(found)}): say which with `name`")
    if name is not None and name not in found:
        raise RnnbenchError(f"{path} has no cell {name!r}{nearest(name, found)}")
    return found[name or next(iter(found))]


def _all_subclasses(cls: type[Cell]) -> Iterator[type[Cell]]:
    for below in cls.__subclasses__():
        yield below
        yield from _all_subclasses(below)


def all_cells() -> Mapping[str, type[Cell]]:
    """Every registered cell by name.

    Raises:
        RnnbenchError: when a file under ``cells/`` or ``baselines/`` cannot be imported.
    """
    from cells import registered

    _import_all()
    return registered()


def described() -> Mapping[str, Described]:
    """Title, citation and options of every registered cell by name.

    Without torch, which takes two seconds to import, those of ``cells/`` and ``baselines/``, read from the text of
    their files: a grid that is done, and a report, need no more of a cell.

    Raises:
        RnnbenchError: as :func:`all_cells`.
    """
    if "torch" not in sys.modules:
        with suppress(AttributeError, LookupError, SyntaxError, TypeError, ValueError):  # a file says it in another way
            return _read_descriptions()
    return {name: Described(cls.title, cls.citation, options(cls)) for name, cls in all_cells().items()}


@cache
def _read_descriptions() -> dict[str, Described]:
    """Reads what ``@register`` is given: texts, or the names of texts, each of which means one; and ``__init__``."""
    nodes = [node for folder in CELLS for file in folder.glob("*.py") for node in ast.parse(file.read_bytes()).body]
    told: dict[str, Described] = {}
    for node, name, words in _registered(nodes):
        (init,) = (part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__init__")
        given = zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True)
        taken = {key.arg: Option(_read_type(key.annotation), _read_default(default)) for key, default in given}
        told[name] = Described(**words, options=taken)
    return dict(sorted(told.items()))


def read_citations(file: Path) -> dict[str, str]:
    """Returns the BibTeX entries of the cells of a file by their titles, read from its text alone: nothing of it runs.

    None of a file that is not there, or that says them in another way than as texts.
    """
    with suppress(AttributeError, OSError, LookupError, SyntaxError, TypeError, ValueError):
        found = _registered(ast.parse(file.read_bytes()).body)
        return {words["title"]: words["citation"] for _, _, words in found}
    return {}


def _registered(nodes: Sequence[ast.stmt]) -> Iterator[tuple[ast.ClassDef, str, dict[str, str]]]:
    """Yields classes with the name and the words that ``@register`` is given."""
    texts: dict[str, set[Any]] = {}
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)):
                texts.setdefault(name, set()).add(value)

    def text(given: Any) -> str:
        (found,) = [given.value] if isinstance(given, ast.Constant) else texts[given.id]
        return str(found)

    for node in (node for node in nodes if isinstance(node, ast.ClassDef)):
        for call in (call for call in node.decorator_list if isinstance(call, ast.Call)):
            if isinstance(call.func, ast.Name) and call.func.id == "register":
                yield node, text(call.args[0]), {str(key.arg): text(key.value) for key in call.keywords}


def _read_type(node: ast.expr | None) -> Any:
    """Returns the type that an annotation means: a number's, a text's, one of some values, or one of those or none."""
    match node:
        case ast.Name(id=name):
            return {"float": float, "int": int, "bool": bool, "str": str}[name]
        case ast.Subscript(value=ast.Name(id="Literal"), slice=values):
            found = ast.literal_eval(values)
            return typing.Literal[found]
        case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
            return _read_type(left) | None
    raise ValueError("an annotation that is not read here")


def _read_default(node: ast.expr | None) -> Any:
    return inspect.Parameter.empty if node is None else ast.literal_eval(node)


def place_of(error: BaseException, *others: Path) -> str:
    """Where in a cell's file an error arose: ``" (cells/mine.py:31: `the line`)"``, or ``""`` when in none.

    Args:
        error: whose traceback is read.
        *others: files to look for beside those of all cells.
    """
    folders = [Path(path).resolve() for package in _packages() for path in package.__path__]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename).resolve()
        own = path.parent in folders and path.name not in _CONTRACT
        if own or path in (*_loaded, *(other.resolve() for other in others)):
            return f" ({path.parent.name}/{path.name}:{frame.lineno}: `{frame.line}`)"
    return ""


def cell_class(name: str) -> type[Cell]:
    """The cell of that name.

    Raises:
        RnnbenchError: when there is none; names the nearest.
    """
    known = all_cells()
    if name not in known:
        raise RnnbenchError(f"unknown cell {name!r}{nearest(name, known)}")
    return known[name]


def options(cls: type[Cell]) -> Mapping[str, Option]:
    """The options that a cell takes, by name, with their types and defaults."""
    return _options_of(cls.__init__)


def options_of(name: str) -> Mapping[str, Option]:
    """The options that the cell of that name takes, without torch as :func:`described`.

    Raises:
        RnnbenchError: as :func:`cell_class`.
    """
    if "torch" not in sys.modules and (told := described().get(name)):
        return told.options
    return options(cell_class(name))


@cache
def _options_of(init: Callable[..., None]) -> Mapping[str, Option]:
    hints = typing.get_type_hints(init)
    return {
        parameter.name: Option(hints.get(parameter.name, Any), parameter.default)
        for parameter in inspect.signature(init).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
