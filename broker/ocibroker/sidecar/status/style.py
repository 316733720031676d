"""How the page looks, and what a browser may do with it: show it, and nothing else."""

from __future__ import annotations

import base64
import hashlib
from types import MappingProxyType
from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--back:#fff;--card:#f6f6f8;--text:#1b1b1f;--quiet:#53535c;--line:#c9c9d1;
--link:#0b4fb3;--ok:#0a5c27;--ok-back:#e1f4e6;--warn:#6e4400;--warn-back:#fff0cf;--bad:#95101a;--bad-back:#ffe3e3}
@media(prefers-color-scheme:dark){:root{--back:#141418;--card:#1e1e24;--text:#ececf1;--quiet:#b4b4c0;--line:#44444f;
--link:#8fbaff;--ok:#84e4a5;--ok-back:#10301c;--warn:#ffd180;--warn-back:#3a2a08;--bad:#ffa3a3;--bad-back:#431519}}
*{box-sizing:border-box}
html{font:16px/1.5 system-ui,sans-serif;background:var(--back);color:var(--text)}
body{max-width:70rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}
h1{font-size:1.25rem;margin:0}
h2{font-size:1.1rem;margin:1.75rem 0 .5rem}
p{margin:.5rem 0}
a{color:var(--link)}
nav ul,ol,ul{list-style:none;margin:0;padding:0}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:.5rem 0}
a,summary{border-radius:.25rem}
a:focus-visible,summary:focus-visible{outline:3px solid var(--link);outline-offset:2px}
code,pre{font:.875rem/1.5 ui-monospace,monospace}
pre{margin:.25rem 0;white-space:pre-wrap;background:var(--card);border:1px solid var(--line);padding:.5rem;
border-radius:.25rem}
time,.quiet{color:var(--quiet)}
.verdict{padding:.75rem 1rem;border-radius:.5rem;border:2px solid currentColor;margin:1rem 0}
.verdict p{color:var(--text)}
.verdict strong{font-size:1.5rem}
.ok{color:var(--ok);background:var(--ok-back)}
.warn{color:var(--warn);background:var(--warn-back)}
.bad{color:var(--bad);background:var(--bad-back)}
.badge{display:inline-block;padding:0 .4rem;border-radius:.25rem;border:1px solid currentColor;font-weight:600;
font-size:.875rem}
details,.card{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.5rem .75rem;
margin:.35rem 0}
summary{cursor:pointer}
summary b{margin:0 .35rem}
summary .bad:last-child{margin-left:.35rem}
dl{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.15rem 1rem;margin:.5rem 0}
dt{color:var(--quiet)}
dd{margin:0;min-width:0}
@media(max-width:30rem){dl{grid-template-columns:1fr}dt{margin-top:.35rem}}
"""

_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

HEADERS: Final = MappingProxyType(
    {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'"
        ),
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
)
"""No script, no image, no font, no form, no frame, and of styles the one above."""
