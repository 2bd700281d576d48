"""Ways to reach a runner. Each starts or finds one and carries frames to and from it."""
