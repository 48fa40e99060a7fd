"""Each form: its inputs, filled with what is known, and the write that it sends them to. One module per subject."""

from bot.listeners.form_kinds.comment import Comments
from bot.listeners.form_kinds.contact import Contacts
from bot.listeners.form_kinds.onboarding import Onboardings
from bot.listeners.form_kinds.record import Record
from bot.listeners.form_kinds.workspace import OfWorkspace
from bot.listeners.forms import Form
from bot.listeners.typed import Writing

SUBJECTS = (Record, Comments, Onboardings, Contacts, OfWorkspace)


def form_kinds(writing: Writing) -> dict[str, Form]:
    """All forms, by the name that their buttons carry."""
    return {name: form for subject in SUBJECTS for name, form in subject(writing).kinds().items()}
