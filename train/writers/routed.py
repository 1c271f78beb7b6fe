"""Students of several models: each request goes to the writer of its role."""

from collections.abc import Container, Sequence

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.policies.answering import GeneratedText, GenerationRequest, Writer


class RoutedWriter:
    """A `Writer` over others, each given with the roles that it writes."""

    def __init__(self, writers: Sequence[tuple[Container[str], Writer]]) -> None:
        self.writers = writers

    def ask(self, requests: Sequence[GenerationRequest]) -> None:
        """Queue each request with its writer."""
        taken: dict[int, list[GenerationRequest]] = {}
        for request in requests:
            mine = [number for number, (roles, _) in enumerate(self.writers) if request.role in roles]
            if not mine:
                raise ThoughtmillError(
                    f"no model answers for `{request.role}`: list it in `roles` and train it"
                )
            taken.setdefault(mine[0], []).append(request)
        for number, some in taken.items():
            self.writers[number][1].ask(some)

    def write(self) -> list[GeneratedText]:
        """Let every writer write on, and return the texts that are finished now."""
        return [text for _, writer in self.writers for text in writer.write()]
