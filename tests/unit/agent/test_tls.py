from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from farwatch.agent.errors import ConfigError
from farwatch.agent.tls import TLS_BUFFER_BYTES, make_tls_context


def test_without_a_file_the_systems_authorities_are_trusted() -> None:
    assert make_tls_context(None) is True


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "cannot read .*: No such file"), ("", "no usable"), ("nonsense", "no usable")],
)
def test_a_file_without_certificates_is_named(tmp_path: Path, content: str | None, problem: str) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigError, match=f"^ca_file: .*{problem}"):
        make_tls_context(file)


async def test_the_buffers_of_encrypted_connections_can_be_shrunk() -> None:
    code = (
        "import asyncio.sslproto as s, asyncio, ssl; from farwatch.agent.tls import shrink_tls_buffers as shrink; "
        "shrink(); loop = asyncio.new_event_loop(); waiter = loop.create_future(); "
        "p = s.SSLProtocol(loop, asyncio.Protocol(), ssl.create_default_context(), waiter, server_hostname='x'); "
        "print(len(p.get_buffer(-1)))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert int(out) == TLS_BUFFER_BYTES
