"""Published data: downloaded once, resumed where it was cut, checked by what was published.

A server on the loopback address stands in for the publisher; nothing else is asked for anything.
"""

import dataclasses
import gzip
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from propagation.audience import downloading, public_data, resuming
from propagation.audience.downloading import Fetched, data_folder, fetch
from propagation.audience.importing import read_follows
from propagation.audience.public_data import DATA_SETS, DataSet, data_set, listing
from propagation.cli import app
from propagation.problems import InputError, MachineError
from propagation.scenario.reading import parse_scenario
from propagation.scenario.spec import FollowsFile

FILE = "tiny.txt.gz"


def content_of(accounts: int = 3000, lines: int = 40_000) -> bytes:
    """Return a packed list of follows with repeats and self-follows, as published ones have."""
    draw = np.random.default_rng(5)
    pairs = draw.integers(0, accounts, (lines, 2))
    pairs = np.vstack([pairs, pairs[:100], [[1, 1], [1, 1], [2, 2]]])
    return gzip.compress("".join(f"{a} {b}\n" for a, b in pairs).encode(), mtime=0)


CONTENT = content_of()
HALF = len(CONTENT) // 2


@dataclass
class Server:
    """What the server does, one entry of ``plan`` a request, and what it was asked for."""

    address: str = ""
    plan: list[str] = field(default_factory=list)
    content: bytes = CONTENT
    tag: str = '"one"'
    asked: list[dict[str, str]] = field(default_factory=list)

    @property
    def ranges(self) -> list[str | None]:
        return [headers.get("Range") for headers in self.asked]


