from collections import Counter

from tools.soak.mix import LEAVERS, Mix


def test_a_client_draws_every_kind_and_leaves_as_often_as_it_should() -> None:
    mix = Mix(9, "127.0.0.1:9", 3, seed=1)
    mix._makers = {**mix._makers, "pull": mix._create}  # there is no server
    drawn = [mix.draw() for _ in range(2000)]
    kinds = Counter(request.kind for request, _ in drawn)
    assert set(kinds) == set(Mix.WEIGHTS) - {"pull"}
    assert kinds["stream"] > kinds["create"] > 0
    leavers = sum(patience.total is not None for _, patience in drawn)
    assert abs(leavers / 2000 - LEAVERS) < 0.05
    assert all(patience.reply == 2.0 for request, patience in drawn if request.model)


def test_clients_make_models_of_their_own_names() -> None:
    names = {Mix(9, "h", number, seed=1)._create().body["model"] for number in range(10)}  # type: ignore[index]
    assert len(names) == 10
