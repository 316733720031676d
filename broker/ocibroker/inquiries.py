"""From a target to an inquiry: rules, policy and identity, and the name of the entry that would answer."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from ocibroker.cache import cache_key, options_digest
from ocibroker.config import Config
from ocibroker.errors import UsageError, WrongScheme
from ocibroker.fetching import Fetching, Means
from ocibroker.footing import Footing
from ocibroker.footings import Footings
from ocibroker.identity import Identity
from ocibroker.inquiry import Inquiry
from ocibroker.known import Known
from ocibroker.origin import Origin
from ocibroker.request import Caller
from ocibroker.selection import Selection, select
from ocibroker.target import Target
from ocibroker.tls import Contents
from ocibroker.transport.connections import Connections
from ocibroker.watch import Watch

_MOST: Final = 4096
"""Targets and identities that are remembered."""


class Inquiries:
    """Makes inquiries by ``config``; the broker owns it. Errors are :class:`~ocibroker.errors.OcibrokerError`.

    ``known`` is looked at for whether there is an answer already. Hosts are reached by ``common``, or by one of the
    ``footings`` where a rule's provider says how its host is trusted.
    """

    def __init__(self, config: Config, means: Means, known: Known, common: Connections, footings: Footings) -> None:
        self._means = means
        self._known = known
        self._common = common
        self._footings = footings
        self._select: Callable[[Target, str], Selection]
        self._select = lru_cache(_MOST)(lambda target, who: select(target, config.rules, config.providers, who))
        self._watches: OrderedDict[Identity, Watch] = OrderedDict()
        self._closed = False

    def reach(self, target: Target, caller: Caller | None = None) -> tuple[Origin, Footing]:
        """Return where a connection for ``target`` goes, and how; over plain HTTP only if that is allowed there."""
        if self._closed:
            raise UsageError("the broker is closed", culprit=str(target), hint="ask within its `with` block")
        footing = self.footing(target, caller)
        policies = footing.policies
        origin = policies.origin_of(target)
        if origin.scheme == "http" and not policies.plain_http(origin):
            raise WrongScheme(
                "plain HTTP is not allowed", culprit=str(target), hint="set plain_http in its [[tls]]"
            )
        return origin, footing

    def footing(self, target: Target, caller: Caller | None) -> Footing:
        """Return how hosts are reached by an access to ``target``."""
        said = self.trusting(target, caller)
        return self._footings.of(said) if said else self._common

    def trusting(self, target: Target, caller: Caller | None) -> Fetching | None:
        """Return who says how the host of ``target`` is trusted; none where nobody but the configuration does."""
        selection = self.selection(target, caller)
        return self._asking(selection, target, caller) if selection.trusting else None

    def having_key(self, target: Target, caller: Caller | None) -> Fetching | None:
        """Return who may have a key for SSH for ``target``; none where nobody can have one."""
        selection = self.selection(target, caller)
        return self._asking(selection, target, caller) if hasattr(selection.provider, "ssh_key") else None

    def selection(self, target: Target, caller: Caller | None) -> Selection:
        """Return who answers for ``target``."""
        return self._select(target, caller.account if caller else "")

    def inquire(self, target: Target, caller: Caller | None) -> Inquiry:
        """Return the inquiry, and raise what is wrong with the files of the host's policy."""
        origin, footing = self.reach(target, caller)
        return self._inquiry(target, origin, caller, footing, footing.policies.for_origin(origin).contents)

    def inquire_for_what_is_there(self, target: Target, caller: Caller | None) -> Inquiry:
        """Return the same; where an answer is there, the files of the host's policy are not looked into.

        It was got after the same bytes had been verified: its key tells of them.
        """
        origin, footing = self.reach(target, caller)
        policies = footing.policies
        inquiry = self._inquiry(target, origin, caller, footing, policies.contents(origin))
        unverified = bool(inquiry.key) and not policies.verified(origin)
        known = unverified and self._known.entry(inquiry) is not None
        if known or policies.for_origin(origin).contents is inquiry.trust:
            return inquiry
        return self.inquire(target, caller)

    def close(self) -> None:
        """Make none any more."""
        self._closed = True

    def _asking(self, selection: Selection, target: Target, caller: Caller | None) -> Fetching | None:
        provider, options = selection.provider, selection.options
        if provider is None or options is None:
            return None
        return Fetching(provider=provider, target=target, options=options, caller=caller, means=self._means)

    def _inquiry(
        self, target: Target, origin: Origin, caller: Caller | None, footing: Footing, trust: Contents
    ) -> Inquiry:
        return self._of(self.selection(target, caller), target, origin, caller, footing, trust)

    def _of(
        self,
        selection: Selection,
        target: Target,
        origin: Origin,
        caller: Caller | None,
        footing: Footing,
        trust: Contents,
    ) -> Inquiry:
        fetching, otherwise = self._asking(selection, target, caller), selection.otherwise
        if fetching is None:
            return Inquiry(target=target, origin=origin, selection=selection, footing=footing, trust=trust)
        provider, options = fetching.provider, fetching.options
        identity, digest = fetching.identity(), options_digest(options)
        watch = self._watch(identity)
        looks = watch.seen() if watch else ()
        policies = footing.policies
        trusts = trust.digest if identity.host_bound else f"{policies.digest} {trust.files}"
        return Inquiry(
            target=target,
            origin=origin,
            selection=selection,
            footing=footing,
            trust=trust,
            fetching=fetching,
            identity=identity,
            key=cache_key(provider.name, digest, identity, looks, trusts),
            shared_key=self._shared_key(provider.name, digest, identity, origin, policies.configured),
            watch=watch,
            looks=looks,
            otherwise=(lambda: self._of(otherwise, target, origin, caller, footing, trust)) if otherwise else None,
        )

    def _shared_key(self, provider: str, options: str, identity: Identity, origin: Origin, configured: str) -> str:
        """Return the name of what machines share: of nothing that looks different on each, as files do."""
        if identity.reach != "global":
            return ""
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
