"""How weights follow the gradient: optimizers, and the course of their learning rate. Part of the recipe; no torch."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, field_validator, model_validator

from core.part import Part

# --- optimizers ---------------------------------------------------------------------------------------------------

Rate = Annotated[float, Field(gt=0, le=100)]
Share = Annotated[float, Field(ge=0, lt=1)]
Decay = Annotated[float, Field(ge=0, le=1)]
Epsilon = Annotated[float, Field(gt=0, le=1)]
DecayOn = Literal["all", "weights"]

LR = "Learning rate at the start (after warm-up)."
L2 = "L2 penalty: added to the gradient."
DECOUPLED = "Share of each weight that is taken off per step, times the learning rate."
SPARES = "all: every parameter; weights: neither biases, norms, nor what the network itself exempts."
BETAS = "Shares of the running averages of the gradient and of its square that are kept."
EPS = "Added to the denominator."


class Sgd(Part):
    """Stochastic gradient descent with momentum."""

    model_config = ConfigDict(title="SGD")

    kind: Literal["sgd"] = Field("sgd", description="Stochastic gradient descent with momentum.")
    lr: Rate = Field(0.05, title="Learning rate", description=LR)
    momentum: Share = Field(0.9, description="Share of the last update that is kept.")
    weight_decay: Decay = Field(5e-4, description=L2)
    weight_decay_on: DecayOn = Field("all", description=SPARES)
    nesterov: bool = Field(False, title="Nesterov momentum", description="Look ahead along the momentum.")

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> Self:
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov needs a momentum above 0")
        return self


class AdamW(Part):
    """Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019). Usual for transformers."""

    model_config = ConfigDict(title="AdamW")

    kind: Literal["adamw"] = Field("adamw", description="Adam with decoupled weight decay.")
    lr: Rate = Field(1e-3, title="Learning rate", description=LR)
    betas: tuple[Share, Share] = Field((0.9, 0.999), description=BETAS)
    eps: Epsilon = Field(1e-8, title="Epsilon", description=EPS)
    weight_decay: Decay = Field(0.05, description=DECOUPLED)
    weight_decay_on: DecayOn = Field("weights", description=SPARES)


class NAdamW(Part):
    """AdamW that looks ahead along its momentum, as Nesterov does."""

    model_config = ConfigDict(title="NAdamW")

    kind: Literal["nadamw"] = Field("nadamw", description="AdamW with Nesterov momentum.")
    lr: Rate = Field(1e-3, title="Learning rate", description=LR)
    betas: tuple[Share, Share] = Field((0.9, 0.999), description=BETAS)
    eps: Epsilon = Field(1e-8, title="Epsilon", description=EPS)
    weight_decay: Decay = Field(0.05, description=DECOUPLED)
    weight_decay_on: DecayOn = Field("weights", description=SPARES)


class RmspropTf(Part):
    """RMSprop as TensorFlow has it: epsilon inside the root, averages that start at one. EfficientNet's."""

    model_config = ConfigDict(title="RMSpropTF")

    kind: Literal["rmsproptf"] = Field("rmsproptf", description="RMSprop as TensorFlow has it.")
    lr: Rate = Field(0.016, title="Learning rate", description=LR)
    alpha: Share = Field(0.9, description="Share of the running average of the gradient's square that is kept.")
    momentum: Share = Field(0.9, description="Share of the last update that is kept.")
    eps: Epsilon = Field(1e-3, title="Epsilon", description=EPS)
    weight_decay: Decay = Field(1e-5, description=L2)
    weight_decay_on: DecayOn = Field("weights", description=SPARES)


class Lamb(Part):
    """LAMB (You et al., ICLR 2020): Adam whose step is scaled to each layer's weights. For large batches."""

    model_config = ConfigDict(title="LAMB")

    kind: Literal["lamb"] = Field(
        "lamb", description="Adam with steps in proportion to each layer; clips the gradient's norm to 1 by itself."
    )
    lr: Rate = Field(5e-3, title="Learning rate", description=LR)
    betas: tuple[Share, Share] = Field((0.9, 0.999), description=BETAS)
    eps: Epsilon = Field(1e-6, title="Epsilon", description=EPS)
    weight_decay: Decay = Field(0.02, description="Weight decay, part of the step that is scaled.")
    weight_decay_on: DecayOn = Field("weights", description=SPARES)


class Lion(Part):
    """Lion (Chen et al., NeurIPS 2023): steps by the sign of the momentum. Wants a tenth of AdamW's learning rate."""

    model_config = ConfigDict(title="Lion")

    kind: Literal["lion"] = Field("lion", description="The momentum's sign alone.")
    lr: Rate = Field(1e-4, title="Learning rate", description=LR)
    betas: tuple[Share, Share] = Field((0.9, 0.99), description="Shares that are kept in the step, and in the average.")
    weight_decay: Decay = Field(0.5, description=DECOUPLED)
    weight_decay_on: DecayOn = Field("weights", description=SPARES)


