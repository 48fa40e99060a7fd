"""Installing the app in a workspace by OAuth, as whoever does it sees it."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from bot.install.routes import COOKIE, PER_MINUTE
from bot.manifest import OPTIONAL_SCOPES, SCOPES
from store import tables
from store.engine import Database
from store.wall import ACROSS
from tests.builders import NOW
from tests.install.conftest import PUBLIC, Many, Seen


def said(seen: Seen) -> str:
    """A page's sentences."""
    return " ".join(re.findall(r"<p>([^<]*)</p>", seen.text))


async def is_installed(many: Many) -> bool:
    return await many.store.workspace_of(many.acme.team_id) is not None


async def test_each_team_that_installs_it_has_its_own_histories(many: Many) -> None:
    seen = await many.browser().installs(many.acme)
    assert seen.status == 200
    assert "<h1>Pivotal is installed in acme</h1>" in seen.text
    assert "Not granted" not in seen.text
    assert (await many.browser().installs(many.globex)).status == 200
    await many.remembers(many.acme, "Initech", 3)
    await many.remembers(many.globex, "Initech", 5)
    assert "Initech: 3 activities" in await many.reads(many.acme, "initech")
    assert "Initech: 5 activities" in await many.reads(many.globex, "initech")
    assert many.acme.calls_of("users.info")
    assert many.globex.calls_of("users.info")


async def test_a_team_that_has_not_installed_it_is_told_so(many: Many) -> None:
    await many.browser().installs(many.acme)
    assert "I am not installed in this workspace." in await many.reads(many.globex, "initech")
    assert many.globex.calls_of("users.info") == []


async def test_slacks_page_is_asked_for_what_the_manifest_says(many: Many) -> None:
    browser = many.browser()
    begun = await browser.opens(f"{many.origins[0]}/slack/install")
    assert begun.to.startswith(f"{many.acme.origin}/oauth/v2/authorize?")
    asked = parse_qs(urlsplit(begun.to).query)
    assert set(asked["scope"][0].split(",")) == {*SCOPES, *OPTIONAL_SCOPES}
    assert asked["redirect_uri"] == [f"{PUBLIC}slack/oauth_redirect"]
    assert len(asked["state"][0]) == 43
    assert begun.set_cookie.startswith(f"{COOKIE}=")
    attributes = {each.strip().lower() for each in begun.set_cookie.split(";")[1:]}
    assert {"secure", "httponly", "samesite=lax", "path=/", "max-age=600"} <= attributes


async def test_what_was_not_granted_is_told(many: Many) -> None:
    many.acme.oauth.declined = frozenset({"channels:history", "files:write"})
    seen = await many.browser().installs(many.acme)
    assert "Not granted, and needed: files:write. Install it again, or some commands will fail." in said(seen)
    assert "Not granted: channels:history. Without it a message of unknown outcome" in said(seen)


@pytest.mark.promise(id="S18")
async def test_set_out_at_one_process_one_comes_back_to_another(many: Many) -> None:
    await many.starts()
    browser = many.browser()
    back = await browser.sets_out(many.acme, process=0)
    assert (await browser.comes_back(back, process=1)).status == 200
    again = await browser.comes_back(back, process=0)
    assert (again.status, said(again)) == (
        400,
        "This installation was not begun here, or was finished before. Nothing was installed.",
    )


@pytest.mark.promise(id="S18")
async def test_a_state_that_is_missing_or_made_up_installs_nothing(many: Many) -> None:
    browser = many.browser()
    back = await browser.sets_out(many.acme)
    code = parse_qs(urlsplit(back).query)["code"][0]
    for address in (f"{PUBLIC}slack/oauth_redirect?code={code}", f"{PUBLIC}slack/oauth_redirect?code={code}&state=x"):
        seen = await browser.comes_back(address)
        assert (seen.status, "was not begun here" in said(seen)) == (400, True)
    assert not many.acme.calls_of("oauth.v2.access")
    assert not await is_installed(many)


