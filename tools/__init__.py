"""Programs for developers: set-up, demo, comparison with recordings, import contract, journeys."""
