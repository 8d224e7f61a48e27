"""What a stage's start and end do to referrals: the next one opens, the present one moves on."""
