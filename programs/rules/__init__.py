"""Pure rules of the room: terms in, decisions out; no database, no clock."""
