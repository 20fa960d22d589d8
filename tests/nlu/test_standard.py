"""What an encoder gives is centred and scaled where the heads could hardly tell it apart."""

import torch

from nlu.model import Standard


def test_vectors_that_lie_close_together_are_spread() -> None:
    generator = torch.Generator().manual_seed(1)
    pieces = 5.0 + 0.01 * torch.randn(200, 8, generator=generator)
    standard = Standard(8)
    assert torch.equal(standard(pieces), pieces)
    standard.settle(pieces)
    spread = standard(pieces)
    assert torch.allclose(spread.mean(0), torch.zeros(8), atol=1e-3)
    assert torch.allclose(spread.std(0), torch.ones(8), atol=1e-3)


def test_a_dimension_that_never_changes_stays_finite() -> None:
    standard = Standard(2)
    standard.settle(torch.ones(5, 2))
    assert torch.equal(standard(torch.ones(1, 2)), torch.zeros(1, 2))
