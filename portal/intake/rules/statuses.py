"""What a platform's own words for a filing's state mean to us: only whether it is finished there."""

import re

_FINISHED = re.compile(r"(?<![未待不])(?:办结|结案|办理完成|已完成|已归档|和解成功|已和解)")


def is_finished(status: str | None) -> bool:
    """Say whether the platform has closed the filing, so that nothing has to be typed into it any more."""
    return bool(status and _FINISHED.search("".join(status.split())))
