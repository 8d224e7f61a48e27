"""What a new referral is asked to be, before there is one."""
