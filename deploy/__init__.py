"""How the system is started and provisioned. May import services and shared; nobody imports this."""
