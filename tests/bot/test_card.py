"""The customer on one card, the Home tab and the shortcuts."""

from store.domain.query import HistoryQuery
from tests.bot.conftest import Pivotal
from tests.bot.edits import ACME, GLOBEX, chooses_acme, kinds


async def test_the_card_shows_the_customer_and_its_buttons_change_it(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    for score in ("80", "75", "68"):
        await pivotal.says(f"/pivotal set acme-corp health={score}")
    await pivotal.says('/pivotal task add acme-corp "Send contract"')
    card = await pivotal.says("/pivotal customer acme")
    assert "Health score" in card.plain
    assert "Send contract" in card.plain
    form = await card.click("Comment")
    await form.fill("Comment", "From the card")
    await form.submit()
    edit = await card.choose("Change one of these", "Task: Send contract")
    await edit.fill("Task", "Send the contract")
    await edit.submit()
    assert (await kinds(pivotal))[:2] == ["task.updated", "comment.added"]
    assert "80" in (await card.click("History")).plain


async def test_a_workspace_without_charts_gets_the_card_with_a_sparkline(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    for score in ("80", "20"):
        await pivotal.says(f"/pivotal set acme-corp health={score}")
    pivotal.slack.core.unsupported_blocks = frozenset({"data_visualization"})
    card = await pivotal.says("/pivotal customer acme")
    assert "▇▂" in card.plain
    pivotal.slack.refusals.clear()


async def test_the_home_tab_finds_mine_and_lately_changed(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME, GLOBEX)
    await pivotal.says("/pivotal set globex owner=me")
    home = await pivotal.sam.opens_home()
    assert "Globex" in home.plain
    card = await home.choose("Choose a customer", "Acme Corp (acme.com)", typed="acme")
    assert "Starter" in card.plain


async def test_a_message_becomes_a_comment_with_its_permalink(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    await pivotal.says("/pivotal link acme-corp")
    await pivotal.says("/pivotal history acme-corp")
    message = pivotal.sam.sees(pivotal.room)[-1]
    shared = await message.menu("Share to this channel")
    assert shared.text
    posted = next(each for each in pivotal.sam.sees(pivotal.room) if not each.ephemeral)
    form = await pivotal.sam.shortcut("comment_add", on=posted)
    await form.submit()
    page = await pivotal.page(HistoryQuery("acme-corp"))
    assert page.entries[0].kind == "comment.added"
    assert "/archives/" in str(page.entries[0].refs["permalink"])


async def test_the_global_shortcut_opens_a_customer(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    form = await pivotal.sam.shortcut("customer_open")
    card = await chooses_acme(form)
    assert "Starter" in card.plain
