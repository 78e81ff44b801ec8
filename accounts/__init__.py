"""Who may do what: organizations, regions, users, memberships and the way in; knows no program, roster or money."""
