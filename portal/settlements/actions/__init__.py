"""What happens in a negotiation, one function each; every one locks the case, so that of two at once one wins.

Facts (subject: the case): OFFER_MADE, OFFER_UNDONE, OFFER_COUNTERED, OFFER_REFUSED, OFFER_EXPIRED, OFFER_ACCEPTED (by
the consumer; AGREEMENT_MADE follows), PERFORMANCE_RECORDED, PERFORMANCE_CONFIRMED, SETTLEMENT_RATED, CASE_BREACHED,
CASE_CLOSED, CASE_FAILED, RECEIPT_ASKED, CALLBACK_RECORDED, PAYEE_GIVEN (by the consumer).
"""

from portal.settlements.actions.answers import AcceptCounter as AcceptCounter
from portal.settlements.actions.answers import AcceptOffer as AcceptOffer
from portal.settlements.actions.answers import CounterOffer as CounterOffer
from portal.settlements.actions.answers import RefuseCounter as RefuseCounter
from portal.settlements.actions.answers import RefuseOffer as RefuseOffer
from portal.settlements.actions.answers import accept_counter as accept_counter
from portal.settlements.actions.answers import accept_offer as accept_offer
from portal.settlements.actions.answers import counter_offer as counter_offer
from portal.settlements.actions.answers import refuse_counter as refuse_counter
from portal.settlements.actions.answers import refuse_offer as refuse_offer
from portal.settlements.actions.approving import GiveBack as GiveBack
from portal.settlements.actions.approving import SendDraft as SendDraft
from portal.settlements.actions.approving import TakeBackDraft as TakeBackDraft
from portal.settlements.actions.approving import give_back as give_back
from portal.settlements.actions.approving import hold_acceptance as hold_acceptance
from portal.settlements.actions.approving import hold_offer as hold_offer
from portal.settlements.actions.approving import send_draft as send_draft
from portal.settlements.actions.approving import take_back_draft as take_back_draft
from portal.settlements.actions.calling import RecordCallback as RecordCallback
from portal.settlements.actions.calling import record_callback as record_callback
from portal.settlements.actions.due import DueCase as DueCase
from portal.settlements.actions.due import StartSilence as StartSilence
from portal.settlements.actions.due import breach_late as breach_late
from portal.settlements.actions.due import close_unconfirmed as close_unconfirmed
from portal.settlements.actions.due import expire_offer as expire_offer
from portal.settlements.actions.due import fail_late as fail_late
from portal.settlements.actions.due import start_silence as start_silence
from portal.settlements.actions.ending import void_pending as void_pending
from portal.settlements.actions.giving_up import GiveUp as GiveUp
from portal.settlements.actions.giving_up import give_up as give_up
from portal.settlements.actions.offers import MakeOffer as MakeOffer
from portal.settlements.actions.offers import UndoOffer as UndoOffer
from portal.settlements.actions.offers import make_offer as make_offer
from portal.settlements.actions.offers import undo_offer as undo_offer
from portal.settlements.actions.outside import RecordOutside as RecordOutside
from portal.settlements.actions.outside import record_outside as record_outside
from portal.settlements.actions.payee import ErasePayees as ErasePayees
from portal.settlements.actions.payee import GivePayee as GivePayee
from portal.settlements.actions.payee import erase_payees as erase_payees
from portal.settlements.actions.payee import give_payee as give_payee
from portal.settlements.actions.performing import AnswerReceipt as AnswerReceipt
from portal.settlements.actions.performing import RateSettlement as RateSettlement
from portal.settlements.actions.performing import RecordPerformance as RecordPerformance
from portal.settlements.actions.performing import answer_receipt as answer_receipt
from portal.settlements.actions.performing import rate_settlement as rate_settlement
from portal.settlements.actions.performing import record_performance as record_performance
from portal.settlements.rules import TermDraft as TermDraft
