"""An auditor's random samples of covers, with the evidence of each: drawn by a rule that anybody can repeat."""
