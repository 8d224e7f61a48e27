"""The real trial records as dated commands over HTTP: what the demo replays. No service imports this."""
