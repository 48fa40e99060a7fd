"""What programs asked to be posted."""

from bot.blocks import kit, phrases
from bot.blocks.kit import Message
from store import Store
from store.outbox import Delivery

NAME = 80
"""Characters of a customer's name."""


class Outside:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def nudge(self, delivery: Delivery) -> Message:
        """Render a nudge at the moment of sending. Its wording is somebody else's: it is shown as it is, and can mention nobody."""
        customer = await self._store.find_customer(delivery.workspace, delivery.body["customer"])
        name, wording = phrases.shown(customer.name, NAME), delivery.body["wording"]
        return Message(f"{name}: {wording}", (kit.section(kit.plain(name)), kit.section(kit.plain(wording))))

    async def retold(self, delivery: Delivery) -> Message:
        """What stands in place of one that named a contact who was removed."""
        customer = await self._store.find_customer(delivery.workspace, delivery.body["customer"])
        name = phrases.shown(customer.name, NAME)
        gone = "This named a contact who was removed, and was taken back."
        return Message(f"{name}: {gone}", (kit.section(kit.plain(name)), kit.section(kit.plain(gone))))
