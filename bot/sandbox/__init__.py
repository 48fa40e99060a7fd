"""A stand-in Slack on loopback: it enforces Slack's limits instead of accepting anything, and ignores what Slack ignores."""

from bot.sandbox.faults import Fault
from bot.sandbox.inputs import NotOnScreen
from bot.sandbox.person import Person
from bot.sandbox.server import StandInSlack
from bot.sandbox.shown import Shown
from bot.sandbox.transport import Delivery, NoAnswer, NotConnected
from bot.sandbox.workspace import Change, Channel, File, Message, User, UserGroup, View

__all__ = [
    "Change",
    "Channel",
    "Delivery",
    "Fault",
    "File",
    "Message",
    "NoAnswer",
    "NotConnected",
    "NotOnScreen",
    "Person",
    "Shown",
    "StandInSlack",
    "User",
    "UserGroup",
    "View",
]
