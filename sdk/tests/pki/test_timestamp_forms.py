"""Every form of a bad token is refused by its own check; ``L-06`` gives the figures."""

from __future__ import annotations

import pytest

from lienthong.pki.timestamp import verify_token
from sdk.tests.pki.token_forms import ALL, Form

LONGEST = 400
"""Characters of an error text, however long that is what it is about."""


@pytest.mark.parametrize("form", ALL, ids=lambda form: form.name)
def test_a_bad_token_is_refused(form: Form) -> None:
    with pytest.raises(form.error) as caught:
        verify_token(form.token(), **form.expectations())
    assert type(caught.value) is form.error
    assert len(str(caught.value)) < LONGEST