def _sgd_unless_said(value: Any) -> Any:
    return {"kind": "sgd"} | value if isinstance(value, dict) else value


Optimizer = Annotated[
    Sgd | AdamW | NAdamW | RmspropTf | Lamb | Lion,
    Field(discriminator="kind", json_schema_extra={"x-unless-said": "sgd"}),
    BeforeValidator(_sgd_unless_said),
]
_OPTIMIZER: TypeAdapter[Optimizer] = TypeAdapter(Optimizer)


class OptimizerChange(Part):
    """What one student changes of the job's optimizer; the rest is inherited, or another kind's own defaults."""

    kind: Literal["sgd", "adamw", "nadamw", "rmsproptf", "lamb", "lion"] | None = Field(
        None, description="Another optimizer; what is not said here is then its own default."
    )
    lr: Rate | None = Field(None, title="Learning rate", description="Another learning rate.")
    momentum: Share | None = Field(None, description="Another momentum.")
    alpha: Share | None = Field(None, description="Another share of the gradient's squared average.")
    betas: tuple[Share, Share] | None = Field(None, description="Other running averages.")
    eps: Epsilon | None = Field(None, title="Epsilon", description="Another epsilon.")
    weight_decay: Decay | None = Field(None, description="Another weight decay.")
    weight_decay_on: DecayOn | None = Field(None, description="Which parameters decay.")
    nesterov: bool | None = Field(None, title="Nesterov momentum", description="With or without looking ahead.")


def changed(optimizer: Optimizer, change: OptimizerChange | None) -> Optimizer:
    """A student's optimizer. ValidationError where the change is none that this kind knows."""
    if change is None:
        return optimizer
    said = change.model_dump(exclude_none=True)
    kept = optimizer.model_dump() if said.get("kind") in (None, optimizer.kind) else {}
    return _OPTIMIZER.validate_python(kept | said)


# --- schedules ----------------------------------------------------------------------------------------------------


class Warmup(Part):
    warmup_epochs: int = Field(0, ge=0, le=10_000, description="Epochs over which the learning rate rises linearly.")
    warmup_lr: float | None = Field(
        None,
        ge=0,
        le=100,
        title="Warm-up's start",
        description="Learning rate of the first epoch of the warm-up; default: one step of the rise.",
    )


class Multistep(Warmup):
    """Constant learning rate that drops at given epochs."""

    kind: Literal["multistep"] = Field("multistep", description="Drops at the milestones.")
    milestones: list[Annotated[int, Field(ge=1)]] = Field(
        [], description="Epochs at which the learning rate is multiplied by gamma; may be empty."
    )
    gamma: float = Field(0.1, gt=0, le=1, description="Factor at each milestone.")

    @field_validator("milestones")
    @classmethod
    def _rising(cls, value: list[int]) -> list[int]:
        if value != sorted(set(value)):
            raise ValueError("milestones must rise")
        return value


class Cosine(Warmup):
    """Learning rate that follows half a cosine down."""

    kind: Literal["cosine"] = Field("cosine", description="Half a cosine from lr to min_lr.")
    min_lr: float = Field(0.0, ge=0, title="Last learning rate", description="Learning rate at the end.")


class Exponential(Warmup):
    """Learning rate that shrinks by the same factor every epoch."""

    kind: Literal["exponential"] = Field("exponential", description="Times gamma every epoch.")
    gamma: float = Field(0.97, gt=0, le=1, description="Factor per epoch.")


class Step(Warmup):
    """Learning rate that shrinks by the same factor every so many epochs, as EfficientNet's does."""

    kind: Literal["step"] = Field("step", description="Times gamma every few epochs.")
    decay_epochs: float = Field(2.4, gt=0, le=10_000, description="Epochs between two drops; fractions count.")
    gamma: float = Field(0.97, gt=0, le=1, description="Factor at each drop.")


class Plateau(Warmup):
    """Learning rate that drops where top-1 on val no longer rises; for each student on its own."""

    kind: Literal["plateau"] = Field("plateau", description="Drops once val no longer gets better.")
    patience: int = Field(10, ge=0, le=10_000, description="Epochs without a better top-1 on val that are borne.")
    gamma: float = Field(0.1, gt=0, le=1, description="Factor at each drop.")
    threshold: float = Field(1e-4, ge=0, le=1, description="By which share top-1 must rise to count as better.")
    min_lr: float = Field(0.0, ge=0, title="Least learning rate", description="It never falls below.")


class Constant(Warmup):
    """The same learning rate throughout."""

    kind: Literal["constant"] = Field("constant", description="Always lr.")


Schedule = Annotated[Multistep | Cosine | Exponential | Step | Plateau | Constant, Field(discriminator="kind")]
