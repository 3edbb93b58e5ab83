"""Pushing to Grafana, against a fake.

There is no Grafana to test with: no registry that we build from has its server. The fake keeps what the HTTP API's
documentation says of these few calls: folders, data sources, dashboards with versions, and the errors 401, 403, 404,
409 and 412. It proves our side alone; no Grafana has ever rendered the dashboards in a test.
"""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from leaselab.monitoring.dashboards import DASHBOARDS
from leaselab.monitoring.grafana import Grafana, GrafanaError
from leaselab.monitoring.provisioning import DATA_SOURCE_NAME, FOLDER_UID

TOKEN = "glsa_test"
PROMETHEUS = "http://127.0.0.1:9090"
Answer = tuple[int, Any]


class FakeGrafana(ThreadingHTTPServer):
    """Three sorts of things by name, and one refusal on order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folders: dict[str, dict[str, Any]] = {}
        self.sources: dict[str, dict[str, Any]] = {}
        self.boards: dict[str, dict[str, Any]] = {}
        self.provisioned: set[str] = set()
        """UIDs of dashboards that come from files."""
        self.writes = 0
        self.refuse: tuple[str, int] | None = None
        """Path that begins so, on writing; status."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def kept(self) -> str:
        boards = {uid: {**board, "version": 0} for uid, board in self.boards.items()}
        return json.dumps([self.folders, self.sources, boards], sort_keys=True)

    def answer(self, method: str, path: str, token: str, body: Any) -> Answer:
        if token != f"Bearer {TOKEN}":
            return 401, {"message": "Invalid API key"}
        if method != "GET":
            self.writes += 1
            if self.refuse and path.startswith(self.refuse[0]) and method != "DELETE":
                return self.refuse[1], {"message": "refused on order"}
        _, kind, *rest = path.strip("/").split("/")
        match method, kind, rest:
            case _, "folders", _:
                return self._folder(method, rest, body)
            case _, "datasources", _:
                return self._source(method, rest, body)
            case "POST", "dashboards", ["db"]:
                return self._save(body)
            case "GET", "dashboards", ["uid", uid] if uid in self.boards:
                return 200, {"dashboard": self.boards[uid], "meta": {"provisioned": uid in self.provisioned}}
            case "DELETE", "dashboards", ["uid", uid] if uid in self.boards:
                return 200, self.boards.pop(uid)
        return 404, {"message": "not found"}

    def _folder(self, method: str, rest: list[str], body: Any) -> Answer:
        if method == "POST":
            if body["title"] in {folder["title"] for folder in self.folders.values()}:
                return 409, {"message": "a folder with that name already exists"}
            self.folders[body["uid"]] = body
            return 200, body
        if rest[0] not in self.folders:
            return 404, {"message": "not found"}
        return 200, self.folders.pop(rest[0]) if method == "DELETE" else self.folders[rest[0]]

    def _source(self, method: str, rest: list[str], body: Any) -> Answer:
        if method == "POST":
            self.sources[body["name"]] = {**body, "id": 1, "readOnly": False}
            return 200, {"id": 1, "message": "Datasource added", "name": body["name"]}
        if method == "PUT" and rest[0] == "uid":
            (name,) = (name for name, source in self.sources.items() if source["uid"] == rest[1])
            del self.sources[name]
            self.sources[body["name"]] = body
            return 200, {"id": body["id"], "message": "Datasource updated", "name": body["name"]}
        if rest[-1] not in self.sources:
            return 404, {"message": "not found"}
        return 200, self.sources.pop(rest[-1]) if method == "DELETE" else self.sources[rest[-1]]

    def _save(self, body: Any) -> Answer:
        board, there = body["dashboard"], self.boards.get(body["dashboard"]["uid"])
        if there and not body["overwrite"] and board.get("version") != there["version"]:
            return 412, {"message": "the dashboard has been changed by someone else", "status": "version-mismatch"}
        version = there["version"] + 1 if there else 1
        self.boards[board["uid"]] = {**board, "id": there["id"] if there else len(self.boards) + 1, "version": version}
        return 200, {"status": "success", "version": version}


class Handler(BaseHTTPRequestHandler):
    server: FakeGrafana

    def _answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        token = self.headers.get("authorization", "")
        status, answer = self.server.answer(self.command, self.path, token, body)
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - what http.server calls

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def fake() -> Iterator[FakeGrafana]:
    with FakeGrafana() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def grafana(fake: FakeGrafana) -> Iterator[Grafana]:
    client = Grafana(fake.url, TOKEN)
    yield client
    client.close()


