"""`pivotal demo` as a newcomer starts it: in an empty folder, with nothing in the environment."""

import asyncio
import re
import signal
import socket

import aiohttp

from tests.cli.conftest import PATIENCE, command, environment, run


async def test_it_says_where_the_page_is_and_stops_when_told() -> None:
    process = await asyncio.create_subprocess_exec(
        *command("demo", "--no-browser", "--port", "0"),
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        told = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
        found = re.search(r"http://127\.0\.0\.1:\d+", told.decode())
        assert found is not None
        async with aiohttp.ClientSession() as http, http.get(found[0]) as page:
            assert page.status == 200
            assert "Pivotal" in await page.text()
        process.send_signal(signal.SIGINT)
        _, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (process.returncode, err) == (0, b"")


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = run("demo", "--no-browser", "--port", str(taken.getsockname()[1]))
    assert (ran.code, ran.out) == (1, "")
    assert "Traceback" not in ran.err
    assert ran.err.count("\n") == 1
