"""``python -m bench``: the same as ``rnnbench``."""

from bench.cli import main

if __name__ == "__main__":
    main()
