"""Pages of any import: what a person does with one from its upload to its approval, once for all rooms."""

from intake.pages.buttons import ImportPages, blank_workbook, download, of_its_office
from intake.pages.context import Cell

__all__ = ["Cell", "ImportPages", "blank_workbook", "download", "of_its_office"]
