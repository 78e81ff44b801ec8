"""Lists of reference data: small files that an administrator brings in by a preview and a confirmation, whole or not at all.

Built on django-import-export's resources, formats and pages; reading, checking and writing files are intake's own. A room
declares a `ReferenceResource` and mixes `ReferencePages` into its admin; what a list writes is an action of its room.
"""
