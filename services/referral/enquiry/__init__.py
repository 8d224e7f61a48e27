"""Questions and suggestions of anyone, answered on a clock."""
