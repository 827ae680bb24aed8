"""Sending what is due: each message is marked `sending` and committed, handed over outside any transaction, concluded."""

import time
from collections import Counter
from dataclasses import dataclass

from portal.core.actor import SYSTEM
from portal.notifications import actions
from portal.notifications.actions import Conclude, KeepMessages, TakeBack, TakeNext
from portal.notifications.gateways import gateways_of
from portal.notifications.models import MessageChannel, MessageState
from portal.runtime import Runtime

MOST_AT_ONCE = 500  # messages of one call; what is left is sent by the next
LONGEST_SECONDS = 45.0  # of one call: behind a slow gateway the other duties wait no longer
SICK_AFTER = 3  # failures in a row: the channel rests until the next call, so that a dead gateway holds nobody up
LEAVING = (MessageChannel.SMS, MessageChannel.MAIL)


@dataclass(frozen=True, slots=True)
class SendCounts:
    """What became of the messages that were due."""

    sent: int = 0
    kept: int = 0
    put_off: int = 0
    failed: int = 0
    uncertain: int = 0
    cancelled: int = 0
    taken_back: int = 0  # found in `sending` behind a crash

    @property
    def done(self) -> int:
        """How many messages came further. Those that did not wait: a tick does not hold on to a sick gateway."""
        return self.sent + self.kept + self.failed + self.cancelled + self.taken_back


OUTCOMES = {
    MessageState.SENT: "sent",
    MessageState.WAITING: "put_off",
    MessageState.FAILED: "failed",
    MessageState.UNCERTAIN: "uncertain",
}


def send_due_messages(runtime: Runtime) -> SendCounts:
    """Send every message that is due; safe to run by many processes at once, and to kill at any moment."""
    gateways = gateways_of(runtime.config)
    counted: Counter[str] = Counter()
    honours_key = {channel: gateway.honours_key for channel, gateway in gateways.items()}
    while found := runtime.perform(SYSTEM, actions.take_back, TakeBack(honours_key)):
        counted["taken_back"] += found
    without = tuple(channel for channel in LEAVING if channel not in gateways)
    while without and (kept := runtime.perform(SYSTEM, actions.keep_messages, KeepMessages(without))):
        counted["kept"] += kept

    failures: Counter[MessageChannel] = Counter()
    ends_at = time.monotonic() + LONGEST_SECONDS
    for _ in range(MOST_AT_ONCE):
        open_channels = tuple(channel for channel in gateways if failures[channel] < SICK_AFTER)
        if not open_channels or time.monotonic() > ends_at:
            break
        taken = runtime.perform(SYSTEM, actions.take_next, TakeNext(open_channels, runtime.config.base_url))
        if taken is None:
            break
        if taken.outgoing is None:
            counted["cancelled"] += 1
            continue
        gateway = gateways[taken.channel]
        answer = gateway.send(taken.outgoing)
        key = taken.outgoing.idempotency_key
        outcome = Conclude(taken.message_id, key, taken.attempt, answer, gateway.honours_key)
        state = runtime.perform(SYSTEM, actions.conclude, outcome)
        if state is not None:
            counted[OUTCOMES[state]] += 1
        failures[taken.channel] = 0 if state is MessageState.SENT else failures[taken.channel] + 1
    return SendCounts(**counted)
