"""Which promises of the ports a Swarm keeps as one engine does; why others are its own."""

_NAMES = "a name does not move in a Swarm"
DIFFERS = {
    "test_a_single_machine_has_no_nodes_and_no_home": "it has machines, and a home",
    "test_a_single_machine_keeps_no_copy_and_says_nothing_of_it": "its managers keep copies",
    "test_an_exit_is_told_with_its_code": "who starts it is told; it is brought back from birth",
    "test_what_is_to_keep_running_is_brought_back": "who starts it is told",
    "test_both_streams_are_told_apart": "who starts what ends at once is told",
    "test_connections_to_all_replicas_are_counted_or_to_those_above_a_number": "a Swarm chooses"
    " itself which replicas go",
    "test_a_route_that_waits_leads_to_whoever_gets_the_name": _NAMES,
    "test_whoever_had_the_name_steps_aside_until_that_is_ended": _NAMES,
    "test_the_awaited_name_has_one_bearer_who_becomes_the_active_one": _NAMES,
    "test_one_that_is_not_there_is_not_awaited": _NAMES,
}
"""By test: what is otherwise there, and why."""
ON_MACHINES = ("test_engine", "test_logs", "test_readiness", "test_replicas")
"""What is asked of a real Swarm, too. Other ports are those of its home, which is one engine."""
DIFFERS_ON_MACHINES = {
    "test_connections_are_counted_while_they_are_open": "they are counted at the edge, which stays",
    "test_events_tell_what_happens_to_the_project": "what lives for less than a second is not seen",
}
"""As `DIFFERS`, of a Swarm of real machines alone."""


def holds_for_a_swarm(test: str) -> bool:
    """Whether a test of the suite is one that a Swarm has to pass, too."""
    return test not in DIFFERS


def is_asked_of_machines(module: str, test: str) -> bool:
    """Whether a real Swarm has to pass it."""
    asked = module.rpartition(".")[2] in ON_MACHINES
    return asked and holds_for_a_swarm(test) and test not in DIFFERS_ON_MACHINES