class Handler(BaseHTTPRequestHandler):
    server: "Listener"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        state = self.server.state
        state.asked.append(dict(self.headers))
        what = state.plan.pop(0) if state.plan else "serve"
        if what.isdecimal():
            self.send_error(int(what))
        elif what == "page":
            self.send(200, b"<html>log in</html>", "text/html; charset=utf-8")
        elif what == "drop":
            self.close_connection = True
        else:
            self.serve(state, what)

    def serve(self, state: Server, what: str) -> None:
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.headers.get("If-Range") in (None, state.tag)
        start = int(wanted[1]) if wanted and same and what != "no ranges" else 0
        whole = len(state.content)
        if wanted and start >= whole:
            self.send(416, b"", extra={"Content-Range": f"bytes */{whole}"})
            return
        extra = {"ETag": state.tag}
        if start:
            place = start + 7 if what == "elsewhere" else start
            extra["Content-Range"] = f"bytes {place}-{whole - 1}/{whole}"
        body = state.content[start:]
        sent = body[: HALF - start] if what == "cut" else body[:10] if what == "trickle" else body
        self.send(206 if start else 200, sent, extra=extra, length=len(body))
        self.close_connection = True

    def send(
        self,
        status: int,
        body: bytes,
        kind: str = "application/x-gzip",
        extra: dict[str, str] | None = None,
        length: int | None = None,
    ) -> None:
        self.send_response(status)
        length = len(body) if length is None else length
        headers = {"Content-Type": kind, "Content-Length": str(length), **(extra or {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    state: Server


@contextmanager
def listening() -> Iterator[Server]:
    listener = Listener(("127.0.0.1", 0), Handler)
    listener.state = Server(f"http://127.0.0.1:{listener.server_address[1]}")
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield listener.state
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join(timeout=10)


@pytest.fixture
def server() -> Iterator[Server]:
    with listening() as state:
        yield state


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the real cache and the network out, and wait for nothing."""
    monkeypatch.setenv(downloading.FOLDER_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(resuming, "WAIT", 0.0)
    monkeypatch.setattr(resuming, "TIMEOUT", 5.0)
    return tmp_path / "cache"


@pytest.fixture
def tiny(server: Server, tmp_path: Path) -> DataSet:
    """Return a data set of the server's, with its true counts published."""
    path = tmp_path / "true.txt.gz"
    path.write_bytes(CONTENT)
    read = read_follows(path, 1, 2)
    return DataSet(
        name="tiny",
        what="a test",
        url=f"{server.address}/{FILE}",
        accounts=len(read.labels),
        follows=len(read.follower) + read.selfish,
        follower=1,
        followee=2,
        direction="as made",
        note="none",
        licence="none",
        citation="nobody",
    )


def failing(data: DataSet) -> str:
    with pytest.raises(MachineError) as error:
        fetch(data)
    told = str(error.value)
    assert "\n" not in told
    return told


# --- whole, resumed, cached ---


def test_a_file_is_downloaded_whole_checked_and_told(
    server: Server, tiny: DataSet, cache: Path
) -> None:
    steps: list[tuple[int, int | None]] = []
    fetched = fetch(tiny, progress=lambda done, total: steps.append((done, total)))
    assert fetched.path == cache / FILE
    assert fetched.path.read_bytes() == CONTENT
    assert fetched.downloaded
    assert server.ranges == [None]
    assert server.asked[0]["Accept-Encoding"] == "identity"
    assert steps[0] == (0, len(CONTENT))
    assert steps[-1] == (len(CONTENT), len(CONTENT))
    assert (cache / f"{FILE}.sha256").read_text() == f"{fetched.sha256}  {FILE}\n"
    assert fetched.report[0].startswith("read 40,103 lines of tiny.txt.gz: ")
    assert sorted(p.name for p in cache.iterdir()) == [FILE, f"{FILE}.lock", f"{FILE}.sha256"]


def test_a_second_call_asks_for_nothing(server: Server, tiny: DataSet) -> None:
    first = fetch(tiny)
    second = fetch(tiny)
    assert len(server.asked) == 1
    assert not second.downloaded
    assert (second.path, second.sha256) == (first.path, first.sha256)
    assert second.report == ("tiny.txt.gz is unchanged since it was checked",)


def test_only_the_rest_is_asked_for_after_a_cut(
    server: Server, tiny: DataSet, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resuming, "TRIES", 1)
    server.plan = ["cut"]
    assert failing(tiny) == (
        f"{tiny.url}: the connection broke; {HALF / 1e3:,.1f} kB that came are kept, and the same "
        "command goes on from there"
    )
    assert (cache / f"{FILE}.part").read_bytes() == CONTENT[:HALF]
    assert not (cache / FILE).exists()
    told: list[str] = []
    fetched = fetch(tiny, tell=told.append)
    assert server.ranges == [None, f"bytes={HALF}-"]
    assert server.asked[1]["If-Range"] == '"one"'
    assert fetched.path.read_bytes() == CONTENT
    assert told[0] == f"Downloading {tiny.url} (going on with what an earlier call left) ..."
    assert sorted(p.name for p in cache.iterdir()) == [FILE, f"{FILE}.lock", f"{FILE}.sha256"]


def test_a_downloader_that_starts_over_would_be_noticed(
    server: Server, tiny: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted fault: what an earlier call left is not looked at."""
    monkeypatch.setattr(resuming.ResumingDownloader, "size", lambda _: 0)
    server.plan = ["cut"]
    assert fetch(tiny).path.read_bytes() == CONTENT
    assert server.ranges == [None, None]


def test_one_call_goes_on_by_itself(server: Server, tiny: DataSet) -> None:
    server.plan = ["503", "cut", "drop", "serve"]
    assert fetch(tiny).path.read_bytes() == CONTENT
    assert server.ranges == [None, None, f"bytes={HALF}-", f"bytes={HALF}-"]


def test_an_interrupt_keeps_what_came(server: Server, tiny: DataSet, cache: Path) -> None:
    def stop(done: int, total: int | None) -> None:
        if done > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(tiny, progress=stop)
    kept = (cache / f"{FILE}.part").stat().st_size
    assert 0 < kept < len(CONTENT)
    assert fetch(tiny).path.read_bytes() == CONTENT
    assert server.ranges == [None, f"bytes={kept}-"]


def test_a_part_that_is_whole_needs_no_byte_more(
    server: Server, tiny: DataSet, cache: Path
) -> None:
    cache.mkdir()
    (cache / f"{FILE}.part").write_bytes(CONTENT)
    assert fetch(tiny).path.read_bytes() == CONTENT
    assert server.ranges == [f"bytes={len(CONTENT)}-"]


@pytest.mark.parametrize("what", ["no ranges", "elsewhere"])
def test_a_server_without_ranges_sends_all_of_it_again(
    server: Server, tiny: DataSet, cache: Path, what: str
) -> None:
    cache.mkdir()
    (cache / f"{FILE}.part").write_bytes(CONTENT[:HALF])
    server.plan = [what]
    assert fetch(tiny).path.read_bytes() == CONTENT
    assert server.ranges == [f"bytes={HALF}-", None][: 1 + (what == "elsewhere")]


def test_a_file_that_changed_in_between_is_not_patched_together(
    server: Server, tiny: DataSet, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resuming, "TRIES", 1)
    server.plan = ["trickle"]
    server.content = b"an older version" * 1000
    failing(tiny)
    server.content, server.tag = CONTENT, '"two"'
    assert fetch(tiny).path.read_bytes() == CONTENT
    assert server.asked[1]["If-Range"] == '"one"'


def test_a_part_longer_than_the_file_is_dropped(server: Server, tiny: DataSet, cache: Path) -> None:
    cache.mkdir()
    (cache / f"{FILE}.part").write_bytes(CONTENT + b"more")
    assert fetch(tiny).path.read_bytes() == CONTENT
    assert server.ranges == [f"bytes={len(CONTENT) + 4}-", None]


# --- what goes wrong ---


def test_no_server_is_one_line(tiny: DataSet, cache: Path) -> None:
    with listening() as gone:
        address = gone.address
    away = dataclasses.replace(tiny, url=f"{address}/{FILE}")
    assert failing(away) == (
        f"{away.url}: cannot be reached; nothing came; see whether this machine has a connection "
        "to the network, or download the file by other means, save it as "
        f"{cache / FILE}, and give the same command again"
    )


def test_a_file_saved_by_hand_is_checked_and_taken(
    server: Server, tiny: DataSet, cache: Path
) -> None:
    cache.mkdir()
    (cache / FILE).write_bytes(CONTENT)
    fetched = fetch(tiny)
    assert not fetched.downloaded
    assert fetched.report[0].startswith("read 40,103 lines")
    assert server.asked == []


ANSWERS = {
    "404": (1, "the server answers 404 Not Found: the file is not to be had there"),
    "403": (1, "the server answers 403 Forbidden: the file is not to be had there"),
    "500": (4, "the server answers 500 Internal Server Error; nothing came; see whether"),
    "page": (1, "the server sends a web page in place of the file; open the address"),
    "drop": (4, "cannot be reached; nothing came; see whether"),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_answers_that_are_no_file_are_one_line(
    server: Server, tiny: DataSet, cache: Path, what: str
) -> None:
    requests, expected = ANSWERS[what]
    server.plan = [what] * 9
    assert failing(tiny).startswith(f"{tiny.url}: {expected}")
    assert len(server.asked) == requests
    assert not (cache / FILE).exists()


def test_too_much_is_stopped(
    server: Server, tiny: DataSet, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resuming, "LARGEST", 1000)
    assert failing(tiny) == f"{tiny.url}: the server sends more than 1.0 kB"
    assert (cache / f"{FILE}.part").stat().st_size == 0


def test_wrong_counts_are_refused_and_the_file_set_aside(
    server: Server, tiny: DataSet, cache: Path
) -> None:
    wrong = dataclasses.replace(tiny, follows=tiny.follows + 1)
    assert failing(wrong) == (
        f"{cache / FILE}: holds {tiny.accounts:,} accounts and {tiny.follows:,} follows, but "
        f"{tiny.accounts:,} and {wrong.follows:,} were published: it is cut short, or was "
        f"changed; it is kept as {FILE}.wrong, and the same command downloads it again"
    )
    assert (cache / f"{FILE}.wrong").read_bytes() == CONTENT
    assert fetch(tiny).downloaded
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (CONTENT[:HALF], "is damaged gzip"),
        (b"<html>sorry</html>", "is not what was published: "),
        (b"", "is not what was published: is empty"),
        (content_of(lines=39_000), "accounts and"),
    ],
)
def test_other_content_is_refused(
    server: Server, tiny: DataSet, cache: Path, content: bytes, reason: str
) -> None:
    server.content = content
    told = failing(tiny)
    assert reason.replace("damaged gzip", "not what was published: is a damaged gzip") in told
    assert not (cache / FILE).exists()
    assert not (cache / f"{FILE}.sha256").exists()


def test_a_file_that_changed_since_is_refused(server: Server, tiny: DataSet, cache: Path) -> None:
    fetch(tiny)
    (cache / FILE).write_bytes(CONTENT[:-1] + b"?")
    assert "has changed since it was downloaded (sha256 " in failing(tiny)
    assert fetch(tiny).path.read_bytes() == CONTENT
    assert len(server.asked) == 2


def test_a_folder_that_cannot_be_is_one_line(tiny: DataSet, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MachineError, match="cannot be written: "):
        fetch(tiny, tmp_path / "file" / "below")


def test_two_at_once_do_not_write_one_file(server: Server, tiny: DataSet) -> None:
    told: list[str] = []

    def meanwhile(done: int, total: int | None) -> None:
        if not told:
            told.append(failing(tiny))

    fetched: Fetched = fetch(tiny, progress=meanwhile)
    assert told == [f"{fetched.path}: is being downloaded by another process; wait for that one"]


# --- where to ---


def test_the_folder_is_the_one_given_then_the_variables_then_the_cache(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert data_folder(tmp_path) == tmp_path
    assert data_folder(None) == cache
    monkeypatch.delenv(downloading.FOLDER_VARIABLE)
    assert data_folder(None).parts[-2:] == ("propagation", "data")


# --- the catalogue and the commands ---


def test_the_listing_says_what_whose_and_how_large() -> None:
    text = "\n".join(listing())
    for each in DATA_SETS.values():
        for word in (each.what, f"{each.accounts:,}", f"{each.follows:,}", each.licence, each.url):
            assert word in text
        assert each.citation in text
        assert each.url.startswith("https://")
    assert len({each.file for each in DATA_SETS.values()}) == len(DATA_SETS)
    with pytest.raises(
        InputError, match=r"'higs' is not one of: ego-twitter, higgs\. Did you mean"
    ):
        data_set("higs")


def test_the_commands(
    server: Server, tiny: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(public_data.DATA_SETS, "tiny", tiny)
    terminal = CliRunner()
    listed = terminal.invoke(app, ["data", "list"])
    assert listed.exit_code == 0
    assert "ego-twitter\n  what: " in listed.stdout
    got = terminal.invoke(app, ["data", "get", "tiny", "--to", str(tmp_path / "my, data")])
    assert got.exit_code == 0, got.output
    path = tmp_path / "my, data" / FILE
    assert f"It lies at {path} (sha256 " in got.stderr
    scenario = parse_scenario(
        f"name: x\n{got.stdout}accounts: {{attention: 0.1, interest: {{news: 1}}}}\n"
        'ours: {one: {account: "1"}}\nmessages: {m: {topic: news, resonance: 0.1}}\n'
        "strategies: {s: [{post: m, by: one, at: 0 h}]}\ncompare: {on: reach, baseline: s}\n"
    )
    assert isinstance(scenario.graph, FollowsFile)
    assert Path(scenario.graph.follows) == path
    assert (scenario.graph.follower, scenario.graph.followee) == (1, 2)
    again = terminal.invoke(app, ["data", "get", "tiny", "--to", str(tmp_path / "my, data")])
    assert (again.exit_code, again.stdout) == (0, got.stdout)
    assert "It was here already: nothing was downloaded." in again.stderr
    server.plan = ["404"]
    missing = terminal.invoke(app, ["data", "get", "tiny"])
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert "404 Not Found" in missing.stderr
    unknown = terminal.invoke(app, ["data", "get", "tinny"])
    assert (unknown.exit_code, unknown.stdout) == (2, "")
    assert unknown.stderr.endswith("Did you mean 'tiny'?\n")


def test_an_interrupt_says_how_to_go_on(
    server: Server, tiny: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(public_data.DATA_SETS, "tiny", tiny)
    monkeypatch.setattr(resuming.ResumingDownloader, "_write", stop)
    got = CliRunner().invoke(app, ["data", "get", "tiny"])
    assert got.exit_code == 130
    assert got.stderr.endswith(
        "interrupted; what has come is kept: the same command goes on from there\n"
    )


def test_listing_and_help_load_no_downloader() -> None:
    code = (
        "import sys\nfrom propagation.cli import app\n"
        "try:\n    app(['data', 'list'])\nexcept SystemExit:\n    pass\n"
        "assert 'propagation.audience.public_data' in sys.modules\n"
        "slow = {'pooch', 'requests', 'pyarrow', 'networkx'} & set(sys.modules)\n"
        "assert not slow, slow\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
