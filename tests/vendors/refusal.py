"""An error as a vendor answers it; its message is what nobody may see."""

from __future__ import annotations

from dataclasses import dataclass

BODY = "c4n4ry-of-the-body"


@dataclass
class Refusal(Exception):
    """``code`` is for those vendors that have one."""

    status: int
    code: str = ""
