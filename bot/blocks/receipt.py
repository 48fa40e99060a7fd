"""A receipt → what an edit changed, with the way to take it back."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from bot.blocks import activity, kit, phrases
from bot.blocks.kit import Block, Message
from store.domain.query import CustomerName
from store.domain.record import Contact, Receipt, revertible

UNDO = "edit:undo"
REVERT = "edit:revert"
ERASE = "edit:erase"
DROPPED = "customer.health_score_dropped"
ERASING = (
    "The name goes from every record and entry, and cannot come back. Files that somebody has downloaded, and notifications that were "
    "shown, are out of reach. To keep the name, archive the contact instead."
)


def receipt(done: Receipt, zone: ZoneInfo) -> Message:
    """The answer to an edit."""
    text = summary(done)
    buttons = [undo_button(done)] if undoable(done) else []
    blocks = [*told(done, zone), *([kit.actions(*buttons)] if buttons else [])]
    return Message(text, tuple(blocks))


def summary(done: Receipt) -> str:
    """One line, for notifications and for the head of the answer."""
    name = kit.one_line(done.customer.name)
    if done.repeated:
        return f"{name}: that was done already."
    if not done.recorded:
        return f"{name}: nothing changed, it was so already."
    return f"{name}: " + "; ".join(phrases.what(each, done.names) for each in done.recorded)


def told(done: Receipt, zone: ZoneInfo) -> Sequence[Block]:
    """What changed, with every value as it is now on the record."""
    if not done.recorded:
        return [kit.section(kit.plain(summary(done)))]
    head = f"{kit.one_line(done.customer.name)} is changed."
    drops = [each.seq for each in done.recorded if each.kind == DROPPED]
    return [
        kit.section(kit.plain(head)),
        *(
            activity.details(each, done.names, zone, 9_000 // len(done.recorded))
            for each in done.recorded
            if each.kind != DROPPED  # the edit says from what to what
        ),
        *(kit.context(kit.plain(f"It counts as a drop of the health score: entry {seq} says so.")) for seq in drops),
    ]


def undoable(done: Receipt) -> bool:
    """Whether all of it can be taken back at once: fields and status together, or one thing."""
    kinds = {each.kind for each in done.recorded}
    on_record = {"customer.field_changed", "customer.status_changed", DROPPED}
    return bool(kinds) and (kinds <= on_record or (len(done.recorded) == 1 and revertible(done.recorded[0])))


def undo_button(done: Receipt) -> kit.Element:
    return kit.button("Undo", UNDO, seqs_of(done.customer, [each.seq for each in done.recorded]))


def seqs_of(customer: CustomerName, seqs: Sequence[int]) -> str:
    """What a button carries: whose entries, and which."""
    return f"{customer.id} {','.join(map(str, seqs))}"


def read_seqs(value: str) -> tuple[str, list[int]]:
    """raises ValueError, for what no button of ours carries."""
    customer_id, seqs = value.split(" ", 1)
    return customer_id, [int(seq) for seq in seqs.split(",")]


def erased(done: Receipt) -> str:
    name = kit.one_line(done.customer.name)
    return f"{name}: the contact is removed, and every entry that named them reads “removed contact” now."


def erase_question(customer: CustomerName, contact: Contact) -> Message:
    """Before a contact is erased: what that means, and what it cannot reach."""
    name = kit.one_line(contact.name)
    text = f"Remove {name} from {kit.one_line(customer.name)} for good? {ERASING}"
    button = kit.button(f"Remove {name} for good", ERASE, f"{customer.id} {contact.id}", style="danger")
    button["confirm"] = {
        "title": kit.plain("Remove for good?", 100),
        "text": kit.plain(
            "The name is taken out of every record, entry and message, and exported files are deleted in Slack. "
            "Copies that somebody has downloaded are out of my reach. This cannot be undone.",
            300,
        ),
        "confirm": kit.plain("Remove", 30),
        "deny": kit.plain("Keep", 30),
        "style": "danger",
    }
    return Message(text, (kit.section(kit.plain(text)), kit.actions(button)))
