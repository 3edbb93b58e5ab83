"""Pushing to Grafana, against a fake.

There is no Grafana to test with: no registry that we build from has its server. The fake answers these few calls as
Grafana does by its documentation and source, which differ between releases where it is said:

* https://grafana.com/docs/grafana/v11.0/developers/http_api/folder/, and ``pkg/api/apierrors/folder.go``: 409 for a UID
  that is taken; up to release 10 also for a title. From 12 on a race for a UID may end with 412 instead.
* …/http_api/dashboard/ and ``pkg/services/dashboards/errors.go``: 412 and ``version-mismatch`` for a save over another
  version than was read; up to release 10 also 412 and ``name-exists``; 400 for what comes from files. A dashboard goes
  to the folder that the save names.
* …/http_api/data_source/, ``pkg/api/datasources.go`` and ``pkg/services/datasources/service/store.go``: 409 for a name
  or UID that is taken; 409 for a write that carries a version older than the one there, and none of that for a write
  without a version; 403 for what comes from files.

It proves our side alone; no Grafana has ever rendered the dashboards in a test.
"""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from leaselab.monitoring.dashboards import DASHBOARDS
from leaselab.monitoring.grafana import Grafana, GrafanaError
from leaselab.monitoring.provisioning import DATA_SOURCE_UID, FOLDER_UID

TOKEN = "glsa_test"
PROMETHEUS = "http://127.0.0.1:9090"
Answer = tuple[int, Any]


class FakeGrafana(ThreadingHTTPServer):
    """Folders, data sources and dashboards by UID, and what is to be refused."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folders: dict[str, dict[str, Any]] = {}
        self.sources: dict[str, dict[str, Any]] = {}
        self.boards: dict[str, dict[str, Any]] = {}
        self.folder_of: dict[str, str] = {}
        """The folder's UID by the dashboard's."""
        self.provisioned: set[str] = set()
        """UIDs of dashboards that come from files."""
        self.writes = 0
        self.refused: dict[tuple[str, str], int] = {}
        """Status by method and beginning of the path."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def kept(self) -> str:
        """Return all there is but the versions, which only ever rise."""
        kinds = (self.folders, self.sources, self.boards)
        items = [{uid: {**item, "version": 0} for uid, item in kind.items()} for kind in kinds]
        return json.dumps([*items, self.folder_of], sort_keys=True)

    def answer(self, method: str, path: str, token: str, body: Any) -> Answer:
        if token != f"Bearer {TOKEN}":
            return 401, {"message": "Invalid API key"}
        if method != "GET":
            self.writes += 1
            for (which, begin), status in self.refused.items():
                if method == which and path.startswith(begin):
                    return status, {"message": "refused on order"}
        _, kind, *rest = path.strip("/").split("/")
        parts = {"folders": self._folder, "datasources": self._source, "dashboards": self._board}
        return parts[kind](method, rest, body)

    def _folder(self, method: str, rest: list[str], body: Any) -> Answer:
        uid = body["uid"] if method == "POST" else rest[0]
        if method == "POST":
            if uid in self.folders:
                return 409, {"message": "a folder with the same uid already exists"}
            self.folders[uid] = {**body, "version": 1}
        if uid not in self.folders:
            return 404, {"message": "folder not found", "status": "not-found"}
        return 200, self.folders.pop(uid) if method == "DELETE" else self.folders[uid]

    def _board(self, method: str, rest: list[str], body: Any) -> Answer:
        if method == "POST":
            return self._save(body)
        uid = rest[1]
        if uid not in self.boards:
            return 404, {"message": "Dashboard not found", "status": "not-found"}
        folder = self.folder_of.pop(uid) if method == "DELETE" else self.folder_of[uid]
        board = self.boards.pop(uid) if method == "DELETE" else self.boards[uid]
        return 200, {"dashboard": board, "meta": {"provisioned": uid in self.provisioned, "folderUid": folder}}

    def _source(self, method: str, rest: list[str], body: Any) -> Answer:
        match method, rest:
            case "POST", []:
                return self._add_source(body)
            case _, ["uid", uid]:
                found = self.sources.get(uid)
            case _, ["name", name]:
                found = next((source for source in self.sources.values() if source["name"] == name), None)
        if found is None:
            return 404, {"message": "Data source not found"}
        if method == "GET":
            return 200, found
        if found["readOnly"]:
            return 403, {"message": "Cannot update read-only data source"}
        if method == "PUT" and body.get("version", 0) and found["version"] > body["version"]:
            return 409, {"message": "Datasource has already been updated by someone else. Please reload and try again"}
        del self.sources[found["uid"]]
        if method == "PUT":
            self.sources[body["uid"]] = {**body, "id": found["id"], "version": body.get("version", 0) + 1}
        return 200, {"id": found["id"], "name": found["name"]}

    def _add_source(self, body: Any) -> Answer:
        if body["name"] in {source["name"] for source in self.sources.values()}:
            return 409, {"message": "data source with the same name already exists"}
        if body["uid"] in self.sources:
            return 409, {"message": "data source with the same uid already exists"}
        self.sources[body["uid"]] = {**body, "id": 1, "readOnly": False, "version": 1}
        return 200, {"id": 1, "message": "Datasource added", "name": body["name"]}

    def _save(self, body: Any) -> Answer:
        board, uid = body["dashboard"], body["dashboard"]["uid"]
        there = self.boards.get(uid)
        if uid in self.provisioned:
            return 400, {"message": "Cannot save provisioned dashboard"}
        if there and not body["overwrite"] and board.get("version") != there["version"]:
            return 412, {"message": "The dashboard has been changed by someone else", "status": "version-mismatch"}
        version = there["version"] + 1 if there else 1
        self.boards[uid] = {**board, "id": there["id"] if there else len(self.boards) + 1, "version": version}
        self.folder_of[uid] = body["folderUid"]
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
    assert set(fake.folder_of.values()) == {FOLDER_UID}
    assert fake.sources[DATA_SOURCE_UID]["url"] == PROMETHEUS


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
    assert fake.sources[DATA_SOURCE_UID]["url"] == "http://elsewhere:9090"


