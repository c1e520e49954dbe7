"""``rnnbench``, and ``python -m rnnbench``."""

from bench.__main__ import main

if __name__ == "__main__":
    main()
