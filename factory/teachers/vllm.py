"""The teacher `vllm`: a model on the GPUs of this machine, each with a server of vLLM that is started for it.

With `executor: ray` and `ray: {resources: {GPU: 1}}`, each worker of the cluster starts a replica on the GPU
that Ray gives it, and asks it for shard after shard. Answers are in the ledger: a rebuild starts no server.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from thoughtmill.factory.ledger import Ledger
from thoughtmill.factory.teachers import Reply, Request, Teacher
from thoughtmill.factory.teachers.endpoint import servers
from thoughtmill.factory.teachers.endpoint.request_keys import RequestKeys
from thoughtmill.factory.teachers.endpoint.settings import AddressSettings, EndpointSettings
from thoughtmill.factory.teachers.openai import OpenAITeacher


class VllmTeacherSettings(EndpointSettings):
    """The section `generate.vllm`: the settings of an endpoint, and how its servers are started."""

    model: str = Field(description="a folder, or `owner/name` on the Hub")
    command: tuple[str, ...] = Field(
        ("vllm", "serve"),
        min_length=1,
        description="the command of vLLM, which may be in another environment",
    )
    arguments: tuple[str, ...] = Field((), description="further arguments, such as --max-model-len")
    replicas: int = Field(
        0, ge=0, description="servers on a machine, which share its GPUs evenly; 0 is one per GPU"
    )
    start_s: float = Field(1800.0, gt=0, description="how long servers may take to load the model")

    def name(self) -> str:
        """Return the name in request keys: it does not depend on where servers listen."""
        return self.endpoint or "vllm"

    def url(self) -> str:
        """Return the URL of the first server."""
        return super().url() if self.endpoints else "http://127.0.0.1/v1"


SETTINGS = VllmTeacherSettings


@dataclass
class VllmTeacher(OpenAITeacher):
    """A teacher that starts its servers when the ledger lacks an answer; they end with the process."""

    def complete(self, requests: Iterable[Request]) -> Iterator[Reply]:
        """Yield a reply for every request, as `OpenAITeacher.complete` does."""
        settings = self.settings
        assert isinstance(settings, VllmTeacherSettings)
        if self._lacks(requests):
            command = (*settings.command, settings.model, *settings.arguments)
            urls = servers.running(command, settings.replicas, settings.start_s)
            addresses = tuple(AddressSettings(base_url=url) for url in urls)
            settings = settings.model_copy(update={"endpoints": addresses})
        given = self.ledger_path, self.corpus, self.allowance, self.folder
        yield from OpenAITeacher(settings, *given).complete(requests)

    def _lacks(self, requests: Iterable[Request]) -> bool:
        """Say whether the ledger lacks an answer; requests that can be read once may lack any."""
        if iter(requests) is requests:
            return True
        with Ledger(self.ledger_path) as ledger:
            keys = RequestKeys(self.settings, ledger.__contains__)
            return any(keys.keyed(request)[0] not in ledger for request in requests)


def make(settings: VllmTeacherSettings, folder: Path, corpus: Iterable[Request]) -> Teacher:
    """Return the teacher."""
    return VllmTeacher(settings, corpus=corpus, folder=folder)
