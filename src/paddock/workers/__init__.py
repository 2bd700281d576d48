"""Worker processes for what strangers write: templates are read and rendered there, never in the server's process.

A template may take time and memory without end, in ways that no check of ours foresees. A worker (`__main__`) has a
limit of memory, and for each job one of processor time and one of wall clock; a job that exceeds them costs nothing but
itself. `WorkerPool` (`pool`) starts workers as they are needed, `messages` says what they are asked and answer, and
`jobs` does the work. A worker imports this package, so nothing is imported here.
"""
