from paddock.errors import ErrorKind
from paddock.templates.errors import TemplateError
from paddock.workers.errors import LimitExceeded, TemplateWorkerFailed, TooManyJobs, TooSlow


def test_a_template_is_to_blame_for_what_it_takes_and_a_worker_for_its_end() -> None:
    assert issubclass(LimitExceeded, TemplateError)
    assert issubclass(TooSlow, LimitExceeded)
    assert (LimitExceeded.kind, TemplateWorkerFailed.kind, TooManyJobs.kind) == (
        ErrorKind.INVALID,
        ErrorKind.INTERNAL,
        ErrorKind.OVERLOADED,
    )
