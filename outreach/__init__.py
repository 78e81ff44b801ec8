"""Messages to people: wordings, lists, what a gateway or a village gets."""
