"""Import: JSON Lines → the record as it is now and the history as it was.

lines.py     bytes → the values of a line, or the sentence on why it is none
known.py     a file's own words → our ids
importer.py  values → rows

Nothing is recorded about the import itself: an activity line is appended, a record line sets the record. A line that was imported before
adds nothing: activities count once by their dedupe_key, or, where they have none, by their whole content.
"""

from store.importing.importer import Imported, Importer
from store.importing.lines import Numbered, parse_line

__all__ = ["Imported", "Importer", "Numbered", "parse_line"]
