"""W&B watches a run; it decides nothing."""

from bench.track.tracker import MODES, NoTracker, Tracker, check_login, start

__all__ = ["MODES", "NoTracker", "Tracker", "check_login", "start"]
