"""Who was given what, and when: records for a sink of their own, none of which holds a secret."""

from ocibroker.audit.channel import Channel
from ocibroker.audit.claimed import Claimed, claimed
from ocibroker.audit.file import AuditFile
from ocibroker.audit.lines import Lines
from ocibroker.audit.record import AuditEvent, AuditOutcome, AuditRecord

__all__ = ["AuditEvent", "AuditFile", "AuditOutcome", "AuditRecord", "Channel", "Claimed", "Lines", "claimed"]
