"""Emergency access: who a person is, for 24 hours, without a consent; with a reason, told to the person and to who registered it."""
