"""Pages of the room, one file each."""

from beneficiaries.admin.changes import PersonChangeAdmin
from beneficiaries.admin.employers import EmployerAdmin
from beneficiaries.admin.enrollments import EnrollmentAdmin
from beneficiaries.admin.people import PersonAdmin
from beneficiaries.admin.rosters import RosterAdmin

__all__ = ["EmployerAdmin", "EnrollmentAdmin", "PersonAdmin", "PersonChangeAdmin", "RosterAdmin"]
