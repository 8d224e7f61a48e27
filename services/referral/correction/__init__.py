"""Facts of a journey that were corrected: referrals stand as if the corrected fact had been entered at first."""
