"""A service's name leads to its active deployment, whatever was interrupted."""

from compartment_tui.domain.names import active_name, container_name, stepping_aside_name
from tests.contract.bench import Bench


def name(bench: Bench, deployment: str) -> str:
    return bench.now(deployment).name


def own_name(bench: Bench, deployment: str) -> str:
    return container_name("web", deployment, bench.key)


def check(bench: Bench, *, active: str, others: tuple[str, ...] = ()) -> None:
    """The active one bears the name, and nobody else when whoever stepped aside has ended that."""
    assert name(bench, active) == active_name("web", bench.key)
    bench.world.engine.end_stepping_aside(bench.key, ["web"])
    assert name(bench, active) == active_name("web", bench.key)
    for other in others:
        assert name(bench, other) == own_name(bench, other)


def test_the_first_gets_the_name(bench: Bench) -> None:
    only = bench.start("web").deployment
    for _ in range(2):
        bench.world.engine.name_active(bench.key, {"web": only})
        check(bench, active=only)


def test_whoever_had_the_name_steps_aside_until_that_is_ended(bench: Bench) -> None:
    old, new = bench.start("web").deployment, bench.start("web").deployment
    bench.world.engine.name_active(bench.key, {"web": old})
    bench.world.engine.name_active(bench.key, {"web": new})
    assert name(bench, old) == stepping_aside_name("web", bench.key)
    for _ in range(2):
        bench.world.engine.end_stepping_aside(bench.key, ["web", "api"])
        assert (name(bench, old), name(bench, new)) == (
            own_name(bench, old),
            active_name("web", bench.key),
        )


def test_one_that_stepped_aside_can_come_back_at_once(bench: Bench) -> None:
    old, new = bench.start("web").deployment, bench.start("web").deployment
    for active in (old, new, old):
        bench.world.engine.name_active(bench.key, {"web": active})
    check(bench, active=old, others=(new,))


def test_the_name_moves_and_moves_back(bench: Bench) -> None:
    old, new = bench.start("web").deployment, bench.start("web").deployment
    bench.world.engine.name_active(bench.key, {"web": old})
    for _ in range(2):
        bench.world.engine.name_active(bench.key, {"web": new})
        check(bench, active=new, others=(old,))
    bench.world.engine.name_active(bench.key, {"web": old})
    check(bench, active=old, others=(new,))


def test_nobody_bears_the_name_of_what_was_taken_away(bench: Bench) -> None:
    only = bench.start("web").deployment
    bench.world.engine.name_active(bench.key, {"web": only})
    for _ in range(2):
        bench.world.engine.name_active(bench.key, {"web": None})
        assert name(bench, only) == own_name(bench, only)
    bench.world.engine.name_active(bench.key, {"web": only})
    check(bench, active=only)


def test_a_move_that_stopped_after_the_old_one_stepped_aside(bench: Bench) -> None:
    old, new = bench.start("web").deployment, bench.start("web").deployment
    bench.rename(old, stepping_aside_name("web", bench.key))
    bench.world.engine.name_active(bench.key, {"web": new})
    check(bench, active=new, others=(old,))


def test_a_move_that_stopped_before_the_old_one_got_its_own_name(bench: Bench) -> None:
    old, new = bench.start("web").deployment, bench.start("web").deployment
    bench.rename(old, stepping_aside_name("web", bench.key))
    bench.rename(new, active_name("web", bench.key))
    bench.world.engine.name_active(bench.key, {"web": new})
    check(bench, active=new, others=(old,))


def test_a_move_that_stopped_half_way_is_taken_back(bench: Bench) -> None:
    old, new = bench.start("web").deployment, bench.start("web").deployment
    bench.rename(old, stepping_aside_name("web", bench.key))
    bench.world.engine.name_active(bench.key, {"web": old})
    check(bench, active=old, others=(new,))


def test_a_third_one_in_the_way_goes_back_to_its_own_name(bench: Bench) -> None:
    first, old, new = (bench.start("web").deployment for _ in range(3))
    bench.rename(first, stepping_aside_name("web", bench.key))
    bench.rename(old, active_name("web", bench.key))
    bench.world.engine.name_active(bench.key, {"web": new})
    check(bench, active=new, others=(first, old))


def test_a_deployment_without_a_container_is_passed_over(bench: Bench) -> None:
    only = bench.start("web").deployment
    bench.world.engine.name_active(
        bench.key, {"page": bench.world.clock.new_id("dep"), "web": only}
    )
    check(bench, active=only)


def test_a_stopped_container_is_named_too(bench: Bench) -> None:
    old, new = bench.create("web").deployment, bench.start("web").deployment
    bench.world.engine.name_active(bench.key, {"web": old})
    bench.world.engine.name_active(bench.key, {"web": new})
    check(bench, active=new, others=(old,))


def test_the_awaited_name_has_one_bearer_who_becomes_the_active_one(bench: Bench) -> None:
    old, new = bench.start("web").deployment, bench.start("web").deployment
    bench.world.engine.name_active(bench.key, {"web": old})
    aside = stepping_aside_name("web", bench.key)
    for chosen in (new, new, old, new):
        bench.world.engine.name_awaited(bench.key, {"web": chosen})
        assert name(bench, chosen) == aside
    assert name(bench, old) == own_name(bench, old)
    bench.world.engine.name_active(bench.key, {"web": new})
    check(bench, active=new, others=(old,))


def test_one_that_is_not_there_is_not_awaited(bench: Bench) -> None:
    only = bench.start("web").deployment
    gone = bench.world.clock.new_id("dep")
    bench.world.engine.name_awaited(bench.key, {"page": gone, "web": only})
    assert name(bench, only) == stepping_aside_name("web", bench.key)
