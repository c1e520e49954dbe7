"""What every part of a specification is made of."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer


class Part(BaseModel):
    """A part of a specification: frozen, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Sparse(Part):
    """A part that few runs have: what equals its default is left out of the canonical form.

    So a key that is added later leaves the ids of earlier runs as they are.
    """

    @model_serializer(mode="wrap")
    def _leave_out_defaults(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        body: dict[str, Any] = handler(self)
        return {key: value for key, value in body.items() if value != type(self).model_fields[key].get_default()}
