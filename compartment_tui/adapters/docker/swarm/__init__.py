"""Docker Swarm: an engine whose deployments are services of all its machines."""
