"""What can go wrong with a job besides what its template says."""

from paddock.errors import ErrorKind, PaddockError
from paddock.templates.errors import TemplateFailed


class LimitExceeded(TemplateFailed):
    """A job needed more time than it may have, so its worker was ended."""


class TooSlow(LimitExceeded):
    """A job was not done within its wall clock; the machine may have been busy."""


class TemplateWorkerFailed(PaddockError):
    """A worker ended, or failed, for a reason that is not known to be the template's."""

    kind = ErrorKind.INTERNAL


class TooManyJobs(PaddockError):
    """Too many jobs wait for a worker."""

    kind = ErrorKind.OVERLOADED
