"""Requests for funds, money that moved, differences."""

from subsidies.models.difference import DifferenceLine, Differences
from subsidies.models.movement import FundAllocation, FundMovement
from subsidies.models.request import FundRequest, FundRequestLine, FundRequestPart

__all__ = [
    "DifferenceLine", "Differences", "FundAllocation", "FundMovement", "FundRequest", "FundRequestLine", "FundRequestPart",
]
