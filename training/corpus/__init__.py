"""The corpus: one module a skill, each with examples to learn from and prompts held out."""
