"""Which tokens are computed next: sequences, the scheduler, its token budget, and prefill in the background.

`Scheduler.schedule` returns a `ScheduleOutput`, which says everything that one step of the engine computes.
"""

from paddock.engine.scheduler.config import SchedulerConfig
from paddock.engine.scheduler.output import EncoderInput, ScheduledChunk, ScheduleOutput
from paddock.engine.scheduler.scheduler import Scheduler
from paddock.engine.scheduler.sequence import Sequence, State

__all__ = [
    "EncoderInput",
    "ScheduleOutput",
    "ScheduledChunk",
    "Scheduler",
    "SchedulerConfig",
    "Sequence",
    "State",
]
