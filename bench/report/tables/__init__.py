"""Tables: each file makes one, by its function ``table(results) -> Table | None``; adding a file adds a table.

``rnnbench report`` writes it as ``tables/<grid>-<file>.tex`` and ``.md``, prints it, and shows it on the page.
"""
