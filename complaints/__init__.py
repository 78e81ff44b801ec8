"""Complaints about claims and appeals against their decisions (投诉、申诉、核查): recorded, answered by others, told in time."""
