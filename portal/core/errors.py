"""The ways in which the house says no. Each text is a sentence its reader can act on."""


class Refused(Exception):  # noqa: N818  a refusal is an answer, not a fault
    """Base of every refusal; the page, the API and the CLI each have one handler for it."""

    def __init__(self, text: str, *, field: str | None = None) -> None:
        """Keep the sentence for the reader and, where one is at fault, the form field's name."""
        super().__init__(text)
        self.text = text
        self.field = field


class RuleBroken(Refused):
    """A rule of law or of the house forbids it; the text names the rule and what to do instead."""


class NotAllowed(Refused):
    """The actor may not do this, though he may know that the thing exists."""


class NotFound(Refused):
    """No such thing, or not for this actor: the two look alike on purpose."""


class Stale(Refused):
    """Someone else was faster: what the actor saw is no longer so."""


class Busy(Refused):
    """Others kept the database from us for too long; nothing was done."""


class NoRoom(Refused):
    """Nothing more can be written: the disk is full. Nothing was done."""
