"""A process that takes an environment's lock and keeps it until it is killed."""

import signal
import sys
from pathlib import Path

from compartment_tui.adapters.docker.api.resource_names import ResourceNames
from compartment_tui.domain.config import EdgeSettings
from compartment_tui.domain.names import EnvironmentKey
from tests.contract.docker_bench import Machine


def main() -> None:
    namespace, project, environment, actor = sys.argv[1:]
    layout, key = ResourceNames(namespace=namespace), EnvironmentKey(project, environment)
    machine = Machine(layout=layout, settings=EdgeSettings(), key=key)
    world = machine.open_world(Path.cwd())
    with world.locks.environment(key, actor=actor, purpose="contract"):
        sys.stdout.write("held\n")
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    main()
