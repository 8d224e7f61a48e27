"""What programme told of journeys and their spells, as far as referrals and holders need it. Journeys themselves are programme's."""
