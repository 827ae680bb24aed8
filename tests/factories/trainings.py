"""Trainings as authorities record them."""

import io
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from PIL import Image
from sqlalchemy.orm import Session

from portal.clocks.rules import local_day
from portal.core.actor import Actor
from portal.core.uploads import Upload
from portal.training.actions import RecordTraining, TrainingBody, record_training
from portal.training.materials import AddMaterials, add_materials
from portal.training.models import Training
from portal.training.rules import Mode, Scope
from tests.conftest import NOW

BODY = TrainingBody(
    title="七日无理由退货怎么办",
    held_on=local_day(NOW - timedelta(days=1)),
    hours=3,
    mode=Mode.ONSITE,
    place="区局三楼会议室",
    lecturers="区消委会 王律师",
    topics="无理由退货的期限、例外和台账登记。",
    materials="讲义一份",
)


def body(**changes: Any) -> TrainingBody:
    """A training of yesterday, unless the changes say otherwise."""
    return replace(BODY, **changes)


def recorded(
    session: Session, officer: Actor, *, codes: tuple[str, ...] = (), now: datetime = NOW, **changes: Any
) -> Training:
    """A training of the officer's authority for everybody, or for the merchants of these codes."""
    scope = Scope.CHOSEN if codes else Scope.ALL
    return record_training(session, officer, RecordTraining(body(**changes), scope, codes=codes), now=now)


def picture(name: str = "讲义.png") -> Upload:
    """A small picture as it comes."""
    content = io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(content, "PNG")
    return Upload(name, content.getvalue())


def handed_out(session: Session, officer: Actor, reference: str, *uploads: Upload, now: datetime = NOW) -> int:
    """Files of a training, one picture unless others are given."""
    return add_materials(session, officer, AddMaterials(reference, uploads or (picture(),)), now=now)
