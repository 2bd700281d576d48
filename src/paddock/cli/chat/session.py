"""A conversation: what has been said, and what applies to the replies to come."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from paddock.cli.commands.run import RunOptions
from paddock.library.modelfile import Instruction, Modelfile, modelfile_fields


@dataclass
class Session:
    """The state that the chat prompt's commands change."""

    model: str
    info: dict[str, Any]
    options: RunOptions
    messages: list[dict[str, Any]] = field(default_factory=list)
    system: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)

    def request(self) -> dict[str, Any]:
        """The body of a request for the next reply."""
        system = [{"role": "system", "content": self.system}] if self.system else []
        body = {"model": self.model, "messages": system + self.messages} | self.options.request()
        return body | ({"options": self.parameters} if self.parameters else {})

    def said(self, role: str, content: str, thinking: str = "", images: Sequence[str] = ()) -> None:
        """Add a message to what has been said, `images` in base64."""
        message: dict[str, Any] = {"role": role, "content": content}
        message |= {"thinking": thinking} if thinking else {}
        self.messages.append(message | ({"images": list(images)} if images else {}))

    def set_parameter(self, name: str, values: list[str]) -> Any:
        """Set an option of the model from the words a person typed; return its value.

        Raises:
            ValueError: if there is no such option or it cannot have that value.
        """
        commands = [Instruction("parameter", value, name) for value in values]
        self.parameters |= modelfile_fields(Modelfile(commands)).parameters
        return self.parameters[name]

    def recipe(self, name: str) -> dict[str, Any]:
        """The body of a request that creates the model `name` from this conversation."""
        body: dict[str, Any] = {"model": name, "from": self.model}
        if self.system:
            body["system"] = self.system
        if self.parameters:
            body["parameters"] = self.parameters
        if self.messages:
            said = [{"role": message["role"], "content": message["content"]} for message in self.messages]
            body["messages"] = (self.info.get("messages") or []) + said
        return body

    def become(self, model: str, info: dict[str, Any]) -> None:
        """Go on with another model, from the beginning."""
        self.model, self.info = model, info
        self.messages, self.system, self.parameters = [], "", {}
