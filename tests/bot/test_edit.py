"""Edits by command, form and button, as people in Slack meet them."""

from tests.bot.conftest import Pivotal

ACME = '{"type":"customer","ref":"c-1","name":"Acme Corp","domain":"acme.com","plan":"Starter"}'


async def test_smoke(pivotal: Pivotal) -> None:
    await pivotal.imports(ACME)
    for text in (
        'set "Acme Corp" plan=Growth health=80 owner=@sam',
        "set acme-corp health=65",
        "set acme-corp heatlh=65",
        "status acme-corp at risk champion left",
        "comment acme-corp Hello   *world* <!channel> & @Sam Lee",
        "onboarding start acme-corp",
        "phase acme-corp setup",
        'task add acme-corp "Send contract" due=2026-12-01 @sam',
        'task done acme-corp "Send contract"',
        "contact add acme-corp Ann Lee ann@acme.com primary",
        "link acme-corp",
        "status active",
        "blame",
        "show --at 2026-11-20",
        "customer acme-corp",
        "customer list",
        "field list",
        "undo",
        "undo",
        "help",
    ):
        print(f"\n=== {text}")
        print((await pivotal.says(f"/pivotal {text}")).plain)
    form = await pivotal.says("/pivotal set")
    print(form.plain)
    await form.fill("Plan", "Pro")
    print((await form.submit()).plain)
    home = await pivotal.sam.opens_home()
    print(home.plain)
    print((await pivotal.store.verify(pivotal.workspace)).faults)
