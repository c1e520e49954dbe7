"""The harness: from a grid in YAML to records, W&B runs, tables and a page."""
