"""A real browser without a window, driven by the DevTools protocol over a pair of pipes.

https://chromedevtools.github.io/devtools-protocol/; messages end with a NUL byte, so no websocket is needed.
"""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

_PATIENCE = 60.0
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
_AS_THREE_AND_FOUR = (
    "import os, sys; given = [int(one) for one in sys.argv[1:3]]; "
    "os.dup2(given[0], 3); os.dup2(given[1], 4); os.execv(sys.argv[3], sys.argv[3:])"
)


class Browser:
    """The process, and what has come from it."""

    def __init__(self, to: int, back: int) -> None:
        self._to, self._back = to, back
        self._left = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []

    @classmethod
    @contextmanager
    def started(cls, program: str, folder: Path) -> Iterator[Self]:
        """Run it for a block; ``folder`` is its profile's."""
        (theirs, to), (back, ours) = os.pipe(), os.pipe()
        spare = [os.dup(theirs) for _ in range(8)]  # so that none of those passed on is 3 or 4
        theirs_high, ours_high = os.dup(theirs), os.dup(ours)
        command = [sys.executable, "-c", _AS_THREE_AND_FOUR, str(theirs_high), str(ours_high), program, *_FLAGS]
        environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
        with subprocess.Popen(
            [*command, f"--user-data-dir={folder}"],
            env=environ,
            pass_fds=(theirs_high, ours_high),
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        ) as process:
            for file in (theirs, ours, theirs_high, ours_high, *spare):
                os.close(file)
            one = cls(to, back)
            try:
                yield one
                one.ask("Browser.close")
                process.wait(_PATIENCE)
            finally:
                process.kill()
                os.close(to)
                os.close(back)

    def ask(self, method: str, session: str = "", **params: object) -> dict[str, Any]:
        """Have something done, and return the result."""
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            self.events.append(answer)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def wait(self, event: str, session: str) -> None:
        """Wait for what has not come yet, or has since the events were emptied."""
        while not any(one["method"] == event and one.get("sessionId") == session for one in self.events):
            self.events.append(self._next())

    def tab(self) -> Tab:
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session: str = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable", session)
        return Tab(self, session, target)

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + _PATIENCE
        while b"\0" not in self._left:
            ready, _, _ = select.select([self._back], [], [], max(0.0, end - time.monotonic()))
            assert ready, "the browser says nothing"
            data = os.read(self._back, 1 << 20)
            assert data, "the browser has gone"
            self._left += data
        line, _, self._left = self._left.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message


@dataclass
class Tab:
    """One page; ``requested`` are the addresses that it asked for, ``complaints`` what its console shows."""

    browser: Browser
    session: str
    target: str
    requested: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, url: str) -> None:
        self.browser.events.clear()
        self.ask("Page.navigate", url=url)
        self.browser.wait("Page.loadEventFired", self.session)
        self.value("1")  # what was said before this answer has come by now
        self._gather()

    def close(self) -> None:
        self.browser.ask("Target.closeTarget", targetId=self.target)

    def ask(self, method: str, **params: object) -> dict[str, Any]:
        return self.browser.ask(method, self.session, **params)

    def value(self, expression: str) -> Any:  # noqa: ANN401  # whatever the page gives
        """Return what JavaScript makes of it, from outside the page and its policy."""
        found = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def press(self, key: str, code: int) -> None:
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text)

    def size(self, width: int, height: int, *, phone: bool = False) -> None:
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone
        )

    def scheme(self, name: str) -> None:
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def picture(self) -> bytes:
        return base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"])

    def _gather(self) -> None:
        for event in self.browser.events:
            params = event.get("params", {})
            match event["method"]:
                case "Network.requestWillBeSent":
                    self.requested.append(params["request"]["url"])
                case "Log.entryAdded":
                    self.complaints.append(params["entry"]["text"])
                case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown":
                    self.complaints.append(str(params))
