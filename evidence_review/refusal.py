"""What keeps a command from going on and a person can put right."""


class Refusal(Exception):
    """A command cannot go on; its message says why, and what to do."""
