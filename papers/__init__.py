"""Papers that leave for people: certificates of cover with a check for everybody, requests of persons about their data."""
