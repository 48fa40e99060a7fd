"""Comments."""

from bot import limits
from bot.blocks import forms as form
from bot.directory import Asker
from bot.listeners.form_kinds.kinds import Built, Kinds
from bot.listeners.forms import Asked, Form, Given, required
from store.domain.activity import printed
from store.domain.customer import (
    digest,
)
from store.domain.errors import Refused
from store.domain.record import Receipt


class Comments(Kinds):
    def kinds(self) -> dict[str, Form]:
        return {
            "comment": Form("Add a comment", self._comment, self._save_comment),
            "comment_edit": Form("Edit comment", self._comment_edit, self._save_comment_edit),
        }

    async def _comment(self, asker: Asker, customer_id: str, given: Given) -> Built:
        known = await self._records.onboardings(asker.workspace, customer_id)
        blocks = [
            form.asked(
                "text",
                "Comment",
                form.text(given.get("text"), long=True),
                optional=False,
                hint="@Ann names a contact or a person.",
            )
        ]
        if known:
            options = [(each.name, each.id) for each in known]
            blocks.append(form.asked("onboarding", "On an onboarding", form.choice(options)))
        return blocks, {"refs": given.get("refs", {})}

    async def _save_comment(self, asked: Asked) -> Receipt:
        text = required(asked.answers, "text", "The comment")
        onboarding = asked.answers.get("onboarding") or None
        return await self._records.add_comment(
            asked.asker.workspace, asked.customer_id, text, asked.by, onboarding_=onboarding
        )

    async def _comment_edit(self, asker: Asker, customer_id: str, given: Given) -> Built:
        card = await self._records.card(asker.workspace, customer_id)
        now = await self._records.comment(asker.workspace, customer_id, given["id"])
        text = printed(now.text, card.names)
        if len(text) > limits.INPUT_TEXT:
            raise Refused("That comment is longer than Slack's form takes.", "Add another one that corrects it.")
        blocks = [form.asked("text", "Comment", form.text(text, long=True), optional=False)]
        return blocks, {"id": now.id, "shown": digest(now.text)}

    async def _save_comment_edit(self, asked: Asked) -> Receipt:
        text = required(asked.answers, "text", "The comment")
        return await self._records.edit_comment(
            asked.asker.workspace, asked.customer_id, asked.extra["id"], text, asked.by, expected=asked.extra["shown"]
        )
