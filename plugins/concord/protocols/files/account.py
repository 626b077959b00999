"""Whether the folders of a host take our files: one that is empty and unfinished is made there, and taken away."""

from collections.abc import Iterator

from concord.contract import Finding, Level, Session, System
from concord.errors import ConfigurationError
from concord.protocols.files.depot import Depot
from concord.protocols.files.writing import FlatFileWriter

_SUBJECT = "folders"


class WritableFolders:
    """Makes and removes an empty file in each folder into which Concord puts files."""

    def find(self, session: Session, system: System) -> Iterator[Finding]:
        """A finding for each folder that is written."""
        writers = (item.writes.writer for item in system.resources if item.writes is not None)
        folders = sorted({writer.folder for writer in writers if isinstance(writer, FlatFileWriter)})
        with Depot(session) as depot:
            for folder in folders:
                try:
                    depot.try_writing(folder)
                except ConfigurationError as error:
                    yield Finding(Level.FAILS, _SUBJECT, error.message)
                else:
                    yield Finding(Level.OK, _SUBJECT, f"Files can be made in the folder {folder}, and removed.")
