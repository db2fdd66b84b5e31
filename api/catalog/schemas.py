"""What exists to choose from."""

from typing import Any, Literal, Self

from pydantic import Field

from api.schemas import Read
from api.shelf import ShelvedRead
from core.catalog import Architecture


class WeightsRead(Read):
    """Published weights of a network, and the view that they were trained for."""

    tag: str
    classes: int = Field(description="Outputs of its head; 0: it has none.")
    image_size: int
    mean: list[float]
    std: list[float]
    interpolation: str
    url: str
    file: str = Field(description="Its name in the folder of published weights of its library.")


class ArchitectureRead(Read):
    """A network of the catalog."""

    object: Literal["architecture"] = "architecture"
    id: str = Field(description="Its canonical name.")
    name: str = Field(description="Canonical: library/short.")
    short: str
    library: str
    family: str
    description: str
    parameters: int = Field(description="Trainable ones, with a head of `classes` outputs.")
    classes: int = Field(description="What `parameters` was counted with.")
    multiply_adds: int = Field(description="Of one image of `image_size`, with 1,000 classes (cifar: 100).")
    image_size: int = Field(description="Side of the images it was made for.")
    fixed_size: bool = Field(description="Whether it takes no other.")
    min_image_size: int
    mean: list[float] = Field(description="That its library normalises with; empty: the data set's.")
    std: list[float]
    interpolation: str
    weights: list[WeightsRead] = Field(description="Published ones, the library's own choice first.")

    @classmethod
    def of(cls, network: Architecture, classes: int) -> Self:
        own = set(cls.model_fields) - {"object", "id", "parameters", "classes", "weights"}
        return cls.model_validate(
            {name: getattr(network, name) for name in own}
            | {"id": network.name, "parameters": network.parameters(classes), "classes": classes}
            | {"weights": [{key: getattr(w, key) for key in WeightsRead.model_fields} for w in network.weights]}
        )


class LossRead(ShelvedRead):
    """A loss and its options."""

    object: Literal["loss"] = "loss"
    kind: str
    description: str
    needs_teacher: bool
    schema_: dict[str, Any] = Field(alias="schema", description="JSON Schema of its options.")


class PresetRead(ShelvedRead):
    """A named recipe."""

    object: Literal["preset"] = "preset"
    name: str
    description: str
    recipe: dict[str, Any] = Field(description="As resolved; teacher and data set are yours to give.")


class LimitRead(Read):
    """One limit on a data set."""

    value: int
    unit: str
    description: str


class LimitsRead(Read):
    """What this server allows."""

    object: Literal["limits"] = "limits"
    max_upload_bytes: int
    upload_quota_bytes: int = Field(description="Of all uploads of a project together.")
    upload_part_bytes: int
    max_students: int
    max_page: int
    max_metric_points: int
    max_body_bytes: int = Field(description="Of a JSON body.")
    rate_limit: int | None = Field(description="Requests per second that a key may send; null: no limit.")
    max_attempts: int
    lease_seconds: float
    heartbeat_seconds: float
    builtin_datasets: list[str]
    folder_datasets: bool = Field(description="Whether data sets may be read from the server's own folders.")
    dataset: dict[str, LimitRead] = Field(description="On archives, folders and their images.")
    recipe_schema: dict[str, Any] = Field(description="JSON Schema of a recipe.")
