"""From a target to an inquiry: rules, policy and identity, and the name of the entry that would answer."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from functools import lru_cache
from typing import Final

from ocibroker.cache import Flights, cache_key, options_digest
from ocibroker.config import Config
from ocibroker.deadline import Deadline
from ocibroker.errors import UsageError, WrongScheme
from ocibroker.fetching import Fetching, Means
from ocibroker.identity import Identity
from ocibroker.inquiry import Inquiry
from ocibroker.known import Known
from ocibroker.origin import Origin
from ocibroker.request import Caller
from ocibroker.selection import Selection, select
from ocibroker.target import Target
from ocibroker.tls import Contents
from ocibroker.watch import Watch

_MOST: Final = 4096
"""Targets and identities that are remembered."""
_PATIENCE: Final = 30.0
"""Seconds after which files that are still being read are left to themselves."""


class Inquiries:
    """Makes inquiries by ``config``; the broker owns it. Errors are :class:`~ocibroker.errors.OcibrokerError`.

    ``known`` is looked at for whether there is an answer already.
    """

    def __init__(self, config: Config, means: Means, known: Known) -> None:
        self._means = means
        self._policies = means.policies
        self._known = known
        self._select: Callable[[Target, str], Selection]
        self._select = lru_cache(_MOST)(lambda target, who: select(target, config.rules, config.providers, who))
        self._watches: OrderedDict[Identity, Watch] = OrderedDict()
        self._looks = Flights[object]()
        self._closed = False

    def forked(self) -> None:
        """Begin anew in a child that was forked."""
        self._looks.forked()

    def origin(self, target: Target) -> Origin:
        """Return where a connection for ``target`` goes; over plain HTTP only if that is allowed there."""
        if self._closed:
            raise UsageError("the broker is closed", culprit=str(target), hint="ask within its `with` block")
        origin = self._policies.origin_of(target)
        if origin.scheme == "http" and not self._policies.plain_http(origin):
            raise WrongScheme(
                "plain HTTP is not allowed", culprit=str(target), hint="set plain_http in its [[tls]]"
            )
        return origin

    def preparation(self, target: Target) -> Future[object] | None:
        """Return what an event loop waits for before it inquires; none where that takes no time to speak of.

        Otherwise a worker, one for all who wait, reads and verifies the files of the host's policy, and asks the
        sidecar where that one knows it.
        """
        if self._policies.at_hand(target):
            return None
        deadline = Deadline.after(_PATIENCE)

        def look() -> object:
            return self._policies.for_origin(self.origin(target))

        return self._looks.join(str(target.origin), look, deadline, provider="trust")[0].future

    def selection(self, target: Target, caller: Caller | None) -> Selection:
        """Return who answers for ``target``."""
        return self._select(target, caller.account if caller else "")

    def inquire(self, target: Target, caller: Caller | None) -> Inquiry:
        """Return the inquiry, and raise what is wrong with the files of the host's policy."""
        origin = self.origin(target)
        return self._inquiry(target, origin, caller, self._policies.for_origin(origin).contents)

    def inquire_for_what_is_there(self, target: Target, caller: Caller | None) -> Inquiry:
        """Return the same; where an answer is there, the files of the host's policy are not looked into.

        It was got after the same bytes had been verified: its key tells of them.
        """
        origin = self.origin(target)
        inquiry = self._inquiry(target, origin, caller, self._policies.contents(origin))
        unverified = bool(inquiry.key) and not self._policies.verified(origin)
        known = unverified and self._known.entry(inquiry) is not None
        if known or self._policies.for_origin(origin).contents is inquiry.trust:
            return inquiry
        return self.inquire(target, caller)

    def close(self) -> None:
        """Make none any more."""
        self._closed = True

    def _inquiry(self, target: Target, origin: Origin, caller: Caller | None, trust: Contents) -> Inquiry:
        return self._of(self.selection(target, caller), target, origin, caller, trust)

    def _of(
        self, selection: Selection, target: Target, origin: Origin, caller: Caller | None, trust: Contents
    ) -> Inquiry:
        provider, options, otherwise = selection.provider, selection.options, selection.otherwise
        if provider is None or options is None:
            return Inquiry(target=target, origin=origin, selection=selection, trust=trust)
        fetching = Fetching(provider=provider, target=target, options=options, caller=caller, means=self._means)
        identity, digest = fetching.identity(), options_digest(options)
        watch = self._watch(identity)
        looks = watch.seen() if watch else ()
        trusts = trust.digest if identity.host_bound else f"{self._policies.digest} {trust.files}"
        return Inquiry(
            target=target,
            origin=origin,
            selection=selection,
            trust=trust,
            fetching=fetching,
            identity=identity,
            key=cache_key(provider.name, digest, identity, looks, trusts),
            shared_key=self._shared_key(provider.name, digest, identity, origin),
            watch=watch,
            looks=looks,
            otherwise=(lambda: self._of(otherwise, target, origin, caller, trust)) if otherwise else None,
        )

    def _shared_key(self, provider: str, options: str, identity: Identity, origin: Origin) -> str:
        """Return the name of what machines share: of nothing that looks different on each, as files do."""
        if identity.reach != "global":
            return ""
        configured = self._policies.configured
        trust = f"{origin} {configured}" if identity.host_bound else configured
        return cache_key(provider, options, identity, (), trust)

    def _watch(self, identity: Identity) -> Watch | None:
        if not identity.watch:
            return None
        if (known := self._watches.get(identity)) is not None:
            return known
        watch = self._watches[identity] = Watch(identity.watch, self._means.clock.monotonic)
        if len(self._watches) > _MOST:
            self._watches.popitem(last=False)
        return watch
