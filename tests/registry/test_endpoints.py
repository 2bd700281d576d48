import pytest

from paddock.library.names import ModelName
from paddock.registry import RegistryError
from paddock.registry.endpoints import is_this_machine, registry_endpoints, same_host, same_origin, shown


def bases(name: str, *, insecure: bool = False, mirrors: tuple[str, ...] = ()) -> list[str]:
    return [way.base for way in registry_endpoints(ModelName.parse(name), insecure=insecure, mirrors=mirrors)]


def test_plain_http_is_for_this_machine_or_with_insecure() -> None:
    assert bases("m") == ["https://registry.ollama.ai"]
    assert bases("hf.co/u/m:q4") == ["https://hf.co"]
    assert bases("localhost:5000/u/m") == ["http://localhost:5000"]
    assert bases("127.0.0.2/u/m") == ["http://127.0.0.2"]
    assert bases("a.test:5000/u/m", insecure=True) == ["https://a.test:5000", "http://a.test:5000"]
    assert [way.check for way in registry_endpoints(ModelName.parse("a.test/u/m"), insecure=True)] == [False, True]
    assert [way.check for way in registry_endpoints(ModelName.parse("a.test/u/m"), insecure=False)] == [True]


def test_a_mirror_comes_first_for_its_registry() -> None:
    assert bases("m", mirrors=("mirror.test",)) == ["https://mirror.test", "https://registry.ollama.ai"]
    assert bases("hf.co/u/m", mirrors=("mirror.test",)) == ["https://hf.co"]
    assert bases("hf.co/u/m", mirrors=("HF.co=https://mirror.test/hf/",)) == ["https://mirror.test/hf", "https://hf.co"]


def test_a_mirror_without_tls_needs_insecure() -> None:
    with pytest.raises(RegistryError, match="no TLS"):
        bases("m", mirrors=("http://mirror.test",))
    assert bases("m", insecure=True, mirrors=("http://mirror.test",))[0] == "http://mirror.test"
    assert bases("m", mirrors=("http://127.0.0.1:5000",))[0] == "http://127.0.0.1:5000"


@pytest.mark.parametrize("mirror", ["ftp://a", "https://", "https:///x"])
def test_what_is_no_address_is_no_mirror(mirror: str) -> None:
    with pytest.raises(RegistryError, match="is no address"):
        bases("m", mirrors=(mirror,))


def test_which_hosts_are_this_machine() -> None:
    assert all(map(is_this_machine, ["localhost", "localhost:1", "127.0.0.1:1", "127.9.9.9", "[::1]:5000"]))
    assert not any(map(is_this_machine, ["localhost.test", "127.0.0.1.test", "0.0.0.0", "10.0.0.1", "", "a b"]))


def test_origins_and_hosts() -> None:
    assert same_origin("https://A.test/x", "https://a.test:443/y")
    assert not same_origin("https://a.test", "http://a.test")
    assert not same_origin("https://a.test", "https://a.test:5000") and same_host("https://a.test", "https://a.test:5")
    assert not same_host("https://a.test", "https://b.a.test")


def test_messages_show_no_secrets() -> None:
    assert shown("https://user:word@a.test/x?signature=1#y") == "https://a.test/x"
