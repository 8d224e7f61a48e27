"""What an operator may ask of monitoring on the machine."""
