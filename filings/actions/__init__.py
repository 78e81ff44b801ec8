"""What people do with files of claims and with archives of papers."""

from filings.actions.claim_files import DESK, upload_claim_file
from filings.actions.papers import add_archive, match_again
from filings.deciding import decide_lines

__all__ = ["DESK", "add_archive", "decide_lines", "match_again", "upload_claim_file"]
