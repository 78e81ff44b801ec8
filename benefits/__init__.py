"""Floor 2: the benefit engine. Terms and facts in, amounts and a trace out; no database, no model, no other room."""