@pytest.mark.promise(id="S18")
async def test_somebody_elses_browser_installs_nothing(many: Many) -> None:
    """An address that was sent to somebody else, so that they install the sender's workspace, does nothing."""
    for other in (None, "A" * 43, "short"):
        back = await many.browser().sets_out(many.acme)
        stranger = many.browser()
        stranger.cookie = other
        seen = await stranger.comes_back(back)
        assert (seen.status, said(seen)) == (
            400,
            "This installation was begun in another browser. Nothing was installed.",
        )
    assert not many.acme.calls_of("oauth.v2.access")


@pytest.mark.promise(id="S18")
async def test_after_ten_minutes_one_begins_again(many: Many, database: Database) -> None:
    browser = many.browser()
    back = await browser.sets_out(many.acme)
    past = tables.install_state.update().values(expires_at=NOW - timedelta(days=1000))
    await database.write(lambda c: c.execute(past), ACROSS)
    seen = await browser.comes_back(back)
    assert (seen.status, "was begun more than ten minutes ago" in said(seen)) == (400, True)
    assert '<a href="install">Begin again</a>' in seen.text
    assert not await is_installed(many)


async def test_two_windows_of_one_browser_both_come_back(many: Many) -> None:
    browser = many.browser()
    first, second = await browser.sets_out(many.acme), await browser.sets_out(many.globex)
    assert [(await browser.comes_back(each)).status for each in (first, second)] == [200, 200]


async def test_cancelled_at_slacks_page_nothing_is_installed(many: Many) -> None:
    many.acme.oauth.refuses = True
    seen = await many.browser().installs(many.acme)
    assert (seen.status, said(seen)) == (
        400,
        "Slack says that the installation was cancelled. Nothing was installed.",
    )
    assert not await is_installed(many)


async def test_another_end_of_slacks_page_and_a_name_full_of_marks_are_shown_as_they_are(many: Many) -> None:
    browser = many.browser()
    back = await browser.sets_out(many.acme)
    seen = await browser.comes_back(back.replace("code=", "error="))
    assert said(seen) == "Slack did not let the installation through. Nothing was installed."
    many.acme.workspace.team_domain = "<script>alert(1)</script>"
    seen = await browser.installs(many.acme)
    assert "<h1>Pivotal is installed in &lt;script&gt;alert(1)&lt;/script&gt;</h1>" in seen.text
    assert "<script>" not in seen.text


async def test_a_whole_organization_is_refused_and_its_token_given_back(many: Many) -> None:
    many.acme.oauth.org_wide = True
    seen = await many.browser().installs(many.acme)
    assert "That was an installation for a whole Enterprise organization" in said(seen)
    assert not await is_installed(many)
    assert [call.answer["ok"] for call in many.acme.calls_of("auth.revoke")] == [True]


async def test_what_slack_refuses_is_a_sentence(many: Many) -> None:
    browser = many.browser()
    back = await browser.sets_out(many.acme)
    many.acme.oauth.client_secret = "another"
    seen = await browser.comes_back(back)
    assert (seen.status, said(seen)) == (
        503,
        "Slack does not accept the SLACK_CLIENT_SECRET that is set here. Nothing was installed.",
    )


async def test_a_page_tells_no_other_site_and_loads_nothing(many: Many) -> None:
    async with many.http.get(f"{many.origins[0]}/slack/oauth_redirect?state=x") as answer:
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none';")
    async with many.http.head(f"{many.origins[0]}/slack/install") as answer:
        assert answer.status == 405


async def test_a_flood_of_beginnings_leaves_few_rows(many: Many, database: Database) -> None:
    seen = [(await many.browser().opens(f"{many.origins[0]}/slack/install")).status for _ in range(PER_MINUTE + 3)]
    assert seen == [302] * PER_MINUTE + [429] * 3
    counted = sa.select(sa.func.count()).select_from(tables.install_state)
    assert await database.read(lambda c: c.execute(counted).scalar_one(), ACROSS) == PER_MINUTE
