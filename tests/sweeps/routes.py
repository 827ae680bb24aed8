"""The access table: every endpoint, who it is for, and whose subject its URL names.

A door without a subject belongs to whoever stands in its audience (a list, narrowed by the query). A door with one is
opened for the people of district A and its merchant only; SUBJECTS in tests/sweeps/world.py makes the URL's values.
"""

from tests.sweeps.doors import books, complaints, people, promises
from tests.sweeps.doors.door import Door as Door

DOORS: dict[str, Door] = {**books.DOORS, **complaints.DOORS, **people.DOORS, **promises.DOORS}
