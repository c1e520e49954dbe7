"""Where the packages of this tree go when it is installed.

At the top of site-packages names such as ``bench`` and ``cells`` would overwrite other people's packages, and a user's
folder ``cells/`` would hide them. So a wheel has them below ``rnnbench``, and their imports say so there:
``from cells import Cell`` is ``from rnnbench.cells import Cell`` in the wheel. An editable installation is the tree.
"""

import re
import sys
from pathlib import Path

from setuptools import find_namespace_packages, setup
from setuptools.command.build_py import build_py

FACE = "rnnbench"
ROOMS = ("baselines", "bench", "cells")
DATA = ("configs", "results.published")

_IMPORT = re.compile(rf"^(\s*from |\s*import )(?=(?:{'|'.join(ROOMS)})\b)", re.MULTILINE)


def below(source: str) -> str:
    """Puts the name of the face before those of rooms in imports; ``import cells`` needs ``as`` to keep its name."""
    return _IMPORT.sub(rf"\g<1>{FACE}.", source)


class _Below(build_py):
    def build_module(self, module: str, module_file: str, package: "str | list[str]") -> "tuple[str, bool]":
        target, copied = super().build_module(module, module_file, package)
        Path(target).write_text(below(Path(module_file).read_text(encoding="utf-8")), encoding="utf-8")
        return target, copied


def _packages() -> dict[str, str]:
    """The folder of each package and of each folder of data, by its name in this tree."""
    tops = [f"{name}{end}" for name in (*ROOMS, *DATA) for end in ("", ".*")]
    return {name: name.replace(".", "/") for name in find_namespace_packages(include=tops) if "__pycache__" not in name}


if __name__ == "__main__":
    folders = _packages()
    if "editable_wheel" not in sys.argv:
        folders = {f"{FACE}.{name}": folder for name, folder in folders.items()}
    folders[FACE] = FACE
    setup(packages=list(folders), package_dir=folders, cmdclass={"build_py": _Below})
