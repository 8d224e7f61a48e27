"""Keys and what makes two requests the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.idempotency import KeyMissing, hash_of, key_of


@given(st.none() | st.text())
def test_a_key_is_8_to_128_printable_ascii_characters(header: str | None) -> None:
    good = header is not None and 8 <= len(header) <= 128 and all(" " <= character <= "~" for character in header)
    if good:
        assert key_of(header) == header
    else:
        with pytest.raises(KeyMissing):
            key_of(header)


def test_method_path_and_body_make_a_request() -> None:
    requests = [("PUT", "/a", b""), ("POST", "/a", b""), ("PUT", "/ab", b""), ("PUT", "/a", b"b"), ("PUT", "/", b"a"), ("PUT/", "a", b"")]
    hashes = {hash_of(*request) for request in requests}
    assert len(hashes) == 6
    assert hash_of("PUT", "/a", b"b") == hash_of("PUT", "/a", b"b")