def test_a_push_brings_folder_data_source_and_every_dashboard(fake: FakeGrafana, grafana: Grafana) -> None:
    pushed = grafana.push(PROMETHEUS)

    assert pushed.created == tuple(board.title for board in DASHBOARDS)
    assert set(fake.boards) == {board.uid for board in DASHBOARDS}
    assert set(fake.folders) == {FOLDER_UID}
    assert fake.sources[DATA_SOURCE_NAME]["url"] == PROMETHEUS


def test_a_second_push_writes_nothing(fake: FakeGrafana, grafana: Grafana) -> None:
    grafana.push(PROMETHEUS)
    writes = fake.writes

    pushed = grafana.push(PROMETHEUS)

    assert pushed.unchanged == tuple(board.title for board in DASHBOARDS)
    assert fake.writes == writes


def test_what_somebody_changed_is_brought_back(fake: FakeGrafana, grafana: Grafana) -> None:
    grafana.push(PROMETHEUS)
    fake.boards[DASHBOARDS[1].uid]["title"] = "mine now"

    pushed = grafana.push("http://elsewhere:9090")

    assert pushed.updated == (DASHBOARDS[1].title,)
    assert fake.boards[DASHBOARDS[1].uid]["title"] == DASHBOARDS[1].title
    assert fake.sources[DATA_SOURCE_NAME]["url"] == "http://elsewhere:9090"


def test_what_grafana_reads_from_files_is_left_alone_and_said(fake: FakeGrafana, grafana: Grafana) -> None:
    grafana.push(PROMETHEUS)
    fake.provisioned = set(fake.boards)
    fake.sources[DATA_SOURCE_NAME]["readOnly"] = True
    assert grafana.push(PROMETHEUS).unchanged == tuple(board.title for board in DASHBOARDS)

    with pytest.raises(GrafanaError, match="the data source Leaselab is read from a file"):
        grafana.push("http://elsewhere:9090")
    fake.boards[DASHBOARDS[2].uid]["title"] = "older"
    before = fake.kept()
    with pytest.raises(GrafanaError, match="the dashboard 'Leaselab: gateway' is read from a file"):
        grafana.push(PROMETHEUS)

    assert fake.kept() == before


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/api/dashboards", 403, "role Editor"),
        ("/api/dashboards", 412, "saved that dashboard meanwhile"),
        ("/api/folders", 409, "rename or remove it"),
        ("/api/datasources", 403, "Admin for the data source"),
        ("/api/dashboards", 500, "look at Grafana's log"),
    ],
)
def test_a_push_that_is_refused_leaves_nothing_of_itself(
    fake: FakeGrafana, grafana: Grafana, path: str, status: int, words: str
) -> None:
    before = fake.kept()
    fake.refuse = (path, status)

    with pytest.raises(GrafanaError) as raised:
        grafana.push(PROMETHEUS)

    assert words in raised.value.hint
    assert fake.kept() == before


def test_an_update_that_is_refused_half_way_is_taken_back(
    fake: FakeGrafana, grafana: Grafana, monkeypatch: pytest.MonkeyPatch
) -> None:
    grafana.push(PROMETHEUS)
    for board in DASHBOARDS:
        fake.boards[board.uid]["title"] = "mine now"
    before = fake.kept()
    save, saved = fake._save, []

    def refuse_the_third(body: Any) -> Answer:
        saved.append(body)
        return (412, {"message": "version-mismatch"}) if len(saved) == 3 else save(body)

    monkeypatch.setattr(fake, "_save", refuse_the_third)
    with pytest.raises(GrafanaError):
        grafana.push(PROMETHEUS)

    assert fake.kept() == before


def test_a_wrong_token_is_said(fake: FakeGrafana) -> None:
    client = Grafana(fake.url, "wrong")

    with pytest.raises(GrafanaError, match="does not accept the token"):
        client.push(PROMETHEUS)

    client.close()


def test_a_grafana_that_is_away_is_said() -> None:
    with FakeGrafana() as closed:
        url = closed.url
    client = Grafana(url, TOKEN)

    with pytest.raises(GrafanaError, match="does not answer"):
        client.push(PROMETHEUS)

    client.close()


@pytest.mark.parametrize("url", ["grafana", "ftp://host", "http://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(GrafanaError, match="no address of a Grafana"):
        Grafana(url, TOKEN)
