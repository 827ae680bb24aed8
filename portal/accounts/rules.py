"""Names of organisations as they are compared."""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import TypeVar

Key = TypeVar("Key")

PRACTICE = "PRACTICE"  # begins the codes of what exists for practice only; no credit code holds an I

# Legal forms say nothing of who it is; the longest first. 分公司 is a different place and stays,
# 集团 is a different legal person and stays.
_LEGAL_FORMS = (
    "有限责任公司", "股份有限公司", "个人独资企业", "特殊普通合伙", "个体工商户", "股份公司", "有限公司",
    "普通合伙", "有限合伙", "合伙企业", "个体户", "个体", "公司",
)  # fmt: skip
_MARKS = re.compile(r"[\s()\[\]{}【】〔〕《》<>“”‘’\"'「」·•.,，。、;:_\-‐-―]+")
_AUTHORITY_WORDS = (("市场监督管理", "市监"), ("市场监管", "市监"), ("市场监督", "市监"))


def practice_code(organisation_id: int) -> str:
    """The code of the practice organisation beside a real one."""
    return f"{PRACTICE}{organisation_id}"


@lru_cache(maxsize=4096)  # of organisations, never of people; an import compares the same ones again and again
def normalised_company(name: str) -> str:
    """Return a company's name without width, spaces, brackets, marks and legal form; '' when nothing is left."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKC", name)).casefold()
    while True:
        form = next((form for form in _LEGAL_FORMS if plain.endswith(form)), None)
        if form is None or plain.endswith("分公司"):
            return plain
        plain = plain.removesuffix(form)


def normalised_authority(name: str) -> str:
    """Return an authority's name with its usual abbreviations made one (市场监管局 = 市场监督管理局)."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKC", name))
    for written, short in _AUTHORITY_WORDS:
        plain = plain.replace(written, short)
    return plain


def find_authority(written: str, names: Mapping[Key, str]) -> Key | None:
    """Find the authority a file names: the full name, else the only one whose name ends with it.

    So 湖里区市场监管局 finds 厦门市湖里区市场监督管理局. None when none or several fit.
    """
    wanted = normalised_authority(written)
    compared = {key: normalised_authority(name) for key, name in names.items()}
    equal = [key for key, name in compared.items() if name == wanted]
    if not equal and len(wanted) >= 5:  # 市监局 alone names nobody
        equal = [key for key, name in compared.items() if name.endswith(wanted)]
    return equal[0] if len(equal) == 1 else None
