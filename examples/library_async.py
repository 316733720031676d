"""List the tags of several repositories at once; one that fails does not stop the others.

``python examples/library_async.py registry.example.com/charts/app registry.example.org/charts/other``
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

import ocibroker


async def tags(broker: ocibroker.Broker, target: str) -> list[str]:
    """Return the tags of the repository that ``target`` names."""
    access = await broker.access_async(target)
    async with access.async_client() as http:
        response = await http.get(f"/v2/{access.target.path}/tags/list")
    found: list[str] = response.raise_for_status().json()["tags"]
    return found


async def told(broker: ocibroker.Broker, target: str) -> str:
    """Return one line: the tags, or why there are none."""
    try:
        return f"{target}: {', '.join(await tags(broker, target))}"
    except ocibroker.OcibrokerError as error:
        return f"{target}: {error}"


async def main(targets: Sequence[str]) -> None:
    """Print a line for each repository."""
    with ocibroker.Broker.from_config() as broker:
        print(*await asyncio.gather(*(told(broker, target) for target in targets)), sep="\n")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python examples/library_async.py TARGET...")
    asyncio.run(main(sys.argv[1:]))
