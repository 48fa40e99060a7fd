"""Markdown blocks: CommonMark with tables → a tree of plain values, which the page turns into elements one by one."""

from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

# HTML stays text, and an image becomes its link, as in Slack.
_READER: Final = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])

_KEPT: Final = ("href", "src", "title", "style", "start")


def tree(text: str) -> list[dict[str, Any]]:
    """A node is `type`, and as far as they apply `text`, `children`, `level` of a heading, `href` of a link."""
    return [_node(each) for each in SyntaxTreeNode(_READER.parse(text)).children]


def _node(node: SyntaxTreeNode) -> dict[str, Any]:
    found: dict[str, Any] = {"type": node.type}
    found |= {key: node.attrs[key] for key in _KEPT if key in node.attrs}
    if node.type == "heading":
        found["level"] = int(node.tag[1:])
    if node.children:
        found["children"] = [_node(each) for each in node.children]
    elif node.content:
        found["text"] = node.content
    if node.type == "image":
        found = {
            "type": "link",
            "href": node.attrs["src"],
            "children": found.get("children") or [{"type": "text", "text": node.content or "image"}],
        }
    return found
