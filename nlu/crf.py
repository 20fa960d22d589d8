"""A linear-chain conditional random field over words: which slot label follows which.

After Lafferty, McCallum, Pereira 2001. Training is torch (`Crf`); decoding (`nlu.decode`) is NumPy.
"""

import torch
from torch import Tensor, nn


class Crf(nn.Module):
    """Scores of a first, a last, and a next label, added to the tagger's own score of each word."""

    def __init__(self, labels: int) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.zeros(labels))
        self.last = nn.Parameter(torch.zeros(labels))
        self.next = nn.Parameter(torch.zeros(labels, labels))  # (label, the one after it)

    def loss(self, scores: Tensor, labels: Tensor, lengths: Tensor) -> Tensor:
        """Give the mean negative log likelihood a word; words past `lengths` count nothing.

        Scores are (batch, words, labels), labels (batch, words), lengths (batch,).
        """
        return (self._partition(scores, lengths) - self._path(scores, labels, lengths)).sum() / (
            lengths.sum()
        )

    def _path(self, scores: Tensor, labels: Tensor, lengths: Tensor) -> Tensor:
        there = torch.arange(scores.shape[1], device=scores.device) < lengths[:, None]
        words = scores.gather(2, labels[..., None]).squeeze(2)
        steps = self.next[labels[:, :-1], labels[:, 1:]]
        ends = labels.gather(1, (lengths - 1)[:, None]).squeeze(1)
        return (
            (words * there).sum(1)
            + (steps * there[:, 1:]).sum(1)
            + self.first[labels[:, 0]]
            + self.last[ends]
        )

    def _partition(self, scores: Tensor, lengths: Tensor) -> Tensor:
        total = self.first + scores[:, 0]
        for i in range(1, scores.shape[1]):
            through = (total[:, :, None] + self.next).logsumexp(1) + scores[:, i]
            total = torch.where((i < lengths)[:, None], through, total)
        return (total + self.last).logsumexp(1)
