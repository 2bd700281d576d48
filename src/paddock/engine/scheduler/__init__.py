"""Which tokens are computed next: sequences, the scheduler, its token budget, and prefill in the background."""
