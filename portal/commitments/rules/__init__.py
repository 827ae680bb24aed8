"""What a promise may say, how it moves, and what it covers."""

from portal.commitments.rules.words import BASIS_NAMES as BASIS_NAMES
from portal.commitments.rules.words import DELIVERY_START_NAMES as DELIVERY_START_NAMES
from portal.commitments.rules.words import FREIGHT_NAMES as FREIGHT_NAMES
from portal.commitments.rules.words import ORIGIN_NAMES as ORIGIN_NAMES
from portal.commitments.rules.words import PICKUP_START_NAMES as PICKUP_START_NAMES
from portal.commitments.rules.words import STATE_NAMES as STATE_NAMES
from portal.commitments.rules.words import STATUS_CODES as STATUS_CODES
from portal.commitments.rules.words import WAY_NAMES as WAY_NAMES
from portal.commitments.rules.words import BasisKind as BasisKind
from portal.commitments.rules.words import DeliveryStart as DeliveryStart
from portal.commitments.rules.words import Freight as Freight
from portal.commitments.rules.words import Origin as Origin
from portal.commitments.rules.words import PickupStart as PickupStart
from portal.commitments.rules.words import PromiseState as PromiseState
from portal.commitments.rules.words import Way as Way
