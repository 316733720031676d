"""Statuses as they may come: few targets and many, in every state, and texts that nobody should trust."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import msgspec

from ocibroker.api.status import (
    CacheStatus,
    CertificateStatus,
    Change,
    ConfigurationStatus,
    Failure,
    ListenerStatus,
    PeerStatus,
    ProcessStatus,
    ProviderStatus,
    Status,
    TargetStatus,
    TargetTLS,
    TokenState,
    Verdict,
)

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
STATES: tuple[TokenState, ...] = get_args(TokenState)
EACH = 100

HOSTILE = (
    "<script>document.title='owned'</script>",
    "<img src=//evil.example/x onerror=alert(1)>",
    "\"><style>*{display:none}</style><a href='javascript:alert(1)'>",
    "</style></title></pre><svg onload=alert(1)>",
    "&lt;b&gt; &#x3c;script&#x3e; '\" `${7*7}` {{7*7}}",
    "expires in 9 h\u202e.gpj.exe \u2066x\u2069 \u200b\u200d \ufeff",
    "line\nbreak\r\ttab \x00 \x1b[31mred\x1b[0m",
    "'; rm -rf ~; echo '",
    "w" * 5000,
    "e\u0301\u0302\u0303" * 200,
    "\u05e9\u05dc\u05d5\u05dd \u0627\u0644\u0633\u0644\u0627\u0645",
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def later(**span: float) -> datetime:
    return NOW + timedelta(**span)


FAILURE = Failure(
    type="CredentialUnavailable",
    message="GetAuthorizationToken was refused: AccessDeniedException, status 400; tried the web identity",
    culprit="provider ecr",
    hint="allow the action in its IAM policy; docs/ecr.md has the smallest one",
    request_id="5f1d0f3c-7a2e-4b52-9f5e-0a7b1f6c2d11",
)
TLS = TargetTLS(roots="/etc/ssl/certs", min_version="1.2")


def target(number: int, state: TokenState) -> TargetStatus:
    account = f"{123456789012 + number}"
    valid = state in {"stale", "due", "fresh"}
    ended = ago(minutes=2) if state == "expired" else None
    return TargetStatus(
        target=f"{account}.dkr.ecr.eu-west-1.amazonaws.com/team-{number}/app",
        state=state,
        origin=f"https://{account}.dkr.ecr.eu-west-1.amazonaws.com",
        provider="ecr",
        because="claim: an ECR registry",
        identity=(f"role arn:aws:iam::{account}:role/pull", "region eu-west-1"),
        fetched_at=ago(hours=6) if valid or ended else None,
        expires_at=later(hours=6, minutes=20) if valid else ended,
        renewed_at=later(hours=2, minutes=5) if state == "fresh" else None,
        paused_until=later(seconds=40) if state in {"failing", "stale"} else None,
        failures=3 if state in {"failing", "stale"} else 0,
        failure=FAILURE if state in {"failing", "stale"} else None,
        served={"stale": 41, "error": 1} if state == "stale" else {"hit": 318} if valid else {},
        tls=TargetTLS(roots="/etc/ssl/certs", min_version="1.2", insecure=True) if number == 4 else TLS,
        peers=(PeerStatus(host="api.ecr.eu-west-1.amazonaws.com", ends_at=later(days=2), seen_at=ago(hours=6)),)
        if state == "stale"
        else (),
    )


def targets(count: int) -> tuple[TargetStatus, ...]:
    """Every state once, and then good ones."""
    return tuple(target(at, STATES[at] if at < len(STATES) else "fresh") for at in range(count))


def status(all_of_them: tuple[TargetStatus, ...] = (), *, page: int = 1) -> Status:
    states = {state: sum(one.state == state for one in all_of_them) for state in STATES}
    pages = max(1, -(-len(all_of_them) // EACH))
    page = min(page, pages)
    lacking = sum(states[state] for state in ("failing", "expired", "nobody", "waiting"))
    return Status(
        at=NOW,
        verdict=Verdict(
            standing="degraded" if lacking else "ok",
            reason=f"{lacking} of {len(all_of_them)} targets lack a credential; provider ecr: "
            "GetAuthorizationToken was refused: AccessDeniedException, status 400"
            if lacking
            else f"{len(all_of_them)} targets can be given out",
            since=ago(minutes=12),
            cure=FAILURE.hint if lacking else "",
        ),
        states={state: count for state, count in states.items() if count},
        page=page,
        pages=pages,
        targets=all_of_them[(page - 1) * EACH : page * EACH],
        providers=(
            ProviderStatus(
                name="ecr",
                distribution="ocibroker",
                version="0.1.0",
                built_in=True,
                silent=("provider ecr by x",),
                stuck=1,
                p99=0.43,
            ),
            ProviderStatus(
                name="harbor",
                distribution="ocibroker-harbor",
                version="2.1",
                record="5d" * 32,
                broken="cannot be imported",
            ),
        ),
        listeners=(
            ListenerStatus(
                name="socket",
                address="/run/ocibroker/broker.sock",
                callers="users 0, 1000",
                mode="0660",
                owner="0:0",
            ),
            ListenerStatus(
                name="tcp", address="10.0.0.7:9464", callers="certificates of dns:ci.example.com", tls=True
            ),
            ListenerStatus(name="admin", address="127.0.0.1:9465", callers="who reaches it"),
        ),
        certificates=(
            CertificateStatus(role="ca", name="lab.example.com", ends_at=ago(hours=2)),
            CertificateStatus(role="listener", name="tcp", ends_at=later(days=3)),
            CertificateStatus(role="client_ca", name="tcp", ends_at=later(days=700)),
        ),
        cache=CacheStatus(
            store="rediss://cache.example.com:6379/0",
            entries=7,
            answers={"hit": 8140, "refreshed": 12, "stale": 3, "error": 1},
            key="9f2ac4d05b7e6138",
        ),
        configuration=ConfigurationStatus(
            path="/etc/ocibroker/config.toml",
            generation=3,
            since=ago(days=2),
            insecure=("lab.example.com",),
            failure=Failure(
                type="ConfigurationError", message="unknown key", culprit="config.toml:3: registry[0].providor"
            ),
        ),
        process=ProcessStatus(
            version="0.1.0",
            python="3.11.7 on linux",
            pid=4711,
            since=ago(days=9, hours=3),
            threads=9,
            memory=61 * 1024**2,
            files=31,
            files_most=1024,
            loop_lag=0.002,
            log_level="debug",
            log_level_until=later(minutes=4),
            log_dropped=0,
            log_suppressed=17,
            denied={"uid": 2},
            clock_skew={"ecr": -0.2, "gar": 95.0},
        ),
        timeline=(
            Change(at=ago(minutes=12), event="verdict", text="degraded: a target has no credential"),
            Change(at=ago(minutes=12, seconds=3), event="provider_failing", text=FAILURE.message, times=2),
            Change(at=ago(days=2), event="config_reload", text="generation 3 of the configuration serves"),
        ),
    )


def hostile(text: str) -> Status:
    """Every text that comes from elsewhere is ``text``."""
    failure = Failure(type=text, message=text, culprit=text, hint=text, request_id=text)
    tls = TargetTLS(
        authorities=(text,),
        roots=text,
        client_cert=text,
        min_version=text,
        proxy=text,
        insecure=True,
        plain_http=True,
    )
    one = TargetStatus(
        target=text,
        state="stale",
        origin=text,
        provider=text,
        because=text,
        identity=(text, text),
        realms=(text,),
        expires_at=later(hours=1),
        failures=1,
        failure=failure,
        served={text: 1},
        tls=tls,
        peers=(PeerStatus(host=text, ends_at=NOW, seen_at=NOW),),
    )
    made = status((one,))
    changed = {
        "verdict": Verdict(standing="down", reason=text, since=NOW, cure=text),
        "providers": (
            ProviderStatus(name=text, distribution=text, version=text, record=text, broken=text, silent=(text,)),
        ),
        "listeners": (ListenerStatus(name=text, address=text, callers=text, mode=text, owner=text),),
        "certificates": (CertificateStatus(role=text, name=text, ends_at=NOW),),
        "cache": CacheStatus(store=text, entries=1, answers={text: 1}, key=text, trouble=text),
        "configuration": ConfigurationStatus(path=text, generation=1, since=NOW, insecure=(text,), failure=failure),
        "timeline": (Change(at=NOW, event=text, text=text),),
    }
    return msgspec.structs.replace(made, **changed)
