"""Type words against event types: a full name (`pi.nudge`), its last part (`nudge`) or its family (`pi`)."""

from collections.abc import Iterable


def matches(word: str, kind: str) -> bool:
    return word == kind or word == kind.rpartition(".")[2] or kind.startswith(f"{word}.")


def expand(words: Iterable[str], kinds: Iterable[str]) -> frozenset[str]:
    """Those of the event types that any of the words means."""
    chosen = tuple(words)
    return frozenset(kind for kind in kinds if any(matches(word, kind) for word in chosen))


def words_for(kinds: Iterable[str]) -> frozenset[str]:
    """Every word that means at least one of these event types."""
    found: set[str] = set()
    for kind in kinds:
        parts = kind.split(".")
        found |= {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
        found.add(parts[-1])
    return frozenset(found)
