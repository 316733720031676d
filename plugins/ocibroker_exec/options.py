"""What a rule may say of the program and of how it is asked."""

from __future__ import annotations

from typing import Literal

from ocibroker.provider import Options, TextRef

Protocol = Literal["docker", "kubelet", "bazel"]


class ExecOptions(Options, frozen=True, kw_only=True):
    """``command`` is the program by its absolute path, and its arguments before those of ``protocol``.

    It gets few variables, those of ``environment`` beside them, and with ``inherit`` all that there are.
    ``cache_key_type`` is ``Registry`` where a kubelet's provider answers for all repositories of a registry alike.
    """

    command: tuple[str, ...]
    protocol: Protocol = "docker"
    environment: dict[str, TextRef] = {}  # noqa: RUF012  # msgspec copies it
    inherit: bool = False
    cache_key_type: Literal["Image", "Registry"] = "Image"

    def __post_init__(self) -> None:
        if not self.command:
            raise ValueError("command is empty: name the program by its absolute path")
        if self.cache_key_type != "Image" and self.protocol != "kubelet":
            raise ValueError("cache_key_type is for the protocol kubelet only")
