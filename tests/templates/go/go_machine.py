"""The `gotpl` package's own machine as the measure of the compiled templates: the same functions, the same limits."""

from collections.abc import Mapping
from typing import Any

import gotpl

from paddock.templates.errors import TemplateFailed
from paddock.templates.go.execution import MAX_CALLS, MAX_PROMPT, Run
from paddock.templates.go.functions import FUNCTIONS, Function
from paddock.templates.go.values import go_messages, go_tools


def metered(function: Function) -> Any:
    def call(context: Any, *arguments: Any) -> Any:
        run = context.state(Run, lambda: Run(str, 0))
        for argument in arguments:
            run.charge(argument, function.price)
        result = function.call(*arguments)
        run.charge(result, function.price)
        return result

    return gotpl.ContextFunction(sync=call)


METERED = {name: metered(function) for name, function in FUNCTIONS.items()}


def rendered_by_the_machine(text: str, data: Mapping[str, Any], max_passes: int = 100_000) -> str:
    values = dict(data)
    if "Messages" in values:
        values["Messages"] = go_messages(values["Messages"])
        values["Tools"] = go_tools(values["Tools"])
    budget = gotpl.ExecutionBudget(
        max_output_chars=MAX_PROMPT,
        max_iterations=max_passes,
        max_template_depth=1000,
        max_function_calls=MAX_CALLS,
    )
    sandbox = gotpl.SandboxPolicy(
        allow_functions=METERED, allow_custom_lookup=True, max_template_chars=10_000_000, default_budget=budget
    )
    try:
        rendered: str = gotpl.Template(text, name="", functions=METERED, sandbox=sandbox).render(values)
    except TemplateFailed as error:
        raise TemplateFailed(f"template: {error}") from None
    except Exception as error:
        cause = error.__cause__ if isinstance(error.__cause__, TemplateFailed) else error
        message = " ".join(str(getattr(cause, "message", cause)).split())[:500]
        raise TemplateFailed(f"template: {message}") from None
    return rendered
