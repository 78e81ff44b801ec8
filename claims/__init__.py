"""Floor 6: claims of covered people: from a report to a decision. So far its pure rules alone; no model, no page."""
