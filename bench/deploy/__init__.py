"""A trained run as something to export, predict and simulate."""
