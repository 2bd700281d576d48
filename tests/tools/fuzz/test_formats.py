import json

import jsonschema
import pytest
from tools.fuzz.formats import LARGE


@pytest.mark.parametrize("write", LARGE)
def test_large_formats_grow_and_are_json(write: object) -> None:
    small, large = (json.dumps(write(size)) for size in (3, 300))  # type: ignore[operator]
    assert small != large
    if json.loads(small).get("type") not in ("regex", "grammar"):
        jsonschema.Draft202012Validator.check_schema(json.loads(small))
