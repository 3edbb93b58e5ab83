"""Folders of nodes, on a disk."""

import os
from pathlib import Path

import pytest

from leaselab.appliance.adapters.sqlite import SqliteStore
from leaselab.testbed.runtimes.homes import Homes


def test_a_copy_has_what_its_original_stored_and_nothing_of_what_was_there_before(tmp_path: Path) -> None:
    homes = Homes(tmp_path)
    for node, word in (("gw1", b"leased"), ("gw1-clone", b"of an earlier clone")):
        homes.make(node)
        store = SqliteStore(homes.store(node))
        store.append(node, 5, [word])
        store.close()

    homes.copy("gw1", "gw1-clone")

    store = SqliteStore(homes.store("gw1-clone"))
    assert [(at, body) for _, at, body in store.history("gw1-clone", 0)] == [(5, b"leased")]
    store.close()


def test_what_is_erased_is_the_store_and_not_the_folder(tmp_path: Path) -> None:
    homes = Homes(tmp_path)
    (homes.make("gw1") / "config.json").touch()
    homes.store("gw1").touch()

    homes.erase("gw1")
    homes.erase("never-made")

    assert [path.name for path in homes.of("gw1").iterdir()] == ["config.json"]


def test_what_is_handed_over_is_the_nodes_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[Path, int, int]] = []
    monkeypatch.setattr(os, "chown", lambda path, user, group: given.append((path, user, group)))  # root alone may
    homes, own = Homes(tmp_path, owner=(10001, 10002)), Homes(tmp_path)

    homes.hand_over([homes.make("gw1")])
    own.hand_over([own.make("gw1")])

    assert given == [(homes.of("gw1"), 10001, 10002)]
