"""Errors: everything that can go wrong, as facts plus a way on.

CompartmentError
├── UsageProblem                the command line asks for something that makes no sense
│   └── AnswerNeeded            a question would have to be asked, and nobody can answer
├── InvalidFile                 a file we read is not what it should be
│   ├── ProjectFileInvalid      compartment.toml (file, line, key path, nearest name)
│   ├── RecordInvalid           an environment's record on the engine
│   └── CertificateInvalid      one of `[[edge.certificates]]`, or its key
├── EngineProblem               Docker
│   ├── EngineUnreachable       no answer, no permission, connection lost
│   ├── EngineTooOld
│   └── DiskFull                the engine has no room left, or this machine
├── NotFound                    no such environment, service, deployment or variable
├── Locked                      someone else is changing this environment
├── LockLost                    we were changing it and the lock is no longer ours
├── Refused                     a run that must not start; nothing was touched
│   ├── HostConflict            a host is routed to another project or environment
│   ├── OwnedElsewhere          the environment is another repository's
│   ├── EdgeConflict            the running edge has other settings
│   ├── PortTaken               the edge cannot bind its port
│   ├── ContainerClaimed        several containers say they are the same deployment
│   ├── NameTaken               a name we need belongs to a container that is not ours
│   ├── MissingVariables        `requires` names keys that have no value
│   └── SensitiveUnreadable     a sensitive value cannot be decrypted
├── StepFailed                  a step of a run failed (carries the last lines of output)
│   ├── BuildFailed
│   ├── ImageUnavailable        neither pulled nor here
│   ├── ReleaseFailed
│   ├── CandidateExited
│   ├── NeverReady
│   ├── InstanceGone            stopped or removed since it was started
│   │   └── DiedAfterSwitch     while its predecessor was still draining
│   └── EdgeNotConfirmed        the edge did not take the new routes in time
├── NeedsAttention              neither finished nor reverted
├── Cancelled                   a person asked to stop
├── Surroundings                this machine refused something a process takes for granted
└── Unexpected                  a bug, told like any other failure
"""

import errno
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType


class CompartmentError(Exception):
    """One clear sentence (`message`), the way on (`hint`), and a stable `code` for scripts."""

    code = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageProblem(CompartmentError):
    code = "usage"


class AnswerNeeded(UsageProblem):
    code = "answer_needed"


class InvalidFile(CompartmentError):
    code = "invalid_file"


class ProjectFileInvalid(InvalidFile):
    code = "project_file_invalid"


class RecordInvalid(InvalidFile):
    code = "record_invalid"


class CertificateInvalid(InvalidFile):
    code = "certificate_invalid"


class EngineProblem(CompartmentError):
    code = "engine"


class EngineUnreachable(EngineProblem):
    code = "engine_unreachable"


class EngineTooOld(EngineProblem):
    code = "engine_too_old"


class DiskFull(EngineProblem):
    code = "disk_full"


class NotFound(CompartmentError):
    code = "not_found"


class Locked(CompartmentError):
    """Someone else holds the lock: `holder` is who and where, `since` is when they took it."""

    code = "locked"

    def __init__(self, message: str, *, holder: str, since: datetime, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.holder = holder
        self.since = since


class LockLost(CompartmentError):
    code = "lock_lost"


class Refused(CompartmentError):
    code = "refused"


class HostConflict(Refused):
    code = "host_conflict"


class OwnedElsewhere(Refused):
    """The environment is another repository's: `owner` is who, where and since when, in words."""

    code = "owned_elsewhere"

    def __init__(self, message: str, *, owner: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.owner = owner


class EdgeConflict(Refused):
    code = "edge_conflict"


class PortTaken(Refused):
    code = "port_taken"


class MissingVariables(Refused):
    code = "missing_variables"


class SensitiveUnreadable(Refused):
    code = "sensitive_unreadable"


class ContainerClaimed(Refused):
    code = "container_claimed"


class NameTaken(Refused):
    code = "name_taken"


class StepFailed(CompartmentError):
    """A step of a run failed; `tail` holds the last lines a person needs to see why."""

    code = "step_failed"

    def __init__(self, message: str, *, hint: str = "", tail: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.tail = tail


class BuildFailed(StepFailed):
    code = "build_failed"


class ImageUnavailable(StepFailed):
    code = "image_unavailable"


class ReleaseFailed(StepFailed):
    code = "release_failed"


class CandidateExited(StepFailed):
    code = "candidate_exited"


class NeverReady(StepFailed):
    code = "never_ready"


class InstanceGone(StepFailed):
    code = "instance_gone"


class DiedAfterSwitch(InstanceGone):
    """A new deployment died while its predecessor was still draining; `service` is whose."""

    code = "died_after_switch"

    def __init__(
        self, message: str, *, service: str, hint: str = "", tail: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message, hint=hint, tail=tail)
        self.service = service


class EdgeNotConfirmed(StepFailed):
    code = "edge_not_confirmed"


class NeedsAttention(CompartmentError):
    code = "needs_attention"


class Cancelled(CompartmentError):
    code = "cancelled"


class Surroundings(CompartmentError):
    """What a process takes for granted is not there: room, open files, a directory, memory."""

    code = "surroundings"


class Unexpected(CompartmentError):
    code = "unexpected"


_REMEDIES: Mapping[int, str] = MappingProxyType(
    {
        errno.EMFILE: "allow more open files: `ulimit -n 1024`",
        errno.ENFILE: "close other programs: the machine has no open file left",
        errno.ENOSPC: "make room there, or let TMPDIR name a directory that has some",
        errno.EDQUOT: "make room there, or let TMPDIR name a directory that has some",
        errno.EROFS: "it is read-only: use another place, or mount it for writing",
        errno.EACCES: "see who may read and write there",
        errno.EPERM: "see who may read and write there",
        errno.ENOMEM: "close other programs, or allow this one more memory",
        errno.EAGAIN: "close other programs, or allow more processes: `ulimit -u`",
    }
)


def expected(
    error: Exception, keep: Callable[[BaseException], str] | None = None
) -> CompartmentError:
    """Any exception in our words: ours as it is, the machine's with a remedy, else a bug.

    `keep` takes the details of a bug and tells where they are now.
    """
    if isinstance(error, CompartmentError):
        return error
    found: CompartmentError
    if isinstance(error, MemoryError):
        found = Surroundings("there is no memory left", hint=_REMEDIES[errno.ENOMEM])
    elif isinstance(error, OSError) and error.errno is not None:
        where = "" if error.filename is None else f" ({_one_line(error.filename)})"
        what = f"this machine does not allow it: {error.strerror or error.errno}{where}"
        found = Surroundings(what, hint=_REMEDIES.get(error.errno, ""))
    else:
        what = f"unexpected error, this is a bug: {type(error).__name__}: {_one_line(error)}"
        kept_in = keep(error) if keep else ""
        details = f"; the details are in {kept_in}" if kept_in else " with what you did"
        found = Unexpected(what, hint=f"please report it{details}")
    found.__cause__ = error
    return found


def _one_line(value: object) -> str:
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return " ".join(text.split())
