"""What this room adds."""


def register() -> None:
    """Called once at start."""
