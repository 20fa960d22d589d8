"""Language tags."""


def primary(tag: str) -> str:
    """Give a BCP 47 tag's language alone: "zh" of "zh-CN"."""
    return tag.partition("-")[0].lower()
