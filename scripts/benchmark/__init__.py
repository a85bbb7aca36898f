"""What `scripts/bench` is made of. Python's standard library only; Linux only, because of /proc."""


class Failed(Exception):
    """The measurement itself went wrong; the text is for whoever runs it."""
