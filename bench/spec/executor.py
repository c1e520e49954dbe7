"""How a grid's workers are started. It is in no run's id: it changes nothing about a run."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


class ExecutorPart(BaseModel):
    """An executor by name, and what it is told; which options there are is its own business."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str = "local"
    workers: int | None = Field(default=None, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _in_full(cls, given: Any) -> Any:
        return {"name": given} if isinstance(given, str) else given

    @property
    def options(self) -> dict[str, Any]:
        """The executor's own options."""
        return dict(self.model_extra or {})
