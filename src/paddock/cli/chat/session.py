"""The state of a chat: its messages, and the settings for the replies to come."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from paddock.cli.run_options import RunOptions
from paddock.library.modelfile import Instruction, Modelfile, modelfile_fields


@dataclass
class Session:
    """A conversation with one model. Slash commands change it."""

    model: str
    info: dict[str, Any]
    """The answer of `/api/show` for the model."""
    options: RunOptions
    messages: list[dict[str, Any]] = field(default_factory=list)
    system: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)

    def chat_request(self) -> dict[str, Any]:
        """Return the body of the request for the next reply."""
        system = [{"role": "system", "content": self.system}] if self.system else []
        body = {"model": self.model, "messages": system + self.messages} | self.options.request_fields()
        return body | ({"options": self.parameters} if self.parameters else {})

    def create_request(self, name: str) -> dict[str, Any]:
        """Return the body of the request that saves this session as the model `name`."""
        body: dict[str, Any] = {"model": name, "from": self.model}
        if self.system:
            body["system"] = self.system
        if self.parameters:
            body["parameters"] = self.parameters
        if self.messages:
            added = [{"role": message["role"], "content": message["content"]} for message in self.messages]
            body["messages"] = (self.info.get("messages") or []) + added
        return body

    def add_message(self, role: str, content: str, thinking: str = "", images: Sequence[str] = ()) -> None:
        """Append a message to the conversation; `images` are in base64."""
        message: dict[str, Any] = {"role": role, "content": content}
        message |= {"thinking": thinking} if thinking else {}
        self.messages.append(message | ({"images": list(images)} if images else {}))

    def set_parameter(self, name: str, values: list[str]) -> None:
        """Set a parameter of the model from text, as `PARAMETER` in a Modelfile does.

        Raises:
            ValueError: if there is no such parameter or it cannot have that value.
        """
        instructions = [Instruction("parameter", value, name) for value in values]
        self.parameters |= modelfile_fields(Modelfile(instructions)).parameters

    def switch_model(self, model: str, info: dict[str, Any]) -> None:
        """Start a new conversation with another model; the options stay."""
        self.model, self.info = model, info
        self.messages, self.system, self.parameters = [], "", {}
