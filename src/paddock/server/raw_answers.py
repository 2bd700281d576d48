"""Answers that a connection writes by itself, because no handler can. Each ends the connection."""


def raw_answer(status: str, body: str, headers: str = "", kind: str = "application/json") -> bytes:
    """Return an answer after which the connection is closed."""
    lines = [
        f"HTTP/1.1 {status}",
        f"content-type: {kind}; charset=utf-8",
        f"content-length: {len(body)}",
        *headers.splitlines(),
        "connection: close",
    ]
    return "\r\n".join([*lines, "", body]).encode()


_TOO_LARGE = "431 Request Header Fields Too Large"
HEAD_TOO_LARGE = raw_answer(_TOO_LARGE, _TOO_LARGE, kind="text/plain")
TOO_SLOW = raw_answer("408 Request Timeout", '{"error":"the request did not arrive in time"}')
CROWDED = raw_answer(
    "503 Service Unavailable",
    '{"error":"the server has too many connections, please try again later"}',
    "retry-after: 1",
)
NO_MEMORY = raw_answer(
    "503 Service Unavailable",
    '{"error":"the server has too little memory for this request, please try again later"}',
    "retry-after: 1",
)
