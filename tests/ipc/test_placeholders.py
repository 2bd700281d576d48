"""Placeholders that cannot be are told from those that can."""

import pytest

from paddock import ipc
from paddock.ipc import BadPlaceholder, Placeholder, check_placeholders


@pytest.mark.parametrize(
    ("placeholders", "images"),
    [
        ([Placeholder(0, 0)], 0),
        ([Placeholder(0, 1)], 1),
        ([Placeholder(0, -1)], 1),
        ([Placeholder(-1, 0)], 1),
        ([Placeholder(4, 0)], 1),
        ([Placeholder(2, 0), Placeholder(1, 0)], 1),
    ],
)
def test_a_place_outside_the_prompt_or_of_no_image_is_refused(placeholders: list[Placeholder], images: int) -> None:
    with pytest.raises(BadPlaceholder, match=r"Placeholder\(.*\) in a prompt of 3 characters"):
        check_placeholders(placeholders, 3, images)


def test_files_may_have_one_place_several_places_or_none() -> None:
    places = (Placeholder(0, 1), Placeholder(3, 1), Placeholder(3, 2))
    check_placeholders(places, 3, 3)
    request = ipc.Generate(id=1, prompt="abc", images=(b"x", b"y", b"z"), placeholders=places)
    assert ipc.decode_command(ipc.encode(request)[4:]) == request
