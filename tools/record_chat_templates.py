"""`python -m tools.record_chat_templates`: record what transformers renders in `tests/templates/transformers.json`.

transformers, some 200 MB with what they need, are no dependency of the tests: install them into an environment of their
own beside Paddock, and run this there when a template, a conversation or the library has changed.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import version
from typing import Any

from tests.templates.conversations import CONVERSATIONS, RECORDED, TEMPLATES, TOKENS, TOOLS, Case, cases, with_mark

from paddock.templates.jinja.chat_template import as_mapping, simplified, switches


def rendered(case: Case, *, simple: bool = False) -> dict[str, str]:
    """Render a case with transformers: its prompt, or the error that the template raises."""
    from jinja2.exceptions import TemplateError
    from transformers.utils.chat_template_utils import render_jinja_template

    messages = CONVERSATIONS[case.conversation]
    given = simplified(messages) if simple else messages
    parts = case.template == "parts_only"
    try:
        prompts, _ = render_jinja_template(
            conversations=[[as_mapping(message, parts=parts) for message in given]],
            tools=TOOLS if case.tools else None,
            chat_template=TEMPLATES[case.template],
            add_generation_prompt=True,
            **TOKENS,
            **switches(case.think),
        )
    except TemplateError as error:
        return {"error": str(error)}
    return {"prompt": with_mark(prompts[0], datetime.now())}


def recordings() -> Iterator[dict[str, Any]]:
    """Render all cases; render those that a template refuses again in the form of the second attempt."""
    for case in cases():
        record: dict[str, Any] = {"case": case.name, **rendered(case)}
        if "error" in record:
            record["again"] = rendered(case, simple=True)
        yield record


def main() -> None:
    """Write the file."""
    made = {"transformers": version("transformers"), "recordings": list(recordings())}
    RECORDED.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(f"{len(made['recordings'])} recordings with transformers {made['transformers']}")


if __name__ == "__main__":
    main()
