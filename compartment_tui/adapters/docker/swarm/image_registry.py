"""The registry of a Swarm: the home pushes an image there, and the nodes pull it by its digest."""

from collections.abc import Iterator

from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.resources import registry_carriage
from compartment_tui.domain.errors import ImageUnavailable
from compartment_tui.domain.planning.plan import ImageSource, Plan
from compartment_tui.ports import Cancel

PARTS = 4
"""How often it is told how far a push is."""
WITHOUT = "without `registry` images are carried to each node over its own connection"


class ImageRegistry:
    """What the home has pushed to a registry, or pulled from there: its engine knows the digests.

    By the digest of an image that it has, no start asks the registry.
    """

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self.name = name
        """`HOST/PATH`."""

    def reference(self, image: str) -> str | None:
        """Where the nodes find an image of the home; None where it was never there."""
        return registry_carriage.reference_in(self._client, image, self.name)

    def push(self, image: str, plan: Plan, cancel: Cancel) -> Iterator[str]:
        """Have the registry have it; what is done, in lines.

        One that has it already, and is away, is told and left alone. Raises ImageUnavailable,
        EngineUnreachable, DiskFull, Cancelled.
        """
        known = self.reference(image)
        if known is not None and plan.source is ImageSource.PULL:
            return  # that is where it was pulled from
        pushing = registry_carriage.push_image(
            self._client, image, plan, self.name, cancel, keep=True
        )
        told = 0
        try:
            while True:
                try:
                    now = next(pushing)
                except StopIteration as end:
                    yield f"the nodes pull {end.value}"
                    return
                part = PARTS * now.done // now.total if now.total else 0
                if part > told:
                    told = part
                    yield f"pushing it to {self.name}: {now.words}"
        except ImageUnavailable as error:
            if known is None:
                hint = f"{error.hint}; {WITHOUT}" if error.hint else WITHOUT
                raise ImageUnavailable(error.message, hint=hint) from error
            yield f"{known} was pushed before, and is not asked for now: {error.message}"
        finally:
            pushing.close()

    def credentials(self, reference: str) -> dict[str, str]:
        """What a service is made with, for the nodes to pull with: the person's own ones."""
        with self._client.translate("find the credentials for a registry"):
            return self._client.credentials_for(reference)
