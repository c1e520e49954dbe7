"""W&B watches a run; it decides nothing."""

from bench.track.project import Project, project_of, shelf
from bench.track.sender import mirrored
from bench.track.server import NoServerError, check_login, reach
from bench.track.sync import note, send, unsent
from bench.track.tracker import MODES, NoTracker, Tracker, open_run, start, written_out

__all__ = [
    "MODES",
    "NoServerError",
    "NoTracker",
    "Project",
    "Tracker",
    "check_login",
    "mirrored",
    "note",
    "open_run",
    "project_of",
    "reach",
    "send",
    "shelf",
    "start",
    "unsent",
    "written_out",
]
