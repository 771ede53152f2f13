"""`farwatch agent`, as the help shows it; `farwatch.__main__` serves it."""


def run_agent() -> None:
    """Watch a cluster and report to the hub (see: farwatch agent --help)."""
