"""Brings the dashboards to a Grafana: folder, data source, dashboards. All of it, or what was there before."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import requests
from grafana_api.grafana_api import GrafanaClientError, GrafanaException, GrafanaUnauthorizedError
from grafana_api.grafana_face import GrafanaFace

from leaselab.monitoring.dashboards import DASHBOARDS
from leaselab.monitoring.provisioning import DATA_SOURCE_NAME, FOLDER_TITLE, FOLDER_UID, data_source

TIMEOUT_SECONDS: Final = 10.0
NOT_FOUND, CONFLICT, FORBIDDEN, CHANGED = 404, 409, 403, 412

T = TypeVar("T")


class GrafanaError(Exception):
    """Grafana says no, or nothing.

    Args:
        message: what happened, one line.
        hint: what to do next.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True)
class Pushed:
    """What a push came to: titles of the dashboards by what became of each."""

    created: tuple[str, ...]
    updated: tuple[str, ...]
    unchanged: tuple[str, ...]


class Grafana:
    """One Grafana.

    Args:
        url: where it is, a path included if it has one.
        token: of a service account that may write dashboards and data sources.
    """

    def __init__(self, url: str, token: str) -> None:
        place = urlsplit(url)
        if place.scheme not in {"http", "https"} or not place.hostname:
            raise GrafanaError(f"{url!r} is no address of a Grafana", "write for example http://localhost:3000")
        self.url = url
        self._api = GrafanaFace(
            auth=token,
            host=place.hostname,
            port=place.port,
            url_path_prefix=place.path.strip("/") + "/" if place.path.strip("/") else "",
            protocol=place.scheme,
            timeout=TIMEOUT_SECONDS,
        )

    def close(self) -> None:
        """Close the connection."""
        self._api.api.s.close()

    def push(self, prometheus_url: str) -> Pushed:
        """Bring folder, data source and dashboards; what is as it should be is left alone.

        Everything is read before anything is written. If a write is refused, the writes before it are undone.

        Raises:
            GrafanaError: Grafana is away, refuses, or somebody changed a dashboard meanwhile.
        """
        with self._explained():
            before = {board.uid: self._maybe(self._api.dashboard.get_dashboard, board.uid) for board in DASHBOARDS}
            folder = self._maybe(self._api.folder.get_folder, FOLDER_UID)
            source = self._maybe(self._api.datasource.get_datasource_by_name, DATA_SOURCE_NAME)
            self._must_be_writable(source, data_source(prometheus_url), before)
            with self._all_or_nothing() as undo:
                if folder is None:
                    self._api.folder.create_folder(FOLDER_TITLE, uid=FOLDER_UID)
                    undo.callback(self._api.folder.delete_folder, FOLDER_UID)
                self._push_source(source, data_source(prometheus_url), undo)
                return self._push_boards(before, undo)

    @contextlib.contextmanager
    def _all_or_nothing(self) -> Iterator[contextlib.ExitStack]:
        """Give a stack of what takes back each write; it is taken down unless all writes succeed."""
        undo = contextlib.ExitStack()
        try:
            yield undo
        except BaseException:
            try:
                undo.close()
            except (GrafanaException, requests.RequestException) as error:
                raise GrafanaError(
                    f"{self.url}: a write was refused, and one before it could not be taken back: {error}",
                    f"look at the folder {FOLDER_TITLE} there, mend what refuses, and push again",
                ) from error
            raise

    def _must_be_writable(
        self, source: dict[str, Any] | None, wanted: dict[str, Any], boards: dict[str, dict[str, Any] | None]
    ) -> None:
        """Refuse to change what Grafana itself takes from provisioning files."""
        if source and source.get("readOnly") and not _is_as_wanted(source, wanted):
            raise GrafanaError(f"{self.url}: the data source {DATA_SOURCE_NAME} is read from a file", _FROM_FILES)
        for board in DASHBOARDS:
            there = boards[board.uid]
            if there and there["meta"].get("provisioned") and not _is_as_wanted(there["dashboard"], board.model()):
                raise GrafanaError(f"{self.url}: the dashboard {board.title!r} is read from a file", _FROM_FILES)

    def _push_source(self, before: dict[str, Any] | None, wanted: dict[str, Any], undo: contextlib.ExitStack) -> None:
        if before is None:
            self._api.datasource.create_datasource(wanted)
            undo.callback(self._api.datasource.delete_datasource_by_name, DATA_SOURCE_NAME)
        elif not _is_as_wanted(before, wanted):
            self._put_source(before["uid"], {**before, **wanted})
            unversioned = {key: value for key, value in before.items() if key != "version"}
            undo.callback(self._put_source, wanted["uid"], unversioned)

    def _put_source(self, uid: str, model: dict[str, Any]) -> None:
        """Write a data source by its UID; the library knows numbers only, which Grafana gives up.

        With a version in it, Grafana refuses a write over any other version.
        """
        self._api.api.PUT(f"/datasources/uid/{uid}", json=model)

    def _push_boards(self, before: dict[str, dict[str, Any] | None], undo: contextlib.ExitStack) -> Pushed:
        titles: dict[str, list[str]] = {"created": [], "updated": [], "unchanged": []}
        for board in DASHBOARDS:
            model, there = board.model(), before[board.uid]
            if there is None:
                titles["created"].append(board.title)
                self._save(model, FOLDER_UID)
                undo.callback(self._api.dashboard.delete_dashboard, board.uid)
            elif _is_as_wanted(there["dashboard"], model):
                titles["unchanged"].append(board.title)
            else:
                titles["updated"].append(board.title)
                folder = there["meta"].get("folderUid", "")
                self._save({**model, "version": there["dashboard"]["version"]}, folder)
                undo.callback(self._save, there["dashboard"], folder, overwrite=True)
        return Pushed(**{what: tuple(names) for what, names in titles.items()})

    def _save(self, model: dict[str, Any], folder_uid: str, *, overwrite: bool = False) -> None:
        """Write a dashboard; unless told to overwrite, only over the version that was read."""
        self._api.dashboard.update_dashboard(
            {"dashboard": model, "folderUid": folder_uid, "overwrite": overwrite, "message": "leaselab monitor push"}
        )

    def _maybe(self, read: Callable[[str], T], name: str) -> T | None:
        try:
            return read(name)
        except GrafanaClientError as error:
            if error.status_code == NOT_FOUND:
                return None
            raise

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what the library raises into a line a person can act on."""
        try:
            yield
        except GrafanaUnauthorizedError as error:
            raise GrafanaError(
                f"{self.url} does not accept the token", "make one: Administration, Service accounts, role Editor"
            ) from error
        except GrafanaException as error:
            raise GrafanaError(f"{self.url}: {error.message}", _HINTS.get(error.status_code, _ANY_HINT)) from error
        except requests.RequestException as error:
            raise GrafanaError(
                f"{self.url} does not answer: {type(error).__name__}", "see that Grafana runs there, and the address"
            ) from error


def _is_as_wanted(there: dict[str, Any], model: dict[str, Any]) -> bool:
    """Tell whether something there has all that ours says; Grafana adds ``id``, ``version`` and the like."""
    return all(there.get(key) == value for key, value in model.items())


_FROM_FILES: Final = "nothing was changed; put the files of monitoring/ into Grafana's provisioning folders anew"
_ANY_HINT: Final = "nothing was changed; look at Grafana's log"
_HINTS: Final = {
    FORBIDDEN: "nothing was changed; the token's service account needs the role Editor, and Admin for the data source",
    CONFLICT: "nothing was changed; something else has that name or UID there (rename or remove it), "
    "or somebody saved the data source meanwhile (push again)",
    CHANGED: "nothing was changed; somebody saved the same meanwhile (push again), "
    "or another dashboard has that title (rename or remove it)",
}
