"""The generated matrix: every route of a case x role x relation x state of the referral, each tried on the running service."""