def test_what_grafana_reads_from_files_is_left_alone_and_said(fake: FakeGrafana, grafana: Grafana) -> None:
    grafana.push(PROMETHEUS)
    fake.provisioned = set(fake.boards)
    fake.sources[DATA_SOURCE_UID]["readOnly"] = True
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
        ("/api/dashboards", 412, "another dashboard has that title"),
        ("/api/folders", 409, "rename or remove it"),
        ("/api/folders", 412, "push again"),
        ("/api/datasources", 403, "Admin for the data source"),
        ("/api/dashboards", 500, "look at Grafana's log"),
    ],
)
def test_a_push_that_is_refused_leaves_nothing_of_itself(
    fake: FakeGrafana, grafana: Grafana, path: str, status: int, words: str
) -> None:
    before = fake.kept()
    fake.refused = {("POST", path): status}

    with pytest.raises(GrafanaError) as raised:
        grafana.push(PROMETHEUS)

    assert words in raised.value.hint
    assert fake.kept() == before


def changed_by_somebody(fake: FakeGrafana, grafana: Grafana) -> str:
    """Push, then let somebody change all of it; return what is there."""
    grafana.push(PROMETHEUS)
    for board in DASHBOARDS:
        fake.boards[board.uid] |= {"title": "mine now", "version": 7}
        fake.folder_of[board.uid] = "mine"
    fake.sources[DATA_SOURCE_UID] |= {"url": "http://mine:9090", "version": 3}
    return fake.kept()


def test_an_update_that_is_refused_half_way_is_taken_back(
    fake: FakeGrafana, grafana: Grafana, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = changed_by_somebody(fake, grafana)
    save, third = fake._save, DASHBOARDS[2].uid

    def refuse_the_third(body: Any) -> Answer:
        return (412, {"message": "version-mismatch"}) if body["dashboard"]["uid"] == third else save(body)

    monkeypatch.setattr(fake, "_save", refuse_the_third)
    with pytest.raises(GrafanaError, match="version-mismatch"):
        grafana.push(PROMETHEUS)

    assert fake.kept() == before


def test_what_cannot_be_taken_back_is_said(fake: FakeGrafana, grafana: Grafana) -> None:
    fake.refused = {("POST", "/api/dashboards"): 500, ("DELETE", "/api/datasources"): 500}

    with pytest.raises(GrafanaError, match="could not be taken back") as raised:
        grafana.push(PROMETHEUS)

    assert "nothing was changed" not in raised.value.hint
    assert fake.folders == {}, "what can be taken back is"


def test_a_dashboard_that_somebody_moved_is_brought_up_to_date_where_it_is(fake: FakeGrafana, grafana: Grafana) -> None:
    changed_by_somebody(fake, grafana)

    grafana.push(PROMETHEUS)

    assert set(fake.folder_of.values()) == {"mine"}
    assert [fake.boards[board.uid]["title"] for board in DASHBOARDS] == [board.title for board in DASHBOARDS]


def test_a_data_source_of_another_name_keeps_our_uid_and_is_said(fake: FakeGrafana, grafana: Grafana) -> None:
    grafana.push(PROMETHEUS)
    fake.sources[DATA_SOURCE_UID]["name"] = "mine now"

    with pytest.raises(GrafanaError, match="same uid already exists") as raised:
        grafana.push(PROMETHEUS)

    assert "rename or remove it" in raised.value.hint


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
