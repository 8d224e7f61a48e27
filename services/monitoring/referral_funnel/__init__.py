"""The referral funnel: persons referred, accepted, started."""
