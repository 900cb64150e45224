"""Hostile files, made when they are needed: what each reader is given, and what becomes of it.

Not here: what is asserted of them (`tests/unit/validated/readers/test_hostile.py`).
"""

from tests.hostile.answers import ANSWER_CASES
from tests.hostile.cubes import CUBE_CASES
from tests.hostile.pages import PAGE_CASES
from tests.hostile.texts import CSV_CASES
from tests.hostile.workbooks import WORKBOOK_CASES

CASES = (*CSV_CASES, *PAGE_CASES, *CUBE_CASES, *WORKBOOK_CASES, *ANSWER_CASES)
