"""What supervision goes by: of inspections here, of measures, triggers, visits and violations a module each."""

from portal.supervision.rules.inspections import FINDING_NAMES as FINDING_NAMES
from portal.supervision.rules.inspections import LARGEST_SAMPLE as LARGEST_SAMPLE
from portal.supervision.rules.inspections import MANNER_NAMES as MANNER_NAMES
from portal.supervision.rules.inspections import STATE_NAMES as STATE_NAMES
from portal.supervision.rules.inspections import TRANSITIONS as TRANSITIONS
from portal.supervision.rules.inspections import Finding as Finding
from portal.supervision.rules.inspections import FindingKind as FindingKind
from portal.supervision.rules.inspections import IllegalStep as IllegalStep
from portal.supervision.rules.inspections import InspectionEvent as InspectionEvent
from portal.supervision.rules.inspections import InspectionState as InspectionState
from portal.supervision.rules.inspections import Manner as Manner
from portal.supervision.rules.inspections import Visit as Visit
from portal.supervision.rules.inspections import allows as allows
from portal.supervision.rules.inspections import next_state as next_state
from portal.supervision.rules.inspections import problem_of as problem_of
