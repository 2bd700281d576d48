"""Ways to reach a runner. Each starts or finds one and carries frames to it and from it."""

from paddock.fleet.transports.base import Receiver, Transport

__all__ = ["Receiver", "Transport"]
