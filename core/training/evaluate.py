"""What networks and teachers answer on a whole split: each batch is prepared once, everybody sees it their own way."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.losses.arithmetic import correlation, divergence
from core.training.answering import Answerer
from core.training.data import PIXELS_AT_ONCE, Split

BINS = 15  # of the calibration error
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Beside:
    """How near one network's probabilities are to its teacher's, on the N images of a split."""

    kl: Floats  # (N,) KL(teacher || network)
    inter: Floats  # (N,) Pearson's correlation of the two rows; 0 where one does not vary
    intra: float  # mean over classes of the correlation of the two columns, over all N images


@dataclass(frozen=True)
class Answers:
    """One's answers on the N images of a split."""

    predicted: NDArray[np.int64]  # (N,) the class with the largest logit
    correct: NDArray[np.bool_]  # (N,)
    correct5: NDArray[np.bool_]  # (N,) fewer than five classes come before the label's
    finite: bool  # no logit is NaN or infinite
    nll: Floats  # (N,) minus the log-probability of the label
    confidence: Floats  # (N,) probability of the predicted class
    beside: Beside | None = None

    @property
    def top1(self) -> float:
        return float(self.correct.mean())

    @property
    def top5(self) -> float:
        return float(self.correct5.mean())

    @property
    def bins(self) -> NDArray[np.int64]:
        """(N,) which of BINS equal stretches the confidence lies in, the upper end included."""
        return np.clip(np.ceil(self.confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)

    @property
    def ece(self) -> float:
        """Expected calibration error (Guo et al., ICML 2017): |accuracy - confidence|, in BINS equal bins."""
        off = np.bincount(self.bins, weights=self.correct - self.confidence, minlength=BINS)
        return float(np.abs(off).sum() / len(self.correct))

    def agreement(self, other: "Answers | None", among: NDArray[np.bool_] | None = None) -> float | None:
        """Share of images, or of those `among`, on which both say the same class; None without the other or any."""
        if other is None or (among is not None and not among.any()):
            return None
        same = self.predicted == other.predicted
        return float((same if among is None else same[among]).mean())

    def figures(self, teacher: "Answers | None") -> dict[str, float | None]:
        """By the names under which they are shown; None where there is nothing to compare."""
        near = self.beside
        return {
            "top1": self.top1,
            "top5": self.top5,
            "nll": float(self.nll.mean()),
            "ece": self.ece,
            "agreement": self.agreement(teacher),
            "agreement_teacher_right": self.agreement(teacher, teacher.correct) if teacher else None,
            "agreement_teacher_wrong": self.agreement(teacher, ~teacher.correct) if teacher else None,
            "kl": float(near.kl.mean()) if near else None,
            "inter": float(near.inter.mean()) if near else None,
            "intra": near.intra if near else None,
        }


@torch.no_grad()
def answer(who: Sequence[Answerer], split: Split, teacher: Answerer | None = None) -> list[Answers]:
    """What each of them answers, in eval mode; modes are left as they were. Nothing is random.

    Every image has a label. Nobody's answers depend on the others or on their number. With a teacher they are held
    beside its: it looks at every image once more.
    """
    networks = [network for one in (*who, *([teacher] if teacher else [])) for network in one.modules]
    modes = [network.training for network in networks]
    for network in networks:
        network.eval()
    columns: list[Tensor] = []  # for each chunk (answerers, figures, images)
    moments: Tensor | None = None  # (answerers, 5, classes)
    for batch, labels in split.chunks():
        taught = teacher.logits(batch, PIXELS_AT_ONCE).double().log_softmax(1) if teacher else None
        judged = [_judge(one.logits(batch, PIXELS_AT_ONCE), labels, taught) for one in who]
        columns.append(torch.stack([figures for figures, _ in judged]))
        sums = torch.stack([found for _, found in judged])
        moments = sums if moments is None else moments + sums
    for network, mode in zip(networks, modes, strict=True):
        network.train(mode)
    told = torch.cat(columns, dim=2).cpu().numpy()  # the one transfer
    assert moments is not None
    intra = _intra(moments.cpu().numpy(), len(split)) if teacher else [None] * len(who)
    return [_answers(figures, column) for figures, column in zip(told, intra, strict=True)]


def _answers(figures: Floats, intra: float | None) -> Answers:
    predicted, correct, correct5, finite, nll, confidence, kl, inter = figures
    return Answers(
        predicted.astype(np.int64),
        correct.astype(np.bool_),
        correct5.astype(np.bool_),
        bool(finite.all()),
        nll,
        confidence,
        None if intra is None else Beside(kl, inter, intra),
    )


def _judge(logits: Tensor, labels: Tensor, taught: Tensor | None) -> tuple[Tensor, Tensor]:
    """Logits (images, classes), labels (images,), the teacher's log-probabilities (images, classes) or None.

    -> float64 (8, images): predicted class, right, among the first five, finite, -log p of the label, confidence, KL
    and correlation with the teacher; and float64 (5, classes): the sums of p, q, p², q² and pq over the images.
    """
    predicted = logits.argmax(dim=1)
    own = logits.gather(1, labels[:, None])
    before = torch.arange(logits.shape[1], device=logits.device) < labels[:, None]
    larger = ((logits > own) | ((logits == own) & before)).sum(
        dim=1
    )  # of equal ones the first comes first, as in argmax
    log_p = logits.double().log_softmax(1)
    p = log_p.exp()
    nll, confidence = -log_p.gather(1, labels[:, None])[:, 0], p.max(dim=1).values
    plain = (predicted, predicted == labels, larger < 5, logits.isfinite().all(dim=1), nll, confidence)
    if taught is None:
        nothing = torch.zeros_like(nll)
        return torch.stack([row.double() for row in (*plain, nothing, nothing)]), p.new_zeros(5, 0)
    q = taught.exp()
    near = (divergence(log_p, taught), correlation(p, q, 1, 0.0))
    sums = torch.stack([p.sum(0), q.sum(0), (p * p).sum(0), (q * q).sum(0), (p * q).sum(0)])
    return torch.stack([row.double() for row in (*plain, *near)]), sums


def _intra(moments: Floats, count: int) -> list[float]:
    """(answerers, 5, classes) -> the mean correlation of columns; of one that does not vary it is 0."""
    p, q, pp, qq, pq = moments.transpose(1, 0, 2)
    var_p, var_q = pp - p * p / count, qq - q * q / count
    varies = (var_p > 1e-12 * pp) & (var_q > 1e-12 * qq)  # by more than rounding
    norms = np.sqrt(np.where(varies, var_p * var_q, 1.0))
    return [float(value) for value in np.where(varies, (pq - p * q / count) / norms, 0.0).mean(axis=1)]
