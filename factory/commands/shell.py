"""Ask a person for queries at a terminal, with completion, a history and the comments of columns."""

import duckdb
import platformdirs
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from thoughtmill.factory.commands.sql import answered
from thoughtmill.factory.core.connections import interruptible
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.printable import for_terminal

HELP = "a semicolon ends a query · Tab completes · arrows recall · Ctrl-C ends a query · Ctrl-D leaves"
NAMES = """
select table_name, comment from duckdb_tables() where not internal
union all select view_name, comment from duckdb_views() where not internal
union all select column_name, any_value(comment) from duckdb_columns() where not internal group by 1
union all select keyword_name, 'a word of SQL' from duckdb_keywords() where keyword_category = 'reserved'
order by all
"""


class SqlCompleter(Completer):
    """Completes the names of tables, views and columns, and words of SQL, each with what it is."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.names: dict[str, str] = {}
        for name, comment in con.execute(NAMES).fetchall():
            self.names.setdefault(name, comment or "")

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> "list[Completion]":
        """Return the names that begin with the word before the cursor."""
        word = document.get_word_before_cursor(pattern=None)
        if not word:
            return []
        return [
            Completion(name, start_position=-len(word), display_meta=comment)
            for name, comment in self.names.items()
            if name.startswith(word.lower())
        ]


def converse(con: duckdb.DuckDBPyConnection) -> str:
    """Answer the queries that a person types, until Ctrl-D.

    An error is a line, and Ctrl-C ends a query or drops what was typed. The history lies in the user's folder
    of states.
    """
    session: PromptSession[str] = PromptSession(
        "sql> ",
        completer=SqlCompleter(con),
        complete_while_typing=False,
        history=_history(),
        bottom_toolbar=HELP,
        multiline=Condition(lambda: not session.default_buffer.text.rstrip().endswith(";")),
        prompt_continuation="...> ",
    )
    while True:
        try:
            query = session.prompt()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return ""
        if query.strip(" ;\n"):
            print(for_terminal(_answer(con, query)))


def _history() -> History:
    try:
        folder = platformdirs.user_state_path("thoughtmill", ensure_exists=True)
    except OSError:  # no home, or one that may not be changed: it is then forgotten at the end
        return InMemoryHistory()
    return FileHistory(str(folder / "sql_history"))


def _answer(con: duckdb.DuckDBPyConnection, query: str) -> str:
    """Return the rows of a query, or a line that says why there are none."""
    try:
        with interruptible():
            return answered(con, query)
    except ThoughtmillError as error:
        return f"error: {error}"
    except KeyboardInterrupt:
        return "interrupted"
