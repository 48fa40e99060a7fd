"""Two customers whose record is edited, and what the tests of that share."""

from bot.sandbox import Person, Shown
from store.domain.query import HistoryQuery
from tests.bot.conftest import Pivotal

ACME = '{"type":"customer","ref":"c-1","name":"Acme Corp","domain":"acme.com","plan":"Starter"}'
GLOBEX = '{"type":"customer","ref":"c-2","name":"Globex"}'


async def kinds(pivotal: Pivotal, customer: str = "acme-corp") -> list[str]:
    """What the history says, newest first."""
    return [each.kind for each in (await pivotal.page(HistoryQuery(customer))).entries]


async def chooses_acme(form: Shown) -> Shown:
    await form.choose("Customer", "Acme Corp (acme.com)", typed="acme")
    return await form.submit()


async def an_admin(pivotal: Pivotal) -> Person:
    return pivotal.slack.as_user(pivotal.slack.add_user("Ada Min", admin=True))
