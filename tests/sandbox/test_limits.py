"""What root gives up: capabilities that reading a model does not take."""

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
