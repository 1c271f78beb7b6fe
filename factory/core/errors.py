"""The one kind of error that means: what a user wrote or has cannot work, and here is what to do."""


class ThoughtmillError(Exception):
    """A broken set-up: a wrong key, an unknown name, a missing file, a corrupt line, a full disk.

    The message is one clear line (or one that names every bad row) and says what to do. The commands print
    it without a traceback and leave with exit status 2. Broken *data* is never an error: it is a row.
    """


class NotInProject(ThoughtmillError):
    """The current folder is not inside a project; commands that do without one use their defaults."""
