"""A backup: all rows of all tables at one moment, in one file for both databases (decisions/0040-backup.md).

dumping.py  a database → lines
file.py     lines ↔ a file, and whether it is whole
loading.py  lines → an empty database, as a whole or not at all
erased.py   who was erased since: the list that is kept outside of any backup, and applied to what was restored
values.py   a column's values ↔ JSON
"""
