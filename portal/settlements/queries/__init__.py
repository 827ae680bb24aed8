"""A negotiation ready for a page: for the merchant's and the officer's case screen, and for the consumer's page."""

from portal.settlements.queries.consumer import ConsumerNegotiation as ConsumerNegotiation
from portal.settlements.queries.consumer import consumer_view as consumer_view
from portal.settlements.queries.parts import AgreementView as AgreementView
from portal.settlements.queries.parts import PerformanceView as PerformanceView
from portal.settlements.queries.parts import RoundView as RoundView
from portal.settlements.queries.payee import GivenPayee as GivenPayee
from portal.settlements.queries.payee import PayeeSeen as PayeeSeen
from portal.settlements.queries.staff import Negotiation as Negotiation
from portal.settlements.queries.staff import negotiation as negotiation
