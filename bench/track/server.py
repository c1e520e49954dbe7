"""W&B's server: where it is, with which key, and whether it answers now."""

from __future__ import annotations

import base64
import configparser
import json
import netrc
import os
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from bench.errors import RnnbenchError

_ANSWER_S = 5.0
_VIEWER = {"operationName": "Viewer", "query": "query Viewer { viewer { entity } }", "variables": {}}


class NoServerError(Exception):
    """W&B's server cannot be used now; the text says why."""


def base_url() -> str:
    """Returns the address of the server, from where W&B's client takes it: the environment, then its settings file."""
    if given := os.environ.get("WANDB_BASE_URL"):
        return given.rstrip("/")
    folder = os.environ.get("WANDB_CONFIG_DIR") or "~/.config/wandb"
    settings = configparser.ConfigParser(interpolation=None)
    try:
        settings.read(Path(folder).expanduser() / "settings", encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return "https://api.wandb.ai"
    return settings.get("default", "base_url", fallback="https://api.wandb.ai").rstrip("/")


def _key() -> str | None:
    if key := os.environ.get("WANDB_API_KEY"):
        return key
    try:
        found = netrc.netrc(os.environ.get("NETRC")).authenticators(urlsplit(base_url()).hostname or "")
    except (OSError, netrc.NetrcParseError):
        return None
    return found[2] if found else None


def check_login() -> None:
    """Looks for W&B's key where its client looks: the environment and the netrc file.

    Raises:
        RnnbenchError: when there is none.
    """
    if not (_key() or os.environ.get("WANDB_IDENTITY_TOKEN_FILE")):
        raise RnnbenchError(
            "sending to W&B needs a login: run `wandb login`, or set WANDB_API_KEY; --wandb offline needs none"
        )


def reach() -> str:
    """Asks the server whose key this is, and waits some seconds at most.

    Returns:
        The entity that runs go to when none is named; empty when the login is no key, and nothing was asked.

    Raises:
        NoServerError: when the server does not answer, or refuses the key.
    """
    key, url = _key(), base_url()
    if key is None:
        return ""
    request = urllib.request.Request(  # noqa: S310
        f"{url}/graphql",
        data=json.dumps(_VIEWER).encode(),
        headers={
            "Content-Type": "application/json",
            "Authorization": "Basic " + base64.b64encode(f"api:{key}".encode()).decode(),
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_S) as answer:  # noqa: S310
            viewer = json.load(answer)["data"]["viewer"]
        return str(viewer["entity"])
    except urllib.error.HTTPError as error:
        refused = error.code in (401, 403)
        raise NoServerError(f"{url} " + ("refuses the key" if refused else f"answers {error.code}")) from None
    except (KeyError, TypeError):
        raise NoServerError(f"{url} does not know the key") from None
    except (OSError, ValueError) as error:
        raise NoServerError(f"{url} does not answer ({getattr(error, 'reason', None) or error})") from None
