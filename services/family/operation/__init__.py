"""What an operator may ask of family on the machine."""
