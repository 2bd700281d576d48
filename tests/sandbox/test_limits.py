"""What a process gives up of its resources, and root of its capabilities."""

from tests.sandbox.processes import needs_seccomp, run

PROGRAM = """
from paddock.sandbox.limits import drop_capabilities, forbid_new_privileges
from paddock.sandbox.seccomp import machine
forbid_new_privileges()
drop_capabilities(machine())
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
answer([int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff")])
"""


@needs_seccomp
def test_only_the_capabilities_to_read_and_lock_memory_are_kept() -> None:
    inherited, permitted, effective = run(PROGRAM)
    assert inherited == 0
    assert (permitted | effective) & ~(1 << 1 | 1 << 2 | 1 << 14) == 0


LIMITED = """
import resource
from paddock.sandbox.limits import limit_resources
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(int(sys.argv[1]), hard), hard))
limit_resources()
answer([resource.getrlimit(resource.RLIMIT_NOFILE)[0], resource.getrlimit(resource.RLIMIT_CORE)[0]])
"""


def test_a_limit_of_descriptors_that_was_raised_is_lowered_again_and_a_lower_one_stays() -> None:
    assert run(LIMITED, 2000) == [1024, 0]
    assert run(LIMITED, 100) == [100, 0]
