"""Reports of an insurer, their lines, what the recalculation found, and the results that stand."""

from results.models.decision import LineDecision, ReportDecision
from results.models.recalculation import Comparison, Recalculation, ReportSlice, Why
from results.models.report import Report, ReportChunk, ReportFile, ReportRow
from results.models.result import BankResult, Result

__all__ = [
    "BankResult", "Comparison", "LineDecision", "Recalculation", "Report", "ReportChunk", "ReportDecision", "ReportFile",
    "ReportRow", "ReportSlice", "Result", "Why",
]
