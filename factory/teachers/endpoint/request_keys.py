"""The key and the parameters of a request, as its endpoint and its model take them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from thoughtmill.factory.ledger.keys import request_key, sent
from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.endpoint.presets import PRESETS, RESPONSES, fitted, for_responses, preset_of
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings

FORMAT = "response_format"


def never(key: str) -> bool:
    """Say that no answer is held."""
    return False


class RequestKeys:
    """Gives each request its key and its parameters; the key covers every parameter that is sent.

    A request may have had another form before: as no preset changed it, or without the `response_format` that
    its endpoint refused. `held` says whether the ledger has the answer to a key: such an answer is the
    request's too. `refuses_format` is set when the endpoint refuses a response format; requests then go
    without. `announce` is called with a line for the user, once for each.
    """

    def __init__(
        self,
        settings: EndpointSettings,
        held: Callable[[str], bool] = never,
        announce: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.settings = settings
        self.endpoint = settings.name()
        self.held = held
        self.announce = announce
        self.announced: set[str] = set()
        self.refuses_format = False

    def keyed(self, request: Request) -> tuple[str, Mapping[str, Any]]:
        """Return the key and the parameters of a request."""
        forms = self._forms(request)
        keys = self._keys(request, forms)
        held = [number for number, key in enumerate(keys) if self.held(key)] if len(keys) > 1 else []
        chosen = held[0] if held else int(self.refuses_format and FORMAT in forms[0])
        return keys[chosen], forms[chosen]

    def every(self, request: Request) -> list[str]:
        """Return all keys that a request may be sent under."""
        return self._keys(request, self._forms(request))

    def _keys(self, request: Request, forms: Iterable[Mapping[str, Any]]) -> list[str]:
        endpoint = request.endpoint or self.endpoint
        return [request_key(endpoint, request.messages, form, request.sample) for form in forms]

    def drop_format(self) -> None:
        """Note that the endpoint refuses a response format."""
        self.refuses_format = True
        self._say(f"{self.endpoint} refuses `{FORMAT}`: asked without, the thoughts' instructions remain")

    def _forms(self, request: Request) -> list[dict[str, Any]]:
        """Return the forms of a request: the one to send, then those it may have had before."""
        settings = self.settings if request.settings is None else request.settings
        asked = {"model": settings.model, **sent(request.parameters)}
        preset = settings.preset or preset_of(str(asked["model"]), settings.url())
        form = fitted(asked, preset, request.thought)
        if settings.api == "responses":
            form = for_responses(form)
        forms = [form]
        if FORMAT in form:
            forms.append({name: value for name, value in form.items() if name != FORMAT})
        if form != asked:
            self._say_left_out(asked, form, preset)
            forms += [] if "thinking_tokens" in asked else [asked]
        return forms

    def _say_left_out(self, asked: Mapping[str, Any], form: Mapping[str, Any], preset: str) -> None:
        """Say which parameters a preset leaves out."""
        renames = PRESETS[preset].renames
        names = {name: {name, renames.get(name), RESPONSES.get(renames.get(name, name))} for name in asked}
        left_out = [name for name in asked if not names[name] & form.keys() and name != "thinking_tokens"]
        if left_out:
            self._say(f"{asked['model']} takes no {', '.join(left_out)}: left out (preset {preset})")

    def _say(self, line: str) -> None:
        if line not in self.announced:
            self.announced.add(line)
            self.announce(line)
