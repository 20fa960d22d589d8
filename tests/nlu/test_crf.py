from itertools import product

import pytest

pytestmark = pytest.mark.slow  # imports torch


def test_the_loss_is_what_all_paths_together_leave_of_the_true_one() -> None:
    import torch

    from nlu.crf import Crf

    torch.manual_seed(3)
    crf = Crf(3)
    for weight in crf.parameters():
        torch.nn.init.normal_(weight)
    scores = torch.randn(2, 4, 3)
    labels = torch.tensor([[0, 1, 2, 1], [2, 2, 0, 0]])
    lengths = torch.tensor([4, 2])
    wanted = 0.0
    for row, length in enumerate((4, 2)):
        paths = torch.stack([
            crf._path(scores[row : row + 1, :length], torch.tensor([path]), torch.tensor([length]))
            for path in product(range(3), repeat=length)
        ])  # fmt: skip
        true = crf._path(
            scores[row : row + 1, :length], labels[row : row + 1, :length], torch.tensor([length])
        )
        wanted += float((paths.logsumexp(0) - true).detach())
    assert float(crf.loss(scores, labels, lengths).detach()) == pytest.approx(wanted / 6, rel=1e-5)
