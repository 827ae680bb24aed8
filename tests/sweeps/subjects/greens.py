"""The green channel: the rows that its doors' URLs name."""

from tests.sweeps.stage import Maker, Values, World


def _door(world: World) -> Values:
    """Merchant A's page; a draft is known by a cookie, which no address carries."""
    return {"slug": world.merchant.slug, "step": "you", "reference": "0" * 24}


SUBJECTS: dict[str, Maker] = {"green channel": _door}
