"""What keeps a command from going on: what a person can put right, or a person."""

# The exit code that a shell takes for "interrupted".
INTERRUPTED = 130


class Refusal(Exception):
    """A command cannot go on; its message says why, and what to do."""


class ParameterError(Refusal, ValueError):
    """A parameter has a value that the data does not know, or that leaves nothing to show."""
