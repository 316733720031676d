"""From a target to an inquiry: rules, policy and identity, and the name of the entry that would answer."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future
from typing import Final

from ocibroker.cache import Flights, cache_key, options_digest
from ocibroker.choosing import Choosing
from ocibroker.deadline import Deadline
from ocibroker.errors import UsageError, WrongScheme
from ocibroker.footing import Footing
from ocibroker.footings import Footings
from ocibroker.identity import Identity
from ocibroker.inquiry import Inquiry
from ocibroker.known import Known
from ocibroker.origin import Origin
from ocibroker.request import Caller
from ocibroker.selection import Selection
from ocibroker.target import Target
from ocibroker.tls import Contents
from ocibroker.watch import Watch

_MOST: Final = 4096
"""Identities whose files are watched."""
_PATIENCE: Final = 30.0
"""Seconds after which files that are still being read are left to themselves."""


class Inquiries:
    """Makes inquiries of whom ``choosing`` chooses; the broker owns it.

    Hosts are reached by ``footings``; ``known`` is looked at for whether there is an answer already. Errors are
    :class:`~ocibroker.errors.OcibrokerError`.
    """

    def __init__(self, choosing: Choosing, footings: Footings, known: Known) -> None:
        self._choosing = choosing
        self._footings = footings
        self._known = known
        self._watches: OrderedDict[Identity, Watch] = OrderedDict()
        self._looks = Flights[object]()
        self._closed = False

    def forked(self) -> None:
        """Begin anew in a child that was forked."""
        self._looks.forked()

    def reach(self, target: Target, caller: Caller | None = None) -> tuple[Origin, Footing]:
        """Return where a connection for ``target`` goes, and how; over plain HTTP only if that is allowed there."""
        if self._closed:
            raise UsageError("the broker is closed", culprit=str(target), hint="ask within its `with` block")
        footing = self._footings.of(target, caller)
        policies = footing.policies
        origin = policies.origin_of(target)
        if origin.scheme == "http" and not policies.plain_http(origin):
            raise WrongScheme(
                "plain HTTP is not allowed", culprit=str(target), hint="set plain_http in its [[tls]]"
            )
        return origin, footing

    def preparation(self, target: Target, caller: Caller | None) -> Future[object] | None:
        """Return what an event loop waits for before it inquires; none where that takes no time to speak of.

        Otherwise a worker, one for all who wait, reads and verifies the files of the host's policy, and asks the
        sidecar where that one knows it.
        """
        footing = self._footings.of(target, caller)
        if footing.at_hand(target):
            return None
        deadline = Deadline.after(_PATIENCE)

        def look() -> object:
            origin, _ = self.reach(target, caller)
            return footing.policies.for_origin(origin)

        # By the footing too: what is wrong with a rule's own is nothing to another rule.
        return self._looks.join(f"{target.origin} {id(footing)}", look, deadline, provider="trust")[0].future

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

    def _inquiry(
        self, target: Target, origin: Origin, caller: Caller | None, footing: Footing, trust: Contents
    ) -> Inquiry:
        return self._of(self._choosing.selection(target, caller), target, origin, caller, footing, trust)

    def _of(
        self,
        selection: Selection,
        target: Target,
        origin: Origin,
        caller: Caller | None,
        footing: Footing,
        trust: Contents,
    ) -> Inquiry:
        fetching, otherwise = self._choosing.fetching(selection, target, caller), selection.otherwise
        if fetching is None:
            return Inquiry(target=target, origin=origin, selection=selection, footing=footing, trust=trust)
        provider, options = fetching.provider, fetching.options
        identity, digest = fetching.identity(), options_digest(options, fetching.means.environ)
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
        watch = self._watches[identity] = Watch(identity.watch, self._choosing.means.clock.monotonic)
        if len(self._watches) > _MOST:
            self._watches.popitem(last=False)
        return watch
