"""Sealed secrets: what a dump of the database gives away, and what a value does that was moved, changed or sealed under another key."""

import secrets

import pytest

from store.sealing import Keys, NotOpened

OLD, NEW = secrets.token_bytes(32), secrets.token_bytes(32)
TOKEN = "xoxb-1234567890-abcdefghij"


def test_what_was_sealed_opens_in_its_place_and_shows_nothing() -> None:
    keys = Keys([NEW])
    sealed = keys.seal(TOKEN, "wsp_1", "installation.bot_token")
    assert keys.open(sealed, "wsp_1", "installation.bot_token") == TOKEN
    assert "xox" not in sealed
    assert sealed != keys.seal(TOKEN, "wsp_1", "installation.bot_token")


@pytest.mark.promise(id="S17")
@pytest.mark.parametrize(
    "workspace, column", [("wsp_2", "installation.bot_token"), ("wsp_1", "installation.refresh_token"), ("", "")]
)
def test_moved_to_another_row_or_column_it_does_not_open(workspace: str, column: str) -> None:
    keys = Keys([NEW])
    with pytest.raises(NotOpened, match="belongs somewhere else"):
        keys.open(keys.seal(TOKEN, "wsp_1", "installation.bot_token"), workspace, column)


@pytest.mark.promise(id="S17")
def test_changed_in_any_place_it_does_not_open() -> None:
    keys = Keys([NEW])
    sealed = keys.seal(TOKEN, "wsp_1", "c")
    for at in range(len(sealed)):
        other = "A" if sealed[at] != "A" else "w"
        with pytest.raises(NotOpened):
            keys.open(sealed[:at] + other + sealed[at + 1 :], "wsp_1", "c")
    for cut in ("", "1", "1.", sealed[:20], sealed[:-4]):
        with pytest.raises(NotOpened):
            keys.open(cut, "wsp_1", "c")


@pytest.mark.promise(id="S17")
def test_the_first_key_seals_and_all_of_them_open() -> None:
    before = Keys([OLD]).seal(TOKEN, "wsp_1", "c")
    both = Keys([NEW, OLD])
    assert both.open(before, "wsp_1", "c") == TOKEN
    assert not both.is_newest(before)
    after = both.seal(TOKEN, "wsp_1", "c")
    assert both.is_newest(after)
    assert Keys([NEW]).open(after, "wsp_1", "c") == TOKEN
    with pytest.raises(NotOpened, match="which PIVOTAL_SECRET_KEY does not have"):
        Keys([NEW]).open(before, "wsp_1", "c")


def test_without_a_key_nothing_is_kept() -> None:
    with pytest.raises(NotOpened, match="Set PIVOTAL_SECRET_KEY"):
        Keys().seal(TOKEN, "wsp_1", "c")
