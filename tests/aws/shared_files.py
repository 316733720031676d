"""What a user of AWS has: keys in the environment, and the files that the AWS tools share."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

from tests.aws.iam import Key

ALONE = MappingProxyType({"AWS_EC2_METADATA_DISABLED": "true"})


def keys(key: Key) -> dict[str, str]:
    named = {"AWS_ACCESS_KEY_ID": key.ident, "AWS_SECRET_ACCESS_KEY": key.secret}
    return {**named, **({"AWS_SESSION_TOKEN": key.token} if key.token else {})}


def section(title: str, *held: Key, **more: str) -> str:
    said = {name.lower(): value for key in held for name, value in keys(key).items()}
    return f"[{title}]\n" + "".join(f"{name} = {value}\n" for name, value in {**said, **more}.items())


def kept(folder: Path, *, credentials: str = "", config: str = "") -> dict[str, str]:
    """Write the shared files, and return an environment without anything else."""
    (folder / ".aws").mkdir(exist_ok=True)
    (folder / ".aws" / "credentials").write_text(credentials)
    (folder / ".aws" / "config").write_text(config)
    return {"HOME": str(folder), **ALONE}
